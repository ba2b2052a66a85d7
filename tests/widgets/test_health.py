"""How an explorer puts the state of deliveries into words and values: no kernel, and a clock that the test sets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chronicle_notebook.model import RunningState
from chronicle_notebook.pausing._paused import PausedWebhook
from chronicle_notebook.triage._condition import Condition
from chronicle_notebook.triage._observed import Observed, Queue
from chronicle_notebook.triage._triage import Triage
from chronicle_notebook.widgets._health import (
    CAUGHT_UP,
    INACTIVE,
    UNKNOWN,
    WORST_FIRST,
    Deliveries,
    Health,
    health_of,
    state_in,
)
from chronicle_notebook.widgets._rows import states, unregistered
from chronicle_notebook.widgets._trouble import in_pane, in_row
from tests.triage.test_assess import NOW, failure, hook, observer, triaged

LONG_AGO = NOW.replace(hour=2)


def deliveries(triage: Triage, *paused: PausedWebhook) -> Deliveries:
    return Deliveries(triage, {each.id: each for each in paused})


def away(webhook: str, *missing: str) -> PausedWebhook:
    return PausedWebhook(
        webhook,
        "https://away.example.com/in",
        ("A",),
        NOW,
        "ops@host",
        "moving house",
        {},
        missing,
        missing,
        1,
        Path("x"),
    )


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (RunningState.ACTIVE, CAUGHT_UP),
        (RunningState.REPLAYING, "replaying"),
        (RunningState.SUSPENDED, "suspended"),
        (RunningState.DISCONNECTED, "disconnected"),
        (RunningState.QUARANTINED, "quarantined"),
    ],
)
def test_what_the_observer_does_has_a_word(state: RunningState, word: str) -> None:
    seen = deliveries(triaged(Observed([hook("a")], [observer("a", next_number=10, state=state)])))
    assert seen.health("a").state == word
    assert word in WORST_FIRST


def test_events_of_other_types_are_no_lag() -> None:
    """The sequence has five more events, and none of them is of the webhook's types."""
    seen = deliveries(triaged(Observed([hook("a")], [observer("a", next_number=5)])))
    assert seen.health("a") == Health(CAUGHT_UP, 0, None, seen.rows["a"])
    assert state_in(seen.rows["a"], observer("a", next_number=5)) == CAUGHT_UP
    assert states(seen, ["a"]) == {"a": [WORST_FIRST.index(CAUGHT_UP), 0, 0]}


def test_a_number_that_could_not_be_counted_is_an_upper_limit() -> None:
    queues = {("Default", "a"): Queue(None, None)}
    seen = deliveries(triaged(Observed([hook("a")], [observer("a", next_number=5)], (), queues)))
    assert states(seen, ["a"])["a"][1] == "≤ 5"


def test_a_webhook_without_a_reading_is_not_known_unless_it_is_inactive() -> None:
    assert health_of(None, hook("a")) == Health(UNKNOWN)
    assert health_of(None, hook("a", active=False)) == Health(INACTIVE)
    seen = deliveries(triaged(Observed([hook("other")])))
    assert health_of(seen, hook("a")).state == UNKNOWN
    assert seen.health("other").state == "disconnected"


def test_a_row_that_needs_a_person_says_cause_time_and_what_comes_next() -> None:
    failed = [failure("a", f"s{number}", attempts=9, ago=40) for number in range(3)]
    seen = deliveries(
        triaged(
            Observed([hook("a"), hook("b")], [observer("a"), observer("b")], failed, {}, {("Default", "a", "s0"): 4})
        )
    )
    told = in_row(seen, "a")
    assert told == {
        "order": 0,
        "cause": "refused",
        "why": "Connection refused (10.0.0.1:443)",
        "since": NOW.timestamp() - 120,
        "next": NOW.timestamp() - 40 + 512,
        "attempts": "9 of 11",
    }
    assert in_row(seen, "b") is None
    assert in_row(seen, "never-there") is None
    assert states(seen, ["a", "b"])["a"] == [WORST_FIRST.index("failing"), None, 3, told]


