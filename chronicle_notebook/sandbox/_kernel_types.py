"""The event types of the kernel itself, on a store's ``system`` sequence, and who of the kernel observes them.

Ids, fields and their types are those that kernels of 16.33.0, 16.37.1 and of a build before 16.38 list. The store
``System`` has others too, about applications, users, event stores and namespaces; those are not listed here, as their
fields were not seen.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

_TEXT: dict[str, Any] = {"type": "string"}
_FLAG: dict[str, Any] = {"type": "boolean"}
_NUMBER: dict[str, Any] = {"type": "integer", "format": "uint64"}
_GENERATION: dict[str, Any] = {"type": "integer", "format": "uint32"}
_TYPE: dict[str, Any] = {
    "type": "object",
    "properties": {"id": _TEXT, "generation": _GENERATION, "tombstone": {"type": "boolean", "default": False}},
    "required": ["id", "generation"],
}
_TYPES: dict[str, Any] = {"type": "array", "items": _TYPE}
_SCHEMA_OF_TYPE = {"eventTypeId": _TEXT, "generation": _GENERATION, "schema": _TEXT}

EVENT_TYPE_ADDED = "EventTypeAdded"

# B32 in docs/fidelity.md: types about applications and users are missing, because the sandbox has neither.
OTHERS: dict[str, dict[str, Any]] = {
    "EventRedactionRequested": {"sequence": _TEXT, "sequenceNumber": _NUMBER, "reason": _TEXT},
    "EventRevised": {"sequence": _TEXT, "sequenceNumber": _NUMBER, "eventType": _TYPE, "content": _TEXT},
    "EventsRedactedForEventSource": {
        "sequence": _TEXT,
        "eventSourceId": _TEXT,
        "eventTypes": _TYPES,
        "reason": _TEXT,
    },
    EVENT_TYPE_ADDED: _SCHEMA_OF_TYPE,
    "EventTypeGenerationAdded": _SCHEMA_OF_TYPE,
    "EventStoreSubscriptionAdded": {"sourceEventStore": _TEXT, "eventTypes": _TYPES},
    "EventStoreSubscriptionRemoved": {},
}
"""The fields of the types that are not about webhooks, in the order in which kernels list them."""

_WEBHOOKS: dict[str, dict[str, Any]] = {
    "WebhookAdded": {
        "owner": {"type": "integer"},
        "eventSequenceId": _TEXT,
        "eventTypes": _TYPES,
        "targetUrl": _TEXT,
        "targetHeaders": {"type": "object", "additionalProperties": _TEXT},
        "isReplayable": _FLAG,
        "isActive": _FLAG,
    },
    "BasicAuthorizationSetForWebhook": {"username": _TEXT, "password": _TEXT},
    "BearerTokenAuthorizationSetForWebhook": {"token": _TEXT},
    "OAuthAuthorizationSetForWebhook": {"authority": _TEXT, "clientId": _TEXT, "clientSecret": _TEXT},
    "EventTypesSetForWebhook": {"eventTypes": _TYPES},
    "TargetUrlSetForWebhook": {"targetUrl": _TEXT},
    "TargetHeadersSetForWebhook": {"targetHeaders": {"type": "object", "additionalProperties": _TEXT}},
    "WebhookRemoved": {},
}


@dataclass(frozen=True, slots=True)
class OwnObserver:
    """A reactor of the kernel, which is listed as an observer of ``system``."""

    id: str
    types: tuple[str, ...]


_PREFIX = "$system.Cratis.Chronicle."
WEBHOOK_REACTOR = OwnObserver(
    f"{_PREFIX}Observation.Webhooks.WebhookReactor",
    tuple(_WEBHOOKS),
)
OWN_OBSERVERS = (
    WEBHOOK_REACTOR,
    OwnObserver(
        f"{_PREFIX}Observation.EventStoreSubscriptions.EventStoreSubscriptionsReactor",
        ("EventStoreSubscriptionAdded", "EventStoreSubscriptionRemoved", "EventStoreAdded"),
    ),
    OwnObserver(
        f"{_PREFIX}EventSequences.Migrations.EventTypeGenerationMigrationReactor", ("EventTypeGenerationAdded",)
    ),
    OwnObserver(
        f"{_PREFIX}EventSequences.EventSequencesReactor",
        ("EventRedactionRequested", "EventsRedactedForEventSource", "EventRevised"),
    ),
)
"""In the order in which kernels on SQL databases list them."""


def schema(name: str) -> str:
    """The schema of one of the kernel's own types, as text."""
    fields = OTHERS.get(name) or _WEBHOOKS.get(name)
    if not fields:
        return '{"type":"object"}'
    return json.dumps({"type": "object", "properties": fields, "required": list(fields)}, separators=(",", ":"))
