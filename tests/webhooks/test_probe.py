"""The test request: what is sent, and what its answer is said to prove."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator

import pytest

import chronicle_notebook as cn
from chronicle_notebook._client import Client
from chronicle_notebook.model import EventType, OAuthAuthorization, WebhookDefinition
from chronicle_notebook.webhooks._probe import Grade, probe


@pytest.fixture
def endpoint() -> Iterator[cn.Receiver]:
    with cn.Receiver() as receiver:
        yield receiver


def hook(url: str, **changes: object) -> WebhookDefinition:
    return WebhookDefinition("h", url, (EventType("AccountOpened"),)).changed(**changes)


def test_an_answer_of_2xx_is_told_from_any_other_answer(endpoint: cn.Receiver) -> None:
    good = probe(hook(endpoint.url))
    assert (bool(good), good.grade, good.status) == (True, Grade.ACCEPTED, 200)
    endpoint.misbehave(status=500)
    bad = probe(hook(endpoint.url))
    assert (bool(bad), bad.grade, bad.status) == (False, Grade.ANSWERED, 500)
    assert any("count any answer as delivered" in caveat for caveat in bad.caveats)


def test_no_answer_is_told_with_the_reason() -> None:
    with socket.socket() as probe_socket:
        probe_socket.bind(("127.0.0.1", 0))
        port = probe_socket.getsockname()[1]
    answer = probe(hook(f"http://127.0.0.1:{port}/x"), timeout=1)
    assert (answer.grade, answer.status) == (Grade.NO_ANSWER, None)
    assert "refused" in answer.detail


def test_a_slow_target_is_given_up_after_the_timeout(endpoint: cn.Receiver) -> None:
    endpoint.misbehave(delay=5)
    answer = probe(hook(endpoint.url), timeout=0.3)
    assert answer.grade is Grade.NO_ANSWER
    assert answer.duration < 2


def test_it_sends_the_kernels_test_body_with_headers_and_credentials(endpoint: cn.Receiver) -> None:
    endpoint.expect(bearer=cn.Secret("swordfish"))
    definition = cn.DefinitionBuilder().with_event_type("A").with_bearer_token("swordfish").with_header("x-a", "1")
    answer = probe(definition.build("h", endpoint.url + "?q=1"))
    assert answer, "the receiver answers 401 unless the token is right"
    (delivery,) = endpoint.deliveries
    assert (delivery.method, delivery.partition, delivery.events) == ("POST", "test", ())
    assert delivery.headers["x-a"] == "1"
    assert delivery.headers["content-type"] == "application/json; charset=utf-8"
    assert "swordfish" not in repr(answer) + answer._repr_html_() + repr(vars(type(answer)))


def test_basic_credentials_are_sent(endpoint: cn.Receiver) -> None:
    endpoint.expect(basic=("ada", cn.Secret("swordfish")))
    builder = cn.DefinitionBuilder().with_event_type("A").with_basic_auth("ada", "swordfish")
    assert probe(builder.build("h", endpoint.url))
    assert base64.b64encode(b"ada:swordfish").decode() not in repr(endpoint.deliveries)


def test_what_was_not_shown_is_said(client: Client, endpoint: cn.Receiver) -> None:
    client.webhooks.register(
        "h", endpoint.url, lambda b: b.with_event_type("AccountOpened").with_bearer_token("swordfish")
    )
    answer = client.webhooks.test("h")
    assert any("without its bearer credentials" in caveat for caveat in answer.caveats)
    oauth = hook(endpoint.url, authorization=OAuthAuthorization("https://login", "c", cn.Secret("s")))
    assert any("only the kernel fetches" in caveat for caveat in probe(oauth).caveats)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/ü", "http://127.0.0.1:99999/x", "http://127.0.0.1:9/a b", f"http://{'a' * 70}.com/"]
)
def test_a_url_that_cannot_be_requested_is_no_answer(url: str) -> None:
    # Definitions that are read back are those of any client, and no kernel checks their URLs.
    answer = probe(hook(url), timeout=1)
    assert (answer.grade, answer.status) == (Grade.NO_ANSWER, None)
    assert answer.detail == "its URL cannot be requested"


def test_a_value_that_no_header_can_carry_is_still_an_error(endpoint: cn.Receiver) -> None:
    with pytest.raises(cn.InvalidDefinitionError, match="no header can carry"):
        probe(hook(endpoint.url, headers={"x-key": cn.Secret("ends\n")}))
