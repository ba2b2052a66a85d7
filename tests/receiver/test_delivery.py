from __future__ import annotations

import dataclasses
import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser

import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from chronicle_notebook.base._secrets import MASK
from chronicle_notebook.receiver import Delivery, DeliveryList, Receiver, RequestHeaders
from chronicle_notebook.receiver._body import MAX_TEXT, read_body
from chronicle_notebook.receiver._credential import CredentialCheck
from chronicle_notebook.receiver._headers import authorization_scheme, masked_query
from tests.receiver._http import body, event, send

CANARY = "canary-swordfish"


def delivery(number: int = 1, **more: object) -> Delivery:
    values: dict[str, object] = {
        "number": number,
        "received": datetime(2026, 8, 22, 17, 30, 5, 123456, UTC),
        "method": "POST",
        "path": "/webhooks",
        "status": 200,
        "duration": 0.0125,
    }
    return Delivery(**{**values, **more})  # type: ignore[arg-type]


class Tags(HTMLParser):
    """What a page is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    @property
    def names(self) -> set[str]:
        return {tag for tag, _ in self.seen}


def everything(value: object) -> Iterator[str]:
    """Every text that a value gives away, field by field."""
    yield repr(value)
    yield str(value)
    if isinstance(value, Delivery):
        for each in dataclasses.fields(value):
            yield from everything(getattr(value, each.name))
        yield value._repr_html_()
    if isinstance(value, RequestHeaders):
        yield from (text for pair in value.items() for text in pair)
        yield from (repr(getattr(value, slot)) for slot in RequestHeaders.__slots__)


class TestSecrets:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("Authorization", f"Bearer {CANARY}"),
            ("authorization", f"Basic {CANARY}"),
            ("Authorization", CANARY),
            ("Authorization", f"{CANARY} {CANARY}"),
            ("Proxy-Authorization", f"Bearer {CANARY}"),
            ("X-Api-Token", CANARY),
            ("X-Api-Key", CANARY),
            ("Cookie", f"a={CANARY}"),
            ("X-Hub-Signature-256", f"sha256={CANARY}"),
            ("X-CLIENT-SECRET", CANARY),
            ("X-Credential", CANARY),
            ("X-Password", CANARY),
        ],
    )
    def test_a_credential_that_came_is_nowhere(self, name: str, value: str, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.DEBUG), Receiver() as endpoint:
            endpoint.expect(bearer=CANARY)
            endpoint.on_delivery(lambda each: 1 // 0)
            endpoint.misbehave(status=500, times=1, when=lambda each: bool(1 // 0))
            send(f"{endpoint.url}?token={CANARY}&code={CANARY}&x=1", body(event()), headers={name: value})
        (came,) = endpoint.deliveries
        shown = [*everything(came), repr(endpoint), endpoint._repr_html_(), repr(endpoint.deliveries)]
        shown += [endpoint.deliveries._repr_html_(), endpoint.to_frame().to_csv(), endpoint.to_frame().to_html()]
        shown += [repr(endpoint.callback_errors), repr(vars(endpoint._conduct)), caplog.text]
        shown += [repr(getattr(endpoint._conduct._check, slot)) for slot in CredentialCheck.__slots__]
        assert [text for text in shown if CANARY in text] == []
        assert MASK in came.headers[name]
        assert came.query == f"token={MASK}&code={MASK}&x=1"

    @pytest.mark.parametrize(
        ("header", "scheme", "kept"),
        [
            ("Basic dTpw", "Basic", f"Basic {MASK}"),
            ("BEARER x", "Bearer", f"Bearer {MASK}"),
            ("Digest a=b, c=d", "Digest", f"Digest {MASK}"),
            ("swordfish", "other", MASK),
            ("swordfish trout", "other", MASK),
            ("Bearer", "other", MASK),
        ],
    )
    def test_only_a_registered_scheme_is_kept(self, header: str, scheme: str, kept: str) -> None:
        assert authorization_scheme(header) == scheme
        assert RequestHeaders([("Authorization", header)])["authorization"] == kept

    @settings(deadline=None)
    @given(name=st.text(max_size=10), word=st.sampled_from(["token", "Secret", "PASSWORD", "key", "Auth", "signature"]))
    def test_any_name_with_such_a_word_is_masked(self, name: str, word: str) -> None:
        assert RequestHeaders([(f"{name}{word}", CANARY)]).items() == {(f"{name}{word}", MASK)}
        assert CANARY not in masked_query(f"{word}={CANARY}")


class TestHeaders:
    def test_they_are_found_in_any_case_and_keep_their_spelling(self) -> None:
        headers = RequestHeaders([("X-Source", "a"), ("Accept", "b"), ("x-source", "c")])
        assert headers["x-SOURCE"] == "a, c"
        assert list(headers) == ["X-Source", "Accept"]
        assert "accept" in headers
        assert headers.get("nothing") is None
        assert headers == RequestHeaders([("x-source", "a, c"), ("ACCEPT", "b")])
        assert hash(headers) == hash(RequestHeaders([("x-source", "a, c"), ("ACCEPT", "b")]))
        assert headers != {"X-Source": "a, c"}

    def test_bytes_that_are_no_text_are_replaced(self) -> None:
        assert RequestHeaders([("X-Bad", "a\udcff")])["X-Bad"].encode().startswith(b"a")


class TestBody:
    @pytest.mark.parametrize(
        ("raw", "error"),
        [
            (b"", "The request has no body."),
            (b"hello", "The body is not JSON."),
            (b"\xff\xfe", "The body is not JSON."),
            (b"[" * 100_000, "The body is JSON that is nested too deeply."),
            (b"9" * 5000, "The body is not JSON."),
            (b"[]", "The body is not a JSON object."),
            (b"{}", "The body has no text 'partition'."),
            (b'{"partition": 1, "events": []}', "The body has no text 'partition'."),
            (b'{"partition": "a"}', "The body has no list 'events'."),
            (b'{"partition": "a", "events": [1]}', "Event 1 of the body is not an object."),
            (b'{"partition": "a", "events": [{}]}', "Event 1 of the body has no object 'context'."),
            (
                b'{"partition": "a", "events": [{"context": {"eventType": "x"}}]}',
                "Event 1 of the body has no text 'context.eventType.id'.",
            ),
            (
                b'{"partition": "a", "events": [{"context": {"eventType": {"id": "x"}, "sequenceNumber": true}}]}',
                "Event 1 of the body has no whole number 'context.sequenceNumber'.",
            ),
            (
                b'{"partition": "a", "events": [{"context": {"eventType": {"id": "x"}, "sequenceNumber": 0}}]}',
                "Event 1 of the body has no object 'content'.",
            ),
        ],
    )
    def test_what_is_wrong_is_told_and_the_text_kept(self, raw: bytes, error: str) -> None:
        read = read_body(raw)
        assert (read.error, read.events, read.partition, read.size) == (error, (), None, len(raw))
        assert read.text == (raw[:MAX_TEXT].decode("utf-8", "replace") if raw else None)

    def test_the_second_event_can_be_the_wrong_one(self) -> None:
        good = event()
        error = read_body(json.dumps({"partition": "a", "events": [good, 1]}).encode()).error
        assert error == "Event 2 of the body is not an object."

    def test_a_test_call_without_events_is_fine(self) -> None:
        read = read_body(body(partition="test"))
        assert (read.partition, read.events, read.error, read.text) == ("test", (), None, None)

    def test_a_long_text_is_cut_and_flagged(self) -> None:
        read = read_body(b"x" * (MAX_TEXT + 1))
        assert read.text_truncated
        assert read.text == "x" * MAX_TEXT
        assert not read_body(b"x" * MAX_TEXT).text_truncated

    @settings(max_examples=200, deadline=None)
    @given(
        st.binary(max_size=60)
        | st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["partition", "events", "context", "content", "eventType", "id"]), inner
                )
            ),
            max_leaves=12,
        ).map(lambda document: json.dumps(document).encode())
    )
    def test_any_bytes_are_either_read_or_explained(self, raw: bytes) -> None:
        read = read_body(raw)
        assert (read.error is None) != (read.partition is None)


class TestDelivery:
    def test_it_is_shown_in_a_line(self) -> None:
        assert repr(delivery(events=tuple(event(n) for n in range(2)))) == (
            "<Delivery 1: POST /webhooks, 2 events (OrderPlaced), 200 OK>"
        )
        assert repr(delivery(2, status=None)) == "<Delivery 2: POST /webhooks, no events, no answer>"
        assert repr(delivery(3, status=599, body_error="The body is not JSON.")) == (
            "<Delivery 3: POST /webhooks, The body is not JSON, 599>"
        )
        types = tuple(event(n, f"T{n}") for n in range(5))
        assert delivery(events=types).summary == "5 events (T0, T1, T2 and 2 more)"

    def test_it_cannot_be_changed(self) -> None:
        with pytest.raises(dataclasses.FrozenInstanceError):
            delivery().status = 500  # type: ignore[misc]

    def test_what_came_means_only_itself_in_html(self) -> None:
        evil = "<script>alert(1)</script>\"'&\ud800"
        shown = delivery(
            method=evil,
            path=evil,
            query=evil,
            partition=evil,
            body_text=evil,
            body_error=evil,
            headers=RequestHeaders([(evil, evil)]),
            events=(event(1, evil),),
        )
        for page in (shown._repr_html_(), delivery(events=(event(1, evil, **{evil: evil}),))._repr_html_()):
            tags = Tags(page)
            assert tags.open == []
            assert tags.names <= {
                "abbr",
                "div",
                "table",
                "tr",
                "th",
                "td",
                "details",
                "summary",
                "pre",
                "dl",
                "dt",
                "dd",
            }
            assert any("<script>" in text for text in tags.text)
            page.encode()

    def test_the_page_of_one_holds_its_events(self) -> None:
        tags = Tags(delivery(events=(event(42, total=129.5),))._repr_html_())
        assert any('"total": 129.5' in text for text in tags.text)
        assert "42" in tags.text
        assert "200 OK after 12.5 ms" in tags.text


class TestList:
    def test_it_is_a_sequence(self) -> None:
        items = [delivery(n) for n in (2, 1, 3)]
        deliveries = DeliveryList.of(items)
        assert [each.number for each in deliveries] == [1, 2, 3]
        assert deliveries[-1].number == 3
        assert isinstance(deliveries[1:], DeliveryList)
        assert [each.number for each in deliveries[1:]] == [2, 3]
        assert deliveries[0] in deliveries
        assert deliveries == DeliveryList.of(reversed(items))

    def test_it_is_shown_as_lines(self) -> None:
        text = repr(DeliveryList.of([delivery(events=(event(1),), partition="order-1"), delivery(2, status=None)]))
        lines = [re.split(r"  +", line.strip()) for line in text.splitlines()]
        assert [lines[0], lines[1], *lines[3:]] == [
            ["2 deliveries"],
            ["#", "Received (UTC)", "Request", "Partition", "Holds", "Answered", "ms"],
            ["1", "2026-08-22 17:30:05.123", "POST /webhooks", "order-1", "1 event (OrderPlaced)", "200 OK", "12.5"],
            ["2", "2026-08-22 17:30:05.123", "POST /webhooks", "no events", "no answer", "12.5"],
        ]
        assert repr(DeliveryList()) == "0 deliveries\nNo delivery yet."

    def test_a_long_one_shows_the_latest_and_says_what_is_left_out(self) -> None:
        deliveries = DeliveryList.of([delivery(n) for n in range(1, 1235)], dropped=7)
        lines = repr(deliveries).splitlines()
        assert lines[0] == "The last 60 of 1,234 deliveries"
        assert lines[-1] == "7 older ones were dropped."
        assert lines[-2].startswith("1234 ")
        tags = Tags(deliveries._repr_html_())
        assert sum(tag == "tr" for tag, _ in tags.seen) == 61
        assert {"The last 60 of 1,234 deliveries", "7 older ones were dropped.", "1175", "1234"} <= set(tags.text)
        assert "1174" not in tags.text

    @pytest.mark.parametrize("count", [0, 2])
    def test_the_table_is_accessible_and_static(self, count: int) -> None:
        evil = "<img src=x onerror=alert(1)>"
        tags = Tags(DeliveryList.of([delivery(n, path=evil, partition=evil) for n in range(count)])._repr_html_())
        assert tags.names <= {"abbr", "div", "table", "caption", "thead", "tbody", "tr", "th", "td", "span"}
        assert [attrs["scope"] for tag, attrs in tags.seen if tag == "th"] == ["col"] * 7 + ["row"] * count
        assert tags.open == []
        assert [tag for tag, _ in tags.seen].index("caption") == [tag for tag, _ in tags.seen].index("table") + 1
        allowed = {"scope", "style", "class", "colspan", "cellpadding", "tabindex"}
        assert all(set(attrs) <= ({"title"} if tag == "abbr" else allowed) for tag, attrs in tags.seen)

    def test_the_frame_has_the_same_types_with_and_without_rows(self) -> None:
        full = DeliveryList.of([delivery(7, events=(event(3), event(4, "B")), partition="p"), delivery(8, status=None)])
        frame, empty = full.to_frame(), DeliveryList().to_frame()
        assert list(frame.columns) == [
            *("received", "path", "partition", "events", "sequence_numbers", "event_types", "status", "duration_ms"),
            "method",
        ]
        pd.testing.assert_series_equal(frame.dtypes, empty.dtypes)
        assert frame.index.name == empty.index.name == "number"
        assert frame.index.dtype == empty.index.dtype == "int64"
        assert len(empty) == 0
        first = frame.loc[7]
        assert first["received"] == pd.Timestamp("2026-08-22T17:30:05.123456Z")
        assert (first["events"], first["sequence_numbers"], first["event_types"]) == (2, (3, 4), ("OrderPlaced", "B"))
        assert first["duration_ms"] == pytest.approx(12.5)
        assert frame["status"].isna().tolist() == [False, True]
        assert frame["partition"].isna().tolist() == [False, True]
        assert str(frame["received"].dt.tz) == "UTC"
