"""What each call carries in addition to its request: an id, and the token in a form that no traceback shows.

The token is metadata of the call. gRPC's own way, a plugin of ``grpc.metadata_call_credentials``, corrupts the heap and
ends the process when a signal interrupts a call at the wrong moment: a loop of unary calls of plain grpcio with such a
plugin, interrupted by SIGALRM at random moments, dies within seconds ("corrupted double-linked list", "double free or
corruption"). The same loop without the plugin continues. So no call of this package has call credentials.
"""

from __future__ import annotations

import os
from typing import Self

from chronicle_notebook.base._secrets import MASK, Secret
from chronicle_notebook.connection._tokens import Tokens

Metadata = tuple[tuple[str, str], ...]


class _Bearer(str):
    """The value of ``authorization``: a text of dots. Only the encoding that gRPC sends has the token.

    A traceback that prints local variables walks through gRPC's frames after an interrupt. It finds the dots there.
    """

    __slots__ = ("_token",)

    _token: Secret

    def __new__(cls, token: Secret) -> Self:
        value = super().__new__(cls, f"Bearer {MASK}")
        value._token = token
        return value

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """The bytes that go over the wire."""
        return f"Bearer {self._token.reveal()}".encode(encoding, errors)


def metadata_of(tokens: Tokens) -> Metadata:
    """The metadata of one call.

    Every call has its own id (source: C/Connections/CorrelationIdClientInterceptor.cs).

    :raises SecretUnavailableError: the token is a reference to a secret that was not found.
    """
    correlation = ("x-correlation-id", _random_id())
    token = tokens.current
    if token is None:
        return (correlation,)
    token.reveal()  # raises here, and not in a frame of gRPC
    return correlation, ("authorization", _Bearer(token))


def _random_id() -> str:
    """A random UUID (RFC 9562, version 4). The module ``uuid`` makes the same, and takes longer to import."""
    number = int.from_bytes(os.urandom(16)) & ~(0xF << 76 | 0x3 << 62) | 0x4 << 76 | 0x2 << 62
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
