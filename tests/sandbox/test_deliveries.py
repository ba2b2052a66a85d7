"""Deliveries, as a target sees them."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from urllib.parse import parse_qs
from uuid import UUID

import pytest
from aiohttp import web

from chronicle_notebook.contracts._scalars import guid_to_wire
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import namespaces_pb2, observation_pb2, webhooks_pb2 as wire
from tests.sandbox.conftest import (
    STORE,
    UNAVAILABLE,
    Client,
    Delivery,
    Endpoint,
    accepted,
    append_request,
    hook,
)
from tests.waiting import eventually


@pytest.fixture(autouse=True)
def types(client: Client) -> None:
    client.register_types("One", "Two")


def test_the_body_and_the_headers_are_the_kernels(client: Client, endpoint: Endpoint) -> None:
    client.settle(hook("a", endpoint.url("/hook?x=1"), "One", headers={"X-Source": "shop"}))
    request = append_request("order-ä", "One", {"customerId": "c<9>", "total": 129.5, "list": [1]})
    request.CorrelationId.CopyFrom(guid_to_wire(UUID("7f1a0c0e-6a1b-4a36-9f9e-2f6f2f2b9c11")))
    request.Occurred.Value = "2026-08-22T17:30:05.1234500+00:00"
    request.Causation[0].Occurred.Value = "2026-08-22T17:30:05+00:00"
    request.Causation[0].Properties["softwareVersion"] = "1.2.3"
    request.Tags.append("t")
    accepted(client.call(methods.APPEND, request))
    delivery = eventually(lambda: endpoint.deliveries)[0]
    assert delivery.path == "/hook?x=1"
    assert delivery.method == "POST"
    headers = {name.lower(): value for name, value in delivery.headers.items()}
    headers.pop("host")
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", headers.pop("traceparent"))
    assert headers == {
        "content-type": "application/json; charset=utf-8",
        "x-source": "shop",
        "transfer-encoding": "chunked",
    }
    text = delivery.raw.decode("ascii")
    assert text.startswith('{"partition":"order-\\u00E4","events":[{"context":{"eventType":{"id":"One",')
    assert '"customerId":"c\\u003C9\\u003E"' in text
    body = delivery.body
    assert len(base64.b64decode(body["events"][0]["context"].pop("hash"))) == 32
    assert body == {
        "partition": "order-ä",
        "events": [
            {
                "context": {
                    "eventType": {"id": "One", "generation": 1, "tombstone": False},
                    "eventSourceType": "Default",
                    "eventSourceId": "order-ä",
                    "eventStreamType": "All",
                    "eventStreamId": "Default",
                    "sequenceNumber": 0,
                    "occurred": "2026-08-22T17:30:05.12345+00:00",
                    "eventStore": "shop",
                    "namespace": "Default",
                    "correlationId": "7f1a0c0e-6a1b-4a36-9f9e-2f6f2f2b9c11",
                    "causation": [
                        {
                            "occurred": "2026-08-22T17:30:05+00:00",
                            "type": "Test",
                            "properties": {"softwareVersion": "1.2.3"},
                        }
                    ],
                    "causedBy": {"subject": "s", "name": "n", "userName": "u"},
                    "tags": ["t"],
                    "observationState": 1,
                    "subject": "order-ä",
                    "subjectIsEventSourceId": True,
                },
                "content": {"customerId": "c<9>", "total": 129.5, "list": [1]},
                "originalContent": "",
                "revisions": [],
                "generationalContent": {"1": '{"customerId":"c\\u003C9\\u003E","total":129.5,"list":[1]}'},
                "isRevised": False,
            }
        ],
    }


def test_basic_and_bearer_credentials_are_sent_in_clear_text(client: Client, endpoint: Endpoint) -> None:
    client.settle(
        hook("basic", endpoint.url("/basic"), "One", basic=("user", "pä:ss")),
        hook("bearer", endpoint.url("/bearer"), "One", bearer=("token-1",)),
        hook("none", endpoint.url("/none"), "One"),
    )
    client.append("s", "One")
    eventually(lambda: len(endpoint.deliveries) == 3)
    sent = {delivery.path: delivery.headers.get("Authorization") for delivery in endpoint.deliveries}
    assert sent == {
        "/basic": "Basic " + base64.b64encode("user:pä:ss".encode()).decode(),
        "/bearer": "Bearer token-1",
        "/none": None,
    }


class Authority(Endpoint):
    """An endpoint that is an OAuth authority as well."""

    lifetime: int | None = 3600
    broken = False

    def answer(self, delivery: Delivery) -> web.StreamResponse | int:
        if delivery.path.endswith("/.well-known/openid-configuration"):
            return web.json_response({"token_endpoint": self.url("/token")})
        if delivery.path == "/token":
            if self.broken:
                return 401
            answer = {"access_token": "granted", "token_type": "Bearer"}
            return web.json_response(answer if self.lifetime is None else {**answer, "expires_in": self.lifetime})
        return 200


@pytest.fixture
def authority(endpoint: Endpoint) -> Authority:
    endpoint.__class__ = Authority
    assert isinstance(endpoint, Authority)
    return endpoint


def test_an_oauth_token_is_acquired_once_and_sent(client: Client, authority: Authority) -> None:
    client.settle(hook("o", authority.url(), "One", oauth=(authority.url("/realm/"), "client-1", "s3cret")))
    client.append("s", "One")
    eventually(lambda: len(authority.numbers("/hook")) == 1)  # two sources that are caught up with would ask at once
    client.append("t", "One")
    authority_paths = ["/realm/.well-known/openid-configuration", "/token"]
    eventually(lambda: len(authority.numbers("/hook")) == 2)
    assert [delivery.path for delivery in authority.deliveries[:3]] == [*authority_paths, "/hook"]
    assert len(authority.deliveries) == 4
    form = parse_qs(authority.deliveries[1].raw.decode())
    assert form == {"grant_type": ["client_credentials"], "client_id": ["client-1"], "client_secret": ["s3cret"]}
    assert [delivery.headers.get("Authorization") for delivery in authority.deliveries[2:]] == ["Bearer granted"] * 2


def test_an_oauth_token_without_a_lifetime_is_never_sent(client: Client, authority: Authority) -> None:
    authority.lifetime = None
    client.settle(hook("o", authority.url(), "One", oauth=(authority.url("/realm"), "c", "s")))
    client.append("s", "One")
    client.append("t", "One")  # another source, so that they are two requests
    eventually(lambda: len(authority.numbers("/hook")) == 2)
    assert [delivery.headers.get("Authorization") for delivery in authority.deliveries if delivery.path == "/hook"] == [
        None,
        None,
    ]
    assert sum(delivery.path == "/token" for delivery in authority.deliveries) == 2


def test_an_authority_that_refuses_fails_the_delivery(client: Client, authority: Authority) -> None:
    authority.broken = True
    client.settle(hook("o", authority.url(), "One", oauth=(authority.url("/realm"), "c", "s3cret-canary")))
    client.append("s", "One")
    (failed,) = eventually(lambda: client.failed("o"))
    assert "Response status code does not indicate success: 401" in failed.Attempts[0].Messages[0]
    assert "s3cret-canary" not in str(failed)


def test_a_new_webhook_gets_all_events_from_the_first_one_on(client: Client, endpoint: Endpoint) -> None:
    for number in range(5):
        client.append("s", "One" if number % 2 == 0 else "Two")
    client.settle(hook("a", endpoint.url(), "One"))
    endpoint.expect([0, 2, 4])
    client.append("s", "One")
    endpoint.expect([0, 2, 4, 5])


def test_events_come_in_order_while_they_are_appended(client: Client, endpoint: Endpoint) -> None:
    client.settle(hook("h", endpoint.url(), "One"))
    for number in range(200):
        client.append(f"s{number % 7}", "One")
    endpoint.expect(list(range(200)))


def test_two_webhooks_with_the_same_types_both_get_every_event_while_it_is_appended(
    client: Client, endpoint: Endpoint
) -> None:
    # They share pages of events, and one must not see what the other read before an append.
    client.settle(hook("a", endpoint.url("/a"), "One"), hook("b", endpoint.url("/b"), "One"))
    for number in range(300):
        client.append(f"s{number % 3}", "One")
    endpoint.expect(list(range(300)), "/a")
    endpoint.expect(list(range(300)), "/b")


def test_every_namespace_is_observed_also_one_that_comes_later(client: Client, endpoint: Endpoint) -> None:
    client.settle(hook("h", endpoint.url(), "One"))
    request = namespaces_pb2.EnsureNamespaceRequest(EventStore=STORE, Namespace="Tenant-B")
    accepted(client.call(methods.ENSURE_NAMESPACE, request))
    client.append("s", "One")
    client.append("s", "One", namespace="Tenant-B")
    client.append("s", "One", namespace="Unheard-of")
    eventually(lambda: len(endpoint.deliveries) == 3)
    assert {delivery.body["events"][0]["context"]["namespace"] for delivery in endpoint.deliveries} == {
        "Default",
        "Tenant-B",
        "Unheard-of",
    }


def test_an_inactive_webhook_and_one_without_event_types_get_nothing(client: Client, endpoint: Endpoint) -> None:
    client.settle(
        hook("inactive", endpoint.url("/inactive"), "One", active=False),
        hook("empty", endpoint.url("/empty")),
        hook("marker", endpoint.url("/marker"), "One"),
    )
    client.append("s", "One")
    endpoint.expect([0], "/marker")
    assert [delivery.path for delivery in endpoint.deliveries] == ["/marker"]
    request = observation_pb2.AllObserversRequest(EventStore=STORE, Namespace="Default")
    observers = {row.Id: row for row in client.call(methods.GET_OBSERVERS, request).items}
    assert sorted(observers) == ["empty", "marker"]
    assert observers["empty"].RunningState == observation_pb2.OBSERVER_RUNNING_STATE_Disconnected


def test_event_types_match_by_id_whatever_the_generation(client: Client, endpoint: Endpoint) -> None:
    other = hook("a", endpoint.url(), "One")
    other.EventTypes[0].Generation = 7
    client.settle(other)
    client.append("s", "One")
    endpoint.expect([0])


def test_event_types_that_are_added_later_bring_no_older_events(client: Client, endpoint: Endpoint) -> None:
    client.settle(hook("a", endpoint.url(), "One"))
    client.append("s", "One")
    client.append("s", "Two")
    endpoint.expect([0])
    eventually(lambda: client.observer("a").LastHandledEventSequenceNumber == 0)
    accepted(client.add(hook("a", endpoint.url(), "One", "Two")))
    eventually(lambda: len(client.webhooks()["a"].EventTypes) == 2)
    client.append("s", "Two")
    endpoint.expect([0, 2])


def test_a_webhook_that_is_removed_and_added_again_goes_on_where_it_was(client: Client, endpoint: Endpoint) -> None:
    client.settle(hook("a", endpoint.url(), "One"))
    client.append("s", "One")
    endpoint.expect([0])
    eventually(lambda: client.observer("a").HandledEventCount == 1)
    accepted(client.call(methods.REMOVE_WEBHOOKS, wire.RemoveWebhooksRequest(EventStore=STORE, Webhooks=["a"])))
    eventually(lambda: not client.observer("a").IsSubscribed)
    assert client.observer("a").RunningState == observation_pb2.OBSERVER_RUNNING_STATE_Disconnected
    assert client.observer("a").Type == observation_pb2.External
    client.append("s", "One")
    client.settle(hook("a", endpoint.url(), "One"))
    endpoint.expect([0, 1])


def test_a_redirect_is_followed(client: Client, endpoint: Endpoint) -> None:
    def answer(delivery: Delivery) -> web.StreamResponse | int:
        return web.Response(status=307, headers={"Location": "/new"}) if delivery.path == "/old" else 200

    endpoint.answer = answer  # type: ignore[method-assign]
    client.settle(hook("a", endpoint.url("/old"), "One"))
    client.append("s", "One")
    endpoint.expect([0], "/new")
    eventually(lambda: client.observer("a").HandledEventCount == 1)


@pytest.mark.parametrize(
    ("path", "sent"),
    [("/a%2fb/%41?x=%20&y=a+b%2B", "/a%2fb/%41?x=%20&y=a+b%2B"), ("/ä b?q=ü", "/%C3%A4%20b?q=%C3%BC")],
)
def test_the_url_is_sent_as_it_was_registered(client: Client, endpoint: Endpoint, path: str, sent: str) -> None:
    client.settle(hook("a", endpoint.url(path), "One"))
    client.append("s", "One")
    assert eventually(lambda: endpoint.deliveries)[0].target == sent


def test_a_target_that_does_not_answer_holds_up_no_other(client: Client, endpoint: Endpoint) -> None:
    stuck = asyncio.start_server(lambda _reader, _writer: asyncio.sleep(60), "127.0.0.1", 0)
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(stuck)  # it accepts connections by the backlog, and never reads from one
    port = server.sockets[0].getsockname()[1]
    try:
        client.settle(hook("stuck", f"http://127.0.0.1:{port}/", "One"), hook("fine", endpoint.url(), "One"))
        for _ in range(20):
            client.append("s", "One")
        endpoint.expect(list(range(20)))
        assert client.observer("stuck").LastHandledEventSequenceNumber == UNAVAILABLE
    finally:
        server.close()
        loop.run_until_complete(server.wait_closed())
        loop.close()


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        (hook("bad", "relative", "One"), "An invalid request URI was provided."),
        (hook("bad", "/relative", "One"), "The 'file' scheme is not supported."),
        (hook("bad", "http://127.0.0.1:9/", "One", headers={"Content-Type": "text/plain"}), "Misused header name"),
        (hook("bad", "http://127.0.0.1:9/", "One", headers={"a b": "x"}), "invalid format"),
        (hook("bad", "http://127.0.0.1:9/", "One", headers={"a": "x\r\ny"}), "New-line or NUL"),
        (
            hook("bad", "http://127.0.0.1:9/", "One", headers={"authorization": "x"}, bearer=("t",)),
            "does not support multiple values",
        ),
        (hook("bad", "http://127.0.0.1:9/", "One"), "Connection refused (127.0.0.1:9)"),
    ],
)
def test_a_definition_that_cannot_work_fails_each_delivery(
    client: Client, definition: wire.WebhookDefinition, message: str
) -> None:
    client.settle(definition)
    client.append("s", "One")
    (failed,) = eventually(lambda: client.failed("bad"))
    assert message in failed.Attempts[0].Messages[0]


def test_two_thousand_webhooks_receive_one_event_each(client: Client, endpoint: Endpoint) -> None:
    client.settle(*[hook(f"h{number}", endpoint.url(f"/{number}"), "Two") for number in range(2_000)])
    client.append("s", "Two", {"n": json.dumps("x")})
    eventually(lambda: len(endpoint.deliveries) == 2_000)
    assert {delivery.path for delivery in endpoint.deliveries} == {f"/{number}" for number in range(2_000)}
