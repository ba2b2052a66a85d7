"""Why something did not take effect is told by what kernels of that very version are known to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from google.protobuf.empty_pb2 import Empty

import chronicle_notebook as cn
from chronicle_notebook.contracts.classic import methods as classic
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import (
    clients_pb2,
    event_stores_classic_pb2,
    event_stores_pb2,
    event_types_classic_pb2,
    event_types_pb2,
    host_pb2,
    webhooks_classic_pb2,
    webhooks_pb2,
)
from chronicle_notebook.session._client import Client
from tests.scripted import enveloped, scripted

URL = "https://example.com/hooks"


@contextmanager
def kernel_of(version: str, row: webhooks_pb2.WebhookDetailsResponse | None) -> Iterator[Client]:
    """A client of a `commands` kernel that lists one webhook, whatever is registered, once something was."""
    shown = [] if row is None else [row]

    def add(request: webhooks_pb2.AddWebhooksRequest, _context: Any) -> Any:
        if not shown:
            shown.append(details(request.Webhooks[0].Identifier))
        return enveloped(webhooks_pb2.CommandResult)

    stores = event_stores_pb2.QueryResult_IEnumerable_EventStoreNamesResponse
    types = event_types_pb2.QueryResult_IEnumerable_EventTypeDetailsResponse
    kind = event_types_pb2.EventTypeDetailsResponse(Type=event_types_pb2.EventType(Id="A", Generation=1))
    with scripted(generation=None) as kernel:
        kernel.on(
            methods.CHECK_COMPATIBILITY, clients_pb2.CompatibilityResponse(IsCompatible=True, ServerVersion=version)
        )
        kernel.on(methods.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version=version))
        kernel.on(methods.ALL_EVENT_STORES, enveloped(stores, [event_stores_pb2.EventStoreNamesResponse(Name="shop")]))
        kernel.on(methods.ALL_EVENT_TYPES, enveloped(types, [kind]))
        rows = webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse
        kernel.on(methods.GET_WEBHOOKS, lambda _request, _context: enveloped(rows, shown))
        kernel.on(methods.ADD_WEBHOOKS, add)
        with cn.connect(kernel.connection_string, event_store="shop", name="reasons") as client:
            yield client


def details(webhook: str) -> webhooks_pb2.WebhookDetailsResponse:
    return webhooks_pb2.WebhookDetailsResponse(
        Identifier=webhook,
        Url=URL,
        EventSequenceId="event-log",
        EventTypes=[webhooks_pb2.EventType(Id="A", Generation=1)],
        IsActive=True,
        IsReplayable=True,
    )


def with_bearer(builder: cn.DefinitionBuilder) -> cn.DefinitionBuilder:
    return builder.with_event_type("A").with_bearer_token("t")


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("19.29.4", "Cratis/Chronicle#4567"),
        ("19.32.2", "Cratis/Chronicle#4567"),
        ("unreadable", "Cratis/Chronicle#4567"),
        ("19.32.3", "not a known bug"),
        ("19.33.0-development", "not a known bug"),
    ],
)
def test_credentials_that_do_not_show_are_explained_by_the_version(version: str, told: str) -> None:
    with kernel_of(version, None) as client:
        outcome = client.webhooks.register("h", URL, with_bearer, wait=0.1)
    (item,) = outcome.ineffective
    assert item.field == "authorization"
    assert told in item.reason


@pytest.mark.parametrize(("version", "told"), [("19.29.4", "before 19.32.3"), ("19.32.3", "does not list it.")])
def test_a_change_that_does_not_show_is_explained_by_the_version(version: str, told: str) -> None:
    with kernel_of(version, details("h")) as client:
        outcome = client.webhooks.register("h", "https://example.com/other", lambda b: b.with_event_type("A"), wait=0.1)
    (item,) = outcome.ineffective
    assert item.field == "target_url"
    assert told in item.reason


@contextmanager
def classic_kernel(*, stuck: bool = False) -> Iterator[tuple[Client, list[webhooks_pb2.WebhookDefinition]]]:
    """A client of a `classic` kernel on in-memory storage: it keeps what it is given, the secrets as ciphertext.

    ``stuck`` keeps what is there as it is.
    """
    kept: list[webhooks_pb2.WebhookDefinition] = []

    def add(request: webhooks_classic_pb2.AddWebhooks, _context: Any) -> Any:
        for each in request.Webhooks:
            if each.Target.Authorization.HasField("Value1"):
                each.Target.Authorization.Value1.Token = "crk1:AB:cipher"
            if stuck and any(other.Identifier == each.Identifier for other in kept):
                continue
            kept[:] = [other for other in kept if other.Identifier != each.Identifier] + [each]
        return Empty()

    kind = event_types_classic_pb2.EventType(Id="A", Generation=1)
    types = event_types_classic_pb2.IEnumerable_EventTypeRegistration(
        items=[event_types_classic_pb2.EventTypeRegistration(Type=kind, Schema="{}")]
    )
    hooks = webhooks_classic_pb2.IEnumerable_WebhookDefinition
    stores = enveloped(event_stores_classic_pb2.QueryResult_IEnumerable_String)
    stores.Data.append("shop")
    with scripted(generation="classic") as kernel:
        kernel.on(classic.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="16.37.1"))
        kernel.on(classic.ALL_EVENT_STORES, stores).on(classic.GET_ALL_REGISTRATIONS, types)
        kernel.on(classic.GET_WEBHOOKS, lambda _request, _context: hooks(items=kept)).on(classic.ADD, add)
        with cn.connect(kernel.connection_string, event_store="shop", name="classic-reasons") as client:
            yield client, kept


def test_a_kernel_that_would_send_ciphertext_is_told_of_though_the_read_back_is_as_asked() -> None:
    with classic_kernel() as (client, _):
        plans = [client.webhooks.plan("h", URL, each) for each in (with_bearer, lambda b: b.with_event_type("A"))]
        outcome = client.webhooks.register("h", URL, with_bearer, wait=0.3)
        again = client.webhooks.plan("h", URL, lambda b: b.with_event_type("A"))
        plain = client.webhooks.register("p", URL, lambda b: b.with_event_type("A").not_replayable(), wait=0.3)
    assert outcome.ineffective == ()
    assert any("send the encrypted secret" in note for note in outcome.notes)
    told = "keeps its data in memory keeps the credentials, but sends the encrypted secret"
    assert [any(told in note for note in plan.notes) for plan in plans] == [True, False]
    assert not any("encrypted" in note for note in again.notes), "the kernel ignores this change"
    assert "crk1" not in repr(outcome) + outcome._repr_html_()
    assert not any("encrypted" in note for note in plain.notes)
    assert any("replay a webhook even if it is not replayable" in note for note in plain.notes)


def test_newer_kernels_are_not_blamed_for_it() -> None:
    with kernel_of("19.32.3", None) as client:
        outcome = client.webhooks.register("h", URL, lambda b: b.with_event_type("A"), wait=0.3)
    assert outcome
    assert outcome.notes == ()


def test_the_first_authorization_of_an_existing_webhook_is_known_to_be_ignored_up_to_16_37() -> None:
    with classic_kernel(stuck=True) as (client, _):
        client.webhooks.register("h", URL, lambda b: b.with_event_type("A"), wait=0.3)
        outcome = client.webhooks.register("h", URL, with_bearer, wait=0.2)
    (item,) = outcome.ineffective
    assert item.field == "authorization"
    assert "ignore the first authorization" in item.reason


def test_an_authorization_that_is_dropped_is_not_told_to_be_sent_encrypted_as_well() -> None:
    with classic_kernel(stuck=True) as (client, _):
        client.webhooks.register("h", URL, lambda b: b.with_event_type("A"), wait=0.3)
        outcome = client.webhooks.register("h", URL, with_bearer, wait=0.2)
    assert [item.field for item in outcome.ineffective] == ["authorization"]
    assert not any("encrypted secret" in note for note in outcome.notes)


def test_a_dry_run_tells_of_dropped_credentials_on_a_kernel_that_drops_them() -> None:
    for version, told in (("19.29.4", True), ("19.32.3", False)):
        with kernel_of(version, None) as client:
            assert ("kernels drop credentials" in repr(client.webhooks.plan("h", URL, with_bearer))) is told
