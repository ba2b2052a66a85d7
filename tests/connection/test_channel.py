"""The channel: deadlines, retries, message limits, interruption, and an end that leaves nothing behind."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from inspect import getmembers
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from google.protobuf.empty_pb2 import Empty

from chronicle_notebook import (
    ClientClosedError,
    DeadlineExceededError,
    KernelUnreachableError,
    ProtocolError,
)
from chronicle_notebook.connection._channel import Channel
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.connection._metadata import _random_id
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.contracts._scalars import guid_to_wire
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import event_stores_pb2, host_pb2, webhooks_pb2
from tests.ports import free_port
from tests.scripted import ScriptedKernel, enveloped, scripted
from tests.waiting import FOR_EVER, LONG, Hold, ctrl_c, eventually

VERSION = host_pb2.ServerVersionInfo(Version="19.29.4")
WEBHOOKS = webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse


def open_channel(kernel: ScriptedKernel, **options: Any) -> closing[Channel]:
    return closing(Channel(ConnectionString.parse(kernel.connection_string), **options))


def test_a_call_carries_the_deadline_that_was_asked_for(kernel: ScriptedKernel) -> None:
    kernel.on(methods.GET_VERSION_INFO, VERSION)
    with open_channel(kernel, timeout=7000.0) as channel:
        channel.call(methods.GET_VERSION_INFO, Empty())
        channel.call(methods.GET_VERSION_INFO, Empty(), timeout=2000.0)
    of_the_channel, of_the_call = (call.time_remaining or 0 for call in kernel.calls)
    assert 6000 < of_the_channel < 8000
    assert 1000 < of_the_call < 3000


def test_a_call_ends_at_its_deadline(kernel: ScriptedKernel) -> None:
    hold = Hold()
    kernel.on(methods.GET_VERSION_INFO, VERSION)
    with open_channel(kernel, timeout=FOR_EVER) as channel:
        channel.call(methods.GET_VERSION_INFO, Empty())
        kernel.on(methods.GET_VERSION_INFO, held(hold))
        with pytest.raises(DeadlineExceededError):
            channel.call(methods.GET_VERSION_INFO, Empty(), timeout=0.3)
    hold.release()
    assert not hold.in_vain


def test_after_a_deadline_on_a_silent_connection_the_next_call_opens_another(kernel: ScriptedKernel) -> None:
    hold = Hold()
    kernel.on(methods.GET_VERSION_INFO, VERSION)
    with open_channel(kernel, timeout=FOR_EVER) as channel:
        channel.call(methods.GET_VERSION_INFO, Empty())
        kernel.on(methods.GET_VERSION_INFO, held(hold))
        with pytest.raises(DeadlineExceededError):
            channel.call(methods.GET_VERSION_INFO, Empty(), timeout=0.3)
        kernel.on(methods.GET_VERSION_INFO, VERSION)
        channel.call(methods.GET_VERSION_INFO, Empty())
        assert channel.dials == 2
    hold.release()


def test_a_slow_call_does_not_end_a_connection_that_answers_other_calls(kernel: ScriptedKernel) -> None:
    hold, failures = Hold(), []
    kernel.on(methods.GET_VERSION_INFO, held(hold))
    kernel.on(methods.ALL_EVENT_STORES, enveloped(event_stores_pb2.QueryResult_IEnumerable_EventStoreNamesResponse))
    with open_channel(kernel, timeout=FOR_EVER) as channel:

        def slow() -> None:
            try:
                channel.call(methods.GET_VERSION_INFO, Empty(), timeout=1.5)
            except DeadlineExceededError as error:
                failures.append(error)

        channel.first(methods.ALL_EVENT_STORES, Empty())
        calling = threading.Thread(target=slow)
        calling.start()
        assert hold.entered.wait(LONG)
        while calling.is_alive():
            channel.first(methods.ALL_EVENT_STORES, Empty())
        assert len(failures) == 1
        channel.first(methods.ALL_EVENT_STORES, Empty())
        assert channel.dials == 1
    hold.release()


def held(hold: Hold) -> Callable[[Any, grpc.ServicerContext], host_pb2.ServerVersionInfo]:
    """An answer that is held until the client ends the call."""

    def answer(_request: Any, context: grpc.ServicerContext) -> host_pb2.ServerVersionInfo:
        hold.wait(context)
        return VERSION

    return answer


def _unavailable_first(times: int, answer: Any) -> Any:
    left = iter(range(times))

    def handler(_request: Any, context: grpc.ServicerContext) -> Any:
        if next(left, None) is not None:
            context.abort(grpc.StatusCode.UNAVAILABLE, "warming up")
        return answer

    return handler


def test_a_read_that_finds_no_connection_is_tried_again(kernel: ScriptedKernel) -> None:
    kernel.on(methods.GET_VERSION_INFO, _unavailable_first(2, VERSION))
    with open_channel(kernel) as channel:
        assert channel.call(methods.GET_VERSION_INFO, Empty()).Version == "19.29.4"
    assert kernel.count(methods.GET_VERSION_INFO) == 3


def test_a_write_is_never_tried_again(kernel: ScriptedKernel) -> None:
    kernel.on(methods.ENSURE_EVENT_STORE, _unavailable_first(1, enveloped(event_stores_pb2.CommandResult)))
    with open_channel(kernel) as channel, pytest.raises(KernelUnreachableError):
        channel.call(methods.ENSURE_EVENT_STORE, event_stores_pb2.EnsureEventStoreRequest(Name="shop"))
    assert kernel.count(methods.ENSURE_EVENT_STORE) == 1


def test_every_method_that_changes_something_is_marked_as_a_write() -> None:
    writes = {name for name, method in getmembers(methods) if getattr(method, "write", False)}
    assert {"ADD_WEBHOOKS", "REMOVE_WEBHOOKS", "APPEND_MANY_FOR_EVENT_SOURCES", "REGISTER_EVENT_TYPES"} <= writes
    assert {"ENSURE_EVENT_STORE", "ENSURE_NAMESPACE", "REPLAY", "RETRY_PARTITION"} <= writes
    assert not {name for name in writes if name.startswith(("GET_", "ALL_", "OBSERVE_", "TAIL", "FROM", "HAS"))}


def test_fifty_thousand_webhooks_come_in_one_answer(kernel: ScriptedKernel) -> None:
    row = webhooks_pb2.WebhookDetailsResponse(Url="https://example.com/chronicle/webhooks/" + "x" * 170)
    answer = WEBHOOKS(CorrelationId=guid_to_wire(uuid4()))
    answer.Data.extend([row] * 50_000)
    assert answer.ByteSize() > 10_000_000
    kernel.on(methods.GET_WEBHOOKS, answer)
    with open_channel(kernel) as channel:
        got = channel.call(methods.GET_WEBHOOKS, webhooks_pb2.GetWebhooksRequest(EventStore="banking"))
    assert len(got.Data) == 50_000


def test_a_kernel_that_comes_back_with_another_certificate_is_reached_again() -> None:
    port = free_port()
    with scripted(port) as first:
        first.on(methods.GET_VERSION_INFO, VERSION)
        channel = Channel(ConnectionString.parse(first.connection_string))
        channel.call(methods.GET_VERSION_INFO, Empty())
        fingerprint = channel.pin and channel.pin.fingerprint
    with closing(channel), scripted(port) as second:
        second.on(methods.GET_VERSION_INFO, VERSION)
        assert channel.call(methods.GET_VERSION_INFO, Empty()).Version == "19.29.4"
        assert channel.pin is not None
        assert channel.pin.fingerprint != fingerprint


def test_a_refused_port_is_told_without_waiting_for_the_deadline_with_the_address() -> None:
    port = free_port()
    target = ConnectionString.parse(f"chronicle://127.0.0.1:{port}?auth=none")
    with closing(Channel(target, timeout=FOR_EVER)) as channel, pytest.raises(KernelUnreachableError) as caught:
        channel.call(methods.GET_VERSION_INFO, Empty(), retry=False)
    assert f"127.0.0.1:{port}" in str(caught.value)
    assert "Connection refused" in str(caught.value)


def test_a_port_that_speaks_no_tls_is_told_from_one_that_refuses() -> None:
    with socket.socket() as plain:
        plain.bind(("127.0.0.1", 0))
        plain.listen()
        port = plain.getsockname()[1]

        def answer() -> None:
            connection, _ = plain.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with (
            closing(Channel(ConnectionString.parse(f"chronicle://127.0.0.1:{port}?auth=none"))) as channel,
            pytest.raises(KernelUnreachableError) as caught,
        ):
            channel.call(methods.GET_VERSION_INFO, Empty(), retry=False)
        thread.join()
    assert "TLS" in str(caught.value)


def test_an_answer_that_is_no_message_is_a_protocol_error(kernel: ScriptedKernel) -> None:
    kernel.on(methods.GET_VERSION_INFO, lambda _request, _context: b"\xff\xff\xff")
    with open_channel(kernel) as channel, pytest.raises(ProtocolError):
        channel.call(methods.GET_VERSION_INFO, Empty())


def endless(hold: Hold) -> Callable[[Any, grpc.ServicerContext], Iterator[Any]]:
    """A stream that gives one answer and then stays until the client ends it."""

    def answers(_request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        yield enveloped(WEBHOOKS)
        hold.wait(context)

    return answers


def test_a_stream_is_ended_from_another_thread(kernel: ScriptedKernel) -> None:
    hold = Hold()
    kernel.on(methods.OBSERVE_WEBHOOKS, endless(hold))
    seen: list[Any] = []
    with open_channel(kernel) as channel:
        stream = channel.stream(methods.OBSERVE_WEBHOOKS, webhooks_pb2.ObserveWebhooksRequest(EventStore="banking"))
        got_one = threading.Event()

        def read() -> None:
            for answer in stream:
                seen.append(answer)
                got_one.set()

        reader = threading.Thread(target=read)
        reader.start()
        assert got_one.wait(LONG)
        stream.cancel()
        reader.join(LONG)
        assert not reader.is_alive()
    assert len(seen) == 1
    assert kernel.ended.wait(LONG), "the server must see the end of the stream"
    assert not hold.in_vain


def test_close_ends_streams_and_further_calls_say_so(kernel: ScriptedKernel) -> None:
    kernel.on(methods.OBSERVE_WEBHOOKS, endless(Hold())).on(methods.GET_VERSION_INFO, VERSION)
    before = set(threading.enumerate())
    channel = Channel(ConnectionString.parse(kernel.connection_string))
    channel.call(methods.GET_VERSION_INFO, Empty())
    stream = iter(channel.stream(methods.OBSERVE_WEBHOOKS, webhooks_pb2.ObserveWebhooksRequest(EventStore="banking")))
    next(stream)
    channel.close()
    assert list(stream) == []
    with pytest.raises(ClientClosedError):
        channel.call(methods.GET_VERSION_INFO, Empty())
    channel.close()
    eventually(lambda: not _client_threads(before))


def _client_threads(before: set[threading.Thread]) -> set[threading.Thread]:
    """Threads that came since, less those of the server's pool, which lives in this process too."""
    return {thread for thread in set(threading.enumerate()) - before if "ThreadPoolExecutor" not in thread.name}


