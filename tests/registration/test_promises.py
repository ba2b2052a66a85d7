"""A plan promises what the outcome then tells, for random pairs of definitions on every profile of the sandbox."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import chronicle_notebook as cn
from chronicle_notebook.model import EventType, RegisteredEventType, WebhookAuthorization, WebhookDefinition
from chronicle_notebook.registration._differences import Effect
from chronicle_notebook.registration._outcome import Outcome
from chronicle_notebook.registration._plan import Plan, PlannedAction
from chronicle_notebook.sandbox import PROFILES, Sandbox
from chronicle_notebook.sandbox._reactor import Reactor
from chronicle_notebook.session._client import Client
from tests.waiting import LONG

STORE = "shop"
TYPES = tuple(map(EventType, ("AccountOpened", "FundsDeposited", "AccountClosed")))
AUTHORIZATIONS: st.SearchStrategy[WebhookAuthorization] = st.sampled_from(
    [
        cn.NoAuthorization(),
        cn.BasicAuthorization("user", cn.Secret("word-one")),
        cn.BasicAuthorization("other", cn.Secret("word-two")),
        cn.BearerAuthorization(cn.Secret("token-one")),
        cn.BearerAuthorization(cn.Secret("token-two")),
        cn.OAuthAuthorization("https://127.0.0.1:9/authority", "client", cn.Secret("word-three")),
    ]
)
DEFINITIONS = st.builds(
    WebhookDefinition,
    id=st.just("hook"),
    target_url=st.sampled_from(["http://127.0.0.1:9/in", "http://127.0.0.1:9/other"]),
    event_types=st.lists(st.sampled_from(TYPES), min_size=1, max_size=3, unique=True).map(tuple),
    authorization=AUTHORIZATIONS,
    headers=st.dictionaries(st.sampled_from(["x-a", "x-b"]), st.sampled_from(["1", "2"]), max_size=2),
    replayable=st.booleans(),
    active=st.booleans(),
)
_numbers = itertools.count()


@pytest.fixture(scope="module")
def clients() -> Iterator[object]:
    """A client of each profile, whose kernel applies what it accepts before it answers."""
    append = Reactor.append

    def append_and_settle(self: Reactor, *arguments: object) -> None:
        append(self, *arguments)  # type: ignore[arg-type]
        self.wait_until_settled(LONG)

    with ExitStack() as open_ones, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Reactor, "append", append_and_settle)

        @cache
        def client(profile: str) -> Client:
            sandbox = open_ones.enter_context(Sandbox(behaves_like=profile, settle_delay=0.0, time_scale=0.01))
            opened = open_ones.enter_context(cn.connect(sandbox.connection_string, event_store=STORE, name=profile))
            opened.ensure_event_store()
            opened._kernel.register_event_types(STORE, [RegisteredEventType(each) for each in TYPES])
            return opened

        yield client


@pytest.mark.parametrize("profile", PROFILES)
@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(before=st.none() | DEFINITIONS, wanted=DEFINITIONS)
def test_a_plan_and_the_outcome_agree(
    clients: object, profile: str, before: WebhookDefinition | None, wanted: WebhookDefinition
) -> None:
    client: Client = clients(profile)  # type: ignore[operator]
    webhook = f"hook-{next(_numbers)}"
    wanted = wanted.changed(id=webhook)
    host = "127.0.0.1:9"
    if before is not None:
        client.webhooks.register(before.changed(id=webhook), wait=0)
    plan = client.webhooks.plan(wanted)
    try:
        outcome = client.webhooks.register(wanted, wait=0, confirm_host=host)
    except cn.KernelFaultError:
        _failed(plan)
    else:
        _agree(plan, outcome)
    client.webhooks.remove(webhook, wait=LONG)


def _failed(plan: Plan) -> None:
    """The kernel failed on the call and changed nothing: the plan promises nothing."""
    assert {change.effect for change in plan.changes} <= {Effect.IGNORED, Effect.UNKNOWN}, repr(plan)
    assert not plan.effective


def _agree(plan: Plan, outcome: Outcome) -> None:
    left = {each.field for each in outcome.ineffective}
    effects = {change.field: change.effect for change in plan.changes}
    applied = {name for name, effect in effects.items() if effect is Effect.APPLIED}
    ignored = {name for name, effect in effects.items() if effect is Effect.IGNORED}
    assert applied.isdisjoint(left), f"promised and not done: {applied & left}"
    assert ignored <= left, f"called ignored, and done: {ignored - left}"
    assert left <= set(effects), f"not done, and not foreseen: {left - set(effects)}"
    if plan.action is PlannedAction.UNCHANGED:
        assert outcome.action.value == "unchanged"
    if plan.action is PlannedAction.CREATE:
        assert outcome.action.value == "created"
    for each in outcome.ineffective:
        (change,) = [change for change in plan.changes if change.field == each.field]
        assert each.remedy
        assert change.remedy
