"""Webhook definitions, and the events about them that are not in effect yet, in storage."""

from __future__ import annotations

import json
from collections.abc import Iterable

from chronicle_notebook.sandbox._event_type import event_types_from_json
from chronicle_notebook.sandbox._webhook import Authorization, Webhook, event_types_text
from chronicle_notebook.sandbox.storage._database import Database


class WebhookTable:
    """One row for each definition. Its secret is already encrypted."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[tuple[int, Webhook]]:
        """All definitions with the keys of their stores, in order."""
        rows = self._database.rows(
            "SELECT store, id, url, sequence, event_types, headers, authorization, replayable, active "
            "FROM webhooks ORDER BY rowid"
        )
        return [
            (
                row[0],
                Webhook(
                    id=row[1],
                    url=row[2],
                    sequence=row[3],
                    event_types=event_types_from_json(json.loads(row[4])),
                    headers=tuple(json.loads(row[5]).items()),
                    authorization=Authorization.of(json.loads(row[6])),
                    replayable=bool(row[7]),
                    active=bool(row[8]),
                ),
            )
            for row in rows
        ]

    def save(self, store: int, webhooks: Iterable[Webhook]) -> None:
        """Store definitions, replacing those with the same id."""
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT INTO webhooks "
                "(store, id, sequence, event_types, url, headers, authorization, replayable, active) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET sequence = excluded.sequence, "
                "event_types = excluded.event_types, url = excluded.url, headers = excluded.headers, "
                "authorization = excluded.authorization, replayable = excluded.replayable, active = excluded.active",
                [_row(store, webhook) for webhook in webhooks],
            )

    def remove(self, store: int, ids: Iterable[str]) -> None:
        """Delete definitions."""
        with self._database.transaction() as connection:
            connection.executemany("DELETE FROM webhooks WHERE store = ? AND id = ?", [(store, id_) for id_ in ids])

    def unsettled(self) -> list[tuple[int, int, str]]:
        """Store, number and webhook of each system event that is not in effect yet, in order."""
        return self._database.rows("SELECT store, number, webhook FROM unsettled ORDER BY store, number")

    def add_unsettled(self, store: int, entries: Iterable[tuple[int, str]]) -> None:
        """Note system events that will take effect, by number and webhook."""
        with self._database.transaction() as connection:
            connection.executemany("INSERT INTO unsettled VALUES (?, ?, ?)", [(store, *entry) for entry in entries])

    def remove_unsettled(self, store: int, numbers: Iterable[int]) -> None:
        """Note that system events have taken effect."""
        with self._database.transaction() as connection:
            connection.executemany(
                "DELETE FROM unsettled WHERE store = ? AND number = ?", [(store, number) for number in numbers]
            )


def _row(store: int, webhook: Webhook) -> tuple[object, ...]:
    return (
        store,
        webhook.id,
        webhook.sequence,
        event_types_text(webhook.event_types),
        webhook.url,
        json.dumps(dict(webhook.headers)),
        json.dumps(webhook.authorization.json()),
        webhook.replayable,
        webhook.active,
    )
