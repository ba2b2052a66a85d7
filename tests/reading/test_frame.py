"""The frame: columns and dtypes that do not depend on what is in it, and rows that lose nothing."""

from __future__ import annotations

import gc
from uuid import uuid4

import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from chronicle_notebook.contracts._scalars import guid_to_wire
from chronicle_notebook.contracts.commands._answer import WebhookAnswer
from chronicle_notebook.contracts.commands._columns import _by_ends, columns, definitions
from chronicle_notebook.contracts.wire import webhooks_pb2
from chronicle_notebook.model import EventType, WebhookDefinition
from chronicle_notebook.model._authorization import undisclosed
from chronicle_notebook.reading._frame import columns_of, frame
from chronicle_notebook.session._client import Client

TEXT = str(pd.array([], dtype="str").dtype) if int(pd.__version__.split(".")[0]) > 2 else "object"
"""How pandas names the type of texts: from 3 on ``str``."""
DTYPES = {
    "url": TEXT,
    "event_types": "object",
    "authorization": "category",
    "headers": "object",
    "event_sequence": TEXT,
    "active": "bool",
    "replayable": "bool",
}
TIDY = {
    "url": TEXT,
    "event_type": TEXT,
    "generation": "Int64",
    "authorization": "category",
    "headers": "object",
    "event_sequence": TEXT,
    "active": "bool",
    "replayable": "bool",
}

DETAILS = st.builds(
    webhooks_pb2.WebhookDetailsResponse,
    Identifier=st.text(min_size=1, max_size=8),
    Url=st.text(max_size=12),
    EventSequenceId=st.sampled_from(["event-log", "outbox"]),
    EventTypes=st.lists(
        st.builds(webhooks_pb2.EventType, Id=st.text(min_size=1, max_size=8), Generation=st.integers(0, 5)),
        max_size=3,
    ),
    AuthorizationType=st.integers(0, 3),
    Headers=st.dictionaries(st.text(max_size=6), st.text(max_size=6), max_size=3),
    IsReplayable=st.booleans(),
    IsActive=st.booleans(),
)


def answer(*details: webhooks_pb2.WebhookDetailsResponse) -> WebhookAnswer:
    """The answer of a kernel, read for columns."""
    message = webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse(
        CorrelationId=guid_to_wire(uuid4()), Data=details
    )
    return WebhookAnswer(message.SerializeToString())


def value_of(details: webhooks_pb2.WebhookDetailsResponse) -> WebhookDefinition:
    """The long way: a row read as the message that it is."""
    return WebhookDefinition(
        id=details.Identifier,
        target_url=details.Url,
        event_types=tuple(EventType(kind.Id, kind.Generation, kind.Tombstone) for kind in details.EventTypes),
        authorization=undisclosed(details.AuthorizationType),
        headers=details.Headers,
        event_sequence_id=details.EventSequenceId,
        replayable=details.IsReplayable,
        active=details.IsActive,
    )


def dtypes(table: pd.DataFrame) -> dict[str, str]:
    return {str(name): str(dtype) for name, dtype in table.dtypes.items()}


HOOK = webhooks_pb2.WebhookDetailsResponse(
    Identifier="account-events",
    Url="https://example.com/hooks",
    EventSequenceId="event-log",
    EventTypes=[
        webhooks_pb2.EventType(Id="AccountOpened", Generation=1),
        webhooks_pb2.EventType(Id="FundsDeposited", Generation=2),
    ],
    AuthorizationType=webhooks_pb2.Bearer,
    Headers={"x-team": "payments", "x-source": "my-app"},
    IsActive=True,
)


def test_a_row_shows_what_the_kernel_told() -> None:
    table = frame(columns(answer(HOOK)))
    assert table.index.name == "id"
    assert list(table.index) == ["account-events"]
    assert table.iloc[0].to_dict() == {
        "url": "https://example.com/hooks",
        "event_types": ["AccountOpened", "FundsDeposited+2"],
        "authorization": "bearer",
        "headers": ["x-source", "x-team"],
        "event_sequence": "event-log",
        "active": True,
        "replayable": False,
    }


def test_columns_and_dtypes_are_the_same_when_there_is_nothing() -> None:
    assert dtypes(frame(columns(answer(HOOK)))) == dtypes(frame(columns(answer()))) == DTYPES
    assert dtypes(frame(columns(answer(HOOK)), tidy=True)) == dtypes(frame(columns(answer()), tidy=True)) == TIDY
    assert list(frame(columns(answer()))["authorization"].cat.categories) == ["none", "basic", "bearer", "oauth"]


