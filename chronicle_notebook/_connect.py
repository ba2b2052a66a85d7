"""Connecting, and the clients of this process by name."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from chronicle_notebook._client import Client
from chronicle_notebook._errors import UnknownClientError, did_you_mean, missing
from chronicle_notebook._guard import GuardedGateway
from chronicle_notebook._profiles import PROFILE, Profile
from chronicle_notebook._profiles import profile as read_profile
from chronicle_notebook._secrets import Secret, secret
from chronicle_notebook._target import VARIABLE, check_arguments, held, named_by_environment, target
from chronicle_notebook.connection._channel import DEFAULT_TIMEOUT, Channel
from chronicle_notebook.connection._doctor import Diagnosis, examine
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.connection._trust import Trust
from chronicle_notebook.contracts.negotiated import NegotiatedGateway

if TYPE_CHECKING:
    from chronicle_notebook.sandbox import Sandbox

SANDBOX_STORE = "banking"
"""The demo event store of the embedded sandbox."""
DEFAULT_STORE = "default"
"""The event store when none is named, as in Chronicle's command line."""
SANDBOX_CLIENT = "sandbox"
"""The name of the client that :func:`start_sandbox` makes."""
_UNTOLD = f"No connection string was given and {VARIABLE} is not set"

_clients: dict[str, Client] = {}
_current: list[str] = []
_embedded: list[Sandbox] = []


def connect(  # noqa: PLR0913 - each is given by name, and rarely
    connection: str | ConnectionString | None = None,
    *,
    profile: str | None = None,
    event_store: str | None = None,
    namespace: str | None = None,
    name: str = "default",
    protected: bool | None = None,
    timeout: float = DEFAULT_TIMEOUT,
    declared: Iterable[type] | None = None,
    root_certificates: str | os.PathLike[str] | bytes | None = None,
    client_certificate: str | os.PathLike[str] | None = None,
    client_certificate_password: Secret | str | None = None,
) -> Client:
    """Connect to a kernel and make it the current client.

    What is given here wins over the environment, and that over a profile which the environment names. A profile that is
    named here is given here, so it wins over ``CHRONICLE_CONNECTION_STRING``.

    :param connection: ``chronicle://[id:secret@]host[:port][/?options]``. Unless given, that of ``profile`` is used,
        then the environment variable ``CHRONICLE_CONNECTION_STRING``, then the profile that
        ``CHRONICLE_NOTEBOOK_PROFILE`` names, and without any a sandbox kernel inside this process, which is said.
    :param profile: a connection by its name in the file of profiles, with its event store and namespace.
    :param event_store: unless given that of the profile, else ``default``; ``banking``, the demo, for the embedded
        sandbox.
    :param namespace: where events are read and appended, ``Default`` unless given; webhooks observe every namespace.
    :param protected: whether each write needs the event store's name first, see :meth:`Client.unlock`, and every output
        says so. Unless given as the profile has it, else not.
    :param name: the name for :func:`client`. An earlier client of that name is closed.
    :param timeout: seconds that each call may take.
    :param declared: the declared classes that :meth:`Webhooks.discover` looks at; all loaded ones unless given.
    :param root_certificates: a PEM file, or its bytes, with the authorities to trust instead of the system's.
    :param client_certificate: a file with a certificate to show to the kernel, PKCS#12 or PEM with its key; instead of
        ``certificatePath`` in the connection string.
    :param client_certificate_password: its password.
    :raises InvalidConnectionStringError: the text is not a connection string.
    :raises InvalidInputError: a certificate file that cannot be read, or a profile that there is not or that holds a
        secret itself.
    :raises KernelUnreachableError: nothing answers there.
    :raises CertificateError: the server's certificate is not accepted.
    :raises AuthenticationError: the kernel does not know the caller.
    """
    # First of all: from here on no local variable holds what a traceback must not show.
    given, connection = held(connection), None
    if client_certificate_password is not None:
        client_certificate_password = secret(client_certificate_password, field="client_certificate_password")
    check_arguments(timeout=timeout, event_store=event_store, namespace=namespace, name=name)
    found = _chosen(profile)
    meant = target(given)
    if meant is None:
        profiled = target(held(found.connection))
        told = None if profiled is not None and profile is not None else named_by_environment()
        meant = profiled if profile is not None and profiled is not None else told or profiled
    store, space = event_store or found.event_store, namespace or found.namespace or "Default"
    guarded = found.protected if protected is None else protected
    protected_as = found.name if guarded else None
    if meant is None:
        return _connect_embedded(
            store, space, name, timeout=timeout, declared=declared, because=_UNTOLD, protected_as=protected_as
        )
    trust = Trust.of(
        meant,
        root_certificates=root_certificates,
        client_certificate=client_certificate,
        client_certificate_password=client_certificate_password,
    )
    channel = Channel(meant, timeout=timeout, trust=trust)
    return _open(
        channel, store or DEFAULT_STORE, space, name, embedded=False, declared=declared, protected_as=protected_as
    )


