"""An event type: an id and a generation; and one as an event store has it registered, with its schema."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from chronicle_notebook.base._public import public

_SUFFIXED = re.compile(r"(.+)\+([0-9]+)", re.DOTALL)


@public
@dataclass(frozen=True, slots=True, order=True)
class EventType:
    """Which kind of event, and which generation of its shape.

    Kernels match events to webhooks by ``id`` alone; the generation is kept and shown. As a text it is ``Id`` in
    generation 1 and ``Id+generation`` otherwise, also in generation 0, which a kernel keeps where a client named none
    (source: K/Contracts/Events/EventType.cs).
    """

    id: str
    generation: int = 1
    tombstone: bool = False
    """Whether an event of this type marks the end of its event source."""

    def __str__(self) -> str:
        # The first is left out, unless the id alone would then be read as an id with a generation.
        plain = self.generation == 1 and _SUFFIXED.fullmatch(self.id) is None
        return self.id if plain else f"{self.id}+{self.generation}"

    @classmethod
    def parse(cls, text: str) -> EventType:
        """Read ``Id`` or ``Id+generation``."""
        found = _SUFFIXED.fullmatch(text)
        return cls(text) if found is None else cls(found[1], int(found[2]))


def registrable(kind: EventType) -> EventType:
    """The event type as a webhook can be registered with it: generation 0, which is none, as the first."""
    return kind if kind.generation else replace(kind, generation=1)


@public
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
