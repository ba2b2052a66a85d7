"""Where events are: a sequence of a namespace of an event store."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_NAMESPACE = "Default"
SYSTEM_STORE = "System"
SYSTEM_SEQUENCE = "system"
EVENT_LOG = "event-log"


@dataclass(frozen=True, slots=True)
class Scope:
    """A sequence, with the key it has in storage."""

    key: int
    store: str
    namespace: str
    sequence: str
