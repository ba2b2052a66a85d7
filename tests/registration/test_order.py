"""A kernel may list event types and headers in any order: nothing that is said depends on it."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from google.protobuf.empty_pb2 import Empty
from hypothesis import HealthCheck, given, settings, strategies as st

import chronicle_notebook as cn
from chronicle_notebook.contracts.classic import methods as classic
from chronicle_notebook.contracts.commands import methods as commands
from chronicle_notebook.contracts.wire import (
    event_stores_classic_pb2,
    event_stores_pb2,
    event_types_classic_pb2,
    event_types_pb2,
    host_pb2,
    webhooks_classic_pb2,
    webhooks_pb2,
)
from chronicle_notebook.registration._outcome import Action
from chronicle_notebook.registration._plan import PlannedAction
from chronicle_notebook.runbook.recipes._compare import compare
from tests.scripted import ScriptedKernel, enveloped, scripted

URL = "http://127.0.0.1:9/hooks"
NAMES = [f"Event{letter}" for letter in "ABCDEFG"]

kinds = st.lists(
    st.builds(cn.EventType, st.sampled_from(NAMES), st.integers(1, 3)), min_size=1, unique_by=lambda each: each.id
)
headers = st.dictionaries(st.sampled_from(["X-Team", "X-Trace", "x-b", "Accept-Language"]), st.sampled_from("abc"))
definitions = st.builds(
    lambda types, extra: cn.WebhookDefinition("hook", URL, tuple(types), headers=extra), kinds, headers
)


class ShufflingKernel:
    """Keeps webhooks, and lists the event types and headers of each in another order at each reading."""

    def __init__(self, kernel: ScriptedKernel) -> None:
        self.random = Random(0)
        self.hooks: dict[str, webhooks_pb2.WebhookDefinition] = {}
        self.adds = 0
        kernel.on(commands.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="19.32.3"))
        if kernel.generation == "classic":
            stores = event_stores_classic_pb2.QueryResult_IEnumerable_String
            kernel.on(classic.ALL_EVENT_STORES, enveloped(stores, Data=["shop"]))
            types = [
                event_types_classic_pb2.EventTypeRegistration(
                    Type=event_types_classic_pb2.EventType(Id=name, Generation=3)
                )
                for name in NAMES
            ]
            kernel.on(
                classic.GET_ALL_REGISTRATIONS, event_types_classic_pb2.IEnumerable_EventTypeRegistration(items=types)
            )
            kernel.on(classic.ADD, self.add).on(classic.GET_WEBHOOKS, self.classic)
        else:
            named = event_stores_pb2.QueryResult_IEnumerable_EventStoreNamesResponse
            kernel.on(
                commands.ALL_EVENT_STORES, enveloped(named, [event_stores_pb2.EventStoreNamesResponse(Name="shop")])
            )
            rows = [
                event_types_pb2.EventTypeDetailsResponse(Type=event_types_pb2.EventType(Id=name, Generation=3))
                for name in NAMES
            ]
            kernel.on(
                commands.ALL_EVENT_TYPES,
                enveloped(event_types_pb2.QueryResult_IEnumerable_EventTypeDetailsResponse, rows),
            )
            kernel.on(commands.ADD_WEBHOOKS, self.add).on(commands.GET_WEBHOOKS, self.commands)
        self.classic_generation = kernel.generation == "classic"

    def add(self, request: Any, _context: object) -> Any:
        self.adds += 1
        self.hooks.update({hook.Identifier: hook for hook in request.Webhooks})
        return Empty() if self.classic_generation else enveloped(webhooks_pb2.CommandResult)

    def shuffled(self, values: Any) -> list[Any]:
        found = list(values)
        self.random.shuffle(found)
        return found

    def classic(self, _request: object, _context: object) -> Any:
        found = [
            webhooks_pb2.WebhookDefinition(
                Identifier=hook.Identifier,
                EventSequenceId=hook.EventSequenceId,
                EventTypes=self.shuffled(hook.EventTypes),
                Target=webhooks_pb2.WebhookTarget(
                    Url=hook.Target.Url, Headers=dict(self.shuffled(hook.Target.Headers.items()))
                ),
            )
            for hook in self.hooks.values()
        ]
        return webhooks_classic_pb2.IEnumerable_WebhookDefinition(items=found)

    def commands(self, _request: object, _context: object) -> Any:
        rows = [
            webhooks_pb2.WebhookDetailsResponse(
                Identifier=hook.Identifier,
                Url=hook.Target.Url,
                EventSequenceId=hook.EventSequenceId,
                EventTypes=self.shuffled(hook.EventTypes),
                Headers=dict(self.shuffled(hook.Target.Headers.items())),
                IsActive=True,
                IsReplayable=True,
            )
            for hook in self.hooks.values()
        ]
        return enveloped(webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse, rows)


@pytest.fixture(scope="module", params=["classic", "commands"])
def shuffling(request: pytest.FixtureRequest) -> Iterator[tuple[ShufflingKernel, cn.Client]]:
    with scripted(generation=request.param) as kernel:
        keeper = ShufflingKernel(kernel)
        with cn.connect(kernel.connection_string, event_store="shop", name="order") as client:
            yield keeper, client


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(definition=definitions, seed=st.integers(0, 1000))
def test_no_order_of_an_answer_makes_a_difference(
    shuffling: tuple[ShufflingKernel, cn.Client], definition: cn.WebhookDefinition, seed: int
) -> None:
    kernel, client = shuffling
    kernel.random.seed(seed)
    kernel.hooks.clear()
    outcome = client.webhooks.register(definition, wait=5)
    assert outcome, outcome
    assert outcome.ineffective == ()
    sent = kernel.adds
    again = client.webhooks.register(definition)
    assert (again.action, kernel.adds) == (Action.UNCHANGED, sent), "what is there in another order is not sent again"
    plan = client.webhooks.plan(definition)
    assert (plan.action, plan.changes) == (PlannedAction.UNCHANGED, ())
    first, second = client.webhooks.get("hook"), client.webhooks.get("hook")
    assert first == second == definition
    assert len({first, second, definition}) == 1
    assert list(client.webhooks.all()) == list(client.webhooks.all())
    assert list(compare(client, client)) == []


@given(definition=definitions, seed=st.integers(0, 1000))
def test_a_definition_equals_itself_in_another_order_and_nothing_else(
    definition: cn.WebhookDefinition, seed: int
) -> None:
    types = list(definition.event_types)
    Random(seed).shuffle(types)
    other = definition.changed(event_types=tuple(types), headers=dict(reversed(list(definition.headers.items()))))
    assert other == definition
    assert hash(other) == hash(definition)
    assert definition.changed(event_types=(*types, types[0])) != definition
    assert definition.changed(event_types=tuple(types[1:])) != definition
    assert definition.changed(target_url=f"{URL}/other") != definition
    assert definition.changed(active=False) != definition
    assert definition != "hook"
