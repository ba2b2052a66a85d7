"""Looking names up: bounded by the deadline of the call and ended by Ctrl-C, which the C library would not be."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from typing import Any

import pytest

from chronicle_notebook import KernelUnreachableError
from chronicle_notebook.connection._deadline import Deadline
from chronicle_notebook.connection._host import Host
from chronicle_notebook.connection._sockets import connect, look_up
from chronicle_notebook.connection._tls import secure
from chronicle_notebook.connection._trust import Trust


@pytest.fixture
def slow_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that takes its time."""
    real = socket.getaddrinfo

    def slow(*arguments: Any, **more: Any) -> Any:
        time.sleep(3)
        return real(*arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slow)


@pytest.mark.usefixtures("slow_names")
def test_a_slow_look_up_ends_with_the_deadline() -> None:
    started = time.monotonic()
    with pytest.raises(KernelUnreachableError, match=r"did not answer within 0\.\d+ seconds"):
        secure(Host("localhost", 1), Trust(), Deadline(0.4))
    assert time.monotonic() - started < 1.5


@pytest.mark.usefixtures("slow_names")
def test_ctrl_c_ends_a_slow_look_up_at_once() -> None:
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        look_up(Host("localhost", 1), Deadline(20))
    assert time.monotonic() - started < 1.5


def test_an_address_is_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", None)
    assert look_up(Host("127.0.0.1", 5), Deadline(1)) == [(socket.AF_INET, ("127.0.0.1", 5))]
    assert look_up(Host("::1", 5), Deadline(1)) == [(socket.AF_INET6, ("::1", 5))]


def test_an_unknown_name_is_told_as_such() -> None:
    with pytest.raises(KernelUnreachableError, match=r"No connection to nowhere\.invalid:35000: "):
        secure(Host("nowhere.invalid"), Trust(), Deadline(5))


def test_every_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        told = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.2", port)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_more: told)
        with connect(Host("kernel.example", port), Deadline(3)) as plain:
            assert plain.getpeername() == ("127.0.0.1", port)
