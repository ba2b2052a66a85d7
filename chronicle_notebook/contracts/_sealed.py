"""A request whose contents do not show.

Requests can hold credentials, and a traceback that prints local variables would print them. Between the adapter and
the wire a request therefore travels in this envelope.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from google.protobuf.message import Message

from chronicle_notebook.contracts._said import Hide, as_it_is

Request = TypeVar("Request", bound=Message)


class Sealed(Generic[Request]):
    """Holds a message; its repr is the message's type and size, and nothing else.

    :param hide: what takes the secrets of the message out of a text, for what the kernel says of it.
    """

    __slots__ = ("_data", "_kind", "hide")

    def __init__(self, message: Request, hide: Hide = as_it_is) -> None:
        self._kind = type(message).__name__
        self.hide = hide
        self._data = message.SerializeToString(deterministic=True)

    def __repr__(self) -> str:
        return f"<{self._kind}, {len(self._data)} bytes>"

    def serialize(self) -> bytes:
        """What goes over the wire."""
        return self._data

    @classmethod
    def of(cls, request: Request | Sealed[Request]) -> Sealed[Request]:
        """Seal a message; a sealed one is left as it is."""
        return request if isinstance(request, Sealed) else Sealed(request)
