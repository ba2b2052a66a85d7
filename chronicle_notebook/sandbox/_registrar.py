"""Registering and removing webhooks: events on the store's ``system`` sequence."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace

from chronicle_notebook.sandbox._behaviour import Behaviour
from chronicle_notebook.sandbox._crypto import Crypto
from chronicle_notebook.sandbox._event import Event
from chronicle_notebook.sandbox._reactor import Reactor
from chronicle_notebook.sandbox._registry import Registry
from chronicle_notebook.sandbox._stores import Store
from chronicle_notebook.sandbox._webhook import Authorization, Webhook, WireAuthorizationKind
from chronicle_notebook.sandbox._webhook_events import added, authorization_set, changed, is_lost, removed


class Registrar:
    """Compares the request with the existing webhooks, and appends the difference.

    Source: K/Core/Services/Observation/Webhooks/Webhooks.cs. A registration is finished when its events are appended;
    the reactor applies them later.
    """

    def __init__(
        self, registry: Registry, reactor: Reactor, crypto: Crypto, behaviour: Behaviour, time_scale: float
    ) -> None:
        self._registry = registry
        self._reactor = reactor
        self._crypto = crypto
        self._behaviour = behaviour
        self._each = behaviour.registration_seconds * time_scale
        self._ended = threading.Event()

    def interrupt(self) -> None:
        """End the slow work on a list."""
        self._ended.set()

    def add(self, store: Store, webhooks: Iterable[Webhook]) -> None:
        """Append what registers these webhooks, whose secrets are in clear.

        If one cannot be registered, its error is raised; the webhooks before it are registered.
        """
        events: list[Event] = []
        try:
            for webhook in webhooks:
                if self._each:
                    self._work(store, events)
                events.extend(self._difference(store, webhook))
        finally:
            self._append(store, events)

    def remove(self, store: Store, ids: Sequence[str]) -> None:
        """Append the removal of webhooks. An unknown id is accepted, and a repeated id counts once."""
        events: list[Event] = []
        for id_ in dict.fromkeys(ids):
            if self._each:
                self._work(store, events)
            events.append(removed(id_))
        self._append(store, events)

    def _work(self, store: Store, events: list[Event]) -> None:
        """Append what was done of a list, and take the time for its next webhook."""
        self._append(store, events)
        events.clear()
        self._ended.wait(self._each)

    def _append(self, store: Store, events: Iterable[Event]) -> None:
        # A kernel does not notice that events cannot be stored.
        kept = [event for event in events if not is_lost(event.type.id, store.name, self._behaviour)]
        if kept:
            self._reactor.append(store, kept)

    def _difference(self, store: Store, webhook: Webhook) -> list[Event]:
        secret = self._crypto.encrypt(webhook.authorization.secret)
        wanted = replace(webhook, authorization=replace(webhook.authorization, secret=secret))
        existing = self._registry.find(store, webhook.id)
        if existing is None or self._reactor.is_leaving(store, webhook.id):
            return added(wanted)
        reauthorized = self._authorization_changed(existing, webhook)
        if self._behaviour.authorization_miscompared:
            _miscompare(existing.authorization, wanted.authorization)
            none_before = existing.authorization.kind is WireAuthorizationKind.NONE
            if none_before and replace(wanted, authorization=existing.authorization) == existing:
                reauthorized = False
        if not self._behaviour.changes_ignored and _ignored(existing, wanted):
            return [removed(wanted.id), *added(wanted)]
        return changed(existing, wanted) + (authorization_set(wanted) if reauthorized else [])

    def _authorization_changed(self, existing: Webhook, webhook: Webhook) -> bool:
        """Compare with a webhook whose secret is in clear."""
        before, after = existing.authorization, webhook.authorization
        if replace(before, secret="") != replace(after, secret=""):
            return True
        if not before.secret or not after.secret:
            return before.secret != after.secret
        return self._behaviour.secrets_always_differ or self._crypto.decrypt(before.secret) != after.secret


class TargetException(Exception):  # noqa: N818 - the name that a kernel tells
    """The error of a kernel's comparison."""


_SECURITY = "Cratis.Chronicle.Concepts.Security."
_CLASSES = {
    WireAuthorizationKind.NONE: "OneOf.Types.None",
    WireAuthorizationKind.BASIC: f"{_SECURITY}BasicAuthorization",
    WireAuthorizationKind.BEARER: f"{_SECURITY}BearerTokenAuthorization",
    WireAuthorizationKind.OAUTH: f"{_SECURITY}OAuthAuthorization",
}


def _miscompare(existing: Authorization, wanted: Authorization) -> None:
    if existing.kind not in (WireAuthorizationKind.NONE, wanted.kind):
        raise TargetException(
            f"Object type {_CLASSES[existing.kind]} does not match target type {_CLASSES[wanted.kind]}."
        )


def _ignored(existing: Webhook, wanted: Webhook) -> bool:
    """Whether there is a change that no event is written for."""
    left = (existing.active, existing.replayable, existing.sequence)
    none = wanted.authorization.kind is WireAuthorizationKind.NONE
    dropped = none and existing.authorization.kind is not WireAuthorizationKind.NONE
    return dropped or left != (wanted.active, wanted.replayable, wanted.sequence)
