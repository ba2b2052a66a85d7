"""An event type: an id and a generation; and one as an event store has it registered, with its schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class EventType:
    """Which kind of event, and which generation of its shape.

    Kernels match events to webhooks by ``id`` alone; the generation is kept and shown.
    """

    id: str
    generation: int = 1
    tombstone: bool = False
    """Whether an event of this type marks the end of its event source."""

    def __str__(self) -> str:
        return self.id if self.generation in {0, 1} else f"{self.id}+{self.generation}"

    @classmethod
    def parse(cls, text: str) -> EventType:
        """Read ``Id`` or ``Id+generation``."""
        name, plus, generation = text.rpartition("+")
        if plus and name and generation.isascii() and generation.isdigit():
            return cls(name, int(generation))
        return cls(text)


@dataclass(frozen=True, slots=True)
class RegisteredEventType:
    """An event type of an event store."""

    type: EventType
    schema: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """The JSON schema of its content; empty when none was registered."""
    owner: str = "client"
    """``client``, ``server`` (the kernel's own) or ``none``."""
    source: str = "code"
    """``code``, ``user`` or ``unknown``."""

    @property
    def id(self) -> str:
        """The id of the type."""
        return self.type.id

    @property
    def generation(self) -> int:
        """The generation of the type."""
        return self.type.generation
