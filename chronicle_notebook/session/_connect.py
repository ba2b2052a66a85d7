"""How to connect, and the clients of this process by name."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from chronicle_notebook.base._arguments import check_arguments, check_declared, check_names
from chronicle_notebook.base._errors import (
    InvalidInputError,
    KernelError,
)
from chronicle_notebook.base._secrets import Secret, secret
from chronicle_notebook.base._uncollected import uncollected
from chronicle_notebook.connection._early_handshake import early_handshake
from chronicle_notebook.connection._sockets import DEFAULT_TIMEOUT
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.connection._trust import Trust
from chronicle_notebook.display._pandas_ahead import load_pandas_ahead
from chronicle_notebook.session._location import DEFAULT_NAMESPACE
from chronicle_notebook.session._registry import NAME_IT, client, clients, let_go, recent, remember, take
from chronicle_notebook.session._sandbox_process import SANDBOX_STORE, embedded
from chronicle_notebook.session._server_choice import PROFILE, VARIABLE, Held, held, named_by_environment, target

if TYPE_CHECKING:
    from chronicle_notebook.connection._channel import Channel
    from chronicle_notebook.session._client import Client
    from chronicle_notebook.session._doctor import Diagnosis
    from chronicle_notebook.session._profiles import ConnectionProfile

__all__ = [
    "DEFAULT_STORE",
    "NAME_IT",
    "SANDBOX_CLIENT",
    "SANDBOX_STORE",
    "WALK",
    "client",
    "clients",
    "connect",
    "doctor",
    "reset_sandbox",
    "start_sandbox",
    "stop_sandbox",
    "use",
]

DEFAULT_STORE = "default"
"""The default event store, the same as in Chronicle's command line."""
SANDBOX_CLIENT = "sandbox"
"""The name of the client that :func:`start_sandbox` returns."""
WALK = "cn.doctor(CONNECTION) checks each step."
"""The hint for a failed first contact."""
_UNTOLD = f"No connection string was given and {VARIABLE} is not set"
_UNTOLD_EMPTY = f"No connection string was given and {VARIABLE} is empty"


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
    """Connect to a kernel and make the new client the current one.

    Arguments win over environment variables. So a profile that is an argument wins over
    ``CHRONICLE_CONNECTION_STRING``. If the environment names a connection string and a profile, both must name the same
    kernel.

    :param connection: ``chronicle://[id:secret@]host[:port][/?options]``. Without it, the first of these is used: the
        connection of ``profile``; the environment variable ``CHRONICLE_CONNECTION_STRING``; the profile that
        ``CHRONICLE_NOTEBOOK_PROFILE`` names; a sandbox kernel inside this process, which a message announces. An empty
        or blank variable counts as not set. An empty argument is refused.
    :param profile: the name of a profile in the file of profiles. The profile has a connection, an event store and a
        namespace.
    :param event_store: by default the event store of the profile, else ``default``; for the embedded sandbox
        ``banking``, the demo.
    :param namespace: where events are read and appended; by default the namespace of the profile, else ``Default``.
        Webhooks observe every namespace. The client checks the event store and the namespace at the first call that
        needs them.
    :param protected: whether a write needs the event store's name first, see :meth:`Client.unlock`; every output then
        says that the connection is protected. By default as in the profile, else False.
    :param name: the name for :func:`client`. An earlier client of that name is closed.
    :param timeout: seconds that each call may take.
    :param declared: the declared classes that :meth:`Webhooks.discover` looks at; by default all loaded classes.
    :param root_certificates: a PEM file, or its bytes, with the authorities to trust instead of those of the system.
    :param client_certificate: a file with a certificate that the client shows to the kernel, PKCS#12 or PEM with its
        key. It replaces ``certificatePath`` of the connection string.
    :param client_certificate_password: the password of that file.
    :raises InvalidConnectionStringError: the text is not a connection string.
    :raises InvalidInputError: an argument has a wrong type or value; a certificate file cannot be read; a profile does
        not exist or contains a secret in plain text; or the environment names a kernel and the profile of a different
        kernel.
    :raises MissingDependencyError: no kernel is named, and the packages of the sandbox are not installed.
    :raises NotSupportedError: no kernel is named, and this platform has no sandbox.
    :raises KernelUnreachableError: no server answers at this address.
    :raises CertificateError: the server's certificate is not accepted.
    :raises AuthenticationError: the kernel does not know the caller.
    """
    # This comes first: after it no local variable holds a value that a traceback must not show.
    given, connection = held(connection), None
    if client_certificate_password is not None:
        client_certificate_password = secret(client_certificate_password, field="client_certificate_password")
    check_arguments(
        timeout=timeout, protected=protected, profile=profile, event_store=event_store, namespace=namespace, name=name
    )
    declared = check_declared(declared)
    found = _chosen(profile)
    meant = _meant(given, found, named=profile is not None)
    store, space = _place(found, event_store, namespace)
    space = space or DEFAULT_NAMESPACE
    guarded = (found is not None and found.protected) if protected is None else protected
    protected_as = None if not guarded else "" if found is None else found.name
    if meant is None:
        untold = _UNTOLD if os.getenv(VARIABLE) is None else _UNTOLD_EMPTY
        return connect_embedded(
            store, space, name, timeout=timeout, declared=declared, because=untold, protected_as=protected_as
        )
    trust = Trust.of(
        meant,
        root_certificates=root_certificates,
        client_certificate=client_certificate,
        client_certificate_password=client_certificate_password,
    )
    early = early_handshake(meant, trust, timeout=timeout)
    with uncollected():
        # This imports gRPC, during the handshake.
        from chronicle_notebook.connection._channel import Channel
        from chronicle_notebook.connection._server_channel import reached_early

    first = None if early is None else reached_early(early)
    channel = Channel(meant, timeout=timeout, trust=trust, first=first)
    return _open(
        channel, store or DEFAULT_STORE, space, name, embedded=False, declared=declared, protected_as=protected_as
    )


