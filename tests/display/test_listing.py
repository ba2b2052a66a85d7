"""Listings: slices, long cells, pickling, and numbers that can be reckoned with."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

import chronicle_notebook as cn
from chronicle_notebook.contracts._scalars import UNAVAILABLE
from chronicle_notebook.display._listing import LONGEST_CELL, Column, Listing
from chronicle_notebook.display._origin import Origin
from chronicle_notebook.events import failed_partition_listing, observer_listing
from chronicle_notebook.events._listings import (
    ListenedEventType,
    SequenceTail,
    event_listing,
    event_type_listing,
    listened_listing,
    name_listing,
    sequence_listing,
)
from chronicle_notebook.model import (
    AppendedEvent,
    EventType,
    FailedPartition,
    ObserverState,
    RegisteredEventType,
)
from chronicle_notebook.model._observer import FailedAttempt, RunningState
from chronicle_notebook.session._client import Client
from tests.waiting import eventually

ORIGIN = Origin("kernel:35000", "banking", banner="PROTECTED: there.")


def observer(**changes: Any) -> ObserverState:
    values: dict[str, Any] = {
        "id": "hook",
        "namespace": "Default",
        "event_sequence_id": "event-log",
        "kind": "external",
        "running_state": RunningState.ACTIVE,
        "next_sequence_number": 5,
        "last_handled_sequence_number": 4,
        "tail_sequence_number": 4,
        "handled_count": 5,
    }
    return ObserverState(**values | changes)


def failed(messages: tuple[str, ...] = ("no answer",), number: int = 7) -> FailedPartition:
    attempt = FailedAttempt(datetime(2026, 1, 2, tzinfo=UTC), number, messages)
    return FailedPartition(uuid4(), "hook", "Default", "account-1", (attempt,))


def listened(count: int) -> ListenedEventType:
    kind = RegisteredEventType(EventType("AccountOpened"), {"type": "object"})
    return ListenedEventType(kind, tuple(f"hook-{number:05d}" for number in range(count)))


def every_listing() -> dict[str, Listing[Any]]:
    kind = RegisteredEventType(EventType("AccountOpened"), {"type": "object", "properties": {"owner": {}}})
    event = AppendedEvent(3, EventType("AccountOpened"), "account-1", datetime(2026, 1, 2, tzinfo=UTC), {"a": [1]})
    return {
        "observers": observer_listing([observer(), observer(id="other")], where="here", origin=ORIGIN),
        "failed": failed_partition_listing([failed(), failed()], where="here", origin=ORIGIN),
        "types": event_type_listing([kind, kind], origin=ORIGIN),
        "listened": listened_listing([listened(2), listened(0)], origin=ORIGIN),
        "names": name_listing(["a", "b"], what="event store", where="here", current="b", origin=ORIGIN),
        "sequences": sequence_listing([SequenceTail("a", "d", 2), SequenceTail("b", "d", None)], origin=ORIGIN),
        "events": event_listing([event, event], where="here", origin=ORIGIN),
    }


@pytest.mark.parametrize("name", every_listing())
def test_every_listing_can_be_pickled_and_copied(name: str) -> None:
    listing = every_listing()[name]
    for again in (pickle.loads(pickle.dumps(listing)), copy.deepcopy(listing), copy.copy(listing)):
        assert again == listing
        assert repr(again) == repr(listing)
        assert again._repr_html_() == listing._repr_html_()
        assert again.to_frame().equals(listing.to_frame())


def test_the_listings_of_a_client_can_be_pickled(client: Client) -> None:
    client.webhooks.register("hook", "http://127.0.0.1:9/in", lambda b: b.with_event_type("AccountOpened"))
    client.event_log.append("account-1", "AccountOpened", {"owner": "somebody"})
    eventually(lambda: len(client.observers("hook")) == 1)
    for listing in (
        client.event_stores(),
        client.namespaces(),
        client.event_types(),
        client.listened_event_types(),
        client.event_sequences(),
        client.observers(),
        client.failed_partitions(),
        client.event_log.read(),
        client.known_defects,
    ):
        again = pickle.loads(pickle.dumps(listing))
        assert again == listing
        assert repr(again) == repr(listing)


@pytest.mark.parametrize("name", every_listing())
def test_a_slice_says_of_how_many_it_shows_some(name: str) -> None:
    listing = every_listing()[name]
    caption = repr(listing).splitlines()[1]
    assert repr(listing[:1]).splitlines()[1] == f"1 of 2: {caption}"
    assert f"1 of 2: {caption}".replace("'", "&#x27;") in listing[:1]._repr_html_()
    assert repr(listing[:2]) == repr(listing[:]) == repr(listing), "the whole of it is no part"
    assert repr(listing[:0][:1]).splitlines()[1] == f"0 of 2: {caption}"
    assert repr(pickle.loads(pickle.dumps(listing[:1]))) == repr(listing[:1])


def test_very_many_webhooks_on_one_event_type_are_named_in_part_and_counted() -> None:
    listing = listened_listing([listened(10_000), listened(6), listened(5)], origin=ORIGIN)
    text, html = repr(listing), listing._repr_html_()
    five = ", ".join(f"hook-{number:05d}" for number in range(5))
    assert f"{five} and 9,995 more" in text
    assert f"{five} and 1 more" in text
    assert text.splitlines()[-2].endswith(five)
    assert max(map(len, text.splitlines())) < 200
    assert len(html) < 5_000
    assert listing.to_frame()["listeners"].iloc[0].count(",") == 9_999, "the frame has them all"


def test_a_long_cell_is_cut_where_it_is_shown_and_whole_in_the_frame() -> None:
    listing = failed_partition_listing([failed(("no answer " * 1000,)), failed()], where="here", origin=ORIGIN)
    text, html = repr(listing), listing._repr_html_()
    assert "…" in text
    assert max(map(len, text.splitlines())) < LONGEST_CELL + 200
    assert len(html) < LONGEST_CELL + 3_000
    for shown in (text, html):
        assert "Long cells are cut: to_frame() has the whole values." in shown
        assert ORIGIN.stamp in shown
    assert len(listing.to_frame()["message"].iloc[0]) > 9_000
    assert "cut" not in repr(listing[1:]), "nothing is cut there"


def test_a_cell_as_long_as_can_be_is_not_cut() -> None:
    column = Column[str]("name", "Name", str)
    fits, over = ("x" * LONGEST_CELL, "x" * (LONGEST_CELL + 1))
    assert fits in repr(Listing([fits], [column], caption="c", empty="e", origin=ORIGIN))
    shown = repr(Listing([over], [column], caption="c", empty="e", origin=ORIGIN))
    assert "x" * (LONGEST_CELL - 1) + "…" in shown
    assert over not in shown


def test_numbers_can_be_subtracted_whichever_is_larger() -> None:
    frame = observer_listing(
        [observer(), observer(id="none", tail_sequence_number=None)], where="", origin=ORIGIN
    ).to_frame()
    assert (frame["tail"] - frame["next"])["hook"] == -1
    assert (frame["last_handled"] - frame["next"])["hook"] == -1
    assert frame["handled"].diff().iloc[1] == 0
    assert frame["tail"].isna().tolist() == [False, True]


@pytest.mark.parametrize("name", every_listing())
def test_all_numbers_have_a_sign_and_all_texts_are_of_one_kind(name: str) -> None:
    dtypes = {str(dtype) for dtype in every_listing()[name].to_frame().dtypes}
    assert not [dtype for dtype in dtypes if dtype.startswith(("UInt", "uint"))]
    assert "string" not in dtypes


def test_numbers_that_only_a_kernel_can_count_do_not_break_a_frame() -> None:
    """The numbers near the end of what the wire can hold mean something else to a kernel, as "not yet warmed up"."""
    strange = observer(next_sequence_number=UNAVAILABLE - 2, handled_count=2**63, tail_sequence_number=2**63 - 1)
    frame = observer_listing([strange], where="", origin=ORIGIN).to_frame()
    assert frame["next"].isna().all()
    assert frame["handled"].isna().all()
    assert frame["tail"].iloc[0] == 2**63 - 1
    assert f"{UNAVAILABLE - 2:,}" in repr(observer_listing([strange], where="", origin=ORIGIN))


def test_the_frame_of_a_receiver_has_texts_as_the_others_have() -> None:
    with cn.Receiver() as endpoint:
        frame = endpoint.to_frame()
    observers = observer_listing([], where="", origin=ORIGIN).to_frame()
    assert {frame[name].dtype for name in ("path", "partition", "method")} == {observers["namespace"].dtype}
