"""The one gRPC channel of a client: deadlines, retries of reads, interruption, and an orderly end.

Calls are synchronous, and streams are read in daemon threads: in a notebook that keeps widgets alive while a cell runs,
and Ctrl-C ends a call at once.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from google.protobuf.message import DecodeError, Message

from chronicle_notebook._errors import (
    ChronicleError,
    ClientClosedError,
    KernelError,
    KernelUnreachableError,
    NotSupportedError,
    ProtocolError,
    SecretUnavailableError,
)
from chronicle_notebook._secrets import Secret
from chronicle_notebook.connection._cancellation import watching
from chronicle_notebook.connection._credentials import AuthenticationMode
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.connection._status import error_from
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.connection._tls import Pin, fetch_pin, is_loopback
from chronicle_notebook.contracts._method import Method
from chronicle_notebook.contracts._sealed import Sealed

DEFAULT_TIMEOUT = 30.0
"""Seconds that a call may take unless told otherwise."""

READ_RETRIES = (0.1, 0.3, 0.9)
"""Seconds to wait before each further try of a read that found no connection."""

MESSAGE_LIMIT = 512 * 1024 * 1024
"""Bytes of one message in either direction. gRPC's default of 4 MiB ends at some 19,500 webhooks."""

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)

_OPTIONS = [
    ("grpc.max_receive_message_length", MESSAGE_LIMIT),
    ("grpc.max_send_message_length", MESSAGE_LIMIT),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 5_000),
    # What Chronicle's own clients use; without it a stream does not notice a peer that vanished.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 30_000),
    # Channels share connections process-wide unless told not to; then closing one client would not close its own.
    ("grpc.use_local_subchannel_pool", 1),
]


class Channel:
    """A connection to one kernel, dialled at the first call and again when it was lost."""

    def __init__(self, target: ConnectionString, *, timeout: float = DEFAULT_TIMEOUT) -> None:
        _refuse_what_is_missing(target)
        self.target = target
        self.timeout = timeout
        self.pin: Pin | None = None
        self._host = target.hosts[0]
        self._lock = threading.Lock()
        self._channel: grpc.Channel | None = None
        self._streams: set[Stream[Any]] = set()
        self._closed = False
        self._process = os.getpid()

    @property
    def server(self) -> str:
        """``host:port`` of the kernel."""
        return str(self._host)

    @property
    def verified(self) -> bool:
        """Whether the server's certificate is checked against the system's authorities, not just pinned."""
        return not self._pinned

    @property
    def _pinned(self) -> bool:
        skip = self.target.skip_tls_validation
        return is_loopback(self._host.name) if skip is None else skip

    def call(
        self,
        method: Method[Request, Response],
        request: Request | Sealed[Request],
        *,
        timeout: float | None = None,
        retry: bool = True,
    ) -> Response:
        """Make a unary call. A read is tried again when there was no connection; a write never is."""
        sealed = Sealed.of(request)
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        waits = iter(READ_RETRIES if retry and not method.write else ())
        while True:
            try:
                return self._once(method, sealed, max(0.001, deadline - time.monotonic()))
            except KernelUnreachableError:
                self._hang_up()
                wait = next(waits, None)
                if wait is None or time.monotonic() + wait >= deadline:
                    raise
                time.sleep(wait)

    def _once(self, method: Method[Request, Response], sealed: Sealed[Any], timeout: float) -> Response:
        return self.parse(method, self._bytes(method, sealed, timeout))

    def _bytes(self, method: Method[Any, Any], sealed: Sealed[Any], timeout: float) -> bytes:
        invoke: grpc.UnaryUnaryMultiCallable[Sealed[Any], bytes] = self._dial().unary_unary(
            method.path, request_serializer=Sealed.serialize
        )
        # Raised after the handlers, so that no error carries gRPC's own frames, whose locals are nobody's business.
        failure: ChronicleError
        try:
            watch = watching()
            answer: bytes = (
                invoke(sealed, timeout=timeout) if watch is None else watch.result(invoke.future(sealed, timeout=timeout))
            )
        except grpc.RpcError as error:
            failure = error_from(error, server=self.server, call=method.short, write=method.write)
        except ValueError:
            # grpc raises this, and nothing else, for a channel that another thread has closed.
            failure = self._lost()
        else:
            return answer
        raise failure

    def parse(self, method: Method[Request, Response], answer: bytes) -> Response:
        """Read an answer."""
        try:
            return method.response.FromString(answer)
        except DecodeError:
            raise ProtocolError(
                f"{method.short} on {self.server}: the answer ({len(answer)} bytes) is not of the contract.",
                server=self.server,
                call=method.short,
                hint="Check that the port is a Chronicle kernel's, and its version.",
            ) from None

    def stream(self, method: Method[Request, Response], request: Request | Sealed[Request]) -> Stream[Response]:
        """Open a stream of answers. It has no deadline; end it with :meth:`Stream.cancel`."""
        invoke: grpc.UnaryStreamMultiCallable[Sealed[Any], bytes] = self._dial().unary_stream(
            method.path, request_serializer=Sealed.serialize
        )
        stream = Stream(self, method, invoke(Sealed.of(request)))
        with self._lock:
            self._streams.add(stream)
        return stream

    def first(
        self, method: Method[Request, Response], request: Request | Sealed[Request], *, timeout: float | None = None
    ) -> Response:
        """Take the first answer of a call that may be a stream, and end it."""
        call = self._dial().unary_stream(method.path, request_serializer=Sealed.serialize)(
            Sealed.of(request), timeout=self.timeout if timeout is None else timeout
        )
        for answer in Stream(self, method, call):
            return answer
        raise self._lost()

    def raw(self, method: Method[Request, Response], request: Request | Sealed[Request]) -> bytes:
        """A read's answer before it is parsed, for measurements and for telling the generations apart."""
        return self._bytes(method, Sealed.of(request), self.timeout)

    def close(self) -> None:
        """End every stream and the channel. Further calls raise :class:`ClientClosedError`."""
        self._closed = True
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            stream.cancel()
        self._hang_up()

    def _hang_up(self) -> None:
        with self._lock:
            channel, self._channel = self._channel, None
        if channel is not None and os.getpid() == self._process:
            channel.close()

    def forget(self, stream: Stream[Any]) -> None:
        """Leave a stream that has ended out of :meth:`close`."""
        with self._lock:
            self._streams.discard(stream)

    def _lost(self) -> ChronicleError:
        if self._closed:
            return ClientClosedError(
                f"The client of {self.server} was closed.", hint="Connect again with cn.connect()."
            )
        return KernelUnreachableError(
            f"The connection to {self.server} was lost.", server=self.server, hint="Call again."
        )

    def _dial(self) -> grpc.Channel:
        if self._closed:
            raise self._lost()
        if os.getpid() != self._process:
            raise KernelError(
                f"The client of {self.server} belongs to the process that this one was forked from.",
                server=self.server,
                hint="gRPC does not survive a fork: connect in the child, and start it with the 'spawn' method.",
            )
        with self._lock:
            if self._channel is None:
                self._channel = self._open()
            return self._channel

    def _open(self) -> grpc.Channel:
        options: list[tuple[str, Any]] = list(_OPTIONS)
        roots = None
        if self._pinned:
            # Fetched anew at each dial: a development kernel makes a new certificate at every start.
            self.pin = fetch_pin(self._host.name, self._host.port)
            roots = self.pin.pem
            options.append(("grpc.ssl_target_name_override", self.pin.name))
        credentials = grpc.ssl_channel_credentials(root_certificates=roots)
        if self.target.api_key is not None and self.target.authentication is AuthenticationMode.API_KEY:
            token = grpc.metadata_call_credentials(_Bearer(self.target.api_key), name="api-key")
            credentials = grpc.composite_channel_credentials(credentials, token)
        return grpc.secure_channel(self.server, credentials, options)