def test_ctrl_c_ends_a_call(kernel: ScriptedKernel) -> None:
    hold = Hold()
    kernel.on(methods.GET_VERSION_INFO, held(hold))
    with open_channel(kernel, timeout=FOR_EVER) as channel, ctrl_c(hold.entered.is_set):
        channel.call(methods.GET_VERSION_INFO, Empty())
    assert kernel.ended.wait(LONG), "the server must see the end of the call"
    assert not hold.in_vain


def test_an_api_key_goes_with_each_call_as_a_bearer_token(
    kernel: ScriptedKernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERNEL_TOKEN", "swordfish")
    kernel.on(methods.GET_VERSION_INFO, VERSION)
    target = ConnectionString.parse(f"chronicle://127.0.0.1:{kernel.port}/?apiKey=env:KERNEL_TOKEN")
    with closing(Channel(target)) as channel:
        channel.call(methods.GET_VERSION_INFO, Empty())
        assert "swordfish" not in repr(vars(channel))
    assert kernel.calls[0].metadata["authorization"] == "Bearer swordfish"


FORKED = """
import os, sys
sys.path.insert(0, {root!r})
from contextlib import closing
from google.protobuf.empty_pb2 import Empty
from chronicle_notebook import KernelError
from chronicle_notebook.connection._channel import Channel
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.contracts.commands import methods
channel = Channel(ConnectionString.parse({text!r}))
channel.call(methods.GET_VERSION_INFO, Empty())
child = os.fork()
if child == 0:
    try:
        channel.call(methods.GET_VERSION_INFO, Empty())
    except KernelError as error:
        os.write(1, str(error).encode())
        os._exit(7)
    os._exit(1)
_, status = os.waitpid(child, 0)
assert os.waitstatus_to_exitcode(status) == 7, status
assert channel.call(methods.GET_VERSION_INFO, Empty()).Version == "19.29.4"
channel.close()
"""


def test_a_forked_child_is_told_instead_of_hanging_and_the_parent_goes_on(kernel: ScriptedKernel) -> None:
    kernel.on(methods.GET_VERSION_INFO, VERSION)
    program = FORKED.format(root=str(Path.cwd()), text=kernel.connection_string)
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "forked" in result.stdout


def test_a_fork_for_a_command_works_while_a_stream_is_open(kernel: ScriptedKernel) -> None:
    """What IPython does for ``!command``; with gRPC's fork support on, it hangs now and then."""
    kernel.on(methods.OBSERVE_WEBHOOKS, endless(Hold()))
    program = f"""
import os, sys, pty
from chronicle_notebook.connection._channel import Channel
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import webhooks_pb2
assert os.environ["GRPC_ENABLE_FORK_SUPPORT"] == "0"
channel = Channel(ConnectionString.parse({kernel.connection_string!r}))
stream = iter(channel.stream(methods.OBSERVE_WEBHOOKS, webhooks_pb2.ObserveWebhooksRequest(EventStore="banking")))
next(stream)
for _ in range(20):
    child, terminal = pty.fork()
    if child == 0:
        os.execvp("true", ["true"])
    assert os.waitpid(child, 0)[1] == 0
channel.close()
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_each_call_has_a_random_uuid_of_its_own() -> None:
    texts = {_random_id() for _ in range(200)}
    assert len(texts) == 200
    assert all(str(UUID(text)) == text and UUID(text).version == 4 for text in texts)
