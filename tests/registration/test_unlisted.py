"""One webhook with a plus sign in an event type id makes every list fail: it is named, and can be removed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.empty_pb2 import Empty

import chronicle_notebook as cn
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.contracts.classic import methods as classic
from chronicle_notebook.contracts.commands import methods as commands
from chronicle_notebook.contracts.wire import (
    event_stores_classic_pb2,
    event_stores_pb2,
    host_pb2,
    namespaces_classic_pb2,
    namespaces_pb2,
    observation_pb2,
    webhooks_classic_pb2,
    webhooks_pb2,
)
from tests.scripted import ScriptedKernel, enveloped, scripted

SAID = "The input string 'b' was not in a correct format."
ROWS = webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse
ACTIVE, DISCONNECTED = 1, 4


class MisreadingKernel:
    """Cannot make a list that has the webhook ``broken``; its observers it lists."""

    def __init__(self, kernel: ScriptedKernel) -> None:
        self.removed: list[str] = []
        self.hooks = ["good", "broken"]
        self.classic = kernel.generation == "classic"
        kernel.on(commands.GET_OBSERVERS, self.observers)
        kernel.on(commands.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="16.37.1"))
        if self.classic:
            kernel.on(classic.GET_WEBHOOKS, self.listing).on(classic.REMOVE, self.remove)
            stores = event_stores_classic_pb2.QueryResult_IEnumerable_String
            kernel.on(classic.ALL_EVENT_STORES, enveloped(stores, Data=["shop"]))
            spaces = namespaces_classic_pb2.QueryResult_IEnumerable_String
            kernel.on(classic.ALL_NAMESPACES, enveloped(spaces, Data=["Default"]))
        else:
            kernel.on(commands.GET_WEBHOOKS, self.listing).on(commands.REMOVE_WEBHOOKS, self.remove)
            store = event_stores_pb2.EventStoreNamesResponse(Name="shop")
            kernel.on(
                commands.ALL_EVENT_STORES,
                enveloped(event_stores_pb2.QueryResult_IEnumerable_EventStoreNamesResponse, [store]),
            )
            space = namespaces_pb2.NamespaceNamesResponse(Name="Default")
            kernel.on(
                commands.ALL_NAMESPACES,
                enveloped(namespaces_pb2.QueryResult_IEnumerable_NamespaceNamesResponse, [space]),
            )

    def listing(self, _request: Any, context: grpc.ServicerContext) -> Any:
        fails = "broken" in self.hooks
        if not self.classic:
            found = [webhooks_pb2.WebhookDetailsResponse(Identifier=each, Url="http://x") for each in self.hooks]
            return enveloped(ROWS, [], ExceptionMessages=[SAID]) if fails else enveloped(ROWS, found)
        if fails:
            context.abort(grpc.StatusCode.UNKNOWN, f"Exception was thrown by handler. FormatException: {SAID}")
        target = webhooks_pb2.WebhookTarget(Url="http://x")
        items = [webhooks_pb2.WebhookDefinition(Identifier=each, Target=target) for each in self.hooks]
        return webhooks_classic_pb2.IEnumerable_WebhookDefinition(items=items)

    def observers(self, _request: Any, _context: object) -> Any:
        def observer(name: str, kind: int, state: int) -> observation_pb2.ObserverInformation:
            return observation_pb2.ObserverInformation(Id=name, Type=kind, RunningState=state)  # type: ignore[arg-type]

        found = [observer(name, 4, ACTIVE) for name in self.hooks]
        found += [observer(name, 4, DISCONNECTED) for name in self.removed]
        return observation_pb2.IEnumerable_ObserverInformation(items=[*found, observer("a-reactor", 1, ACTIVE)])

    def remove(self, request: Any, _context: object) -> Any:
        for name in request.Webhooks:
            self.hooks.remove(name)
            self.removed.append(name)
        return Empty() if self.classic else enveloped(webhooks_pb2.CommandResult)


@pytest.fixture(params=["classic", "commands"])
def misreading(request: pytest.FixtureRequest) -> Iterator[tuple[MisreadingKernel, cn.Client]]:
    with scripted(generation=request.param) as kernel:
        broken = MisreadingKernel(kernel)
        with cn.connect(kernel.connection_string, event_store="shop", name="misreading") as client:
            yield broken, client


def test_the_failure_of_the_list_names_its_cause_and_the_remedy(misreading: tuple[MisreadingKernel, cn.Client]) -> None:
    _, client = misreading
    for read in (client.webhooks.all, client.webhooks.ids, client.webhooks.to_frame, lambda: client.describe("good")):
        with pytest.raises(cn.KernelFaultError, match="not in a correct format") as caught:
            read()
        assert "a plus sign" in caught.value.hint
        assert "unlisted=True" in caught.value.hint
    assert "unlisted=True" in repr(client.doctor())


def test_the_webhook_is_found_among_the_observers_and_removed_without_the_list(
    misreading: tuple[MisreadingKernel, cn.Client],
) -> None:
    kernel, client = misreading
    assert "broken" in {each.id for each in client.observers()}
    outcome = client.webhooks.remove("broken", unlisted=True)
    assert outcome
    assert outcome.removed is None
    assert "The list of webhooks was not read" in outcome.notes[0]
    assert kernel.removed == ["broken"]
    assert client.webhooks.ids() == ["good"]


@pytest.mark.parametrize("name", ["nobody", "a-reactor"])
def test_what_no_webhook_has_as_its_id_is_not_sent(misreading: tuple[MisreadingKernel, cn.Client], name: str) -> None:
    kernel, client = misreading
    with pytest.raises(cn.UnknownWebhookError, match=name):
        client.webhooks.remove([name], unlisted=True)
    assert kernel.removed == []


def test_several_are_removed_without_the_list_by_the_function_too(
    misreading: tuple[MisreadingKernel, cn.Client],
) -> None:
    kernel, client = misreading
    outcomes = cn.webhooks.remove(["broken", "good"], client=client, unlisted=True)
    assert outcomes
    assert kernel.hooks == []
