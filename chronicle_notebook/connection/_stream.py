"""A running server stream."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any, Generic, Protocol, TypeVar

from google.protobuf.message import Message

from chronicle_notebook.base._call import Method, OtherGenerationError, Sealed
from chronicle_notebook.base._errors import AuthenticationError, ChronicleError, KernelUnreachableError
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.connection._server_channel import ServerChannel, parsed
from chronicle_notebook.connection._status import error_from

SHORT = 1.0
"""Seconds: after a shorter deadline of a call a silent stream is not taken as lost."""

Response = TypeVar("Response", bound=Message)


class StreamOpener(Protocol):
    """What a stream needs of the connection that opened it."""

    @property
    def inherited(self) -> bool:
        """Whether the connection belongs to the parent of this process."""

    def open_stream(self, method: Method[Any, Any], sealed: Sealed[Any], tag: str | None) -> tuple[ServerChannel, Any]:
        """A streaming call, and the server channel that it keeps open."""

    def hide(self, text: str) -> str:
        """A text with dots in place of the credentials of the caller."""

    def lost(self) -> ChronicleError:
        """The error to raise if the channel is gone."""

    def renew(self, line: ServerChannel) -> bool:
        """Get another token; False if there is none."""

    def give_up(self, line: ServerChannel) -> None:
        """Stop using a server."""

    def forget(self, stream: Stream[Any]) -> None:
        """The stream has ended."""


class Stream(Generic[Response]):
    """A stream of answers. One thread iterates it; any thread may cancel it.

    If the kernel refuses the token, for example because it has expired, the stream is opened once more with another
    token.
    """

    def __init__(
        self, channel: StreamOpener, method: Method[Any, Response], request: Sealed[Any], tag: str | None
    ) -> None:
        self._channel = channel
        self._method = method
        self._request = request
        self._tag = tag
        self._lock = threading.Lock()
        self._cancelled = False
        self._lost = False
        self._heard_at = time.monotonic()
        self._held: ServerChannel | None = None
        self._line, self._call = self._open()

    def _open(self) -> tuple[ServerChannel, Any]:
        line, call = self._channel.open_stream(self._method, self._request, self._tag)
        with self._lock:
            before, self._held = self._held, line
            cancelled = self._cancelled
        if before is not None:
            before.leave()
        if cancelled:
            call.cancel()
            self._leave()
        return line, call

    def __iter__(self) -> Iterator[Response]:
        renewed = False
        try:
            while True:
                failure: ChronicleError | None = None
                try:
                    for answer in self._call:
                        renewed = False
                        self._heard()
                        yield parsed(self._method, answer, self._line.server)
                except grpc.RpcError as error:
                    failure = self._failure(error)
                except ValueError:
                    # grpc raises only this for a channel that another thread has closed.
                    failure = self._channel.lost()
                if self._cancelled or failure is None:
                    return
                if renewed or not isinstance(failure, AuthenticationError) or not self._channel.renew(self._line):
                    break
                renewed = True
                try:
                    self._line, self._call = self._open()
                except OtherGenerationError:
                    failure = self._channel.lost()
                    break
                if self._cancelled:
                    # Cancelled after the new call was opened and before it was known here: only the previous call was
                    # cancelled.
                    self._call.cancel()
                    return
        finally:
            self.cancel()
        if isinstance(failure, KernelUnreachableError):
            self._channel.give_up(self._line)
        raise failure

    def _failure(self, error: grpc.RpcError) -> ChronicleError:
        if self._lost:
            return self._channel.lost()
        return error_from(error, server=self._line.server, call=self._method.short, hide=self._channel.hide)

    def _heard(self) -> None:
        self._heard_at = time.monotonic()
        self._line.heard()

    def cancel(self) -> None:
        """End the stream at once. The iteration ends without an error."""
        self._cancelled = True
        if self._channel.inherited:
            return
        with contextlib.suppress(ValueError):
            self._call.cancel()
        self._leave()
        self._channel.forget(self)

    def lose(self, line: ServerChannel, *, silent_since: float) -> None:
        """End the stream as lost if it uses a server that is given up, and was silent since a moment."""
        short = time.monotonic() - silent_since < SHORT
        if self._line is line and self._heard_at < silent_since and not short and not self._cancelled:
            self._lost = True
            with contextlib.suppress(ValueError):
                self._call.cancel()

    def _leave(self) -> None:
        with self._lock:
            held, self._held = self._held, None
        if held is not None:
            held.leave()