def _meant(given: Held, found: ConnectionProfile | None, *, named: bool) -> ConnectionString | None:
    """The connection string to use: the argument, else the one of a profile that is an argument, else the one of the
    environment.

    :raises InvalidInputError: the environment names a kernel and the profile of a different kernel. Either could be the
        right one, and the event store and the protection of the one do not belong to the other.
    """
    meant = target(given)
    if meant is not None:
        return meant
    profiled = None if found is None else found.connection
    if named and profiled is not None:
        return profiled
    told = named_by_environment()
    if told is None or found is None or profiled is None or told.hosts == profiled.hosts:
        return told or profiled
    raise InvalidInputError(
        f"{VARIABLE} leads to {told.hosts[0]}, and profile {found.name!r}, which {PROFILE} names, to "
        f"{profiled.hosts[0]}: either could be the right one.",
        field="profile",
        hint=f"Unset one of the two, or name the profile in the call: profile={found.name!r}.",
    )


def _chosen(profile: str | None) -> ConnectionProfile | None:
    """The profile of this name, else the profile that the environment names; None if there is no name."""
    wanted = profile if profile is not None else os.getenv(PROFILE) or None
    if wanted is None:
        return None
    from chronicle_notebook.session._profiles import profile as read_profile

    return read_profile(wanted)


def _place(
    found: ConnectionProfile | None, event_store: str | None, namespace: str | None
) -> tuple[str | None, str | None]:
    """The event store and the namespace to use: the arguments, else those of the profile."""
    if found is None:
        return event_store, namespace
    return event_store or found.event_store, namespace or found.namespace


def connect_embedded(
    event_store: str | None,
    namespace: str,
    name: str,
    *,
    timeout: float = DEFAULT_TIMEOUT,
    declared: Iterable[type] | None = None,
    because: str = "",
    protected_as: str | None = None,
) -> Client:
    """Connect to the sandbox of this process; start it if it does not run."""
    from chronicle_notebook.connection._channel import Channel

    sandbox = embedded.running(because)
    channel = Channel(embedded.target, timeout=timeout)
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
    with uncollected():
        # In a fresh process gRPC connects while this is imported.
        from chronicle_notebook.contracts.negotiated import NegotiatedGateway
        from chronicle_notebook.session._client import Client
        from chronicle_notebook.session._guard import GuardedGateway
        from chronicle_notebook.session._probe_calls import kept_measurement

    try:
        # The first contact is not retried: somebody who mistyped a port wants to know it at once.
        kernel = (
            NegotiatedGateway(channel, recall=kept_measurement)
            if protected_as is None
            else GuardedGateway(channel, label=protected_as, recall=kept_measurement)
        )
        found = kernel.reach()
        version = kernel.version(retry=False) if found.told is None else found.told
    except BaseException as error:
        # Also after Ctrl-C: nothing else knows the channel yet.
        channel.close()
        if isinstance(error, KernelError) and not embedded:
            error.hint = f"{error.hint} {WALK}".strip()
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
        on_close=let_go,
    )
    remember(opened)
    opened.look(found.stores)
    load_pandas_ahead()
    return opened


