"""Calls of a thread are ended from another one, wherever they are on their way: also before there is a connection."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from google.protobuf.empty_pb2 import Empty

from chronicle_notebook import CallCancelledError
from chronicle_notebook.connection._cancellation import Cancellation
from chronicle_notebook.connection._channel import Channel
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import host_pb2
from tests.scripted import ScriptedKernel
from tests.scripted_front import HttpAnswer, as_json, fronted
from tests.waiting import FOR_EVER, LONG, Hold, eventually


def cancelled_while(make: Callable[[], Any], begun: Callable[[], object]) -> None:
    """Make a call in a thread, cancel it as soon as it waits, and see it end with the cancellation."""
    cancellation = Cancellation()
    ended: list[BaseException] = []

    def run() -> None:
        with cancellation.watched():
            try:
                make()
            except CallCancelledError as error:
                ended.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    eventually(begun)
    cancellation.cancel()
    thread.join(LONG)
    assert len(ended) == 1
    with cancellation.watched(), pytest.raises(CallCancelledError):
        make()


@pytest.mark.parametrize("first", [False, True], ids=["call", "first of a stream"])
def test_in_a_call(kernel: ScriptedKernel, first: bool) -> None:
    hold = Hold()

    def wait_for_the_end(_request: Any, context: grpc.ServicerContext) -> Any:
        hold.wait(context)
        return host_pb2.ServerVersionInfo()

    kernel.on(methods.GET_VERSION_INFO, wait_for_the_end)
    with closing(Channel(ConnectionString.parse(kernel.connection_string), timeout=FOR_EVER)) as channel:
        call = channel.first if first else channel.call
        cancelled_while(lambda: call(methods.GET_VERSION_INFO, Empty()), hold.entered.is_set)
    assert not hold.in_vain


def test_nothing_is_sent_once_it_was_cancelled(kernel: ScriptedKernel) -> None:
    kernel.on(methods.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="1"))
    with closing(Channel(ConnectionString.parse(kernel.connection_string))) as channel:
        channel.call(methods.GET_VERSION_INFO, Empty())
        cancellation = Cancellation()
        cancellation.cancel()
        for _ in range(50):
            with cancellation.watched(), pytest.raises(CallCancelledError):
                channel.call(methods.GET_VERSION_INFO, Empty())
    assert kernel.count(methods.GET_VERSION_INFO) == 1


def test_in_the_request_for_a_token() -> None:
    with fronted() as front:
        front.on("/connect/token", HttpAnswer(200, delay=FOR_EVER))
        target = ConnectionString.parse(f"chronicle://a:b@{front.address}")
        with closing(Channel(target, timeout=FOR_EVER)) as channel:
            cancelled_while(lambda: channel.call(methods.GET_VERSION_INFO, Empty()), lambda: front.requests)
            front.on("/connect/token", as_json({"access_token": "t"}))
            front.kernel.on(methods.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="1"))
            assert channel.call(methods.GET_VERSION_INFO, Empty()).Version == "1", "others are not made to wait for it"


def test_in_the_tls_handshake() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        target = ConnectionString.parse(f"chronicle://127.0.0.1:{silent.getsockname()[1]}/?auth=none")
        hellos: list[bytes] = []
        done = threading.Event()

        def take() -> None:
            peer, _ = silent.accept()
            with peer:
                hellos.append(peer.recv(10))
                done.wait(LONG)

        taking = threading.Thread(target=take)
        taking.start()
        with closing(Channel(target, timeout=FOR_EVER)) as channel:
            cancelled_while(lambda: channel.call(methods.GET_VERSION_INFO, Empty()), lambda: hellos)
        done.set()
        taking.join(LONG)
