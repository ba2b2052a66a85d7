"""The sandbox as its users see it."""

from __future__ import annotations

import atexit
import html
import os
import sqlite3
import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self
from urllib.parse import quote

from chronicle_notebook.base._arguments import check_flag, check_port, check_seconds, shape
from chronicle_notebook.base._errors import InvalidInputError, SandboxError, missing
from chronicle_notebook.base._fork import ADVICE, grpc_is_lost, note_use
from chronicle_notebook.base._loopback import HOST
from chronicle_notebook.base._public import public
from chronicle_notebook.base._secrets import Secret, secret
from chronicle_notebook.display._table_and_card import PLAIN
from chronicle_notebook.sandbox._behaviour import Behaviour
from chronicle_notebook.sandbox._data_folder import DataFolder, given_folder
from chronicle_notebook.sandbox._profile import PROFILES, Generation, profile

if TYPE_CHECKING:
    from chronicle_notebook.sandbox._authority import Authority
    from chronicle_notebook.sandbox._front import PageAnswer
    from chronicle_notebook.sandbox._incident import Incident
    from chronicle_notebook.sandbox._kernel import Kernel
    from chronicle_notebook.sandbox._server import Server


@public
class Sandbox:
    """An embedded Chronicle kernel on the loopback interface.

    ::

        with Sandbox() as kernel:
            print(kernel.connection_string)

    ``port`` 0 means a free port. ``data`` is the folder for all data; without it a temporary folder is used, which
    `stop` deletes. ``seed`` fills an event store with an example that never leaves this machine: True or ``banking`` an
    event store ``banking``, and ``incident`` an event store ``shop`` with five webhooks that fail: see `faults` and
    `mend`.
    ``settle_delay`` is the number of seconds until a registration or removal takes effect. ``time_scale`` multiplies
    every delay of the kernel (retries, back-off, circuit breaker), but not its timeouts.

    ``contract`` is the form of the wire contract, ``commands`` (the default) or ``classic``. ``behaves_like`` imitates
    a kernel's version, contract and known defects, by release and storage: ``16.33``, ``16.37``, ``16.37-postgresql``,
    ``16.37-inmemory``, ``16.38``, ``16.38-inmemory``, ``19.29`` or ``19.32``. The default is ``documented``, which has
    no defects: good for learning, but more tolerant than any kernel, so test with the profile of your own kernel.
    `held_against` says what each profile was compared with. ``behaviour`` chooses single switches instead.

    ``auth`` asks for an access token with each call, as a kernel does by default; tokens are had at ``/connect/token``
    for the development client, and for ``clients``, secrets by id. The pair of the development client is published;
    ``development_client=False`` lets only ``clients`` in. ``token_lifetime`` is in seconds.

    ``accept_unserved`` accepts things that the sandbox does not execute: projections, reactors, reducers, constraints
    and so on, and migrations of event types. `unserved` lists them. Without it they are refused.

    The constructor raises InvalidInputError for an argument with a wrong type or value, and for an unknown contract or
    kernel. `start` raises SandboxError if the port is taken or the folder is in use, and MissingDependencyError if the
    packages of the extra ``sandbox`` are not installed.
    """

    def __init__(  # noqa: PLR0913 - each is a choice of its own, and all are named
        self,
        *,
        port: int = 0,
        data: Path | str | None = None,
        seed: bool | Literal["banking", "incident"] = False,
        settle_delay: float = 0.05,
        time_scale: float = 1.0,
        contract: Generation | None = None,
        behaves_like: str | None = None,
        behaviour: Behaviour | None = None,
        auth: bool = False,
        accept_unserved: bool = False,
        clients: Mapping[str, Secret | str] | None = None,
        development_client: bool = True,
        token_lifetime: float = 3600.0,
    ) -> None:
        _check(port=port, settle_delay=settle_delay, time_scale=time_scale)
        _check_seed(seed, data)
        check_flag(auth, field="auth")
        check_flag(accept_unserved, field="accept_unserved")
        check_flag(development_client, field="development_client")
        check_seconds(token_lifetime, field="token_lifetime", above_zero=True)
        _check_kinds(data=data, behaves_like=behaves_like, behaviour=behaviour, clients=clients)
        self._wanted_port = port
        self._seed = seed
        self._incident: Incident | None = None
        self._settle_delay = settle_delay
        self._time_scale = time_scale
        self._profile = profile(behaves_like, contract=contract, behaviour=behaviour)
        self._auth = auth
        self._accept_unserved = accept_unserved
        self._clients = {id_: secret(value, field="clients") for id_, value in (clients or {}).items()}
        self._token_lifetime = token_lifetime
        self._development_client = development_client
        self._mutex = threading.RLock()
        self._process = os.getpid()
        self._port: int | None = None
        self._data = DataFolder(None if data is None else given_folder(data))
        self._kernel: Kernel | None = None
        self._server: Server | None = None

    def start(self) -> Self:
        """Start to listen. Has no effect while it runs. Raises SandboxError."""
        with self._mutex:
            if self._server is None:
                self._process = os.getpid()
                try:
                    self._start()
                except BaseException:
                    self.stop()
                    raise
        return self

    def stop(self) -> None:
        """End everything, and delete a temporary folder. Has no effect if it does not run.

        It also has no effect in a process that was forked from the one that started the sandbox, because that one
        continues to use it.
        """
        if os.getpid() != self._process:
            return
        with self._mutex:
            atexit.unregister(self.stop)
            server, kernel = self._server, self._kernel
            self._server = self._kernel = self._port = None
            if kernel is not None:
                kernel.interrupt()
            if server is not None:
                server.stop()
            if kernel is not None:
                kernel.stop()
            incident, self._incident = self._incident, None
            if incident is not None:
                incident.stop()
            self._data.release()

    @property
    def faults(self) -> dict[str, str]:
        """What is wrong with the targets of ``seed="incident"`` that are not mended, by webhook."""
        return {} if self._incident is None else self._incident.faults

    def mend(self, *webhooks: str) -> None:
        """Let the targets of ``seed="incident"`` work: those of these webhooks, or all.

        This stands for the work of their owners. The kernel does not know of it. Raises SandboxError if the sandbox has
        no incident, and InvalidInputError for a webhook that is none of it.
        """
        if self._incident is None:
            raise SandboxError(
                "This sandbox has no incident, or does not run.", hint='Sandbox(seed="incident").start()'
            )
        self._incident.mend(*webhooks)

    @property
    def running(self) -> bool:
        """Whether it listens."""
        return self._port is not None

    @property
    def port(self) -> int:
        """The port. Raises SandboxError if the sandbox does not run."""
        if self._port is None:
            raise SandboxError("The sandbox does not run, so it has no port.", hint="Call start() first.")
        return self._port

    @property
    def address(self) -> str:
        """Host and port. Raises SandboxError if the sandbox does not run."""
        return f"{HOST}:{self.port}"

    @property
    def connection_string(self) -> str:
        """The connection string. Raises SandboxError if the sandbox does not run.

        With authentication it names no client: the development client is then what clients take, this one and others.
        Without the development client it names the first of ``clients`` whose secret is a reference.
        """
        client = ""
        if self._auth and not self._development_client:
            named = {id_: secret.reference for id_, secret in self._clients.items() if secret.reference}
            client = next((f"{quote(id_, safe='')}:{quote(told, safe='')}@" for id_, told in named.items() if told), "")
        return f"chronicle://{client}{self.address}{'' if self._auth else '/?auth=none'}"

    @property
    def version(self) -> str:
        """The version that it reports."""
        return self._profile.version

    @property
    def contract(self) -> Generation:
        """The form of the wire contract that it speaks."""
        return self._profile.contract

    @property
    def held_against(self) -> str:
        """A line about what its profile was compared with."""
        return self._profile.held_against

    @property
    def unserved(self) -> tuple[str, ...]:
        """What clients registered and the sandbox accepted but does not execute: a line each, in order."""
        return () if self._kernel is None else tuple(self._kernel.unserved.listed())

    @property
    def data(self) -> Path:
        """The folder with all data. Raises SandboxError if a temporary folder does not exist (yet)."""
        if self._data.path is None:
            raise SandboxError("The sandbox does not run, so it has no data folder.", hint="Call start() first.")
        return self._data.path

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        if not self.running:
            return "<Sandbox, stopped>"
        left = "".join(f"\n  accepted but not executed: {line}" for line in self.unserved)
        return f"<Sandbox at {self.connection_string}>{left}"

    def _repr_html_(self) -> str:
        if not self.running:
            return "<p><strong>Chronicle sandbox</strong>, stopped</p>"
        return (
            f'<p class="{PLAIN}"><strong>Chronicle sandbox</strong>, running at '
            f"<code>{html.escape(self.connection_string)}</code>, "
            f"data in <code>{html.escape(str(self.data))}</code>. It behaves like "
            f"<code>{html.escape(self._profile.name)}</code>, compared with "
            f"{html.escape(self.held_against)}.</p>{self._unserved_html()}"
        )

    def _unserved_html(self) -> str:
        if not self.unserved:
            return ""
        lines = "".join(f"<li>{html.escape(line)}</li>" for line in self.unserved)
        return f'<p class="{PLAIN}">Accepted but not executed:</p><ul class="{PLAIN}">{lines}</ul>'

    def _start(self) -> None:
        if grpc_is_lost():
            raise SandboxError("No sandbox can run here: this process was forked from one that used gRPC.", hint=ADVICE)
        try:
            # These modules need the packages of an extra, and a second to load. Both matter only for starting a
            # sandbox.
            from chronicle_notebook.sandbox._authority import Authority
            from chronicle_notebook.sandbox._incident import Incident, sow_incident
            from chronicle_notebook.sandbox._kernel import Kernel
            from chronicle_notebook.sandbox._seed import sow
            from chronicle_notebook.sandbox._server import MOST_BYTES, REQUEST_BYTES, Server
            from chronicle_notebook.sandbox.services import otherwise, served
        except ImportError as error:
            raise missing("sandbox", "A sandbox", error) from error
        folder = self._data.take()
        try:
            self._kernel = Kernel(
                folder,
                settle_delay=self._settle_delay,
                time_scale=self._time_scale,
                profile=self._profile,
                accept_unserved=self._accept_unserved,
            )
            self._kernel.start()
            if self._seed == "incident":
                self._incident = Incident()
                self._incident.start()
                sow_incident(self._kernel, self._incident)
            elif self._seed:
                sow(self._kernel)
        except (sqlite3.Error, OSError, ValueError, RecursionError) as error:
            raise SandboxError(
                f"The data in {folder} cannot be used: {_told(error)}.",
                hint="Give another folder, or make room in that one, or delete it.",
            ) from error
        authority = None
        if self._auth:
            authority = Authority(
                self._clients,
                self._token_lifetime,
                development_client=self._development_client,
                table=self._kernel.tokens if self._profile.behaviour.tokens_survive else None,
            )
        note_use()
        self._server = Server(
            served(self._kernel),
            authority,
            partial(_pages, self._kernel, authority),
            otherwise(self._kernel),
            early_envelopes=self._profile.early_events or self._profile.contract == "classic",
            most_bytes=REQUEST_BYTES if self._profile.behaviour.requests_limited else MOST_BYTES,
        )
        self._port = self._server.start(self._wanted_port)
        # A process that ends without stop() leaves no temporary folder and no half-done delivery.
        atexit.register(self.stop)


