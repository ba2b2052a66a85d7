"""The credential that a receiver expects. The value itself is not stored."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import final


@final
class CredentialCheck:
    """Compares a received credential with the expected one, by digests with a key of this process."""

    __slots__ = ("_digest", "_key", "scheme")

    def __init__(self, scheme: str, value: bytes) -> None:
        self.scheme = scheme
        """``Basic`` or ``Bearer``."""
        self._key = secrets.token_bytes(32)
        self._digest = self._digest_of(value)

    @classmethod
    def basic(cls, user: str, password: str) -> CredentialCheck:
        """Expect base64 of ``user:password`` in UTF-8, as kernels send it."""
        return cls("Basic", f"{user}:{password}".encode())

    @classmethod
    def bearer(cls, token: str) -> CredentialCheck:
        """Expect this token."""
        return cls("Bearer", token.encode())

    def __repr__(self) -> str:
        return f"<CredentialCheck: {self.scheme}>"

    def _digest_of(self, value: bytes) -> bytes:
        return hmac.digest(self._key, value, hashlib.sha256)

    def accepts(self, header: str | None) -> bool:
        """Whether this ``Authorization`` header has the credential. The check takes the same time for each wrong
        one."""
        scheme, _, given = (header or "").strip().partition(" ")
        raw = given.strip().encode("utf-8", "surrogateescape")
        value = _decoded(raw) if self.scheme == "Basic" else raw
        same = hmac.compare_digest(self._digest_of(value), self._digest)
        return same and scheme.lower() == self.scheme.lower()


def _decoded(raw: bytes) -> bytes:
    try:
        return base64.b64decode(raw, validate=True)
    except binascii.Error:
        return b""
