"""A client that is closed while a call of another thread is on its way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import pytest

from chronicle_notebook import ChronicleError, ClientClosedError, KernelUnreachableError
from chronicle_notebook.base._call import Method
from chronicle_notebook.connection._cancellation import Cancellation
from chronicle_notebook.connection._channel import Channel
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.connection._status import UNKNOWN_OUTCOME
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import event_stores_pb2, webhooks_pb2
from tests.scripted import ScriptedKernel
from tests.waiting import FOR_EVER, LONG, Hold

READ = (methods.GET_WEBHOOKS, webhooks_pb2.GetWebhooksRequest(EventStore="banking"))
STREAM = (methods.OBSERVE_WEBHOOKS, webhooks_pb2.ObserveWebhooksRequest(EventStore="banking"))
WRITE = (methods.ENSURE_EVENT_STORE, event_stores_pb2.EnsureEventStoreRequest(Name="banking"))


class Held:
    """A method of a kernel that answers only when the call has ended anyway."""

    def __init__(self, kernel: ScriptedKernel, method: Method[Any, Any]) -> None:
        self.hold = Hold()
        kernel.on(method, self._stream if method.streaming else self._answer)
        self._response = method.response

    def _answer(self, _request: Any, context: grpc.ServicerContext) -> Any:
        self.hold.wait(context)
        return self._response()

    def _stream(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        yield self._answer(request, context)


@pytest.mark.parametrize("watched", [False, True], ids=["plain", "watched"])
@pytest.mark.parametrize("asked", [READ, STREAM, WRITE], ids=["read", "stream", "write"])
def test_a_call_under_way_says_that_the_client_was_closed(
    kernel: ScriptedKernel, asked: tuple[Method[Any, Any], Any], watched: bool
) -> None:
    method, request = asked
    held = Held(kernel, method)
    channel = Channel(ConnectionString.parse(kernel.connection_string), timeout=FOR_EVER)
    call: Callable[..., Any] = channel.first if method.streaming else channel.call
    caught: list[BaseException] = []

    def run() -> None:
        with Cancellation().watched() if watched else nullcontext():
            try:
                call(method, request)
            except ChronicleError as error:
                caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert held.hold.entered.wait(LONG)
    channel.close()
    thread.join(LONG)
    (error,) = caught
    assert isinstance(error, ClientClosedError), error
    assert "Channel closed!" not in str(error)
    if method.write:
        assert "may have done" in error.hint, "of a write nobody can say"
        assert "check what the kernel lists" in error.hint
    else:
        assert error.message == f"The client of {channel.server} was closed."


def test_what_the_kernel_itself_cancels_is_told_as_that(kernel: ScriptedKernel) -> None:
    kernel.fail(methods.GET_WEBHOOKS, grpc.StatusCode.CANCELLED, "no more")
    channel = Channel(ConnectionString.parse(kernel.connection_string))
    with pytest.raises(Exception, match="no more") as caught:
        channel.call(*READ)
    assert type(caught.value).__name__ == "CallCancelledError"
    channel.close()


@pytest.mark.parametrize("words", ["", "CANCELLED", "context canceled"])
@pytest.mark.parametrize("call", [READ, WRITE], ids=["read", "write"])
def test_a_call_that_a_kernel_ends_while_it_stops_is_not_told_as_cancelled_by_the_user(
    call: tuple[Method[Any, Any], Any], words: str, kernel: ScriptedKernel
) -> None:
    kernel.fail(call[0], grpc.StatusCode.CANCELLED, words)
    channel = Channel(ConnectionString.parse(kernel.connection_string))
    with pytest.raises(KernelUnreachableError, match="the kernel or a proxy in between ended the call") as caught:
        channel.call(*call, retry=False)
    channel.close()
    assert caught.value.hint.startswith(UNKNOWN_OUTCOME) is call[0].write
    assert not caught.value.nothing_sent
    assert kernel.count(call[0]) == 1
