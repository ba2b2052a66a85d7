"""The way to a kernel, step by step: which step fails, and what to do?

Name, port, TLS, token, contract, event store, namespace, permission to list. After the first step that fails, the other
steps are "not reached". Every step only reads; nothing is created or changed.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import overload

from chronicle_notebook.base._errors import (
    AuthenticationError,
    CertificateError,
    ChronicleError,
    DeadlineExceededError,
    KernelError,
    KernelUnreachableError,
    MethodNotImplementedError,
    PermissionDeniedError,
    ProtocolError,
    did_you_mean,
)
from chronicle_notebook.base._public import public
from chronicle_notebook.base._text import listed
from chronicle_notebook.connection._channel import Channel
from chronicle_notebook.connection._cluster import Cluster
from chronicle_notebook.connection._credentials import AuthenticationMode
from chronicle_notebook.connection._host import Host
from chronicle_notebook.connection._plain import answers_plainly
from chronicle_notebook.connection._sockets import Deadline
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.connection._tls import Secured, secure
from chronicle_notebook.connection._trust import CLEAR, Trust
from chronicle_notebook.contracts.negotiated import NegotiatedGateway
from chronicle_notebook.display._displayed import Displayed
from chronicle_notebook.display._table_and_card import Table
from chronicle_notebook.session._ahead import Reaching, StoreFacts
from chronicle_notebook.session._description import describe_credentials
from chronicle_notebook.session._location import blank_store_warning
from chronicle_notebook.triage._assess import clock_remark

TIMEOUT = 5.0
"""The time limit of each step, in seconds."""

NOT_NAMED = "none was named, so none was checked"


class StepFinding(StrEnum):
    """The result of a step."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_REACHED = "not reached"


@dataclass(frozen=True, slots=True)
class DoctorStep:
    """One step on the way to a kernel."""

    name: str
    finding: StepFinding
    duration: float | None
    """The duration in seconds; None if the step was not reached."""
    detail: str
    """What the step found."""
    next_step: str = ""
    """What to do; empty unless the step failed."""
    warning: str = ""
    """What the step found beside the way, and needs attention; empty if there is nothing."""

    def __str__(self) -> str:
        took = "" if self.duration is None else f" ({self.duration * 1000:.0f} ms)"
        after = f" {self.next_step}" if self.next_step else ""
        warning = f" ! {self.warning}" if self.warning else ""
        return f"{self.name}: {self.finding}{took}{f', {self.detail}' if self.detail else ''}.{after}{warning}"


@public
class Diagnosis(Displayed, Sequence[DoctorStep]):
    """All steps in order. A diagnosis is true if every step passed."""

    def __init__(self, steps: Sequence[DoctorStep], *, server: str, banner: str = "") -> None:
        self._steps = tuple(steps)
        self._banner = banner
        self.server = server
        """``host:port`` of the kernel."""

    def __len__(self) -> int:
        return len(self._steps)

    def __iter__(self) -> Iterator[DoctorStep]:
        return iter(self._steps)

    @overload
    def __getitem__(self, key: int | str) -> DoctorStep: ...

    @overload
    def __getitem__(self, key: slice) -> tuple[DoctorStep, ...]: ...

    def __getitem__(self, key: int | str | slice) -> DoctorStep | tuple[DoctorStep, ...]:
        if isinstance(key, str):
            return next(step for step in self._steps if step.name == key)
        return self._steps[key]

    def __bool__(self) -> bool:
        return self.failed is None

    @property
    def failed(self) -> DoctorStep | None:
        """The step that failed; None if none failed."""
        return next((step for step in self._steps if step.finding is StepFinding.FAILED), None)

    @property
    def summary(self) -> str:
        """One sentence about the result."""
        failed = self.failed
        if failed is None:
            return f"All steps to {self.server} passed."
        return f"The connection to {self.server} fails at {failed.name}: {failed.detail}."

    @property
    def _foot(self) -> str:
        told = [f"! {step.warning}" for step in self._steps if step.warning]
        return " ".join([*told, *([f"Next step: {self.failed.next_step}"] if self.failed else [])])

    def _display(self) -> Table:
        signs = {StepFinding.PASSED: "✓", StepFinding.FAILED: "✗", StepFinding.NOT_REACHED: "·"}
        return Table(
            caption=self.summary,
            titles=("Step", "Finding", "ms", "Result"),
            rows=[
                (
                    step.name,
                    f"{signs[step.finding]}\N{NO-BREAK SPACE}{step.finding.replace(' ', chr(0xA0))}",
                    "–" if step.duration is None else f"{step.duration * 1000:.0f}",
                    step.detail or "–",
                )
                for step in self._steps
            ],
            foot=self._foot,
            numbers=frozenset({2}),
            banner=self._banner,
        )


