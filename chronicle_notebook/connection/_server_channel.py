"""One gRPC channel to one server, from the handshake to the last call that uses it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import uuid4

from google.protobuf.message import Message

from chronicle_notebook.base._call import Method, Sealed
from chronicle_notebook.base._errors import KernelUnreachableError, SecretUnavailableError
from chronicle_notebook.base._fork import note_use
from chronicle_notebook.connection._cancellation import watching
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.connection._host import Host
from chronicle_notebook.connection._relay import Relay
from chronicle_notebook.connection._tls import Secured
from chronicle_notebook.connection._tokens import Tokens
from chronicle_notebook.connection._trust import H2, Trust

MESSAGE_LIMIT = 512 * 1024 * 1024
"""Bytes of one message in either direction. gRPC's default of 4 MiB ends at some 19,500 webhooks."""

LONGEST_CLOSE = 1.0
"""Seconds to wait for gRPC to close a channel, which is a matter of milliseconds."""

_OPTIONS = [
    ("grpc.max_receive_message_length", MESSAGE_LIMIT),
    ("grpc.max_send_message_length", MESSAGE_LIMIT),
    ("grpc.initial_reconnect_backoff_ms", 100),
    # Despite its name the least time that one attempt may take: with less, a slow handshake never ends well.
    ("grpc.min_reconnect_backoff_ms", 10_000),
    ("grpc.max_reconnect_backoff_ms", 5_000),
    # What Chronicle's own clients use; without it a stream does not notice a peer that vanished.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 30_000),
    # Channels share connections process-wide unless told not to; then closing one client would not close its own.
    ("grpc.use_local_subchannel_pool", 1),
    # A proxy in the environment is for the web; it must not see what goes to a kernel.
    ("grpc.enable_http_proxy", 0),
]


class Line:
    """A channel that is closed when it was given up and nobody uses it any more.

    Given up, not cut: a write of another thread that is under way ends as it would have ended.
    """

    def __init__(self, secured: Secured, trust: Trust, tokens: Tokens, *, authenticated: bool) -> None:
        self.secured = secured
        self.tag: str | None = None
        """What was agreed with this server, for whoever made the agreement."""
        self.proven = False
        """Whether it has answered a call."""
        self._lock = threading.Lock()
        self._users = 0
        self._retired = False
        self._relay: Relay | None = None
        plugin = grpc.metadata_call_credentials(_Bearer(tokens), name="bearer") if authenticated else None
        self.channel = self._open(secured, trust, plugin)

    @property
    def host(self) -> Host:
        """The server."""
        return self.secured.host

    @property
    def server(self) -> str:
        """``host:port`` of the server."""
        return str(self.secured.host)

    @contextmanager
    def used(self) -> Iterator[None]:
        """Keep it open in the block."""
        self.take()
        try:
            yield
        finally:
            self.leave()

    def take(self) -> None:
        """Keep it open until :meth:`leave`."""
        with self._lock:
            self._users += 1

    def leave(self) -> None:
        """One user less."""
        with self._lock:
            self._users -= 1
            last = self._retired and not self._users
        if last:
            self.close()

    def retire(self) -> None:
        """Close it as soon as nobody uses it."""
        with self._lock:
            already, self._retired = self._retired, True
            unused = not self._users
        if unused and not already:
            self.close()

    def close(self) -> None:
        """Close it now, whoever uses it."""
        # An interrupt in the instant in which gRPC begins a call leaves that call without the thread that would end
        # it, and closing the channel then waits for ever. So nobody waits for it beyond what closing ever takes.
        closing = threading.Thread(target=self.channel.close, name="chronicle-close", daemon=True)
        closing.start()
        closing.join(LONGEST_CLOSE)
        if self._relay is not None:
            self._relay.close()

    def _open(self, secured: Secured, trust: Trust, plugin: grpc.CallCredentials | None) -> grpc.Channel:
        options: list[tuple[str, Any]] = list(_OPTIONS)
        target = self.server
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
        if plugin is not None:
            credentials = grpc.composite_channel_credentials(credentials, plugin)
        note_use()
        return grpc.secure_channel(target, credentials, options)


def _relay(host: Host, fingerprint: str, trust: Trust) -> Relay:
    try:
        return Relay(host, fingerprint, trust.taking_any(H2))
    except OSError as error:
        why = error.strerror or str(error)
    raise KernelUnreachableError(
        f"The certificate of {host} has expired or has no name, and the socket to connect all the same cannot be made "
        f"in the folder for temporary files: {why}.",
        server=str(host),
        hint="Renew the certificate on the kernel, or let TMPDIR name another folder with a short path.",
    )


class _Bearer(grpc.AuthMetadataPlugin):
    """Adds the token to each call, below the Python frames that a traceback could show."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def __call__(self, _: grpc.AuthMetadataContext, callback: grpc.AuthMetadataPluginCallback) -> None:
        token = self._tokens.current
        if token is None:
            callback((), None)
            return
        try:
            callback((("authorization", f"Bearer {token.reveal()}"),), None)
        except SecretUnavailableError as error:
            callback((), error)


Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)


class OnLine:
    """Calls on one line, whatever the channel uses."""

    def __init__(
        self,
        server: str,
        call: Callable[[Method[Any, Any], Sealed[Any]], bytes],
        parse: Callable[[Method[Any, Any], bytes, str], Any],
    ) -> None:
        self.server = server
        self._call, self._parse = call, parse

    def call(self, method: Method[Request, Response], request: Request) -> Response:
        """Make a call."""
        answer: Response = self._parse(method, self.raw(method, request), self.server)
        return answer

    def raw(self, method: Method[Any, Any], request: Message) -> bytes:
        """An answer before it is parsed."""
        return self._call(method, Sealed.of(request))


def correlation() -> tuple[tuple[str, str], ...]:
    """Every call has an id of its own (source: C/Connections/CorrelationIdClientInterceptor.cs)."""
    return (("x-correlation-id", str(uuid4())),)


def answer_of(
    channel: grpc.Channel, method: Method[Any, Any], sealed: Sealed[Any], timeout: float, *, first: bool
) -> bytes | None:
    """The bytes of an answer; None when a stream ended without one."""
    watch = watching()
    if watch is not None:
        watch.check()
    if first:
        stream: grpc.UnaryStreamMultiCallable[Sealed[Any], bytes] = channel.unary_stream(
            method.path, request_serializer=Sealed.serialize
        )
        call = _First(stream(sealed, timeout=timeout, metadata=correlation()))
        return call.result() if watch is None else watch.result(call)
    invoke: grpc.UnaryUnaryMultiCallable[Sealed[Any], bytes] = channel.unary_unary(
        method.path, request_serializer=Sealed.serialize
    )
    if watch is None:
        return invoke(sealed, timeout=timeout, metadata=correlation())
    return watch.result(invoke.future(sealed, timeout=timeout, metadata=correlation()))


class _First:
    """The first answer of a stream as a future."""

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
