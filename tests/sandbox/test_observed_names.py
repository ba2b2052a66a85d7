"""Event stores, lists and envelopes, as running kernels of 16.33 to 16.38 answer them, to the byte where that shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import pytest

from chronicle_notebook.sandbox import PROFILES, Sandbox
from chronicle_notebook.sandbox._contract import ROOT
from tests.recorded.recording import Call, Element, recording
from tests.sandbox.caller import Caller, refusal

LONG_NAME = "n" * 300
SQLITE = ("16.33", "16.37", "16.38")
OBSERVED = (*SQLITE, "16.37-postgresql", "16.37-inmemory", "16.38-inmemory")
NAMESPACES = {"16.33": "Namespaces/GetNamespaces"}
TYPES = {"16.38": "EventTypes.EventTypes/AllEventTypes"}


@contextmanager
def caller(profile: str) -> Iterator[Caller]:
    with Sandbox(behaves_like=profile, settle_delay=0) as sandbox:
        found = Caller(sandbox, profile.partition("-")[0])
        yield found
        found.close()


def ensure(caller: Caller, name: str) -> Any:
    early = caller.release == "16.33"
    return caller.call("EventStores/Ensure" if early else "EventStores.EventStores/EnsureEventStore", Name=name)


def listed(answer: Any) -> list[Any]:
    return list(answer.items if hasattr(answer, "items") else answer.Data)


def stores(caller: Caller) -> list[str]:
    early = caller.release == "16.33"
    answer = caller.call("EventStores/GetEventStores" if early else "EventStores.EventStores/AllEventStores")
    return [getattr(each, "Name", each) for each in listed(answer)]


def namespaces(caller: Caller, store: str) -> list[str]:
    answer = caller.call(NAMESPACES.get(caller.release, "Namespaces.Namespaces/AllNamespaces"), EventStore=store)
    return [getattr(each, "Name", each) for each in listed(answer)]


def types(caller: Caller, store: str) -> list[Any]:
    return listed(caller.call(TYPES.get(caller.release, "Events.EventTypes/GetAll"), EventStore=store))


@pytest.mark.parametrize("profile", OBSERVED)
def test_an_event_store_that_does_not_exist_has_no_namespace_and_no_event_type(profile: str) -> None:
    """The switch unknown_store_empty."""
    assert PROFILES[profile].behaviour.unknown_store_empty
    with caller(profile) as found:
        assert namespaces(found, "mistyped") == []
        assert types(found, "mistyped") == []
        assert "mistyped" not in stores(found)
        ensure(found, "there")
        assert namespaces(found, "there") == ["Default"]
        assert types(found, "there")


@pytest.mark.parametrize("profile", OBSERVED)
def test_an_event_store_whose_name_is_no_file_name_is_listed_and_fails_on_sqlite(profile: str) -> None:
    """The switch stores_as_files."""
    fails = PROFILES[profile].behaviour.stores_as_files
    assert fails is (profile in SQLITE)
    with caller(profile) as found:
        if found.release == "16.33":
            code, details = refusal(lambda: ensure(found, LONG_NAME))
            assert code is grpc.StatusCode.UNKNOWN
            assert details.endswith("SqliteException: SQLite Error 14: 'unable to open database file'.")
        else:
            told = list(ensure(found, LONG_NAME).ExceptionMessages)
            assert told == (["SQLite Error 14: 'unable to open database file'."] if fails else [])
        assert LONG_NAME in stores(found)
        ensure(found, "ha#sh")
        assert ("ha" in stores(found)) is fails
        assert "ha#sh" in stores(found)


def answers(name: str) -> dict[str, bytes]:
    """The first answer of a kernel to each call and stream of lists, without the id that differs from call to call."""
    found: dict[str, bytes] = {}
    for each in recording(name).entries:
        told = each.response if isinstance(each, Call) else each.message if isinstance(each, Element) else None
        if told is not None:
            found.setdefault(each.path.removeprefix(f"/{ROOT}."), without_id(told))
    return found


def without_id(answer: bytes) -> bytes:
    """An envelope without the sixteen bytes of its CorrelationId."""
    return answer[:2] + answer[20:]


@pytest.mark.parametrize(
    ("profile", "name", "paths"),
    [
        ("16.37", "16.37.1-sqlite", {"Namespaces.Namespaces/AllNamespaces"}),
        ("16.37-inmemory", "16.37.1-memory", {"Namespaces.Namespaces/AllNamespaces"}),
        (
            "16.38",
            "16.38-branch-sqlite",
            {"Namespaces.Namespaces/AllNamespaces", "Observation.Webhooks.Webhooks/GetWebhooks"},
        ),
    ],
)
def test_an_envelope_has_the_bytes_of_a_kernels(profile: str, name: str, paths: set[str]) -> None:
    """Also the empty texts about a failure, which protobuf leaves out."""
    recorded = answers(name)
    with caller(profile) as found:

        def raw(path: str, content: bytes) -> bytes:
            invoke: Any = found.client._channel.unary_unary(f"/{ROOT}.{path}")
            return without_id(invoke(content, timeout=60))

        made = raw("EventStores.EventStores/EnsureEventStore", b"\x0a\x08recorded")
        assert made == recorded["EventStores.EventStores/EnsureEventStore"]
        for path in sorted(paths):
            assert raw(path, b"\x0a\x08recorded") == recorded[path]


@pytest.mark.parametrize("profile", ["16.38", "19.29"])
def test_a_failed_list_tells_where_it_failed_up_to_16_38(profile: str) -> None:
    with caller(profile) as found:
        answer = found.call("Observation.Webhooks.Webhooks/GetWebhooks", EventStore="")
        assert len(answer.ExceptionMessages) == 1
        assert ("_webhooks.py" in answer.ExceptionStackTrace) is (profile == "16.38")
