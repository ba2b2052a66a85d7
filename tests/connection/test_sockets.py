"""Looking names up: bounded by the deadline of the call and ended by Ctrl-C, which the C library would not be."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from chronicle_notebook import KernelUnreachableError
from chronicle_notebook.connection._host import Host
from chronicle_notebook.connection._sockets import Deadline, connect, look_up
from chronicle_notebook.connection._tls import secure
from chronicle_notebook.connection._trust import Trust
from tests.waiting import FOR_EVER, LONG, Hold, ctrl_c


@pytest.fixture
def silent_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hold]:
    """A name server that does not answer as long as a test runs."""
    hold, real = Hold(), socket.getaddrinfo

    def held(*arguments: Any, **more: Any) -> Any:
        hold.wait()
        return real(*arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", held)
    yield hold
    assert not hold.in_vain
    hold.release()


@pytest.mark.usefixtures("silent_names")
def test_a_slow_look_up_ends_with_the_deadline() -> None:
    with pytest.raises(KernelUnreachableError, match=r"did not answer in time"):
        secure(Host("localhost", 1), Trust(), Deadline(0.4))


def test_ctrl_c_ends_a_slow_look_up(silent_names: Hold) -> None:
    with ctrl_c(silent_names.entered.is_set):
        look_up(Host("localhost", 1), Deadline(FOR_EVER))


def test_an_address_is_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", None)
    assert look_up(Host("127.0.0.1", 5), Deadline(1)) == [(socket.AF_INET, ("127.0.0.1", 5))]
    assert look_up(Host("::1", 5), Deadline(1)) == [(socket.AF_INET6, ("::1", 5))]


def test_an_unknown_name_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_arguments: Any, **_more: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(KernelUnreachableError, match=r"No connection to nowhere\.invalid:35000: "):
        secure(Host("nowhere.invalid"), Trust(), Deadline(LONG))


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
        with connect(Host("kernel.example", port), Deadline(LONG)) as plain:
            assert plain.getpeername() == ("127.0.0.1", port)
