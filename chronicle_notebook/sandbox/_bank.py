"""The example of the tutorials as plain data: a bank with a few accounts. It knows neither a kernel nor a client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

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
EVENT_TYPES = tuple(_PROPERTIES)
LIFE, MONEY, ALARM = ("AccountOpened", "AccountClosed"), ("FundsDeposited", "FundsWithdrawn"), ("OverdraftReached",)
HERE = {"x-source": STORE}
"""The headers of most webhooks of the example."""

OWNERS = {f"account-{1000 + number}": f"customer-{16 + number}" for number in range(1, 5)}
"""The accounts of the default namespace and their owners."""
TENANT_OWNERS = {"account-2001": "customer-31"}
"""The accounts of the namespace ``Tenant-B``."""


class Happened(NamedTuple):
    """One event of the example."""

    account: str
    event_type: str
    day: int
    """The day of the example, from 1 on."""
    content: dict[str, object]


def schema(event_type: str) -> str:
    """The JSON schema of an event type of the example."""
    properties = _PROPERTIES[event_type]
    return json.dumps({"type": "object", "properties": properties, "required": list(properties)})


def history(owners: dict[str, str]) -> Iterator[Happened]:
    """The events of the accounts, day by day."""
    day = 0
    for account, owner in owners.items():
        day += 1
        yield Happened(account, "AccountOpened", day, {"owner": owner, "currency": "EUR"})
    for week in range(1, 5):
        for index, account in enumerate(owners):
            day += 1
            deposit = {"amount": 100.0 * week + 25 * index, "reference": f"salary, week {week}"}
            yield Happened(account, "FundsDeposited", day, deposit)
            yield Happened(account, "FundsWithdrawn", day, {"amount": 40.5 + 10 * index, "reference": "rent"})
    first, last = min(owners), max(owners)
    yield Happened(first, "CustomerMoved", day + 1, {"street": "Canal Street 1", "city": "Utrecht"})
    yield Happened(last, "CustomerMoved", day + 2, {"street": "Hill Road 7", "city": "Oslo"})
    yield Happened(last, "AccountClosed", day + 3, {"reason": "moved abroad"})
