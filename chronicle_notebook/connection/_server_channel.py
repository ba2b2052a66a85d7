"""One gRPC channel to one server, from the handshake to the last call that uses it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from google.protobuf.message import DecodeError, Message

from chronicle_notebook.base._call import Method, Sealed
from chronicle_notebook.base._errors import ChronicleError, KernelUnreachableError, ProtocolError
from chronicle_notebook.base._fork import note_use
from chronicle_notebook.connection._cancellation import watching
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.connection._host import Host
from chronicle_notebook.connection._sockets import Deadline
from chronicle_notebook.connection._tls import Pin, Secured, named_pin, refusal, secure, shown_pin
from chronicle_notebook.connection._trust import H2, Trust

if TYPE_CHECKING:
    from chronicle_notebook.connection._early_handshake import EarlyHandshake
    from chronicle_notebook.connection._metadata import Metadata
    from chronicle_notebook.connection._relay import Relay

MESSAGE_LIMIT = 512 * 1024 * 1024
"""The largest message in bytes, in both directions. gRPC's default of 4 MiB is too small for about 19,500 webhooks."""

LONGEST_CLOSE = 1.0
"""The longest wait in seconds until gRPC has closed a channel, which takes milliseconds."""

_OPTIONS = [
    ("grpc.max_receive_message_length", MESSAGE_LIMIT),
    ("grpc.max_send_message_length", MESSAGE_LIMIT),
    ("grpc.initial_reconnect_backoff_ms", 100),
    # Despite its name this is the least time of one attempt: with less time a slow handshake never succeeds.
    ("grpc.min_reconnect_backoff_ms", 10_000),
    ("grpc.max_reconnect_backoff_ms", 5_000),
    # The value of Chronicle's own clients. Without it a stream does not notice that the other side is gone.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 30_000),
    # By default channels share connections in the whole process. Then closing a client would not close its own
    # connection.
    ("grpc.use_local_subchannel_pool", 1),
    # A proxy of the environment is for the web. It must not see requests to a kernel.
    ("grpc.enable_http_proxy", 0),
]

_READY: int = grpc.ChannelConnectivity.READY.value[0]
"""The number that the core has for this state."""


class ServerChannel:
    """A channel that is closed after it was retired and when nobody uses it any more.

    It is not cut off: a write of another thread that has been sent ends normally.
    """

    def __init__(self, secured: Secured, trust: Trust) -> None:
        self.secured = secured
        self.tag: str | None = None
        """The agreement with this server, as a tag."""
        self._heard_at: float | None = None
        self._lock = threading.Lock()
        self._users = 0
        self._retired = False
        self._relay: Relay | None = None
        self.channel = self._open(secured, trust)

    @property
    def host(self) -> Host:
        """The server."""
        return self.secured.host

    @property
    def server(self) -> str:
        """``host:port`` of the server."""
        return str(self.secured.host)

    def heard(self) -> None:
        """Note that something came from the server."""
        self._heard_at = time.monotonic()

    def refusal(self, trust: Trust, deadline: Deadline) -> KernelUnreachableError | None:
        """What a server that has not answered any call yet reports to a client right after the handshake."""
        return None if self._heard_at is not None else refusal(self.host, trust, deadline)

    def connect_ahead(self) -> None:
        """Let gRPC connect now, and not only when the first call is made.

        ``grpc.Channel.subscribe`` does that too, but its thread looks on for 0.2 seconds and prints a traceback if the
        channel is closed before (seen with grpcio 1.76; the code of 1.85 is the same). So this asks the core below the
        channel. Without it, the first call connects.
        """
        core: Any = getattr(self.channel, "_channel", None)
        if core is not None:
            core.check_connectivity_state(True)  # noqa: FBT003 - the signature of grpcio's core

    @property
    def connected(self) -> bool:
        """Whether gRPC is connected, and so has accepted the certificate and its name. False if that cannot be seen.

        grpcio 1.76 connects only while a call is under way, so there it is False before the first call.
        """
        core: Any = getattr(self.channel, "_channel", None)
        return core is not None and core.check_connectivity_state(False) == _READY  # noqa: FBT003 - as above

    def silent_since(self, moment: float) -> bool:
        """Whether nothing came from the server since a moment of the monotonic clock."""
        return self._heard_at is None or self._heard_at < moment

    @contextmanager
    def used(self) -> Iterator[None]:
        """Keep the channel open in the block."""
        self.take()
        try:
            yield
        finally:
            self.leave()

    def take(self) -> None:
        """Keep the channel open until :meth:`leave`."""
        with self._lock:
            self._users += 1

    def leave(self) -> None:
        """Count one user less."""
        with self._lock:
            self._users -= 1
            last = self._retired and not self._users
        if last:
            self.close()

    def retire(self) -> None:
        """Close the channel as soon as nobody uses it."""
        with self._lock:
            already, self._retired = self._retired, True
            unused = not self._users
        if unused and not already:
            self.close()

    def close(self) -> None:
        """Close the channel now, even if somebody uses it."""
        # An interrupt at the moment when gRPC starts a call leaves the call without the thread that would end it.
        # Closing the channel then waits for ever. So nobody waits longer than closing normally takes.
        closing = threading.Thread(target=self.channel.close, name="chronicle-close", daemon=True)
        closing.start()
        closing.join(LONGEST_CLOSE)
        if self._relay is not None:
            self._relay.close()

    def _open(self, secured: Secured, trust: Trust) -> grpc.Channel:
        options: list[tuple[str, Any]] = list(_OPTIONS)
        target = self.server
        if trust.plain:
            note_use()
            return grpc.insecure_channel(target, options)
        if secured.pin is not None and secured.relayed:
            self._relay = _relay(secured.host, secured.pin.fingerprint, trust)
            target = self._relay.target
            options.append(("grpc.default_authority", self.server))
            credentials = grpc.local_channel_credentials(grpc.LocalConnectionType.UDS)
        else:
            roots = trust.authorities if secured.pin is None else secured.pin.pem
            if secured.pin is not None:
                options.append(("grpc.ssl_target_name_override", secured.pin.name))
            credentials = grpc.ssl_channel_credentials(
                roots,
                None if trust.identity is None else trust.identity.key.reveal().encode(),
                None if trust.identity is None else trust.identity.chain,
            )
        note_use()
        return grpc.secure_channel(target, credentials, options)


