"""Example data: a bank with a few accounts, and webhooks of every kind."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import replace

from chronicle_notebook.sandbox._bank import (
    ALARM,
    EVENT_TYPES,
    HERE,
    LIFE,
    MONEY,
    NOBODY,
    OWNERS,
    STORE,
    TENANT,
    TENANT_OWNERS,
    Happened,
    history,
    schema,
)
from chronicle_notebook.sandbox._event import Event
from chronicle_notebook.sandbox._event_type import EventTypeGeneration, Registration
from chronicle_notebook.sandbox._event_types import CLIENT, CODE
from chronicle_notebook.sandbox._kernel import Kernel
from chronicle_notebook.sandbox._stores import DEFAULT_NAMESPACE, EVENT_LOG, Store
from chronicle_notebook.sandbox._webhook import NO_AUTHORIZATION, Authorization, Webhook, WireAuthorizationKind


def sow(kernel: Kernel) -> None:
    """Fill the event store ``banking``, unless it exists.

    Nothing of it ever leaves this machine: webhooks with another host are inactive, and the two active ones point at a
    loopback port on which no program listens. One of them is an example of a failing webhook. The other waits for an
    event that never happened: a webhook that does not fail may just not have been used.
    """
    if kernel.stores.find(STORE) is not None:
        return
    store = kernel.store(STORE)
    kernel.stores.ensure_namespace(store, TENANT)
    kernel.types.save(store, [_registration(name) for name in EVENT_TYPES])
    _append(kernel, store, DEFAULT_NAMESPACE, OWNERS)
    _append(kernel, store, TENANT, TENANT_OWNERS)
    kernel.registrar.add(store, _webhooks(inactive_is_lost=kernel.behaviour.inactive_lost))
    kernel.reactor.wait_until_settled()


def _registration(name: str) -> Registration:
    return Registration(EventTypeGeneration(name), schema(name), CLIENT, CODE)


def _append(kernel: Kernel, store: Store, namespace: str, owners: dict[str, str]) -> None:
    scope = kernel.stores.scope(store.name, namespace, EVENT_LOG)
    outcome = kernel.log.append(store, scope, [_event(each) for each in history(owners)], {})
    if not outcome.succeeded:
        raise RuntimeError(f"the examples do not fit their schemas: {outcome}")


def _event(happened: Happened) -> Event:
    identity = json.dumps({"subject": "counter-7", "name": "Counter 7", "userName": "counter-7"})
    day = happened.day
    return Event(
        -1,
        EventTypeGeneration(happened.event_type),
        happened.account,
        json.dumps(happened.content),
        occurred=f"2026-{1 + day // 28:02d}-{1 + day % 28:02d}T09:00:00.0000000+00:00",
        caused_by=identity,
        subject=happened.account,
    )


def _webhooks(*, inactive_is_lost: bool) -> list[Webhook]:
    # A kernel that loses "inactive" would deliver to these hosts after a restart.
    def host(name: str) -> str:
        return NOBODY if inactive_is_lost else f"https://{name}.example.com"

    def hook(id_: str, url: str, types: Sequence[str], headers: dict[str, str], proof: Authorization) -> Webhook:
        event_types = tuple(EventTypeGeneration(name) for name in types)
        return Webhook(id_, url, EVENT_LOG, event_types, tuple(headers.items()), proof, active=False)

    basic = Authorization(WireAuthorizationKind.BASIC, "chronicle", secrets.token_urlsafe(12))
    bearer = Authorization(WireAuthorizationKind.BEARER, secret=secrets.token_urlsafe(24))
    authority = f"{host('login')}/realms/bank"
    oauth = Authorization(WireAuthorizationKind.OAUTH, "chronicle", secrets.token_urlsafe(24), authority)
    path = "/chronicle/webhooks"
    return [
        replace(hook("ledger-mirror", f"{NOBODY}/ledger", LIFE, HERE, NO_AUTHORIZATION), active=True),
        replace(hook("overdraft-alarm", f"{NOBODY}/alarm", ALARM, HERE, NO_AUTHORIZATION), active=True),
        hook("fraud-watch", host("fraud") + path, MONEY, HERE, bearer),
        hook("crm-sync", host("crm") + "/hooks", ("AccountOpened", "CustomerMoved"), {"x-team": "customers"}, basic),
        hook("regulator-report", host("reports") + path, (*LIFE, *ALARM), {}, oauth),
        hook(
            "audit-archive",
            host("reports") + "/archive",
            EVENT_TYPES,
            {"x-environment": "test"},
            NO_AUTHORIZATION,
        ),
    ]
