"""Connecting, and the clients of this process by name."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from chronicle_notebook._client import Client
from chronicle_notebook._errors import ChronicleError, UnknownClientError, did_you_mean, missing
from chronicle_notebook.connection._channel import DEFAULT_TIMEOUT, Channel
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.contracts.commands.gateway import CommandsGateway

if TYPE_CHECKING:
    from chronicle_notebook.sandbox import Sandbox

VARIABLE = "CHRONICLE_CONNECTION_STRING"
"""The environment variable that names the kernel."""
SANDBOX_STORE = "banking"
"""The demo event store of the embedded sandbox."""
DEFAULT_STORE = "default"
"""The event store when none is named, as in Chronicle's command line."""

_clients: dict[str, Client] = {}
_current: list[str] = []
_embedded: list[Sandbox] = []


def connect(
    connection: str | ConnectionString | None = None,
    *,
    event_store: str | None = None,
    namespace: str = "Default",
    name: str = "default",
    timeout: float = DEFAULT_TIMEOUT,
    declared: Iterable[type] | None = None,
) -> Client:
    """Connect to a kernel and make it the current client.

    :param connection: ``chronicle://[id:secret@]host[:port][/?options]``. Unless given, the environment variable
        ``CHRONICLE_CONNECTION_STRING`` is used, and without it a sandbox kernel inside this process, which is said.
    :param event_store: unless given ``default``; ``banking``, the demo, for the embedded sandbox.
    :param namespace: where events are read and appended; webhooks observe every namespace.
    :param name: the name for :func:`client`. An earlier client of that name is closed.
    :param timeout: seconds that each call may take.
    :param declared: the declared classes that :meth:`Webhooks.discover` looks at; all loaded ones unless given.
    :raises InvalidConnectionStringError: the text is not a connection string.
    :raises KernelUnreachableError: nothing answers there.
    """
    given = connection if connection is not None else os.environ.get(VARIABLE) or None
    sandbox = _embedded_sandbox() if given is None else None
    if sandbox is not None:
        given = sandbox.connection_string
    target = given if isinstance(given, ConnectionString) else ConnectionString.parse(given or "")
    channel = Channel(target, timeout=timeout)
    try:
        # The first contact is not tried again: who mistypes a port wants to know at once.
        version = CommandsGateway(channel).version(retry=False)
    except ChronicleError:
        channel.close()
        raise
    opened = Client(
        channel,
        name=name,
        event_store=event_store or (DEFAULT_STORE if sandbox is None else SANDBOX_STORE),
        namespace=namespace,
        version=version,
        embedded=sandbox is not None,
        declared=declared,
        on_close=_let_go,
    )
    if sandbox is not None:
        print(  # noqa: T201 - it must be seen where the notebook is read
            f"No connection string was given and {VARIABLE} is not set: "
            f"connected to a sandbox kernel inside this process ({sandbox.address})."
        )
    _remember(opened)
    return opened


def client(name: str | None = None) -> Client:
    """The current client, or the one of a name.

    :raises UnknownClientError: there is none.
    """
    if name is None and _current:
        return _clients[_current[-1]]
    if name is not None and name in _clients:
        return _clients[name]
    wanted = "No client is connected." if name is None else f"No client is connected as {name!r}."
    raise UnknownClientError(
        wanted,
        field="name",
        hint=did_you_mean(name or "", _clients) or "Connect with cn.connect(), and give it a name with name=.",
    )


def use(name: str) -> Client:
    """Make the client of a name the current one."""
    chosen = client(name)
    _make_current(name)
    return chosen


def clients() -> dict[str, Client]:
    """All clients of this process by name."""
    return dict(_clients)


def _remember(opened: Client) -> None:
    if opened.name in _clients:
        _clients[opened.name].close()
    _clients[opened.name] = opened
    _make_current(opened.name)


def _let_go(closed: Client) -> None:
    if _clients.get(closed.name) is closed:
        del _clients[closed.name]
        _current.remove(closed.name)


def _make_current(name: str) -> None:
    if name in _current:
        _current.remove(name)
    _current.append(name)


def _embedded_sandbox() -> Sandbox:
    """The sandbox of this process: one for all clients, seeded with the demo, ended with the process."""
    try:
        from chronicle_notebook.sandbox import Sandbox
    except ImportError as error:
        raise missing("sandbox", "The embedded sandbox kernel", error) from None
    if not _embedded:
        import atexit

        sandbox = Sandbox(seed=True).start()
        atexit.register(sandbox.stop)
        _embedded.append(sandbox)
    return _embedded[0]
