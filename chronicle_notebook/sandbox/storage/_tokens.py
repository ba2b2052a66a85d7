"""Digests of access tokens in storage."""

from __future__ import annotations

from chronicle_notebook.sandbox.storage._database import Database


class TokenTable:
    """The digests of tokens, each with the time at which it expires, in seconds since 1970."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, now: float) -> dict[bytes, float]:
        """The tokens that are valid at a time, those that expire first in front. The others are deleted."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM tokens WHERE until <= ?", (now,))
            return dict(connection.execute("SELECT digest, until FROM tokens ORDER BY until").fetchall())

    def add(self, digest: bytes, until: float) -> None:
        """Store a token."""
        with self._database.transaction() as connection:
            connection.execute("INSERT INTO tokens VALUES (?, ?)", (digest, until))
