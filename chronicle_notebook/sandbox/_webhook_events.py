"""The events about webhooks on a store's ``system`` sequence: their content and their effect.

Source: K/Core/Services/Observation/Webhooks/Webhooks.cs, K/Core/Observation/Webhooks/WebhookReactor.cs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from chronicle_notebook.base._dotnet_json import dumps
from chronicle_notebook.sandbox import _moment
from chronicle_notebook.sandbox._behaviour import Behaviour
from chronicle_notebook.sandbox._event import SYSTEM_IDENTITY, Event
from chronicle_notebook.sandbox._event_type import (
    EventTypeGeneration,
    Registration,
    event_types_from_json,
    event_types_json,
)
from chronicle_notebook.sandbox._kernel_types import EVENT_TYPE_ADDED
from chronicle_notebook.sandbox._stores import SYSTEM_STORE
from chronicle_notebook.sandbox._webhook import Authorization, Webhook, WireAuthorizationKind

ADDED = "WebhookAdded"
REMOVED = "WebhookRemoved"
BASIC_SET = "BasicAuthorizationSetForWebhook"
BEARER_SET = "BearerTokenAuthorizationSetForWebhook"
OAUTH_SET = "OAuthAuthorizationSetForWebhook"
EVENT_TYPES_SET = "EventTypesSetForWebhook"
URL_SET = "TargetUrlSetForWebhook"
HEADERS_SET = "TargetHeadersSetForWebhook"

AUTHORIZATION_SET = {
    WireAuthorizationKind.BASIC: BASIC_SET,
    WireAuthorizationKind.BEARER: BEARER_SET,
    WireAuthorizationKind.OAUTH: OAUTH_SET,
}
"""The event that sets an authorization, by its kind. There is none for no authorization."""

KERNEL_TYPES = (ADDED, REMOVED, BASIC_SET, BEARER_SET, OAUTH_SET, EVENT_TYPES_SET, URL_SET, HEADERS_SET)
"""The kernel's own event types about webhooks, on a store's ``system`` sequence."""


def is_lost(event_type: str, store: str, behaviour: Behaviour) -> bool:
    """Whether an event of a type about webhooks cannot be stored in an event store."""
    if store == SYSTEM_STORE:
        return event_type in (ADDED, REMOVED) and behaviour.system_store_lost
    if event_type in AUTHORIZATION_SET.values():
        return behaviour.authorization_lost
    return event_type not in (ADDED, REMOVED) and behaviour.updates_lost


def registered_in(store: str, behaviour: Behaviour) -> list[str]:
    """The kernel's own event types about webhooks that an event store has. A store cannot store other types, except in
    memory (source: K/Core/EventTypes/EventTypes.cs)."""

    def elsewhere(event_type: str) -> bool:
        return behaviour.own_types_divided and (event_type in (ADDED, REMOVED)) == (store == SYSTEM_STORE)

    return [each for each in KERNEL_TYPES if not elsewhere(each) and not is_lost(each, store, behaviour)]


def added(webhook: Webhook) -> list[Event]:
    """The events that register a new webhook."""
    content = {
        "owner": 1,
        "eventSequenceId": webhook.sequence,
        "eventTypes": event_types_json(webhook.event_types),
        "targetUrl": webhook.url,
        "targetHeaders": dict(webhook.headers),
        "isReplayable": webhook.replayable,
        "isActive": webhook.active,
    }
    return [_event(webhook.id, ADDED, content), *authorization_set(webhook)]


def type_added(entry: Registration) -> Event:
    """What tells that an event type is new."""
    content = {"eventTypeId": entry.type.id, "generation": entry.type.generation, "schema": entry.schema}
    return _event(entry.type.id, EVENT_TYPE_ADDED, content)


def removed(id_: str) -> Event:
    """The event that removes a webhook."""
    return _event(id_, REMOVED, {})


def changed(existing: Webhook, webhook: Webhook) -> list[Event]:
    """The events for the changes that a kernel writes. Changes of active, replayable and sequence are not among
    them."""
    events: list[Event] = []
    if existing.event_types != webhook.event_types:
        events.append(_event(webhook.id, EVENT_TYPES_SET, {"eventTypes": event_types_json(webhook.event_types)}))
    if existing.url != webhook.url:
        events.append(_event(webhook.id, URL_SET, {"targetUrl": webhook.url}))
    if dict(existing.headers) != dict(webhook.headers):
        events.append(_event(webhook.id, HEADERS_SET, {"targetHeaders": dict(webhook.headers)}))
    return events


def authorization_set(webhook: Webhook) -> list[Event]:
    """The event that sets a webhook's authorization, with an encrypted secret; empty for no authorization."""
    authorization = webhook.authorization
    match authorization.kind:
        case WireAuthorizationKind.BASIC:
            content = {"username": authorization.user, "password": authorization.secret}
        case WireAuthorizationKind.BEARER:
            content = {"token": authorization.secret}
        case WireAuthorizationKind.OAUTH:
            content = {
                "authority": authorization.authority,
                "clientId": authorization.user,
                "clientSecret": authorization.secret,
            }
        case _:
            return []
    return [_event(webhook.id, AUTHORIZATION_SET[authorization.kind], content)]


def applied(webhook: Webhook | None, event: Event) -> Webhook | None:
    """The definition after an event other than a removal; None if the webhook is gone."""
    content: Mapping[str, Any] = json.loads(event.content)
    if event.type.id == ADDED:
        return Webhook(
            id=event.source,
            url=content["targetUrl"],
            sequence=content["eventSequenceId"],
            event_types=event_types_from_json(content["eventTypes"]),
            headers=tuple(content["targetHeaders"].items()),
            replayable=content["isReplayable"],
            active=content["isActive"],
        )
    if webhook is None:
        return None
    if event.type.id == EVENT_TYPES_SET:
        return replace(webhook, event_types=event_types_from_json(content["eventTypes"]))
    if event.type.id == URL_SET:
        return replace(webhook, url=content["targetUrl"])
    if event.type.id == HEADERS_SET:
        return replace(webhook, headers=tuple(content["targetHeaders"].items()))
    return replace(webhook, authorization=_authorization(event.type.id, content))


def _authorization(event_type: str, content: Mapping[str, Any]) -> Authorization:
    if event_type == BASIC_SET:
        return Authorization(WireAuthorizationKind.BASIC, content["username"], content["password"])
    if event_type == BEARER_SET:
        return Authorization(WireAuthorizationKind.BEARER, secret=content["token"])
    return Authorization(
        WireAuthorizationKind.OAUTH, content["clientId"], content["clientSecret"], content["authority"]
    )


def _event(source: str, event_type: str, content: Mapping[str, Any]) -> Event:
    """An event of the kernel itself, caused by its System identity."""
    return Event(
        -1,
        EventTypeGeneration(event_type),
        source,
        dumps(content),
        occurred=_moment.now(),
        correlation=str(uuid4()),
        caused_by=SYSTEM_IDENTITY,
        subject=source,
    )
