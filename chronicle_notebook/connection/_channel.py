"""The connection of one client to its kernel: deadlines, retries of reads, tokens, failover, interruption, an orderly
end.

Calls are synchronous, and daemon threads read the streams: widgets work while a cell runs, and Ctrl-C ends a call.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any, TypeVar

from google.protobuf.message import Message

from chronicle_notebook.base import _fork
from chronicle_notebook.base._call import Method, OtherGenerationError, Sealed, ServerCaller
from chronicle_notebook.base._errors import (
    AuthenticationError,
    CallCancelledError,
    CertificateError,
    ChronicleError,
    DeadlineExceededError,
    KernelUnreachableError,
)
from chronicle_notebook.connection._cluster import Cluster, together
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.connection._metadata import metadata_of
from chronicle_notebook.connection._server_channel import OnLine, ServerChannel, answer_of, parsed, reached
from chronicle_notebook.connection._sockets import DEFAULT_TIMEOUT, Deadline
from chronicle_notebook.connection._status import check_process, closed, error_from, late, lost, unanswered
from chronicle_notebook.connection._stream import Stream
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.connection._tls import Pin, SeenCertificates
from chronicle_notebook.connection._tokens import Tokens
from chronicle_notebook.connection._trust import Trust

READ_RETRIES = (0.1, 0.3, 0.9)
"""The pauses before each retry of a read that found no connection, in seconds."""

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)


class Channel:
    """A connection to one kernel. It is opened at the first call, and opened again after it was lost.

    With several servers each connection chooses one of them. An agreement is valid until the next connection.
    """

    def __init__(
        self,
        target: ConnectionString,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        trust: Trust | None = None,
        first: Callable[[], ServerChannel] | None = None,
    ) -> None:
        self.target = target
        self.timeout = timeout
        self.trust = Trust.of(target) if trust is None else trust
        self.tokens = Tokens(target, self.trust)
        self.dials = 0
        """How often a connection was opened."""
        self._cluster = Cluster(target, self.trust)
        self._agree: Callable[[ServerCaller], str] | None = None
        self._dialing = threading.Lock()
        self._lock = threading.Lock()
        self._line: ServerChannel | None = None
        self._last: ServerChannel | None = None
        self._certificates = SeenCertificates()
        self._first = first  # the channel to the one server, if it was begun before
        self._streams: set[Stream[Any]] = set()
        self._closed = False
        self._process = os.getpid()
        _fork.alive.add(self)

    @property
    def server(self) -> str:
        """``host:port`` of the server in use, or of the first server of the connection string."""
        return str(self.target.hosts[0]) if self._last is None else self._last.server

    @property
    def verified(self) -> bool:
        """Whether the server's certificate was verified, not only pinned."""
        return self.trust.verifies(self.target.hosts[0]) if self._last is None else self._last.secured.pin is None

    @property
    def pin(self) -> Pin | None:
        """The pinned certificate; None if the certificate was verified."""
        return None if self._last is None else self._last.secured.pin

    @property
    def relayed(self) -> bool:
        """Whether a relay is in between, because gRPC could never accept the certificate."""
        return self._last is not None and self._last.secured.relayed

    @property
    def replaced_certificates(self) -> list[Pin]:
        """The certificates of servers that are not verified, in place of which they have shown others later."""
        return self._certificates.replaced

    @property
    def disconnected(self) -> bool:
        """Whether the connection that was used last was lost or given up, and no other one was made."""
        return self._last is not None and self._line is None

    @property
    def cluster(self) -> str:
        """The servers to choose from, and how to choose, as text for people; empty if there is only one server."""
        return self._cluster.described

    def hide(self, text: str) -> str:
        """A text with dots for the tokens of the calls and the secret of the client."""
        return self.tokens.hide(text)

    def agree_with(self, agreement: Callable[[ServerCaller], str]) -> None:
        """Make an agreement with each server at each new connection: a call with another tag than the function returns
        raises :class:`OtherGenerationError`."""
        self._agree = agreement

    def agree_on(self, tag: str) -> None:
        """Replace the agreement with the server in use."""
        if self._line is not None:
            self._line.tag = tag

    def call(
        self,
        method: Method[Request, Response],
        request: Request | Sealed[Request],
        *,
        timeout: float | None = None,
        retry: bool = True,
        tag: str | None = None,
    ) -> Response:
        """Make a unary call. A read is retried if there was no connection; a write is never retried."""
        return self._persistently(method, request, self._deadline(timeout), retry=retry, tag=tag, first=False)

    def first(
        self, method: Method[Request, Response], request: Request | Sealed[Request], *, tag: str | None = None
    ) -> Response:
        """Make a read that may be a stream: take the first answer and end the stream."""
        return self._persistently(method, request, self._deadline(None), retry=True, tag=tag, first=True)

    def raw(
        self, method: Method[Request, Response], request: Request | Sealed[Request], *, first: bool = False
    ) -> bytes:
        """The answer to a read before it is parsed, for measurements."""
        deadline = self._deadline(None)
        return self._on(self._dial(deadline), method, Sealed.of(request), deadline, first=first)

    def reach(self) -> None:
        """Connect to a server, and make the agreement with it, unless there is a connection. It is tried once."""
        self._dial(self._deadline(None))

    def _deadline(self, timeout: float | None) -> Deadline:
        return Deadline(self.timeout if timeout is None else timeout)

    def _persistently(
        self,
        method: Method[Request, Response],
        request: Request | Sealed[Request],
        deadline: Deadline,
        *,
        retry: bool,
        tag: str | None,
        first: bool,
    ) -> Response:
        sealed = Sealed.of(request)
        waits = iter(READ_RETRIES if retry and not method.write else ())
        # If a connection worked before and is lost now, the read is retried, even if the caller does not want to wait.
        # A write is sent again only if it certainly was not sent: the kernel was replaced, and gRPC did not connect.
        stale = self._line is not None
        while True:
            try:
                line = self._dial(deadline, tag)
                return parsed(method, self._on(line, method, sealed, deadline, first=first), line.server)
            except CertificateError:
                raise
            except KernelUnreachableError as error:
                wait = 0.0 if stale and (not method.write or error.nothing_sent) else next(waits, None)
                stale = False
                if wait is None or deadline.left <= wait:
                    raise
                time.sleep(wait)

    def _on(
        self, line: ServerChannel, method: Method[Any, Any], sealed: Sealed[Any], deadline: Deadline, *, first: bool
    ) -> bytes:
        """Make a call on one server channel. It is repeated once only, if the kernel refuses the token and there is
        another one."""
        with line.used():
            begun = time.monotonic()
            try:
                if not (method.anonymous and self.tokens.renewable):
                    self._ensure_token(line, deadline)
                token = self.tokens.current
                try:
                    return self._once(line, method, sealed, deadline, first=first)
                except AuthenticationError:
                    if not self.tokens.refresh(token, line.secured, deadline):
                        raise
                return self._once(line, method, sealed, deadline, first=first)
            except KernelUnreachableError as error:
                self.give_up(line)
                # The outcome of such a write is unknown, whatever the server says now.
                raise (None if method.write else line.refusal(self.trust, deadline)) or error from None
            except DeadlineExceededError:
                # If there are other servers, the next call uses one of them. A connection that was silent all the time
                # may have ended without a word.
                if not self._cluster.single or line.silent_since(begun):
                    self._give_up_silent(line, begun)
                raise

    def _ensure_token(self, line: ServerChannel, deadline: Deadline) -> None:
        try:
            self.tokens.ensure(line.secured, deadline)
        except KernelUnreachableError as error:
            error.nothing_sent = True  # the call is sent after its token was fetched
            raise

    def _give_up_silent(self, line: ServerChannel, begun: float) -> None:
        """Stop using a server after a deadline. Streams that were silent all the time are opened again."""
        self.give_up(line)
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            stream.lose(line, silent_since=begun)

    def _once(
        self, line: ServerChannel, method: Method[Any, Any], sealed: Sealed[Any], deadline: Deadline, *, first: bool
    ) -> bytes:
        # Raised after the handlers, so that no error contains gRPC's own frames: their local variables must not be
        # shown.
        failure: ChronicleError
        try:
            answer = answer_of(line.channel, method, sealed, metadata_of(self.tokens), deadline.left, first=first)
        except grpc.RpcError as error:
            failure = error_from(
                error,
                server=line.server,
                call=method.short,
                write=method.write,
                hide=lambda text: self.hide(sealed.hide(text)),
            )
            if self._closed and isinstance(failure, CallCancelledError):  # ended by close()
                failure = closed(self.server, under_way=method.write)
        except ValueError:
            # grpc raises only this for a channel that another thread has closed.
            failure = self.lost()
        else:
            if answer is not None:
                line.heard()
                return answer
            failure = unanswered(line.server, method.short)
        raise failure

    def stream(
        self, method: Method[Request, Response], request: Request | Sealed[Request], *, tag: str | None = None
    ) -> Stream[Response]:
        """Open a stream of answers. The stream has no deadline; end it with :meth:`Stream.cancel`."""
        stream = Stream(self, method, Sealed.of(request), tag)
        with self._lock:
            self._streams.add(stream)
        return stream

    def open_stream(self, method: Method[Any, Any], sealed: Sealed[Any], tag: str | None) -> tuple[ServerChannel, Any]:
        """A streaming call, and the server channel that it keeps open until the caller leaves it."""
        deadline = self._deadline(None)
        line = self._dial(deadline, tag)
        self.tokens.ensure(line.secured, deadline)
        line.take()
        try:
            invoke: grpc.UnaryStreamMultiCallable[Sealed[Any], bytes] = line.channel.unary_stream(
                method.path, request_serializer=Sealed.serialize
            )
            return line, invoke(sealed, metadata=metadata_of(self.tokens))
        except ValueError:
            failure = self.lost()
        except BaseException:
            line.leave()
            raise
        line.leave()
        raise failure

    def renew(self, line: ServerChannel) -> bool:
        """Get another token after the kernel refused the current one. Returns False if there is none."""
        return self.tokens.refresh(self.tokens.current, line.secured, self._deadline(None))

    def give_up(self, line: ServerChannel) -> None:
        """Stop using a server: the next call opens a new connection."""
        self._cluster.failed(line.host)
        with self._lock:
            if self._line is line:
                self._line = None
        if not self.inherited:
            line.retire()

    @property
    def closed(self) -> bool:
        """Whether the channel was closed with :meth:`close`."""
        return self._closed

    @property
    def inherited(self) -> bool:
        """Whether the channel belongs to the process that this process was forked from. Then this process must not call
        gRPC with it."""
        return os.getpid() != self._process

    def close(self) -> None:
        """End all streams and the channel. Later calls raise :class:`ClientClosedError`."""
        if self.inherited:
            self._closed = True  # without the lock, because a thread of the other process may have held it
            return
        with self._lock:
            self._closed = True
            streams = list(self._streams)
            line, self._line = self._line, None
        for stream in streams:
            stream.cancel()
        if line is not None:
            line.close()

    def forget(self, stream: Stream[Any]) -> None:
        """Forget a stream that has ended, so that :meth:`close` does not end it."""
        with self._lock:
            self._streams.discard(stream)

    def lost(self) -> ChronicleError:
        """The error to raise if the channel is gone."""
        return closed(self.server) if self._closed else lost(self.server)

    def _dial(self, deadline: Deadline, tag: str | None = None) -> ServerChannel:
        """The server channel in use, or a new one."""
        if self._closed:
            raise self.lost()
        check_process(self.server, inherited=self.inherited)
        line = self._line
        if line is None:
            line = self._dial_anew(deadline)
        if tag is not None and line.tag is not None and line.tag != tag:
            raise OtherGenerationError(line.tag)
        return line

    def _dial_anew(self, deadline: Deadline) -> ServerChannel:
        if not self._dialing.acquire(timeout=deadline.left):
            raise late(self.server)
        try:
            with self._lock:
                line = self._line
            if line is not None:
                return line
            line = self._reach(deadline)
            with self._lock:
                too_late = self._closed
                self._line = None if too_late else line
            if too_late:
                line.close()
                raise self.lost()
            return line
        finally:
            self._dialing.release()

    def _reach(self, deadline: Deadline) -> ServerChannel:
        """A channel to the first server that accepts the connection, with all agreements made."""
        failures: list[KernelUnreachableError] = []
        for host in self._cluster.candidates(deadline):
            try:
                with nullcontext() if self._agree is None else self.tokens.connecting(host, deadline):
                    first, self._first = self._first, None
                    line = reached(host, self.trust, deadline) if first is None else first()
                    secured = line.secured
                    if secured.pin is not None:
                        self._certificates.note(str(host), secured.pin, warn=bool(self.trust.skip))
                    self._cluster.chosen(secured)
                    self._settle(line, deadline)
            except KernelUnreachableError as error:
                self._cluster.failed(host)
                failures.append(error)
            else:
                self.dials += 1
                self._last = line
                return line
        unreached = together(failures)
        unreached.nothing_sent = True
        raise unreached

    def _settle(self, line: ServerChannel, deadline: Deadline) -> None:
        if self._agree is None:
            return
        try:
            self.tokens.prepare()
            line.tag = self._agree(OnLine(line.server, partial(self._on, line, deadline=deadline)))
        except BaseException:
            line.close()
            raise
