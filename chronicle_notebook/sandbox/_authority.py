"""Access tokens: who gets one, and whether a token is valid."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.sandbox.storage._tokens import TokenTable

DEVELOPMENT_CLIENT = "chronicle-dev-client"
DEVELOPMENT_SECRET = Secret("chronicle-dev-secret")
"""The credentials that development builds of a kernel know, and that clients use if they have no others. They are
public (source: C/DotNET/ChronicleClient.cs, K/Core/Setup/Authentication/AuthenticationService.cs)."""

LIFETIME = 3600.0
"""The default lifetime of a token in seconds."""

LENGTH = 688
"""The number of characters of a token, as many as a token of a kernel has (seen at 16.37.1)."""

_MOST = 10_000


class RefusedError(Exception):
    """No token, in the words of OAuth: ``error`` and a description, with the id under which it is documented and the
    HTTP status that goes with it."""

    def __init__(self, error: str, description: str, id_: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.uri = f"https://documentation.openiddict.com/errors/{id_}"
        self.status = status


@dataclass(frozen=True, slots=True)
class Token:
    """A token that was just issued."""

    value: str = field(repr=False)
    lifetime: float
    """Seconds until it expires."""


class Authority:
    """Issues opaque tokens to known clients, and recognises them until they expire or the sandbox stops.

    With a ``table`` they stay valid after a restart. Only digests of tokens are stored. Every valid token allows
    everything, as in a kernel (source: K/Server/Authentication/ServiceCollectionExtensions.cs).
    """

    def __init__(
        self,
        clients: Mapping[str, Secret],
        lifetime: float = LIFETIME,
        *,
        development_client: bool = True,
        table: TokenTable | None = None,
    ) -> None:
        published = {DEVELOPMENT_CLIENT: DEVELOPMENT_SECRET} if development_client else {}
        self._clients = {**published, **clients}
        self._lifetime = lifetime
        self._mutex = threading.Lock()
        self._table = table
        now, today = time.monotonic(), time.time()
        stored = {} if table is None else table.load(today)
        # No token lives longer than a new one, although the clock may have been set back since it was issued.
        self._tokens = {digest: now + min(until - today, lifetime) for digest, until in stored.items()}

    def issue(self, client: str, secret: str) -> Token:
        """A token for a client. Raises RefusedError for an unknown client, and for a wrong secret in other words."""
        known = self._clients.get(client)
        if known is None:
            raise RefusedError("invalid_client", "The specified 'client_id' is invalid.", "ID2052", status=401)
        if not hmac.compare_digest(known.reveal().encode(), secret.encode()):
            raise RefusedError("invalid_client", "The specified client credentials are invalid.", "ID2055", status=401)
        token = secrets.token_urlsafe(LENGTH * 3 // 4)
        digest, now = _digest(token), time.monotonic()
        with self._mutex:
            self._forget(now)
            self._tokens[digest] = now + self._lifetime
            if self._table is not None:
                self._table.add(digest, time.time() + self._lifetime)
        return Token(token, self._lifetime)

    def accepts(self, token: str) -> bool:
        """Whether a token was issued here and has not expired."""
        until = self._tokens.get(_digest(token))
        return until is not None and time.monotonic() < until

    def admits(self, proofs: Sequence[str]) -> bool:
        """Whether the values of the header ``Authorization`` are one valid token, called a bearer in either case."""
        if len(proofs) != 1:
            return False
        scheme, _, token = proofs[0].partition(" ")
        return scheme.lower() == "bearer" and self.accepts(token.strip())

    def _forget(self, now: float) -> None:
        """Forget expired tokens, and the oldest ones if there are too many."""
        if len(self._tokens) >= _MOST:
            good = [(key, until) for key, until in self._tokens.items() if until > now]
            self._tokens = dict(good[-_MOST // 2 :])


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
