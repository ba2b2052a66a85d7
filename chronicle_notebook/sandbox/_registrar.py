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

ADDED = "WebhookAdded"
REMOVED = "WebhookRemoved"
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
            self._append(store, events)

    def remove(self, store: Store, ids: Sequence[str]) -> None:
        """Append the removal of webhooks; an id that does not exist is accepted."""
        self._append(store, [own_event(id_, REMOVED, {}) for id_ in ids])

    def _append(self, store: Store, events: Iterable[Event]) -> None:
        kept = [event for event in events if self._is_kept(store, event.type.id)]
        if kept:
            self._reactor.append(store, kept)

    def _is_kept(self, store: Store, event_type: str) -> bool:
        """Whether an event can be stored; a kernel does not look at what becomes of those that cannot."""
        if store.name == SYSTEM_STORE:
            return event_type not in (ADDED, REMOVED) or not self._behaviour.system_store_lost
        if event_type in AUTHORIZATION_EVENTS.values():
            return not self._behaviour.authorization_lost
        return event_type in (ADDED, REMOVED) or not self._behaviour.updates_lost

    def _difference(self, store: Store, webhook: Webhook) -> list[Event]:
        secret = self._crypto.encrypt(webhook.authorization.secret)
        wanted = replace(webhook, authorization=replace(webhook.authorization, secret=secret))
        existing = self._registry.find(store, webhook.id)
        if existing is None:
            return _all(wanted)
        changed = self._authorization_changed(existing, webhook)
        if self._behaviour.authorization_miscompared:
            _miscompare(existing.authorization, wanted.authorization)
            none_before = existing.authorization.kind is AuthorizationKind.NONE
            if none_before and replace(wanted, authorization=existing.authorization) == existing:
                changed = False
        if not self._behaviour.changes_ignored and _ignored(existing, wanted):
            return [own_event(wanted.id, REMOVED, {}), *_all(wanted)]
        events = [own_event(wanted.id, name, content) for name, content in _changes(existing, wanted)]
        return events + (_authorization_events(wanted) if changed else [])

    def _authorization_changed(self, existing: Webhook, webhook: Webhook) -> bool:
        """Compare with one whose secret is in clear."""
        before, after = existing.authorization, webhook.authorization
        if replace(before, secret="") != replace(after, secret=""):
            return True
        if not before.secret or not after.secret:
            return before.secret != after.secret
        return self._behaviour.secrets_always_differ or self._crypto.decrypt(before.secret) != after.secret


class TargetException(Exception):  # noqa: N818 - the name that a kernel tells
    """What a kernel's comparison runs into."""


def _miscompare(existing: Authorization, wanted: Authorization) -> None:
    if existing.kind not in (AuthorizationKind.NONE, wanted.kind):
        raise TargetException("Object does not match target type.")


def _ignored(existing: Webhook, wanted: Webhook) -> bool:
    """Whether there is a change that no event is written for."""
    left = (existing.active, existing.replayable, existing.sequence)
    none = wanted.authorization.kind is AuthorizationKind.NONE
    dropped = none and existing.authorization.kind is not AuthorizationKind.NONE
    return dropped or left != (wanted.active, wanted.replayable, wanted.sequence)


def _all(webhook: Webhook) -> list[Event]:
    return [own_event(webhook.id, ADDED, _added(webhook)), *_authorization_events(webhook)]


def _authorization_events(webhook: Webhook) -> list[Event]:
    """The event of an authorization; there is none for having none."""
    name = AUTHORIZATION_EVENTS.get(webhook.authorization.kind)
    return [] if name is None else [own_event(webhook.id, name, _authorization(webhook.authorization))]


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