def _relay(host: Host, fingerprint: str, trust: Trust) -> Relay:
    from chronicle_notebook.connection._relay import Relay

    try:
        return Relay(host, fingerprint, trust.taking_any(H2))
    except OSError as error:
        why = error.strerror or str(error)
    raise KernelUnreachableError(
        f"The certificate of {host} has expired or has no name, and the socket for a relay cannot be created "
        f"in the folder for temporary files: {why}.",
        server=str(host),
        hint="Renew the certificate on the kernel, or set TMPDIR to another folder with a short path.",
    )


Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)


def reached(host: Host, trust: Trust, deadline: Deadline) -> ServerChannel:
    """A channel to a server whose certificate is accepted.

    :raises CertificateError: the certificate is not accepted.
    :raises KernelUnreachableError: there is no server, or the server does not speak TLS.
    """
    if trust.verifies(host):
        return ServerChannel(secure(host, trust, deadline), trust)
    return _pinned(shown_pin(host, trust, deadline), host, trust, deadline)()


def reached_early(early: EarlyHandshake) -> Callable[[], ServerChannel]:
    """What :func:`reached` returns or raises, for later: gRPC connects meanwhile."""
    try:
        if not early.trust.verifies(early.host):
            return _pinned(early.shown.result(), early.host, early.trust, early.deadline)
        line = ServerChannel(early.verified.result(), early.trust)
    except ChronicleError as error:
        return partial(_raise, error.with_traceback(None))
    line.connect_ahead()
    return lambda: line


def _raise(error: ChronicleError) -> NoReturn:
    raise error


def _pinned(guessed: Pin, host: Host, trust: Trust, deadline: Deadline) -> Callable[[], ServerChannel]:
    """A channel to a server whose certificate is pinned, for later.

    gRPC connects meanwhile, under the name that the certificate seems to have. Unless it has connected by then, a
    second handshake reads the name that the certificate really has; if that is another one, gRPC connects again.
    """
    if not guessed.name:
        return lambda: ServerChannel(Secured(host, named_pin(guessed, host, trust, deadline)), trust)
    line = ServerChannel(Secured(host, guessed), trust)
    line.connect_ahead()

    def finish() -> ServerChannel:
        try:
            if line.connected or (pin := named_pin(guessed, host, trust, deadline)) == guessed:
                return line
        except BaseException:
            line.close()
            raise
        line.close()
        return ServerChannel(Secured(host, pin), trust)

    return finish


class OnLine:
    """Calls on one server channel, whatever the channel uses."""

    def __init__(
        self,
        server: str,
        call: Callable[..., bytes],
    ) -> None:
        """``call`` takes a method, a sealed request, and ``first``: whether the answer may be a stream."""
        self.server = server
        self._call = call

    def call(self, method: Method[Request, Response], request: Request | Sealed[Request]) -> Response:
        """Make a call."""
        return parsed(method, self._call(method, Sealed.of(request), first=False), self.server)

    def raw(self, method: Method[Any, Any], request: Message, *, first: bool = False) -> bytes:
        """The bytes of an answer before they are parsed. ``first``: the first answer of what may be a stream."""
        return self._call(method, Sealed.of(request), first=first)


def parsed(method: Method[Any, Response], answer: bytes, server: str) -> Response:
    """An answer as a message.

    :raises ProtocolError: the bytes do not follow the contract.
    """
    try:
        return method.response.FromString(answer)
    except DecodeError:
        raise ProtocolError(
            f"{method.short} on {server}: the answer ({len(answer)} bytes) does not follow the contract.",
            server=server,
            call=method.short,
            hint="Check that the port belongs to a Chronicle kernel, and check its version.",
        ) from None


def answer_of(
    channel: grpc.Channel,
    method: Method[Any, Any],
    sealed: Sealed[Any],
    metadata: Metadata,
    timeout: float,
    *,
    first: bool,
) -> bytes | None:
    """The bytes of an answer; None if a stream ended without an answer."""
    watch = watching()
    if watch is not None:
        watch.check()
    if first:
        stream: grpc.UnaryStreamMultiCallable[Sealed[Any], bytes] = channel.unary_stream(
            method.path, request_serializer=Sealed.serialize
        )
        call = _First(stream(sealed, timeout=timeout, metadata=metadata))
        return call.result() if watch is None else watch.result(call)
    invoke: grpc.UnaryUnaryMultiCallable[Sealed[Any], bytes] = channel.unary_unary(
        method.path, request_serializer=Sealed.serialize
    )
    if watch is None:
        return invoke(sealed, timeout=timeout, metadata=metadata)
    return watch.result(invoke.future(sealed, timeout=timeout, metadata=metadata))


class _First:
    """The first answer of a stream, as a future."""

    def __init__(self, call: Any) -> None:
        self._call = call
        self._cancelled = False

    def cancel(self) -> None:
        self._cancelled = True
        self._call.cancel()

    def result(self) -> Any:
        try:
            return next(self._call, None)
        except grpc.RpcError:
            if not self._cancelled:
                raise
        finally:
            self._call.cancel()
        raise grpc.FutureCancelledError
