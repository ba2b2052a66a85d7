"""A kernel that fails on one webhook of a list has made those before it: each gets the outcome that the list shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.empty_pb2 import Empty

import chronicle_notebook as cn
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.contracts.classic import methods as classic
from chronicle_notebook.contracts.commands import methods as commands
from chronicle_notebook.contracts.wire import clients_pb2, event_types_pb2, webhooks_classic_pb2, webhooks_pb2
from chronicle_notebook.registration._differences import Effect
from chronicle_notebook.registration._outcome import Action
from tests.scripted import ScriptedKernel, enveloped, scripted

URL = "http://127.0.0.1:9/hooks"
LONG = "rsa routines::data too large for key size"
A = cn.EventType("AccountOpened")
ROWS = webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse


def hook(name: str, **more: Any) -> cn.WebhookDefinition:
    return cn.WebhookDefinition(name, URL, (A,), **more)


class PartialKernel:
    """Works through a list one by one, as kernels do, and fails on an id."""

    def __init__(self, kernel: ScriptedKernel, *, commands_wire: bool) -> None:
        self.kernel = kernel
        self.hooks: dict[str, webhooks_pb2.WebhookDefinition] = {}
        self.fails_on = "second"
        self.commands_wire = commands_wire
        if commands_wire:
            kernel.on(
                commands.CHECK_COMPATIBILITY,
                clients_pb2.CompatibilityResponse(IsCompatible=True, ServerVersion="16.38.0"),
            )
            types = [event_types_pb2.EventTypeDetailsResponse(Type=event_types_pb2.EventType(Id=A.id, Generation=1))]
            kernel.on(
                commands.ALL_EVENT_TYPES,
                enveloped(event_types_pb2.QueryResult_IEnumerable_EventTypeDetailsResponse, types),
            )
            kernel.on(commands.ADD_WEBHOOKS, self.add).on(commands.REMOVE_WEBHOOKS, self.remove)
            kernel.on(commands.GET_WEBHOOKS, self.rows)
        else:
            kernel.on(classic.GET_ALL_REGISTRATIONS, b"\x0a\x11\x0a\x0f\x0a\x0dAccountOpened")
            kernel.on(classic.ADD, self.add).on(classic.REMOVE, self.remove)
            kernel.on(classic.GET_WEBHOOKS, self.items)

    def add(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._work(request.Webhooks, context, self.keep)

    def remove(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._work(request.Webhooks, context, self.hooks.pop)

    def keep(self, hook: webhooks_pb2.WebhookDefinition) -> None:
        self.hooks[hook.Identifier] = hook

    def _work(self, each_of: Any, context: grpc.ServicerContext, do: Any) -> Any:
        for each in each_of:
            if self.fails_on == getattr(each, "Identifier", each):
                if self.commands_wire:
                    return enveloped(webhooks_pb2.CommandResult, ExceptionMessages=[LONG])
                context.abort(grpc.StatusCode.UNKNOWN, f"Exception was thrown by handler. {LONG}")
            do(each)
        return enveloped(webhooks_pb2.CommandResult) if self.commands_wire else Empty()

    def items(self, _request: object, _context: object) -> Any:
        return webhooks_classic_pb2.IEnumerable_WebhookDefinition(items=list(self.hooks.values()))

    def rows(self, _request: object, _context: object) -> Any:
        rows = [
            webhooks_pb2.WebhookDetailsResponse(
                Identifier=each.Identifier,
                Url=each.Target.Url,
                EventSequenceId=each.EventSequenceId,
                EventTypes=each.EventTypes,
                AuthorizationType=_kind(each),  # type: ignore[arg-type]
                IsActive=True,
                IsReplayable=True,
            )
            for each in self.hooks.values()
        ]
        return enveloped(ROWS, rows)


def _kind(each: webhooks_pb2.WebhookDefinition) -> int:
    one_of = each.Target.Authorization
    return 1 if one_of.HasField("Value0") else 2 if one_of.HasField("Value1") else 0


@pytest.fixture(params=["classic", "commands"])
def partial(request: pytest.FixtureRequest) -> Iterator[tuple[PartialKernel, cn.Client]]:
    with scripted(generation=request.param) as kernel:
        yield from _connected(kernel, request.param)


def _connected(kernel: ScriptedKernel, generation: str) -> Iterator[tuple[PartialKernel, cn.Client]]:
    from chronicle_notebook.contracts.wire import event_stores_classic_pb2, event_stores_pb2, host_pb2

    kernel.on(commands.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="16.37.1"))
    if generation == "classic":
        names = event_stores_classic_pb2.QueryResult_IEnumerable_String
        kernel.on(classic.ALL_EVENT_STORES, enveloped(names, Data=["shop"]))
    else:
        stores = event_stores_pb2.QueryResult_IEnumerable_EventStoreNamesResponse
        kernel.on(commands.ALL_EVENT_STORES, enveloped(stores, [event_stores_pb2.EventStoreNamesResponse(Name="shop")]))
    broken = PartialKernel(kernel, commands_wire=generation == "commands")
    with cn.connect(kernel.connection_string, event_store="shop", name="partial") as client:
        yield broken, client


def test_each_webhook_of_a_list_gets_the_outcome_that_the_list_shows(
    partial: tuple[PartialKernel, cn.Client],
) -> None:
    _, client = partial
    outcomes = client.webhooks.register([hook("first"), hook("second"), hook("third")], wait=0.2)
    assert not outcomes
    made, failed, left = outcomes
    assert made
    assert (made.action, made.accepted, made.visible) == (Action.CREATED, True, True)
    assert "made before that" in made.notes[-1]
    for each in (failed, left):
        assert not each
        assert (each.accepted, each.visible, each.changed) == (False, False, False)
        assert LONG in each.notes[-1]
        assert "the kernel failed on the call, and it is not there" in each.summary
    assert [each.webhook for each in outcomes.failed] == ["second", "third"]
    assert client.webhooks.ids() == ["first"]
    assert "no change seen" in repr(outcomes)


def test_a_webhook_that_was_there_and_was_not_changed_is_as_it_was(partial: tuple[PartialKernel, cn.Client]) -> None:
    kernel, client = partial
    kernel.fails_on = ""
    client.webhooks.register(hook("second"))
    kernel.fails_on = "second"
    other = hook("second").changed(target_url=f"{URL}/other")
    outcomes = client.webhooks.register([hook("first"), other], wait=0.2)
    assert outcomes["first"]
    second = outcomes["second"]
    assert (second.accepted, second.visible, second.changed) == (False, True, False)
    assert [item.field for item in second.ineffective] == ["target_url"]
    assert "it is as it was" in second.summary


def test_where_nothing_was_changed_the_failure_is_raised_and_says_so(partial: tuple[PartialKernel, cn.Client]) -> None:
    _, client = partial
    with pytest.raises(cn.KernelFaultError, match=LONG) as caught:
        client.webhooks.register(hook("second"), wait=0.2)
    assert caught.value.hint.startswith("The list of webhooks shows that nothing was changed")
    with pytest.raises(cn.KernelFaultError) as caught:
        client.webhooks.register([hook("second"), hook("third")], wait=0.2)
    assert "nothing was changed" in caught.value.hint


def test_where_the_list_cannot_be_read_either_the_first_failure_is_raised(
    partial: tuple[PartialKernel, cn.Client],
) -> None:
    kernel, client = partial
    method = commands.GET_WEBHOOKS if kernel.commands_wire else classic.GET_WEBHOOKS
    read = kernel.rows if kernel.commands_wire else kernel.items

    def once(request: object, context: grpc.ServicerContext) -> Any:
        kernel.kernel.fail(method, grpc.StatusCode.PERMISSION_DENIED, "not any more")
        return read(request, context)

    kernel.kernel.on(method, once)
    with pytest.raises(cn.KernelFaultError, match=LONG):
        client.webhooks.register([hook("first"), hook("second")], wait=0.2)


def test_a_list_that_is_removed_in_part_gets_an_outcome_for_each(partial: tuple[PartialKernel, cn.Client]) -> None:
    kernel, client = partial
    kernel.fails_on = ""
    client.webhooks.register([hook("first"), hook("second"), hook("third")])
    kernel.fails_on = "second"
    outcomes = client.webhooks.remove(["first", "second", "third"], wait=0.2)
    assert [bool(each) for each in outcomes] == [True, False, False]
    assert "it is still there" in outcomes["third"].summary
    assert client.webhooks.ids() == ["second", "third"]
    with pytest.raises(cn.KernelFaultError) as caught:
        client.webhooks.remove("second", wait=0.2)
    assert "nothing was changed" in caught.value.hint


def test_another_kind_of_credentials_is_told_with_the_remedy_before_and_after(
    partial: tuple[PartialKernel, cn.Client],
) -> None:
    """In-memory storage up to 16.38: the call fails, and nothing of the webhook changes."""
    kernel, client = partial
    kernel.fails_on = ""
    client.webhooks.register(hook("hook", authorization=cn.BearerAuthorization(cn.Secret("not-a-secret-1"))))
    kernel.fails_on = "hook"
    for wanted in (
        hook("hook", authorization=cn.BasicAuthorization("user", cn.Secret("not-a-secret-2"))),
        hook("hook").changed(target_url=f"{URL}/other"),
    ):
        plan = client.webhooks.plan(wanted)
        (change,) = [each for each in plan.changes if each.field == "authorization"]
        assert (change.effect, change.remedy.startswith("client.webhooks.replace")) == (Effect.IGNORED, True)
        outcome = client.webhooks.register(wanted)
        assert not outcome
        assert not outcome.accepted
        (item,) = [each for each in outcome.ineffective if each.field == "authorization"]
        assert "fail when the kind of an authorization changes" in item.reason
        assert item.remedy.startswith("client.webhooks.replace")
