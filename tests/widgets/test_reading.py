"""What one reading of the explorer asks the kernel: each fact once."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from chronicle_notebook.contracts.negotiated import NegotiatedGateway
from chronicle_notebook.session._client import Client
from chronicle_notebook.widgets._health import read_deliveries


def _counting(name: str, asked: Counter[str]) -> Any:
    call = getattr(NegotiatedGateway, name)

    def counting(gateway: NegotiatedGateway, *arguments: Any) -> Any:
        asked[name] += 1
        return call(gateway, *arguments)

    return counting


def test_a_reading_asks_for_the_namespaces_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.webhooks.register("audit", "http://127.0.0.1:9/in", lambda b: b.with_event_type("AccountOpened"))
    client.ensure_namespace("Tenant")
    before = read_deliveries(client)
    asked: Counter[str] = Counter()
    for name in ("namespaces", "webhooks", "observers", "failed_partitions"):
        monkeypatch.setattr(NegotiatedGateway, name, _counting(name, asked))
    found = read_deliveries(client, before)
    assert "audit" in found.rows
    assert asked == {"namespaces": 1, "webhooks": 1, "observers": 2, "failed_partitions": 2}, "two namespaces"
