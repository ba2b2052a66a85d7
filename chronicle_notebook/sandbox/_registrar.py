"""Registering and removing webhooks: events on the store's ``system`` sequence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from chronicle_notebook.sandbox._behaviour import Behaviour
from chronicle_notebook.sandbox._crypto import Crypto
from chronicle_notebook.sandbox._event import Event
from chronicle_notebook.sandbox._log import own_event
from chronicle_notebook.sandbox._reactor import Reactor
from chronicle_notebook.sandbox._registry import Registry
from chronicle_notebook.sandbox._scope import SYSTEM_STORE
from chronicle_notebook.sandbox._stores import Store
from chronicle_notebook.sandbox._webhook import Authorization, AuthorizationKind, Webhook

AUTHORIZATION_EVENTS = {
    AuthorizationKind.BASIC: "BasicAuthorizationSetForWebhook",
    AuthorizationKind.BEARER: "BearerTokenAuthorizationSetForWebhook",
    AuthorizationKind.OAUTH: "OAuthAuthorizationSetForWebhook",
}


class Registrar:
    """Compares what is asked with what is there, and appends the difference.

    Source: K/Core/Services/Observation/Webhooks/Webhooks.cs. Registering is done when the events are appended; they
    take effect later, through the reactor.
    """

    def __init__(self, registry: Registry, reactor: Reactor, crypto: Crypto, behaviour: Behaviour) -> None:
        self._registry = registry
        self._reactor = reactor
        self._crypto = crypto
        self._behaviour = behaviour

    def add(self, store: Store, webhooks: Iterable[Webhook]) -> None:
        """Append what registers these webhooks, whose secrets are in clear.

        When one cannot be registered, those before it are, and its error is raised.
        """
        events: list[Event] = []
        try:
            for webhook in webhooks:
                events.extend(self._difference(store, webhook))
        finally:
            if events:
                self._reactor.append(store, events)

    def remove(self, store: Store, ids: Sequence[str]) -> None:
        """Append the removal of webhooks; an id that does not exist is accepted."""
        if ids:
            self._reactor.append(store, [own_event(id_, "WebhookRemoved", {}) for id_ in ids])

    def _difference(self, store: Store, webhook: Webhook) -> list[Event]:
        secret = self._crypto.encrypt(webhook.authorization.secret)
        webhook = replace(webhook, authorization=replace(webhook.authorization, secret=secret))
        existing = self._registry.find(store, webhook.id)
        if existing is None:
            events = [own_event(webhook.id, "WebhookAdded", _added(webhook))]
            changed = True
        else:
            events = [own_event(webhook.id, name, content) for name, content in _changes(existing, webhook)]
            # A secret is encrypted anew each time, so that a webhook with one always looks changed.
            changed = existing.authorization != webhook.authorization
        kind = webhook.authorization.kind
        lost = self._behaviour.authorization_lost and store.name != SYSTEM_STORE
        if changed and kind is not AuthorizationKind.NONE and not lost:
            events.append(own_event(webhook.id, AUTHORIZATION_EVENTS[kind], _authorization(webhook.authorization)))
        return events


def _added(webhook: Webhook) -> dict[str, Any]:
    return {
        "owner": 1,
        "eventSequenceId": webhook.sequence,
        "eventTypes": [event_type.json() for event_type in webhook.event_types],
        "targetUrl": webhook.url,
        "targetHeaders": dict(webhook.headers),
        "isReplayable": webhook.replayable,
        "isActive": webhook.active,
    }


def _changes(existing: Webhook, webhook: Webhook) -> Iterable[tuple[str, dict[str, Any]]]:
    """The changes that are written; whether it is active or replayable, and its sequence, are not among them."""
    if existing.event_types != webhook.event_types:
        yield "EventTypesSetForWebhook", {"eventTypes": [event_type.json() for event_type in webhook.event_types]}
    if existing.url != webhook.url:
        yield "TargetUrlSetForWebhook", {"targetUrl": webhook.url}
    if dict(existing.headers) != dict(webhook.headers):
        yield "TargetHeadersSetForWebhook", {"targetHeaders": dict(webhook.headers)}


def _authorization(authorization: Authorization) -> dict[str, Any]:
    if authorization.kind is AuthorizationKind.BASIC:
        return {"username": authorization.user, "password": authorization.secret}
    if authorization.kind is AuthorizationKind.BEARER:
        return {"token": authorization.secret}
    return {
        "authority": authorization.authority,
        "clientId": authorization.user,
        "clientSecret": authorization.secret,
    }
