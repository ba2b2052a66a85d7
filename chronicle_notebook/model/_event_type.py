"""An event type: an id and a generation; and an event type that an event store has registered, with its schema."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.base._public import public

_SUFFIXED = re.compile(r"(.+)\+([0-9]+)", re.DOTALL)
_MOST_DIGITS = 20
"""More digits than a generation has, and fewer than Python refuses to read."""


KERNEL_EVENT_TYPES = frozenset(
    {
        "BasicAuthorizationSetForWebhook",
        "BearerTokenAuthorizationSetForWebhook",
        "EventRedacted",
        "EventRedactionRequested",
        "EventRevised",
        "EventStoreAdded",
        "EventStoreSubscriptionAdded",
        "EventStoreSubscriptionRemoved",
        "EventTypeAdded",
        "EventTypeGenerationAdded",
        "EventTypesSetForWebhook",
        "EventsRedactedForEventSource",
        "NamespaceAdded",
        "OAuthAuthorizationSetForWebhook",
        "TargetHeadersSetForWebhook",
        "TargetUrlSetForWebhook",
        "WebhookAdded",
        "WebhookRemoved",
    }
)
"""The types of the kernel's own events, of all known releases. A kernel lists them together with those of the clients
(seen on 16.33.0, 16.37.1 and a build of 16.38; source: K/Core/EventTypes/EventTypes.cs)."""


@public
@dataclass(frozen=True, slots=True, order=True)
class EventType:
    """A kind of event, and the generation of its schema.

    Kernels match events to webhooks by ``id`` only; the generation is kept and shown. As text an event type is ``Id``
    in generation 1 and ``Id+generation`` otherwise. A kernel stores generation 0 if a client named none (source:
    K/Contracts/Events/EventType.cs).
    """

    id: str
    generation: int = 1
    tombstone: bool = False
    """Whether an event of this type marks the end of its event source."""

    def __str__(self) -> str:
        # Generation 1 is left out, unless the id alone would then be read as an id with a generation.
        plain = self.generation == 1 and _SUFFIXED.fullmatch(self.id) is None
        return self.id if plain else f"{self.id}+{self.generation}"

    @classmethod
    def parse(cls, text: str) -> EventType:
        """Parse ``Id`` or ``Id+generation``.

        :raises InvalidInputError: the generation has more digits than a number on the wire can have.
        """
        found = _SUFFIXED.fullmatch(text)
        if found is None:
            return cls(text)
        if len(found[2]) > _MOST_DIGITS:
            raise InvalidInputError(
                f"The generation of an event type has {len(found[2]):,} digits, and at most 10 are possible.",
                field="event_type",
                hint="Write, for example, AccountOpened+2.",
            )
        return cls(found[1], int(found[2]))


def registrable(kind: EventType) -> EventType:
    """The event type with which a webhook can be registered: generation 0, which means none, becomes generation 1."""
    return kind if kind.generation else replace(kind, generation=1)


@public
@dataclass(frozen=True, slots=True)
class RegisteredEventType:
    """An event type of an event store."""

    type: EventType
    schema: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """The JSON schema of its content; empty if none was registered."""
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