class _Failed(Exception):  # noqa: N818 - it never leaves this module
    """Ends a step, with what it found and what to do."""

    def __init__(self, detail: str, next_step: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.next_step = next_step


def examine(
    target: ConnectionString,
    *,
    event_store: str | None = None,
    namespace: str | None = None,
    trust: Trust | None = None,
    timeout: float = TIMEOUT,
    banner: str = "",
) -> Diagnosis:
    """Check the way to a kernel.

    :param event_store: the event store to check. Without it, the last three steps pass with a remark.
    :param trust: which certificates are accepted; by default as in the connection string.
    :param timeout: seconds for each step.
    :param banner: the banner above the result.
    """
    walk = _Walk(target, event_store, namespace, Trust.of(target) if trust is None else trust, timeout)
    steps: list[DoctorStep] = []
    failed = False
    try:
        for name, take in walk.steps():
            if failed:
                steps.append(DoctorStep(name, StepFinding.NOT_REACHED, None, ""))
                continue
            step = replace(_taken(name, take), warning=walk.warnings.get(name, ""))
            failed = step.finding is StepFinding.FAILED
            steps.append(step)
    finally:
        walk.close()
    return Diagnosis(steps, server=str(walk.host), banner=banner)


def _taken(name: str, take: Callable[[], str]) -> DoctorStep:
    started = time.monotonic()
    try:
        detail, next_step, finding = take(), "", StepFinding.PASSED
    except _Failed as failure:
        detail, next_step, finding = failure.detail, failure.next_step, StepFinding.FAILED
    except ChronicleError as error:
        detail, finding = error.message.rstrip("."), StepFinding.FAILED
        next_step = error.hint or "Look at the kernel's log."
    return DoctorStep(name, finding, time.monotonic() - started, detail, next_step)


class _Walk:
    """What each step leaves for the next step."""

    def __init__(
        self, target: ConnectionString, event_store: str | None, namespace: str | None, trust: Trust, timeout: float
    ) -> None:
        self.host = target.hosts[0]
        self._target = target
        self._event_store = event_store
        self._namespace = namespace
        self._trust = trust
        self._timeout = timeout
        self._hosts: list[Host] = []
        self._channel = Channel(target, timeout=timeout, trust=trust)
        self._kernel = NegotiatedGateway(self._channel)
        self._reaching = Reaching(self._kernel, target)
        self._facts: StoreFacts | None = None
        self._secured: Secured | None = None
        self._stores: list[str] = []
        self._refusal: KernelError | None = None
        self.warnings: dict[str, str] = {}  # by the name of the step

    def steps(self) -> list[tuple[str, Callable[[], str]]]:
        """The steps in order."""
        return [
            ("name", self._name),
            ("port", self._port),
            ("TLS", self._tls),
            ("token", self._token),
            ("contract", self._contract),
            ("event store", self._store),
            ("namespace", self._space),
            ("permission", self._permission),
        ]

    def close(self) -> None:
        """Close the connections."""
        self._channel.close()

    def _name(self) -> str:
        self._hosts = Cluster(self._target, self._trust).candidates(Deadline(self._timeout))
        found: dict[Host, list[str]] = {}
        for host in self._hosts:
            try:
                entries = socket.getaddrinfo(host.name, host.port, type=socket.SOCK_STREAM)
            except (OSError, UnicodeError):
                continue
            found[host] = list(dict.fromkeys(str(entry[4][0]) for entry in entries))
        if not found:
            raise _Failed(
                f"no address is known for the name {' or '.join(repr(host.name) for host in self._hosts)}",
                "Check the host in the connection string, and this machine's DNS or VPN.",
            )
        self._hosts = list(found)
        self.host = self._hosts[0]
        return ", ".join(f"{host.name} is {' and '.join(addresses[:3])}" for host, addresses in found.items())

    def _port(self) -> str:
        failure: _Failed | None = None
        for host in self._hosts:
            try:
                socket.create_connection((host.name, host.port), timeout=self._timeout).close()
            except OSError as error:
                failure = failure or _closed(host, error, self._timeout)
                continue
            self.host = host
            return f"port {host.port} of {host.name} is open"
        raise failure or _Failed("there is no host", "Name one in the connection string.")

    def _tls(self) -> str:
        failure: _Failed
        try:
            self._secured = secure(self.host, self._trust, Deadline(self._timeout))
        except CertificateError:
            raise
        except KernelUnreachableError as error:
            failure = _Failed(error.message.rstrip("."), error.hint)
            if not self._trust.plain and answers_plainly(self.host, Deadline(self._timeout)):
                failure = _Failed(
                    f"port {self.host.port} of {self.host.name} answers without TLS",
                    "Check the port, and that no proxy removes the TLS. A kernel without TLS needs disableTls=true.",
                )
        else:
            if self._trust.plain:
                return f"off ({CLEAR})"
            if self._secured.pin is None:
                return "certificate verified"
            relayed = ", through a relay, because it has expired or has no name" if self._secured.relayed else ""
            return f"certificate not verified, pinned{relayed}"
        raise failure

    def _token(self) -> str:
        """The credentials exist and are accepted. Any other error of the first call belongs to the next step."""
        credentials = self._target.credentials
        none = credentials.mode is AuthenticationMode.NONE
        if self._target.api_key is not None and credentials.mode is AuthenticationMode.API_KEY:
            self._target.api_key.reveal()
        if self._secured is not None:
            self._channel.tokens.ensure(self._secured, Deadline(self._timeout))
            self.warnings["token"] = clock_remark(self._channel.tokens.clock_ahead)
        try:
            self._stores = self._reaching.stores()
        except AuthenticationError as error:
            refused = error
        except KernelError as error:
            self._refusal = error
            return "not needed" if none else f"{describe_credentials(self._channel)}; not answered yet"
        else:
            return "not needed" if none else f"{describe_credentials(self._channel)}; accepted"
        if none:
            raise _Failed(
                "the kernel wants credentials, and the connection string says auth=none",
                "Leave auth=none out, and give an id and a secret: chronicle://ID:env%3ANAME@HOST.",
            )
        raise _Failed(f"the kernel does not accept the {credentials.describe()}", refused.hint)

    def _contract(self) -> str:
        match self._refusal:
            case None:
                found = self._kernel.negotiation
                told = "" if found is None else found.version.version
                objections = 0 if found is None else len(found.incompatibilities)
                rest = f", {objections} objections to this package's contract" if objections else ""
                if left := self._reaching.unserved:
                    rest += f"; accepted but not executed: {left}"
                return f"kernel {told or 'of unknown version'}, wire generation {self._kernel.generation}{rest}"
            case MethodNotImplementedError() | ProtocolError() as error:
                raise _Failed(
                    f"the server speaks neither wire generation of Chronicle ({error.message.rstrip('.')})",
                    "Check that the port belongs to a Chronicle kernel.",
                )
            case KernelUnreachableError() | DeadlineExceededError() as error:
                raise _Failed(
                    f"the port uses TLS but answers no call ({error.message.rstrip('.')})",
                    "Check that the port belongs to a Chronicle kernel, and that the kernel has started.",
                )
            case error:
                raise error

    def _store(self) -> str:
        self.warnings["event store"] = blank_store_warning(self._stores)
        if self._event_store is None:
            return NOT_NAMED
        if self._event_store not in self._stores:
            raise _Failed(
                f"the kernel has no event store {self._event_store!r}",
                did_you_mean(self._event_store, self._stores)
                or f"It has {listed(self._stores)}: name one with event_store= or --store.",
            )
        self._facts = StoreFacts.read(self._kernel, self._event_store)
        return f"{self._event_store!r} is one of {len(self._stores)}"

    def _space(self) -> str:
        if self._facts is None or self._namespace is None:
            return NOT_NAMED
        known = self._facts.namespaces.get()
        if self._namespace not in known:
            raise _Failed(
                f"event store {self._event_store!r} has no namespace {self._namespace!r}",
                did_you_mean(self._namespace, known)
                or f"It has {listed(known)}: name one with namespace= or --namespace.",
            )
        return f"{self._namespace!r} is one of {len(known)}"

    def _permission(self) -> str:
        if self._facts is None:
            return NOT_NAMED
        self.warnings["permission"] = self._facts.warning
        try:
            count = self._facts.webhooks.get()
        except PermissionDeniedError:
            raise _Failed(
                "the kernel does not allow the caller to list webhooks",
                "Use the credentials of a client that may do this.",
            ) from None
        return f"{count:,} webhook{'' if count == 1 else 's'} can be listed"


def _closed(host: Host, error: OSError, timeout: float) -> _Failed:
    if isinstance(error, TimeoutError):
        return _Failed(
            f"port {host.port} of {host.name} did not answer within {timeout:g} seconds",
            "Check the port, and whether a firewall is in between.",
        )
    if isinstance(error, ConnectionRefusedError):
        return _Failed(
            f"port {host.port} of {host.name} is refused: no program listens there",
            "Start the kernel, or correct the port (a kernel's own is 35000).",
        )
    return _Failed(
        f"port {host.port} of {host.name} cannot be reached ({error.strerror or type(error).__name__})",
        "Check the network between here and the kernel.",
    )
