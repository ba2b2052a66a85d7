"""One method of the wire contract: its path and its two messages, with their types.

Paths are written by hand, not taken from generated stubs, because both wire generations use the same paths with other
answers: a stub can only be right about one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from google.protobuf.message import Message

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)


@dataclass(frozen=True, slots=True)
class Method(Generic[Request, Response]):
    """A gRPC method. ``streaming`` means a stream of answers; ``write`` means that it must never be repeated."""

    service: str
    name: str
    request: type[Request]
    response: type[Response]
    streaming: bool = False
    write: bool = False

    @property
    def path(self) -> str:
        """The path that goes over the wire."""
        return f"/{self.service}/{self.name}"

    @property
    def short(self) -> str:
        """The name for people, for example ``Webhooks/AddWebhooks``."""
        return f"{self.service.rpartition('.')[2]}/{self.name}"
