"""Lists of webhooks that were not sent to their end, so that the same call again sends nothing twice.

A kernel goes on with a part after the caller's deadline or interruption. The same webhooks sent again meanwhile are
registered twice, and an id that is removed twice is blocked for good (seen on 16.37.1). So this process remembers what
it sent, for each server and event store. Another process cannot know it.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from chronicle_notebook.base._errors import SecretUnavailableError
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.model import WebhookCredentials, WebhookDefinition

KEPT = 900.0
"""The seconds after which it is forgotten. A kernel has finished a part long before."""

_KEY = secrets.token_bytes(32)
"""So that a digest says nothing about a secret."""


@dataclass(slots=True)
class Interrupted:
    """What an unfinished list has sent to an event store."""

    sent: dict[str, bytes] = field(default_factory=dict)
    """A digest of each webhook that was sent, by its id."""
    removed: set[str] = field(default_factory=set)
    """The ids whose removal was sent."""
    under_way: set[str] = field(default_factory=set)
    """The ids of the part without an answer."""
    at: float = field(default_factory=time.monotonic)

    def has(self, wanted: WebhookDefinition) -> bool:
        """Whether exactly this webhook was sent, with these secrets."""
        return wanted.id in self.sent and self.sent[wanted.id] == digest(wanted)


_unfinished: dict[tuple[str, str], Interrupted] = {}


def recalled(server: str, event_store: str) -> Interrupted:
    """What the last unfinished list has sent to an event store. It is empty if there is none."""
    found = _unfinished.get((server, event_store))
    if found is None or time.monotonic() - found.at > KEPT:
        return Interrupted()
    return found


def note(
    server: str,
    event_store: str,
    *,
    sent: Iterable[WebhookDefinition] = (),
    removed: Iterable[str] = (),
    under_way: Iterable[str] = (),
) -> None:
    """Remember an unfinished list. What an earlier one has sent is remembered longer."""
    before = recalled(server, event_store)
    digests = {each.id: digest(each) for each in sent}
    gone = set(removed)
    _unfinished[server, event_store] = Interrupted(
        {**{id_: each for id_, each in before.sent.items() if id_ not in gone}, **digests},
        (before.removed | gone) - digests.keys(),
        set(under_way),
    )


def forget(server: str, event_store: str, webhooks: Iterable[str]) -> None:
    """Forget the webhooks of a call that came to its end."""
    found = _unfinished.get((server, event_store))
    if found is None:
        return
    for webhook in webhooks:
        found.sent.pop(webhook, None)
        found.removed.discard(webhook)
        found.under_way.discard(webhook)
    if not (found.sent or found.removed):
        del _unfinished[server, event_store]


def digest(definition: WebhookDefinition) -> bytes:
    """A digest of all fields of a webhook and of the values of its secrets."""
    authorization = definition.authorization
    values = authorization.values() if isinstance(authorization, WebhookCredentials) else {}
    plain = (
        definition.id,
        definition.target_url,
        sorted((kind.id, kind.generation) for kind in definition.event_types),
        definition.event_sequence_id,
        definition.replayable,
        definition.active,
        authorization.kind.value,
    )
    mixed = hashlib.blake2b(repr(plain).encode(), key=_KEY)
    for name, value in sorted({**definition.headers, **{f"{each}:": values[each] for each in values}}.items()):
        mixed.update(repr(name).encode())
        _mix(mixed, value)
    return mixed.digest()


def _mix(mixed: hashlib.blake2b, value: object) -> None:
    """Add a value; of a secret the value at this moment, unless somebody would be asked for it."""
    if not isinstance(value, Secret):
        mixed.update(repr(value).encode())
    elif value.reference is not None and not value.reference.startswith("env:"):
        mixed.update(value.reference.encode())
    else:
        with suppress(SecretUnavailableError):
            # Never in a local variable, which a traceback can show.
            mixed.update(value.reveal().encode("utf-8", "surrogatepass"))