def test_what_is_given_up_is_told_as_far_as_it_is_known() -> None:
    probable = [failure("a", "s1", attempts=11), failure("a", "s2", attempts=2)]
    seen = deliveries(triaged(Observed([hook("a")], [observer("a")], probable)))
    assert (in_row(seen, "a") or {})["lost"] == "1 given up"
    pane = in_pane(seen, seen.rows["a"])
    assert pane is not None
    assert pane["title"] == "The kernel has probably given up on 1 of 2 partitions."
    assert not pane["release"]
    sure = [failure("a", "s1", attempts=11, quarantined=True)]
    seen = deliveries(triaged(Observed([hook("a")], [observer("a")], sure)))
    pane = in_pane(seen, seen.rows["a"])
    assert pane is not None
    assert (pane["title"], pane["release"]) == ("The kernel has given up on 1 partition.", True)


def test_failures_are_grouped_by_cause_with_what_opened_a_circuit() -> None:
    failed = [
        failure("a", "s1", messages=["Delivery failed with status code 500 (InternalServerError)"]),
        *(failure("a", f"r{number}", namespace="B") for number in range(2)),
        failure("a", "c", messages=["The circuit is now open", "Connection refused (10.0.0.9:1)"], namespace="C"),
    ]
    seen = deliveries(triaged(Observed([hook("a")], [observer("a")], failed)))
    pane = in_pane(seen, seen.rows["a"])
    assert pane is not None
    assert [(each["cause"], each["partitions"], each["namespaces"]) for each in pane["causes"]] == [
        ("refused", 2, ["B 2"]),
        ("HTTP 500", 1, ["Default 1"]),
        ("refused", 1, ["C 1"]),
    ]
    assert "opened by 10.0.0.9:1" in pane["causes"][2]["note"]


def test_a_stalled_webhook_is_not_green_and_says_since_when() -> None:
    queues = {("Default", "a"): Queue(22, LONG_AGO)}
    seen = deliveries(triaged(Observed([hook("a")], [observer("a", next_number=3)], (), queues)))
    assert seen.health("a") == Health("stalled", 22, None, seen.rows["a"])
    told = in_row(seen, "a")
    assert told is not None
    assert (told["cause"], told["since"]) == ("nothing handled", LONG_AGO.timestamp())
    pane = in_pane(seen, seen.rows["a"])
    assert pane is not None
    assert (pane["tone"], pane["waiting"]) == ("warning", 22)


def test_a_paused_webhook_has_a_row_and_keeps_its_failures() -> None:
    seen = deliveries(triaged(Observed([], [], [failure("a")]), paused=["a"]), away("a", "env:TOKEN"))
    assert seen.health("a").state == "paused"
    assert unregistered(seen) == [["a", "https://away.example.com/in", ["A"]]]
    pane = in_pane(seen, seen.rows["a"])
    assert pane is not None
    assert pane["title"] == "Paused by ops@host."
    for part in ("Reason: moving house.", "1 partition still fails.", "needs env:TOKEN, which is not set here"):
        assert part in pane["text"]
    assert (in_row(seen, "a") or {})["since"] == NOW.timestamp()


def test_a_pause_whose_file_is_lost_says_so_in_place_of_what_resuming_does() -> None:
    lost = replace(away("a"), problem="x is not there. Bring x back.")
    seen = deliveries(triaged(Observed([], [], []), paused=["a"]), lost)
    pane = in_pane(seen, seen.rows["a"])
    assert pane is not None
    assert pane["text"] == "x is not there. Bring x back."


def test_the_failures_of_a_removed_webhook_have_a_row() -> None:
    seen = deliveries(triaged(Observed([hook("b")], [], [failure("gone")])))
    assert unregistered(seen) == [["gone", "", []]]


def test_every_condition_of_a_triage_has_a_place_in_the_table() -> None:
    assert {each.value for each in Condition} - {Condition.HEALTHY.value} < set(WORST_FIRST)