def use(name: str | None = None, *, event_store: str | None = None, namespace: str | None = None) -> Client:
    """Make a client the current one, or give a client another event store or namespace. Without a name: the current
    client.

    :param event_store: the client uses this event store from now on; the connection stays the same.
    :param namespace: the client uses this namespace from now on.
    :raises UnknownClientError: there is no such client.
    :raises UnknownEventStoreError: the kernel has no such event store.
    :raises InvalidInputError: the event store has no such namespace.
    """
    chosen = client(name)
    if event_store is not None or namespace is not None:
        chosen = chosen.at(event_store=event_store, namespace=namespace)
    take(chosen)
    return chosen


def doctor(
    connection: str | ConnectionString | None = None,
    *,
    profile: str | None = None,
    event_store: str | None = None,
    namespace: str | None = None,
) -> Diagnosis:
    """Check the way to a kernel step by step, and say which step fails and what to do.

    :param connection: a connection string. Without it, the first of these is used: the connection of ``profile``; the
        current client; the environment, as in :func:`connect`, but the kernel's default address instead of a sandbox.
    :param profile: the name of a profile in the file of profiles. The profile has a connection, an event store and a
        namespace.
    :param event_store: the event store to check; by default the one of the profile or of the current client.
    :param namespace: the namespace to check; by default the one of the profile or of the current client.
    :raises InvalidConnectionStringError: the text is not a connection string.
    :raises InvalidInputError: a namespace without an event store, or a reason of :func:`connect`.
    """
    from chronicle_notebook.session._doctor import examine

    check_names(profile=profile, event_store=event_store, namespace=namespace)
    if connection is None and profile is None and clients():
        return client().doctor(event_store=event_store, namespace=namespace)
    given, connection = held(connection), None
    # A connection string as an argument has nothing to do with a profile that only the environment names.
    found = None if given() is not None and profile is None else _chosen(profile)
    meant = _meant(given, found, named=profile is not None) or ConnectionString()
    store, space = _place(found, event_store, namespace)
    if namespace is not None and store is None:
        raise InvalidInputError(
            f"Namespace {namespace!r} needs an event store, but none was named.",
            field="event_store",
            hint="Name the event store too.",
        )
    return examine(meant, event_store=store, namespace=space)


def start_sandbox() -> Client:
    """Start the sandbox of this process if it does not run, and make a client of it the current one."""
    with embedded.lock:
        running = [opened.name for opened in clients().values() if opened.embedded]
        return use(running[0]) if running else connect_embedded(None, DEFAULT_NAMESPACE, SANDBOX_CLIENT)


def stop_sandbox() -> bool:
    """Close the clients of the sandbox of this process, and end the sandbox with all its data. Returns whether it
    ran."""
    with embedded.lock:
        for opened in [each for each in clients().values() if each.embedded]:
            opened.close()
        return embedded.stop()


def reset_sandbox() -> Client:
    """Delete everything in the sandbox of this process, load the demo, and connect its clients again.

    The new clients have the names of the old ones and the same arguments: protection, timeout, declared classes, and
    the event store and namespace if the demo has them. The last client is the current one. The old clients, also those
    in Python variables, are closed.
    """
    with embedded.lock:
        before = [opened for opened in recent() if opened.embedded]
        stop_sandbox()
        anew = [_reopened(each) for each in before] or [start_sandbox()]
    return anew[-1]


def _reopened(before: Client) -> Client:
    opened = connect_embedded(
        None,
        DEFAULT_NAMESPACE,
        before.name,
        timeout=before.timeout,
        declared=before.declared,
        protected_as=before.protected_as,
    )
    if before.event_store in opened.event_stores():
        opened = use(opened.name, event_store=before.event_store)
    if before.namespace in opened.namespaces():
        opened = use(opened.name, namespace=before.namespace)
    return opened