class _Bearer(grpc.AuthMetadataPlugin):
    """Adds the token to each call, below the Python frames that a traceback could show."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def __call__(self, _: grpc.AuthMetadataContext, callback: grpc.AuthMetadataPluginCallback) -> None:
        try:
            callback((("authorization", f"Bearer {self._token.reveal()}"),), None)
        except SecretUnavailableError as error:
            callback((), error)


class Stream(Generic[Response]):
    """A running server stream: iterate it in one thread, cancel it from any."""

    def __init__(self, channel: Channel, method: Method[Any, Response], call: Any) -> None:
        self._channel = channel
        self._method = method
        self._call = call
        self._cancelled = False

    def __iter__(self) -> Iterator[Response]:
        failure: KernelError | None = None
        try:
            for answer in self._call:
                yield self._channel.parse(self._method, answer)
        except grpc.RpcError as error:
            if not self._cancelled:
                failure = error_from(error, server=self._channel.server, call=self._method.short)
        finally:
            self.cancel()
        if failure is not None:
            raise failure

    def cancel(self) -> None:
        """End the stream at once; the iteration ends without an error."""
        self._cancelled = True
        with contextlib.suppress(ValueError):
            self._call.cancel()
        self._channel.forget(self)


def _refuse_what_is_missing(target: ConnectionString) -> None:
    """Say what this version cannot do, rather than ignore it."""
    if len(target.hosts) > 1 or target.scheme != "chronicle":
        raise NotSupportedError(
            "Clusters (several hosts, or chronicle+srv) are not supported yet.", hint="Name one host of the cluster."
        )
    if target.certificate_path:
        raise NotSupportedError("Client certificates are not supported yet.", hint="Leave certificatePath out.")
    if target.authentication is AuthenticationMode.CLIENT_CREDENTIALS and not target.uses_development_credentials:
        raise NotSupportedError(
            "Exchanging an id and a secret for a token is not supported yet.",
            hint="Give an access token as apiKey, or connect to a kernel that needs none with auth=none.",
        )