def _chosen(profile: str | None) -> Profile:
    """The profile of a name, the one that the environment names, or an empty one."""
    wanted = profile if profile is not None else os.environ.get(PROFILE) or None
    return Profile("") if wanted is None else read_profile(wanted)


def _connect_embedded(
    event_store: str | None,
    namespace: str,
    name: str,
    *,
    timeout: float = DEFAULT_TIMEOUT,
    declared: Iterable[type] | None = None,
    because: str = "",
    protected_as: str | None = None,
) -> Client:
    sandbox = _embedded_sandbox()
    channel = Channel(ConnectionString.parse(sandbox.connection_string), timeout=timeout)
    opened = _open(
        channel,
        event_store or SANDBOX_STORE,
        namespace,
        name,
        embedded=True,
        declared=declared,
        protected_as=protected_as,
    )
    if because:
        print(f"{because}: connected to a sandbox kernel inside this process ({sandbox.address}).")  # noqa: T201
    return opened


def _open(
    channel: Channel,
    event_store: str,
    namespace: str,
    name: str,
    *,
    embedded: bool,
    declared: Iterable[type] | None,
    protected_as: str | None = None,
) -> Client:
    try:
        # The first contact is not tried again: who mistypes a port wants to know at once.
        kernel = NegotiatedGateway(channel) if protected_as is None else GuardedGateway(channel, label=protected_as)
        version = kernel.version(retry=False)
    except BaseException:
        # Ctrl-C too: nobody else knows the channel yet.
        channel.close()
        raise
    opened = Client(
        channel,
        name=name,
        event_store=event_store,
        namespace=namespace,
        version=version,
        kernel=kernel,
        embedded=embedded,
        declared=declared,
        on_close=_let_go,
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


def use(name: str | None = None, *, event_store: str | None = None, namespace: str | None = None) -> Client:
    """Make the client of a name the current one, or let it, the current one unless named, use another event store.

    :param event_store: from now on the event store of the client of that name; the connection stays the same.
    :param namespace: likewise the namespace.
    :raises UnknownClientError: there is no such client.
    :raises UnknownEventStoreError: the kernel has no such event store.
    :raises InvalidInputError: the event store has no such namespace.
    """
    chosen = client(name)
    if event_store is not None or namespace is not None:
        chosen = chosen.at(event_store=event_store, namespace=namespace)
        _clients[chosen.name] = chosen
    _make_current(chosen.name)
    return chosen


def clients() -> dict[str, Client]:
    """All clients of this process by name."""
    return dict(_clients)


def doctor(
    connection: str | ConnectionString | None = None, *, event_store: str | None = None, namespace: str | None = None
) -> Diagnosis:
    """Walk the way to a kernel step by step, and say where it ends and what to do.

    :param connection: a connection string. Unless given, that of the current client, else the environment variable
        ``CHRONICLE_CONNECTION_STRING``, else the kernel's default address.
    :param event_store: looked for when it is given, or known from the current client.
    :param namespace: likewise.
    :raises InvalidConnectionStringError: the text is not a connection string.
    """
    if connection is None and _current:
        return client().doctor(event_store=event_store, namespace=namespace)
    given, connection = held(connection), None
    meant = target(given) or named_by_environment() or ConnectionString()
    return examine(meant, event_store=event_store, namespace=namespace)


def start_sandbox() -> Client:
    """Start the sandbox of this process, unless it runs, and make a client of it the current one."""
    for opened in _clients.values():
        if opened.embedded:
            return use(opened.name)
    return _connect_embedded(None, "Default", SANDBOX_CLIENT)


def stop_sandbox() -> bool:
    """Close the clients of the sandbox of this process and end it, with all that is in it; whether it ran."""
    for opened in [each for each in _clients.values() if each.embedded]:
        opened.close()
    ran = bool(_embedded and _embedded[0].running)
    while _embedded:
        _embedded.pop().stop()
    return ran


def reset_sandbox() -> Client:
    """Begin anew with the demo: everything in the sandbox of this process is gone, and its clients are connected again.

    Its clients keep their names; the last of them is the current one. Those in Python variables are closed.
    """
    names = [name for name in _current if _clients[name].embedded] or [SANDBOX_CLIENT]
    stop_sandbox()
    return [_connect_embedded(None, "Default", name) for name in names][-1]


def _remember(opened: Client) -> None:
    if opened.name in _clients:
        _clients[opened.name].close()
    _clients[opened.name] = opened
    _make_current(opened.name)


def _let_go(closed: Client) -> None:
    held = _clients.get(closed.name)
    if held is not None and held.shares_connection_with(closed):
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
    if _embedded and not _embedded[0].running:
        _embedded.clear()
    if not _embedded:
        import atexit

        sandbox = Sandbox(seed=True).start()
        atexit.register(sandbox.stop)
        _embedded.append(sandbox)
    return _embedded[0]
