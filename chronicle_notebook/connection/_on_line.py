"""One server, for the agreement that is made with it before anybody else calls it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from google.protobuf.message import Message

from chronicle_notebook.contracts._method import Method
from chronicle_notebook.contracts._sealed import Sealed

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