def _told(error: Exception) -> str:
    """What is wrong with the data, without a path and without a value."""
    if isinstance(error, RecursionError):
        return "a schema or a content in it is nested too deep"
    return str(error.strerror if isinstance(error, OSError) else error)


def _check_seed(seed: object, data: object) -> None:
    if not isinstance(seed, bool) and seed not in ("banking", "incident"):
        raise InvalidInputError(
            f"seed is True, False, 'banking' or 'incident', not {shape(seed)}.",
            field="seed",
            hint='Write seed=True for the example of the tutorials, or seed="incident".',
        )
    if seed == "incident" and data is not None:
        raise InvalidInputError(
            "The targets of the example 'incident' end with the sandbox, so its data cannot be kept.",
            field="data",
            hint="Leave data out.",
        )


def _check(*, port: object, settle_delay: object, time_scale: object) -> None:
    check_port(port)
    check_seconds(settle_delay, field="settle_delay")
    check_seconds(time_scale, field="time_scale", what="a number")


def _check_kinds(*, data: object, behaves_like: object, behaviour: object, clients: object) -> None:
    kinds: tuple[tuple[str, object, type | tuple[type, ...], str, str], ...] = (
        ("data", data, (str, Path), "a folder, as a text or a Path", 'Write data="sandbox-data", or leave it out.'),
        ("behaves_like", behaves_like, str, "the name of a kernel", f"Give one of {', '.join(PROFILES)}."),
        ("behaviour", behaviour, Behaviour, "a Behaviour", "Write behaviour=Behaviour(...), or leave it out."),
        ("clients", clients, Mapping, "a mapping of ids to secrets", 'Write {"id": cn.Secret.env("NAME")}.'),
    )
    for field, value, kind, allowed, hint in kinds:
        if value is not None and not isinstance(value, kind):
            raise InvalidInputError(f"{field} must be {allowed}, not {shape(value)}.", field=field, hint=hint)
    if not all(isinstance(id_, str) and id_ for id_ in clients or ()):  # type: ignore[attr-defined]  # a mapping or None
        raise InvalidInputError(
            "clients must have a text that is not empty for each id.",
            field="clients",
            hint='Write {"id": cn.Secret.env("NAME")}.',
        )


def _pages(kernel: Kernel, authority: Authority | None) -> PageAnswer:
    # Imported for the first HTTP request: it loads a web server, which most users never need.
    from chronicle_notebook.sandbox._http import Http

    return Http(kernel.clients, authority).answer
