"""Deliveries whose texts cannot be written or shown as they are: whoever shows them must not break, or obey them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from jupyter_client.session import json_packer

import chronicle_notebook as cn
from tests.receiver._http import send

ODD = (
    b'{"partition":"p\\ud800\\u001b[2J","events":[{"context":{"eventType":{"id":"T\\udfff"},"sequenceNumber":1},'
    b'"content":{"a":"\\ud800","n":NaN,"i":Infinity,"\\udc00":[1e999]}}]}'
)


@pytest.fixture
def endpoint() -> Iterator[cn.Receiver]:
    with cn.Receiver() as running:
        send(running.url, ODD)
        yield running


def test_every_form_of_a_delivery_can_be_sent_to_a_notebook(endpoint: cn.Receiver) -> None:
    (delivery,) = endpoint.deliveries
    for text in (
        repr(delivery),
        delivery._repr_html_(),
        repr(endpoint.deliveries),
        endpoint.deliveries._repr_html_(),
        endpoint.to_frame().to_html(),
        repr(endpoint.to_frame()),
        endpoint.to_frame().to_csv(),
    ):
        json_packer({"text": text})
        assert "\x1b" not in text


def test_what_came_is_kept_as_it_came(endpoint: cn.Receiver) -> None:
    (delivery,) = endpoint.deliveries
    assert delivery.partition == "p\ud800\x1b[2J"
    assert delivery.events[0]["content"]["a"] == "\ud800"


def test_an_inspector_shows_it_and_everything_after_it(endpoint: cn.Receiver) -> None:
    inspector = cn.widgets.DeliveryInspector(endpoint)
    sent: list[dict[str, object]] = []
    try:
        inspector.tell = sent.append  # type: ignore[method-assign,assignment]
        inspector._hello({})
        inspector._look({"number": 1})
        for message in sent:
            json_packer({"content": message})
        json_packer({"text": inspector._static()})
    finally:
        inspector.close()
    rows = next(message["rows"] for message in sent if message["kind"] == "all")
    detail = next(message["detail"] for message in sent if message["kind"] == "detail")
    assert isinstance(rows, dict)
    assert isinstance(detail, dict)
    assert rows["partition"] == ["p\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}[2J"]
    event = detail["body"]["events"][0]
    assert event["content"]["a"] == "\N{REPLACEMENT CHARACTER}"
    assert event["content"]["n"] == "NaN", "as the text that it was, since JSON has no such number"
    json.dumps(detail, allow_nan=False)
