"""A call to a kernel: its method, its request, which tracebacks do not show, and the protocols of the objects that make
the call.

The paths of methods are written by hand, not taken from generated stubs, because both wire generations use the same
paths with different answers: a stub can describe only one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from google.protobuf.message import Message

from chronicle_notebook.base._redaction import Hide, as_it_is

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)


class Method(NamedTuple, Generic[Request, Response]):
    """A gRPC method. ``streaming`` means that it returns a stream of answers; ``write`` means that it must never be
    repeated; ``anonymous`` means that kernels answer it without a token, so that it need not wait for one."""

    service: str
    name: str
    request: type[Request]
    response: type[Response]
    streaming: bool = False
    write: bool = False
    anonymous: bool = False

    @property
    def path(self) -> str:
        """The path on the wire."""
        return f"/{self.service}/{self.name}"

    @property
    def short(self) -> str:
        """The name for people, for example ``Webhooks/AddWebhooks``."""
        return f"{self.service.rpartition('.')[2]}/{self.name}"


class OtherGenerationError(Exception):
    """The server speaks a different generation than the call. Nothing was sent.

    The error never leaves the gateway that chooses the generation, so the tree of errors does not contain it.
    """

    def __init__(self, generation: str) -> None:
        super().__init__(generation)
        self.generation = generation


class ServerCaller(Protocol):
    """Carries calls to one server. This is all that the negotiation with a server needs."""

    @property
    def server(self) -> str:
        """``host:port``."""

    def call(self, method: Method[Request, Response], request: Request | Sealed[Request]) -> Response:
        """Make a unary call."""

    def raw(self, method: Method[Any, Any], request: Message, *, first: bool = False) -> bytes:
        """The bytes of an answer before they are parsed. ``first``: the first answer of what may be a stream."""


class Caller(ServerCaller, Protocol):
    """Carries calls to a kernel: the one protocol between the adapters of the wire and the connection.

    The connection makes an agreement with each server and makes only calls that fit the agreement. ``tag`` names the
    agreement that a call was made for; None fits every agreement.
    """

    def hide(self, text: str) -> str:
        """A text with dots in place of the credentials of the caller."""

    def agree_with(self, agreement: Callable[[ServerCaller], str]) -> None:
        """Make this agreement at each new connection. The function returns the tag."""

    def reach(self) -> None:
        """Connect to a server, and make the agreement with it, unless there is a connection. It is tried once."""

    def agree_on(self, tag: str) -> None:
        """Replace the agreement with the server in use."""

    def call(
        self,
        method: Method[Request, Response],
        request: Request | Sealed[Request],
        *,
        timeout: float | None = None,
        retry: bool = True,
        tag: str | None = None,
    ) -> Response:
        """Make a unary call if the tag fits, else raise :class:`OtherGenerationError`."""

    def first(
        self, method: Method[Request, Response], request: Request | Sealed[Request], *, tag: str | None = None
    ) -> Response:
        """Make a read that may be a stream: take the first answer and end the stream."""

    def stream(
        self, method: Method[Request, Response], request: Request | Sealed[Request], *, tag: str | None = None
    ) -> Any:
        """Open a stream of ``Response`` with ``__iter__`` and ``cancel()``."""


class Sealed(Generic[Request]):
    """Contains a message. Its repr shows only the type and the size of the message.

    :param hide: removes the secrets of the message from a text, for the kernel's messages.
    """

    __slots__ = ("_data", "_kind", "hide")

    def __init__(self, message: Request, hide: Hide = as_it_is) -> None:
        self._kind = type(message).__name__
        self.hide = hide
        self._data = message.SerializeToString(deterministic=True)

    def __repr__(self) -> str:
        return f"<{self._kind}, {len(self._data)} bytes>"

    def serialize(self) -> bytes:
        """The bytes for the wire."""
        return self._data

    @classmethod
    def of(cls, request: Request | Sealed[Request]) -> Sealed[Request]:
        """Seal a message. A sealed message stays as it is."""
        return request if isinstance(request, Sealed) else Sealed(request)
