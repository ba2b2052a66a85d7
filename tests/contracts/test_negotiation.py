"""Which generation a kernel speaks: found out before anything is decoded, and again with each new connection."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from google.protobuf.empty_pb2 import Empty

import chronicle_notebook as cn
from chronicle_notebook import KernelFaultError, MethodNotImplementedError, ProtocolError
from chronicle_notebook.connection._channel import Channel
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.contracts._descriptor import webhook_descriptor_set
from chronicle_notebook.contracts._negotiation import generation_of
from chronicle_notebook.contracts.classic import methods as classic
from chronicle_notebook.contracts.commands import methods as commands
from chronicle_notebook.contracts.negotiated import NegotiatedGateway
from chronicle_notebook.contracts.wire import (
    clients_pb2,
    event_stores_classic_pb2,
    event_stores_pb2,
    host_pb2,
    sequences_pb2,
    webhooks_classic_pb2,
    webhooks_pb2,
)
from chronicle_notebook.model import WebhookDefinition
from tests.contracts.test_wire import text
from tests.ports import free_port
from tests.scripted import CLASSIC_TEXT, ScriptedKernel, enveloped, scripted
from tests.waiting import LONG

S = grpc.StatusCode
ROWS = webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse
COMMANDS_TEXT = """
service EventStores {
  rpc Add (X) returns (Y);
}
message AddWebhooks {
  string EventStore = 1;
}
service Webhooks {
  rpc AddWebhook (AddWebhookRequest) returns (CommandResult) {}
  rpc AddWebhooks (AddWebhooksRequest) returns (CommandResult);
}
message X {
}
"""
# One answer of each generation, recorded by hand.
ENVELOPE = b"\x0a\x12\x09" + bytes(range(8)) + b"\x11" + bytes(range(8))
COMMANDS_BYTES = ENVELOPE + b"\x10\x01" + b"\x32\x03" + text(1, "h")
CLASSIC_BYTES = text(1, text(1, "event-log") + text(2, "h") + text(4, text(1, "http://x")))


def gateway(kernel: ScriptedKernel) -> tuple[closing[Channel], NegotiatedGateway]:
    channel = Channel(ConnectionString.parse(kernel.connection_string))
    return closing(channel), NegotiatedGateway(channel)


def shorts(kernel: ScriptedKernel) -> list[str]:
    return [call.method.rpartition(".")[2] for call in kernel.calls]


def both_ways(kernel: ScriptedKernel, generation: str) -> None:
    """Answer what exists in a generation."""
    if generation == "commands":
        kernel.on(commands.GET_WEBHOOKS, COMMANDS_BYTES)
    else:
        kernel.on(classic.GET_WEBHOOKS, CLASSIC_BYTES)
    kernel.on(commands.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="1.2.3"))


def compatible(**fields: Any) -> clients_pb2.CompatibilityResponse:
    return clients_pb2.CompatibilityResponse(IsCompatible=True, ServerVersion="19.31.0", **fields)


def test_a_compatible_kernel_is_asked_once_with_the_real_file_and_tells_its_version() -> None:
    with scripted(generation=None) as kernel:
        both_ways(kernel, "commands")
        kernel.on(commands.CHECK_COMPATIBILITY, compatible(ServerProtocolVersion="19.31.0"))
        channel, kernel_gateway = gateway(kernel)
        with channel:
            assert [each.id for each in kernel_gateway.webhooks("shop")] == ["h"]
            kernel_gateway.webhooks("shop")
            assert kernel_gateway.generation == "commands"
            found = kernel_gateway.negotiation
        assert found is not None
        assert (found.version.version, found.version.protocol) == ("19.31.0", "19.31.0")
        assert sorted(shorts(kernel)[:2]) == ["ConnectionService/CheckCompatibility", "Server/GetVersionInfo"]
        assert shorts(kernel)[2:] == ["Webhooks/GetWebhooks", "Webhooks/GetWebhooks"]
        (check,) = [call for call in kernel.calls if call.method == commands.CHECK_COMPATIBILITY.path]
        request = clients_pb2.CompatibilityRequest.FromString(check.request)
        assert request.DescriptorSet == webhook_descriptor_set()
        assert (request.ClientType, request.ProtocolVersion) == ("Python", "19.29.4")


def test_a_kernel_without_the_check_is_classic_by_its_text() -> None:
    with scripted(generation="classic") as kernel:
        both_ways(kernel, "classic")
        channel, kernel_gateway = gateway(kernel)
        with channel:
            assert [each.id for each in kernel_gateway.webhooks("shop")] == ["h"]
            assert kernel_gateway.generation == "classic"
            assert kernel_gateway.negotiation is not None
            assert kernel_gateway.negotiation.version.version == "1.2.3"
        assert kernel.count(classic.GET_WEBHOOKS) == 1, "nothing but the list itself was asked for"


@pytest.mark.parametrize(
    ("contract", "generation"), [(COMMANDS_TEXT, "commands"), (CLASSIC_TEXT, "classic")], ids=["commands", "classic"]
)
def test_an_incompatible_kernel_is_reported_and_its_text_decides(contract: str, generation: str) -> None:
    with scripted(generation=None) as kernel:
        both_ways(kernel, generation)
        verdict = clients_pb2.CompatibilityResponse(
            IsCompatible=False, Incompatibilities=["Field 'X' is missing."], ServerVersion="21.0.0"
        )
        kernel.on(commands.CHECK_COMPATIBILITY, verdict)
        kernel.on(commands.GET_DESCRIPTOR_SET, clients_pb2.DescriptorSetResponse(SchemaDefinition=contract))
        channel, kernel_gateway = gateway(kernel)
        with channel:
            assert [each.id for each in kernel_gateway.webhooks("shop")] == ["h"]
            assert kernel_gateway.generation == generation
            assert kernel_gateway.negotiation is not None
            assert kernel_gateway.negotiation.incompatibilities == ("Field 'X' is missing.",)
            assert kernel_gateway.negotiation.version.version == "21.0.0"


@pytest.mark.parametrize("generation", ["commands", "classic"])
@pytest.mark.parametrize("status", [S.UNIMPLEMENTED, S.PERMISSION_DENIED, S.UNKNOWN], ids=lambda status: status.name)
def test_without_verdict_and_text_the_bytes_of_one_harmless_read_decide(
    generation: str, status: grpc.StatusCode
) -> None:
    with scripted(generation=None) as kernel:
        both_ways(kernel, generation)
        kernel.fail(commands.CHECK_COMPATIBILITY, status)
        kernel.fail(commands.GET_DESCRIPTOR_SET, status)
        channel, kernel_gateway = gateway(kernel)
        with channel:
            assert [each.id for each in kernel_gateway.webhooks("shop")] == ["h"]
            assert kernel_gateway.generation == generation
        listed = [call.request for call in kernel.calls if call.method == commands.GET_WEBHOOKS.path]
        stores = [webhooks_pb2.GetWebhooksRequest.FromString(each).EventStore for each in listed]
        assert stores == ["System", "shop"], "another event store could be created by naming it"


@pytest.mark.parametrize("status", [S.UNAUTHENTICATED, S.PERMISSION_DENIED], ids=lambda status: status.name)
def test_a_kernel_that_lets_nobody_in_is_not_taken_for_an_old_one(status: grpc.StatusCode) -> None:
    with scripted(generation=None) as kernel:
        for method in (commands.CHECK_COMPATIBILITY, commands.GET_DESCRIPTOR_SET, commands.GET_WEBHOOKS):
            kernel.fail(method, status)
        channel, kernel_gateway = gateway(kernel)
        with (
            channel,
            pytest.raises(cn.AuthenticationError if status is S.UNAUTHENTICATED else cn.PermissionDeniedError),
        ):
            kernel_gateway.webhooks("shop")
        assert kernel_gateway.negotiation is None


def test_a_verdict_that_is_contradictory_is_no_verdict() -> None:
    with scripted(generation=None) as kernel:
        both_ways(kernel, "classic")
        kernel.on(commands.CHECK_COMPATIBILITY, compatible(Incompatibilities=["Something is missing."]))
        kernel.on(commands.GET_DESCRIPTOR_SET, clients_pb2.DescriptorSetResponse(SchemaDefinition=CLASSIC_TEXT))
        channel, kernel_gateway = gateway(kernel)
        with channel:
            kernel_gateway.webhooks("shop")
            assert kernel_gateway.generation == "classic"


def test_a_kernel_that_tells_nothing_is_not_guessed_at() -> None:
    with scripted(generation=None) as kernel:
        kernel.on(commands.CHECK_COMPATIBILITY, clients_pb2.CompatibilityResponse(ServerVersion="30.0.0"))
        kernel.on(commands.GET_WEBHOOKS, b"\x12\x03abc")
        channel, kernel_gateway = gateway(kernel)
        with channel, pytest.raises(ProtocolError, match="does not tell which one it has"):
            kernel_gateway.webhooks("shop")


@pytest.mark.parametrize(
    ("answer", "generation"),
    [
        (b"", "classic"),
        (CLASSIC_BYTES, "classic"),
        (text(1, text(2, "h")), "classic"),
        (text(1, text(4, text(1, "http://x"))), "classic"),
        (text(1, text(1, "sixteen-letters!")), "classic"),  # 18 bytes, as the envelope has
        (COMMANDS_BYTES, "commands"),
        (ENVELOPE, "commands"),
        (text(1, b"\x09" + bytes(8)), None),
        (b"\x12\x01x", None),
        (b"\x0a\x00", None),
        (b"\x0a\xff\xff\xff\xff\xff\xff", None),
    ],
)
def test_the_bytes_of_each_generation_are_told_apart(answer: bytes, generation: str | None) -> None:
    assert generation_of(answer) == generation


def test_a_long_classic_list_is_told_by_its_first_entry() -> None:
    entry = webhooks_pb2.WebhookDefinition(EventSequenceId="event-log", Identifier="x" * 5000)
    many = webhooks_classic_pb2.IEnumerable_WebhookDefinition(items=[entry] * 3)
    assert generation_of(many.SerializeToString()) == "classic"


@pytest.mark.parametrize(("first", "second"), [("classic", "commands"), ("commands", "classic")])
def test_after_a_reconnect_the_kernel_is_asked_again_and_no_answer_is_read_as_the_others(
    first: str, second: str
) -> None:
    """An upgrade, or a step back: the read that finds the connection lost is made again for the other generation."""
    port = free_port()
    with scripted(port, generation=first) as before:
        both_ways(before, first)
        channel = Channel(ConnectionString.parse(before.connection_string))
        kernel_gateway = NegotiatedGateway(channel)
        assert [each.id for each in kernel_gateway.webhooks("shop")] == ["h"]
    with closing(channel), scripted(port, generation=second) as after:
        both_ways(after, second)
        after.on(commands.ADD_WEBHOOKS, enveloped(webhooks_pb2.CommandResult)).on(classic.ADD, Empty())
        assert [each.id for each in kernel_gateway.webhooks("shop")] == ["h"]
        assert kernel_gateway.generation == second
        kernel_gateway.add_webhooks("shop", [WebhookDefinition("h", "http://x")])
        assert after.count(commands.ADD_WEBHOOKS) == (second == "commands")
        assert after.count(classic.ADD) == (second == "classic")


def test_a_write_that_finds_another_generation_is_made_for_that_one_and_sent_once() -> None:
    port = free_port()
    with scripted(port, generation="classic") as before:
        both_ways(before, "classic")
        channel = Channel(ConnectionString.parse(before.connection_string))
        kernel_gateway = NegotiatedGateway(channel)
        kernel_gateway.webhooks("shop")
        assert channel._line is not None
        channel.give_up(channel._line)
    with closing(channel), scripted(port, generation="commands") as after:
        after.on(commands.ADD_WEBHOOKS, enveloped(webhooks_pb2.CommandResult))
        kernel_gateway.add_webhooks("shop", [WebhookDefinition("h", "http://x")])
        assert shorts(after) == ["ConnectionService/CheckCompatibility", "Webhooks/AddWebhooks"]


def test_a_write_that_the_kernel_lacks_is_tried_in_the_other_generation_and_that_one_is_kept() -> None:
    with scripted(generation="commands") as kernel:
        kernel.on(classic.ADD, Empty()).on(classic.GET_WEBHOOKS, CLASSIC_BYTES)
        channel, kernel_gateway = gateway(kernel)
        with channel:
            kernel_gateway.add_webhooks("shop", [WebhookDefinition("h", "http://x")])
            assert kernel_gateway.generation == "classic"
            assert [each.id for each in kernel_gateway.webhooks("shop")] == ["h"]


@pytest.mark.parametrize(
    "status", [S.UNAVAILABLE, S.DEADLINE_EXCEEDED, S.UNKNOWN, S.INTERNAL, S.PERMISSION_DENIED], ids=lambda s: s.name
)
def test_no_other_failure_of_a_write_leads_to_the_other_generation(status: grpc.StatusCode) -> None:
    with scripted(generation="commands") as kernel:
        kernel.fail(commands.ADD_WEBHOOKS, status).on(classic.ADD, Empty())
        channel, kernel_gateway = gateway(kernel)
        with channel, pytest.raises(cn.KernelError):
            kernel_gateway.add_webhooks("shop", [WebhookDefinition("h", "http://x")])
        assert kernel.count(commands.ADD_WEBHOOKS) == 1
        assert kernel.count(classic.ADD) == 0


def test_a_failure_inside_an_envelope_does_not_lead_there_either() -> None:
    with scripted(generation="commands") as kernel:
        kernel.on(commands.REMOVE_WEBHOOKS, enveloped(webhooks_pb2.CommandResult, ExceptionMessages=["broken"]))
        kernel.on(classic.REMOVE, Empty())
        channel, kernel_gateway = gateway(kernel)
        with channel, pytest.raises(KernelFaultError):
            kernel_gateway.remove_webhooks("shop", ["h"])
        assert kernel.count(classic.REMOVE) == 0


def test_a_write_that_no_generation_has_is_told_as_the_first_one_missing() -> None:
    with scripted(generation="commands") as kernel:
        channel, kernel_gateway = gateway(kernel)
        with channel, pytest.raises(MethodNotImplementedError) as caught:
            kernel_gateway.add_webhooks("shop", [WebhookDefinition("h", "http://x")])
        assert caught.value.call == "Webhooks/AddWebhooks"
        assert kernel_gateway.generation == "commands"


def test_a_method_that_the_kernel_has_in_the_other_generation_alone_is_looked_for_once() -> None:
    """A build of 16.38 has the webhooks of one generation and the events of the other."""
    with scripted(generation="commands") as kernel:
        kernel.on(classic.GET_TAIL_SEQUENCE_NUMBER, b"\x08\x07")
        kernel.on(classic.HAS_EVENTS_FOR_EVENT_SOURCE_ID, b"\x08\x01")
        tried = []

        def lacking(_request: Any, context: grpc.ServicerContext) -> Any:
            tried.append("tail")
            context.abort(S.UNIMPLEMENTED, "Service is unimplemented.")

        kernel.on(commands.TAIL_SEQUENCE_NUMBER, lacking)
        channel, kernel_gateway = gateway(kernel)
        with channel:
            for _ in range(3):
                assert kernel_gateway.tail("shop", "Default", "event-log") == 7
            assert kernel_gateway.has_events("shop", "Default", "event-log", "a")
            assert kernel_gateway.generation == "commands"
        assert tried == ["tail"]
        assert kernel.count(classic.GET_TAIL_SEQUENCE_NUMBER) == 3


def test_a_method_that_moves_to_the_other_path_is_found_there() -> None:
    """The kernel behind an address, or behind a proxy, can be another one by now."""
    with scripted(generation="commands") as kernel:
        kernel.on(classic.GET_TAIL_SEQUENCE_NUMBER, b"\x08\x07")
        channel, kernel_gateway = gateway(kernel)
        with channel:
            assert kernel_gateway.tail("shop", "Default", "event-log") == 7
            kernel.fail(classic.GET_TAIL_SEQUENCE_NUMBER, S.UNIMPLEMENTED, "Service is unimplemented.")
            answer = enveloped(sequences_pb2.QueryResult_EventSequenceTailResponse)
            answer.Data.SequenceNumber = 9
            kernel.on(commands.TAIL_SEQUENCE_NUMBER, answer)
            assert kernel_gateway.tail("shop", "Default", "event-log") == 9


@pytest.mark.parametrize(
    ("version", "told"), [("16.38.0", None), ("", None), ("19.29.4", True), ("19.31.0", True), ("1.0-sandbox", True)]
)
def test_whether_a_retry_was_started_is_told_by_kernels_that_say_so(version: str, told: bool | None) -> None:
    """An empty answer reads as a start: earlier kernels of the generation answer with nothing."""
    with scripted(generation="commands") as kernel:
        answer = clients_pb2.CompatibilityResponse(IsCompatible=True, ServerVersion=version)
        kernel.on(commands.CHECK_COMPATIBILITY, answer).on(commands.RETRY_PARTITION, b"")
        channel, kernel_gateway = gateway(kernel)
        with channel:
            assert kernel_gateway.retry_partition("shop", "Default", "h", "event-log", "a") is told


def test_a_read_under_a_shared_path_is_never_tried_in_the_other_generation() -> None:
    """Its answer would not say which generation wrote it."""
    with scripted(generation="commands") as kernel:
        channel, kernel_gateway = gateway(kernel)
        with channel, pytest.raises(MethodNotImplementedError):
            kernel_gateway.webhooks("shop")
        assert kernel.count(commands.GET_WEBHOOKS) == 0
        assert shorts(kernel) == ["ConnectionService/CheckCompatibility"]


def test_a_recorded_answer_of_one_generation_is_refused_by_the_other() -> None:
    """Where the negotiation was misled by a kernel, the envelope that is missing still tells."""
    with scripted(generation="commands") as kernel:
        kernel.on(classic.GET_WEBHOOKS, CLASSIC_BYTES).on(classic.OBSERVE_WEBHOOKS, [])
        channel, kernel_gateway = gateway(kernel)
        with channel:
            with pytest.raises(ProtocolError, match="no envelope"):
                kernel_gateway.webhooks("shop")
            with pytest.raises(ProtocolError, match="no envelope"):
                kernel_gateway.webhook_columns("shop")
    with scripted(generation="classic") as kernel:
        kernel.on(commands.GET_WEBHOOKS, COMMANDS_BYTES)
        channel, kernel_gateway = gateway(kernel)
        with channel:
            with pytest.raises(ProtocolError, match="of the commands generation"):
                kernel_gateway.webhooks("shop")
            with pytest.raises(ProtocolError, match="of the commands generation"):
                kernel_gateway.webhook_columns("shop")


def test_what_was_found_out_is_on_the_client(kernel: ScriptedKernel) -> None:
    kernel.on(commands.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="19.29.4", CommitSha="ae5e00a8"))
    with cn.connect(kernel.connection_string, name="told") as client:
        assert (client.generation, client.version.version, client.version.commit) == ("commands", "19.29.4", "ae5e00a8")
        assert client.negotiation is not None
        assert "compatible" in client.negotiation.how
        assert "wire generation commands" in repr(client)
        keys = {defect.key for defect in client.known_defects}
        assert {"authorization-dropped", "inactive-lost"} <= keys
        assert "ciphertext-sent" not in keys
        defects = client.known_defects
        for shown in (repr(defects), defects._repr_html_()):
            assert "authorization-dropped" in shown
            assert "Cratis/Chronicle#4567" not in shown, "where it is known from is in the frame alone"
        assert list(defects.to_frame().columns) == ["what", "versions", "remedy", "basis", "seen", "source"]
        assert defects.to_frame().loc["authorization-dropped", "source"] == "Cratis/Chronicle#4567"


@pytest.mark.parametrize("generation", ["commands", "classic"])
def test_an_event_store_that_a_restart_has_lost_is_not_made_anew_by_a_call(generation: str) -> None:
    """A kernel in memory has lost it; a call that names it would create it, without webhooks and without a word."""
    port = free_port()

    def stores(*names: str) -> Any:
        if generation == "classic":
            return enveloped(event_stores_classic_pb2.QueryResult_IEnumerable_String, Data=list(names))
        rows = [event_stores_pb2.EventStoreNamesResponse(Name=name) for name in names]
        return enveloped(event_stores_pb2.QueryResult_IEnumerable_EventStoreNamesResponse, rows)

    table: Any = classic if generation == "classic" else commands
    remove = classic.REMOVE if generation == "classic" else commands.REMOVE_WEBHOOKS
    done: Any = Empty() if generation == "classic" else enveloped(webhooks_pb2.CommandResult)
    with scripted(port, generation=generation) as before:
        both_ways(before, generation)
        before.on(table.ALL_EVENT_STORES, stores("System", "shop"))
        client = cn.connect(before.connection_string, event_store="shop", name="restarted")
        assert client.webhooks.ids() == ["h"]
    with scripted(port, generation=generation) as after, client:
        both_ways(after, generation)
        after.on(table.ALL_EVENT_STORES, stores("System")).on(remove, done)
        for attempt in (client.webhooks.ids, lambda: client._kernel.remove_webhooks("shop", ["h"])):
            with pytest.raises(cn.UnknownEventStoreError, match="any more") as caught:
                attempt()
            assert "client.ensure_event_store('shop')" in caught.value.hint
        named = {call.method for call in after.calls}
        assert not named & {table.GET_WEBHOOKS.path, remove.path}, "nothing was sent that names it"
        after.on(table.ALL_EVENT_STORES, stores("System", "shop"))
        assert client.webhooks.ids() == ["h"], "somebody has made it again"


def test_an_observation_goes_on_after_an_upgrade_to_the_other_generation() -> None:
    port = free_port()
    names = enveloped(
        event_stores_pb2.QueryResult_IEnumerable_EventStoreNamesResponse,
        [event_stores_pb2.EventStoreNamesResponse(Name="shop")],
    )
    old_names = enveloped(event_stores_classic_pb2.QueryResult_IEnumerable_String)
    old_names.Data.append("shop")
    with scripted(port, generation="classic") as before:
        both_ways(before, "classic")
        before.on(classic.ALL_EVENT_STORES, old_names).on(classic.OBSERVE_WEBHOOKS, waiting(CLASSIC_BYTES))
        client = cn.connect(before.connection_string, event_store="shop", name="upgraded")
        changes = client.webhooks.observe()
        assert [hook.id for hook in changes.next(LONG) or ()] == ["h"]
    with closing(client), scripted(port, generation="commands") as after:
        both_ways(after, "commands")
        rows = [webhooks_pb2.WebhookDetailsResponse(Identifier=each, Url="http://x") for each in ("h", "i")]
        after.on(commands.ALL_EVENT_STORES, names).on(
            commands.OBSERVE_WEBHOOKS, waiting(enveloped(ROWS, rows).SerializeToString())
        )
        with changes:
            assert [hook.id for hook in changes.next(LONG) or ()] == ["h", "i"]
        assert client.generation == "commands"


def waiting(answer: bytes) -> Any:
    """One answer, and then nothing until the call is ended."""

    def handler(_request: Any, context: grpc.ServicerContext) -> Iterator[bytes]:
        ended = threading.Event()
        context.add_callback(ended.set)
        yield answer
        ended.wait(LONG)

    return handler
