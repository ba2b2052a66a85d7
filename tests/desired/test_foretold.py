"""On each kernel profile, a plan foretells what its application then reports: random pairs of states."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache

import pytest

import chronicle_notebook as cn
from chronicle_notebook.model import EventType, RegisteredEventType
from chronicle_notebook.registration import _wait
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.sandbox._profile import PROFILES

TYPES = [f"Type{number}" for number in range(5)]
ROUNDS = 6


@pytest.fixture(scope="module", params=[*PROFILES, "classic"])
def running(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    name = request.param
    options = {"contract": "classic"} if name == "classic" else {"behaves_like": name}
    with Sandbox(settle_delay=0.0, time_scale=0.01, **options) as sandbox:
        yield sandbox


def definition(rng: random.Random, number: int) -> cn.WebhookDefinition:
    builder = cn.DefinitionBuilder()
    kind = rng.randrange(5)
    if kind == 1:
        builder = builder.with_bearer_token(cn.Secret.env("TOKEN_OF_FORETOLD"))
    elif kind == 2:
        builder = builder.with_basic_auth("alice", cn.Secret.env("TOKEN_OF_FORETOLD"))
    for name in rng.sample(TYPES, rng.randint(1, 2)):
        builder = builder.with_event_type(cn.EventType(name, rng.choice([1, 1, 2])))
    for header in rng.sample(["x-source", "x-team"], rng.randint(0, 2)):
        builder = builder.with_header(header, rng.choice("ab"))
    if rng.random() < 0.3:
        builder = builder.on_event_sequence(rng.choice(["one", "two"]))
    if rng.random() < 0.3:
        builder = builder.not_replayable()
    if rng.random() < 0.3:
        builder = builder.not_active()
    return builder.build(f"hook-{number}", f"https://{rng.choice('abc')}.example.com/in")


@cache
def owner() -> cn.Ownership:
    return cn.Ownership(ids=("hook-*",))


def state(rng: random.Random) -> cn.DesiredState:
    numbers = rng.sample(range(8), rng.randint(2, 7))
    return cn.DesiredState(tuple(definition(rng, number) for number in numbers), owned_by=owner())


DONE = {
    cn.StateAction.CREATE: cn.Action.CREATED,
    cn.StateAction.UPDATE: cn.Action.UPDATED,
    cn.StateAction.REPLACE: cn.Action.UPDATED,
    cn.StateAction.REMOVE: cn.Action.REMOVED,
}
TAKEN = {cn.FieldEffect.APPLIED, cn.FieldEffect.REPLACED}


def compared(plan: cn.StatePlan, applied: cn.Applied) -> list[str]:
    """Each sentence of a plan that its application contradicts."""
    wrong = []
    if sorted(each.webhook for each in applied) != sorted(each.id for each in plan.changes):
        wrong.append("what was sent is not what the plan has")
    for item in plan.changes:
        outcome = applied[item.id]
        if outcome.action is not DONE[item.action]:
            wrong.append(f"{item.id}: {item.action} became {outcome.action}")
        if not (outcome.accepted and outcome.visible):
            wrong.append(f"{item.id}: {outcome.summary}")
        left = {each.field for each in outcome.ineffective}
        for field in item.fields:
            if field.effect in TAKEN and field.field in left:
                wrong.append(f"{item.id}.{field.field}: foretold {field.effect}, left behind")
            if field.effect is cn.FieldEffect.IGNORED and field.field not in left:
                wrong.append(f"{item.id}.{field.field}: foretold ignored, in effect")
        untold = left - {each.field for each in item.fields}
        if untold:
            wrong.append(f"{item.id}: {untold} left behind, not foretold")
    return wrong


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("replace", [False, True], ids=["", "replace"])
def test_a_plan_foretells_what_its_application_reports(
    running: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    replace: bool,
) -> None:
    monkeypatch.setattr(_wait, "GRACE", 0.0)
    monkeypatch.setenv("TOKEN_OF_FORETOLD", "canary-of-foretold")
    rng = random.Random(request.node.nodeid)
    name = f"foretold-{replace}".lower()
    with cn.connect(running.connection_string, event_store=name, name=name) as client:
        client.ensure_event_store()
        client._kernel.register_event_types(
            name, [RegisteredEventType(EventType(each), {"type": "object"}) for each in TYPES]
        )
        for _ in range(ROUNDS):
            wanted = state(rng)
            plan = wanted.plan(client, prune=True, replace=replace)
            applied = plan.apply(allow_removals=True, wait=0.05)
            assert compared(plan, applied) == [], (plan, applied)
            # What is left is what the plan said the kernel ignores or does not take, and nothing else.
            again = wanted.plan(client, prune=True, replace=replace)
            ignored = {each.id for each in plan if cn.FieldEffect.IGNORED in {field.effect for field in each.fields}}
            assert {each.id for each in again.differences} <= ignored, (plan, again)
            if replace:
                assert again.differences == []


@pytest.mark.usefixtures("settled")
def test_the_state_of_before_goes_back_from_any_state(
    running: Sandbox, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(_wait, "GRACE", 0.0)
    monkeypatch.setenv("TOKEN_OF_FORETOLD", "canary-of-foretold")
    for number in range(8):
        for part in ("USERNAME", "PASSWORD", "TOKEN"):
            monkeypatch.setenv(f"HOOK_{number}_{part}", "canary-of-foretold")
    rng = random.Random(request.node.nodeid)
    with cn.connect(running.connection_string, event_store="back", name="back") as client:
        client.ensure_event_store()
        kinds = [RegisteredEventType(EventType(each), {"type": "object"}) for each in TYPES]
        client._kernel.register_event_types("back", kinds)
        state(rng).plan(client).apply(wait=0.05)
        for _ in range(3):
            before = cn.DesiredState.of(client)
            applied = state(rng).plan(client, prune=True, replace=True).apply(allow_removals=True, wait=0.05)
            assert applied.before is not None
            back = cn.DesiredState.read(applied.before).plan(client, prune=True, replace=True)
            back.apply(allow_removals=True, wait=0.05)
            assert cn.DesiredState.of(client) == before
