"""Example data: a bank with a few accounts, and webhooks of every kind."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace

from chronicle_notebook.sandbox._event import Event
from chronicle_notebook.sandbox._event_type import EventTypeGeneration, Registration
from chronicle_notebook.sandbox._event_types import CLIENT, CODE
from chronicle_notebook.sandbox._kernel import Kernel
from chronicle_notebook.sandbox._stores import DEFAULT_NAMESPACE, EVENT_LOG, Store
from chronicle_notebook.sandbox._webhook import NO_AUTHORIZATION, Authorization, Webhook, WireAuthorizationKind

STORE = "banking"
TENANT = "Tenant-B"
NOBODY = "http://127.0.0.1:9"
"""A loopback port on which no program listens."""

_MONEY = {"type": "number", "format": "decimal"}
_TEXT = {"type": "string"}
_PROPERTIES: dict[str, dict[str, dict[str, str]]] = {
    "AccountOpened": {"owner": _TEXT, "currency": _TEXT},
    "FundsDeposited": {"amount": _MONEY, "reference": _TEXT},
    "FundsWithdrawn": {"amount": _MONEY, "reference": _TEXT},
    "AccountClosed": {"reason": _TEXT},
    "CustomerMoved": {"street": _TEXT, "city": _TEXT},
    "OverdraftReached": {"limit": _MONEY},
}
_OWNERS = {f"account-{1000 + number}": f"customer-{16 + number}" for number in range(1, 5)}


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
    kernel.types.save(store, [_registration(name) for name in _PROPERTIES])
    _append(kernel, store, DEFAULT_NAMESPACE, list(_history(_OWNERS)))
    _append(kernel, store, TENANT, list(_history({"account-2001": "customer-31"})))
    kernel.registrar.add(store, _webhooks(inactive_is_lost=kernel.behaviour.inactive_lost))
    kernel.reactor.wait_until_settled()


def _registration(name: str) -> Registration:
    properties = _PROPERTIES[name]
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return Registration(EventTypeGeneration(name), json.dumps(schema), CLIENT, CODE)


def _append(kernel: Kernel, store: Store, namespace: str, events: Sequence[Event]) -> None:
    scope = kernel.stores.scope(store.name, namespace, EVENT_LOG)
    outcome = kernel.log.append(store, scope, events, {})
    if not outcome.succeeded:
        raise RuntimeError(f"the examples do not fit their schemas: {outcome}")


def _history(owners: dict[str, str]) -> Iterator[Event]:
    """The events of the accounts, day by day."""
    day = 0
    for account, owner in owners.items():
        day += 1
        yield _event(account, "AccountOpened", day, {"owner": owner, "currency": "EUR"})
    for week in range(1, 5):
        for index, account in enumerate(owners):
            day += 1
            deposit = {"amount": 100.0 * week + 25 * index, "reference": f"salary, week {week}"}
            yield _event(account, "FundsDeposited", day, deposit)
            yield _event(account, "FundsWithdrawn", day, {"amount": 40.5 + 10 * index, "reference": "rent"})
    first, last = min(owners), max(owners)
    yield _event(first, "CustomerMoved", day + 1, {"street": "Canal Street 1", "city": "Utrecht"})
    yield _event(last, "CustomerMoved", day + 2, {"street": "Hill Road 7", "city": "Oslo"})
    yield _event(last, "AccountClosed", day + 3, {"reason": "moved abroad"})


def _event(account: str, name: str, day: int, content: dict[str, object]) -> Event:
    identity = json.dumps({"subject": "counter-7", "name": "Counter 7", "userName": "counter-7"})
    return Event(
        -1,
        EventTypeGeneration(name),
        account,
        json.dumps(content),
        occurred=f"2026-{1 + day // 28:02d}-{1 + day % 28:02d}T09:00:00.0000000+00:00",
        caused_by=identity,
        subject=account,
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
    life, money = ("AccountOpened", "AccountClosed"), ("FundsDeposited", "FundsWithdrawn")
    alarm, path = ("OverdraftReached",), "/chronicle/webhooks"
    here = {"x-source": STORE}
    return [
        replace(hook("ledger-mirror", f"{NOBODY}/ledger", life, here, NO_AUTHORIZATION), active=True),
        replace(hook("overdraft-alarm", f"{NOBODY}/alarm", alarm, here, NO_AUTHORIZATION), active=True),
        hook("fraud-watch", host("fraud") + path, money, here, bearer),
        hook("crm-sync", host("crm") + "/hooks", ("AccountOpened", "CustomerMoved"), {"x-team": "customers"}, basic),
        hook("regulator-report", host("reports") + path, (*life, *alarm), {}, oauth),
        hook(
            "audit-archive",
            host("reports") + "/archive",
            tuple(_PROPERTIES),
            {"x-environment": "test"},
            NO_AUTHORIZATION,
        ),
    ]
