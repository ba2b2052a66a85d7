"""The keys of the file: one table for the reader, the writer's order, the JSON Schema and the documentation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

VERSION = 1
"""The version of the file. A reader refuses any other one."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a mapping of the file."""

    name: str
    about: str
    """What it means, as a sentence or two."""
    schema: Mapping[str, Any] = field(default_factory=dict)
    """Its JSON Schema, without the description."""
    needed: bool = False


_TEXT: Mapping[str, Any] = {"type": "string", "minLength": 1}
_SCALAR: Mapping[str, Any] = {"type": ["string", "number", "boolean"]}
"""The reader takes every scalar as the text in the file, so ``1`` and ``no`` are texts too."""
_PATTERNS: Mapping[str, Any] = {"type": "array", "items": _TEXT, "minItems": 1, "uniqueItems": True}

EVENT_TYPE_KEYS = (
    Key("id", "The id of the event type.", _TEXT, needed=True),
    Key("generation", "The generation, 1 if it is left out.", {"type": "integer", "minimum": 1}),
    Key("tombstone", "Whether the event type marks the end of an event source.", {"type": "boolean"}),
)

WEBHOOK_KEYS = (
    Key("id", "The id of the webhook, which is also the id of its observer.", _TEXT, needed=True),
    Key("url", "The absolute http or https URL to which the kernel POSTs the events.", _TEXT, needed=True),
    Key(
        "event_types",
        "The event types that the webhook receives: an id, an id with a generation such as AccountOpened+2, or a "
        "mapping of id, generation and tombstone.",
        {"oneOf": [_TEXT, {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/event_type"}}]},
    ),
    Key(
        "headers",
        "Extra headers of each delivery, by name. A value that is secret is a reference such as env:NAME.",
        {"type": "object", "additionalProperties": _SCALAR},
    ),
    Key(
        "authorization",
        "How deliveries prove their origin. The secret is a reference such as env:NAME.",
        {"$ref": "#/$defs/authorization"},
    ),
    Key("event_sequence", "The event sequence that the webhook observes; event-log if it is left out.", _TEXT),
    Key(
        "replayable",
        "Whether its events may be sent again from the start; true if it is left out.",
        {"type": "boolean"},
    ),
    Key("active", "Whether events are sent at all; true if it is left out.", {"type": "boolean"}),
)

KEYS = tuple(key.name for key in WEBHOOK_KEYS if not key.needed)
"""The keys of a ``%%webhook`` cell, which has the id and the URL on its first line."""

OWNERSHIP_KEYS = (
    Key("header", "A header that marks the webhooks of this file. Each of them gets it.", _TEXT),
    Key("value", "The value of that header.", _TEXT),
    Key("ids", "Patterns of the ids that this file owns, such as team-*, in place of a header.", _PATTERNS),
)

STATE_KEYS = (
    Key("version", "The version of this file's format.", {"const": VERSION}, needed=True),
    Key("event_store", "The event store that the file is for.", _TEXT),
    Key(
        "owned_by",
        "What the file owns, and so what prune may remove: webhooks with a header of a value, or with ids of these "
        "patterns.",
        {"$ref": "#/$defs/ownership"},
    ),
    Key("unmanaged", "Ids or patterns of webhooks that stay as they are, whatever the file owns.", _PATTERNS),
    Key(
        "variables",
        "Plain texts for ${name} in the texts of the file, by profile and name.",
        {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
                "additionalProperties": _SCALAR,
            },
        },
    ),
    Key("webhooks", "The webhooks.", {"type": "array", "items": {"$ref": "#/$defs/webhook"}}, needed=True),
)


def names(keys: tuple[Key, ...]) -> tuple[str, ...]:
    """The names of keys, in their order."""
    return tuple(key.name for key in keys)