def test_tidy_has_one_row_per_event_type_and_keeps_a_webhook_without_any() -> None:
    bare = webhooks_pb2.WebhookDetailsResponse(Identifier="bare", Url="http://x")
    table = frame(columns(answer(HOOK, bare)), tidy=True)
    assert list(table.index) == ["account-events", "account-events", "bare"]
    assert table["event_type"].fillna("-").tolist() == ["AccountOpened", "FundsDeposited", "-"]
    assert table["generation"].fillna(-1).tolist() == [1, 2, -1]


def test_header_values_are_in_no_cell() -> None:
    secretive = webhooks_pb2.WebhookDetailsResponse(Identifier="h", Headers={"x-key": "swordfish"})
    assert "swordfish" not in frame(columns(answer(secretive))).to_string()


def test_an_authorization_of_a_later_kernel_is_missing_rather_than_wrong() -> None:
    odd = webhooks_pb2.WebhookDetailsResponse.FromString(HOOK.SerializeToString() + b"\x28\x09")
    assert frame(columns(answer(odd)))["authorization"].isna().all()


@settings(deadline=None)
@given(st.lists(DETAILS, max_size=4, unique_by=lambda details: details.Identifier))
def test_the_short_way_and_the_long_way_give_the_same_frame(
    details: list[webhooks_pb2.WebhookDetailsResponse],
) -> None:
    short = frame(columns(answer(*details)))
    values = [value_of(each) for each in details]
    pd.testing.assert_frame_equal(short, frame(columns_of(values)))
    assert definitions(answer(*details)) == values


@pytest.mark.parametrize(
    ("longest", "field", "quick"),
    [(300, None, True), (20_000, None, False), (300, 0, True), (300, 3, False), (300, 7, False)],
    ids=["rows", "long-row", "unknown-field-first", "unknown-field-between", "unknown-field-last"],
)
def test_rows_of_every_size_and_an_answer_of_a_later_kernel_give_the_same_frame(
    longest: int, field: int | None, quick: bool
) -> None:
    # The sizes of texts and rows take one, two or three bytes.
    texts = [("a", 10), ("b", 100), ("c", 127), ("d", 128), ("e", longest), ("f" * 127, 9), ("g" * 128, 9)]
    details = [
        webhooks_pb2.WebhookDetailsResponse(Identifier=each, Id=each, Url="/" * size, EventSequenceId="log")
        for each, size in texts
    ]
    parts = [
        webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse(Data=[each]).SerializeToString() for each in details
    ]
    if field is not None:
        parts.insert(field, b"\x6a\x02ab")
    data = b"\x10\x01" + b"".join(parts)
    assert (_by_ends(WebhookAnswer(data)) is not None) is quick
    table = frame(columns(WebhookAnswer(data)))
    pd.testing.assert_frame_equal(table, frame(columns_of([value_of(each) for each in details])))


def test_a_field_after_the_rows_that_looks_like_a_row_is_none() -> None:
    details = [
        webhooks_pb2.WebhookDetailsResponse(Identifier=each, Url="http://x", AuthorizationType=kind)
        for each, kind in (("a", webhooks_pb2.Basic), ("b", webhooks_pb2.Bearer), ("c", webhooks_pb2.OAuth))
    ]
    *first, last = (
        webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse(Data=[each]).SerializeToString() for each in details
    )
    table = frame(columns(WebhookAnswer(b"".join([*first, b"\x6a", last[1:]]))))
    assert table["authorization"].to_dict() == {"a": "basic", "b": "bearer"}


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_collection_is_left_as_it_was(enabled: bool) -> None:
    was = gc.isenabled()
    try:
        gc.enable() if enabled else gc.disable()
        columns(answer(HOOK))
        assert gc.isenabled() is enabled
    finally:
        gc.enable() if was else gc.disable()


def test_the_client_gives_the_same_frame_from_the_kernel_and_from_its_list(client: Client) -> None:
    for number, auth in enumerate(("none", "basic")):
        client.webhooks.register(
            f"hook-{number}",
            "http://127.0.0.1:9/x",
            lambda b, auth=auth: (b.with_basic_auth("u", "p") if auth == "basic" else b).with_event_type(  # type: ignore[misc]
                "AccountOpened"
            ),
        )
    from_kernel = client.webhooks.to_frame().sort_index()
    from_list = client.webhooks.all().to_frame().sort_index()
    pd.testing.assert_frame_equal(from_kernel, from_list)
    assert from_kernel["authorization"].tolist() == ["none", "basic"]
