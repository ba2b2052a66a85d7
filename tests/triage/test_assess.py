"""The condition of webhooks, from what was read: no kernel, and a clock that the test sets."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

import chronicle_notebook as cn
from chronicle_notebook.display._origin import Origin
from chronicle_notebook.model import EventType, FailedAttempt, FailedPartition, ObserverState, RunningState
from chronicle_notebook.model._observer import WEBHOOK_REACTOR
from chronicle_notebook.triage._assess import assess
from chronicle_notebook.triage._observed import Observed, Queue

NOW = datetime(2025, 11, 20, 3, 7, 9, tzinfo=UTC)


def hook(webhook: str, *, active: bool = True) -> cn.WebhookDefinition:
    made = cn.DefinitionBuilder().with_event_type("A")
    return (made if active else made.not_active()).build(webhook, f"https://{webhook}.example.com/in")


def observer(
    webhook: str, *, next_number: int = 5, state: RunningState = RunningState.ACTIVE, namespace: str = "Default"
) -> ObserverState:
    return ObserverState(webhook, namespace, "event-log", "external", state, next_number, None, 9, 0, (EventType("A"),))


def failure(
    webhook: str,
    partition: str = "s",
    attempts: int = 1,
    ago: float = 1.0,
    messages: Sequence[str] = ("Connection refused (10.0.0.1:443)",),
    quarantined: bool | None = None,
    namespace: str = "Default",
) -> FailedPartition:
    times = [NOW - timedelta(seconds=ago + 10 * (attempts - 1 - each)) for each in range(attempts)]
    tried = tuple(FailedAttempt(when, 7, tuple(messages)) for when in times)
    return FailedPartition(uuid4(), webhook, namespace, partition, tried, quarantined)


def triaged(
    reading: Observed, *, now: datetime = NOW, paused: Sequence[str] = (), before: cn.Triage | None = None
) -> cn.Triage:
    return assess(reading, origin=Origin("kernel:35000", "shop", read_at=now), paused=paused, before=before)


def test_each_condition_comes_in_its_place_the_worst_first() -> None:
    names = ["fine", "off", "slow", "moving", "alone", "failing", "over", "blocked"]
    hooks = [hook(each, active=each != "off") for each in names]
    states = {"blocked": RunningState.QUARANTINED, "alone": RunningState.DISCONNECTED}
    reading = Observed(
        hooks,
        [observer(each, state=states.get(each, RunningState.ACTIVE)) for each in names if each != "off"],
        [failure("failing", attempts=3), failure("over", attempts=11)],
        {
            ("Default", "slow"): Queue(4, NOW - timedelta(seconds=61)),
            ("Default", "moving"): Queue(2, NOW - timedelta(seconds=59)),
        },
        {("Default", "failing", "s"): 6},
    )
    found = triaged(reading, paused=["later"])
    assert [(each.webhook, each.condition, each.severity) for each in found] == [
        ("blocked", "quarantined", "high"),
        ("over", "given up", "high"),
        ("failing", "failing", "high"),
        ("alone", "disconnected", "medium"),
        ("slow", "stalled", "medium"),
        ("later", "paused", "low"),
        ("off", "inactive", "low"),
        ("moving", "delivering", "none"),
        ("fine", "healthy", "none"),
    ]
    assert [each.webhook for each in found.failing] == ["blocked", "over", "failing"]
    assert found.counts["failing"] == 1
    assert (found.partitions, found.webhooks, found["failing"].waiting, found["over"].waiting) == (2, 8, 6, None)
    for each in found:
        compile(each.next_step or "None", each.webhook, "eval")
        assert each.next_step in repr(each)
        assert repr(each).startswith(f"{each.webhook}: {each.condition}\n")
    assert {each.webhook: each.next_step for each in found} == {
        "blocked": "client.clear_quarantine('blocked')",
        "over": "client.webhooks.test('over') and client.retry_failed_partitions('over', release=True)",
        "failing": "client.webhooks.test('failing') and client.retry_failed_partitions('failing')",
        "alone": "client.describe('alone')",
        "slow": "client.webhooks.test('slow')",
        "later": "client.webhooks.resume('later')",
        "off": "",
        "moving": "",
        "fine": "",
    }


def test_among_the_failing_those_come_first_for_which_most_events_wait_and_then_the_oldest() -> None:
    reading = Observed(
        [hook(each) for each in "abc"],
        [observer(each) for each in "abc"],
        [failure("a", ago=5), failure("b", ago=9), failure("c", ago=1)],
        waiting={("Default", "a", "s"): 1, ("Default", "b", "s"): 1, ("Default", "c", "s"): 2},
    )
    assert [each.webhook for each in triaged(reading)] == ["c", "b", "a"]


def test_a_webhook_that_has_handled_something_since_the_last_look_is_not_stalled() -> None:
    queue = {("Default", "a"): Queue(40, NOW - timedelta(hours=1))}
    first = triaged(Observed([hook("a")], [observer("a", next_number=5)], queues=queue))
    assert first["a"].condition == "stalled"
    assert first["a"].since == NOW - timedelta(hours=1)
    again = Observed([hook("a")], [observer("a", next_number=5)], queues=queue)
    moved = Observed([hook("a")], [observer("a", next_number=6)], queues=queue)
    assert triaged(again, before=first)["a"].condition == "stalled"
    assert triaged(moved, before=first)["a"].condition == "delivering"


def test_the_countdown_ends_when_the_kernel_gives_up_by_its_own_rule() -> None:
    rows = {
        attempts: triaged(Observed([hook("a")], [observer("a")], [failure("a", attempts=attempts, ago=0)]))["a"]
        for attempts in (1, 9, 10, 11)
    }
    assert rows[1].next_attempt == NOW + timedelta(seconds=2)
    assert rows[9].next_attempt == NOW + timedelta(seconds=512)
    assert rows[10].next_attempt == NOW + timedelta(seconds=600)
    assert rows[11].next_attempt is None
    assert [row.outlook(NOW) for row in rows.values()] == [
        "attempt 1 of 11, about 27 minutes left",
        "attempt 9 of 11, about 19 minutes left",
        "attempt 10 of 11, about 10 minutes left",
        "probably given up",
    ]
    assert [row.told_quarantine for row in rows.values()] == ["no", "no", "no", "probable"]


def test_an_attempt_that_was_due_long_ago_and_did_not_come_makes_it_probable() -> None:
    reading = Observed([hook("a")], [observer("a")], [failure("a", attempts=3, ago=600)])
    row = triaged(reading)["a"]
    assert (row.condition, row.told_quarantine, row.given_up) == ("given up", "probable", 1)
    assert triaged(reading, now=NOW - timedelta(seconds=590))["a"].condition == "failing"


def test_an_attempt_since_the_last_look_shows_that_it_goes_on_whatever_the_clocks_say() -> None:
    one = failure("a", attempts=3, ago=3600)
    more = FailedPartition(one.id, "a", "Default", "s", (*one.attempts, one.attempts[-1]), None)
    first = triaged(Observed([hook("a")], [observer("a")], [one]))
    assert first["a"].condition == "given up"
    assert triaged(Observed([hook("a")], [observer("a")], [more]), before=first)["a"].condition == "failing"
    assert triaged(Observed([hook("a")], [observer("a")], [one]), before=first)["a"].condition == "given up"


def test_where_the_kernel_tells_the_quarantine_it_is_not_called_probable_and_the_retry_releases() -> None:
    reading = Observed([hook("a")], [observer("a")], [failure("a", attempts=11, quarantined=True)])
    row = triaged(reading)["a"]
    assert (row.told_quarantine, row.outlook(NOW)) == ("quarantined", "given up")
    assert row.next_step.endswith("client.retry_failed_partitions('a', release=True)")
    told_not = Observed([hook("a")], [observer("a")], [failure("a", attempts=11, quarantined=False)])
    assert triaged(told_not)["a"].condition == "failing"


def test_some_partitions_given_up_and_others_not() -> None:
    reading = Observed([hook("a")], [observer("a")], [failure("a", "s", 11), failure("a", "t", 4)])
    row = triaged(reading)["a"]
    assert (row.condition, row.given_up) == ("given up", 1)
    assert row.outlook(NOW) == "1 of 2 probably given up"
    assert row.next_attempt == NOW + timedelta(seconds=15)


def test_partitions_of_a_removed_webhook_and_of_the_kernels_own_observer_are_in_it() -> None:
    blocked = failure(WEBHOOK_REACTOR, "ghost", messages=["Object reference not set to an instance of an object."])
    found = triaged(Observed([], [], [failure("gone"), blocked]))
    assert {each.webhook: str(each.cause) for each in found} == {"gone": "refused", WEBHOOK_REACTOR: "blocked id"}
    assert (
        found[WEBHOOK_REACTOR].next_step
        == f"client.failed_partitions({WEBHOOK_REACTOR!r})  # register under other ids: ghost"
    )
    # Nothing ends it, so it is no alarm.
    assert (found[WEBHOOK_REACTOR].condition, found[WEBHOOK_REACTOR].severity) == ("blocked", "medium")
    assert [each.webhook for each in found.failing] == ["gone"]
    assert [each.kind for each in found] == ["removed webhook", "reactor"]
    assert "gone (removed webhook)" in repr(found)
    assert found.webhooks == 0


def test_a_paused_webhook_has_its_failed_partitions_and_is_not_called_failing() -> None:
    found = triaged(Observed([], [], [failure("calm")]), paused=["calm"])
    assert (found["calm"].condition, len(found["calm"].failed)) == ("paused", 1)
    assert not found.failing


def test_the_numbers_of_json_are_those_of_the_headline_and_those_of_all_have_their_own_names() -> None:
    waiting = {("Default", "bad", "s"): 2, ("Default", "calm", "s"): 3}
    found = triaged(
        Observed([hook("bad")], [observer("bad")], [failure("bad"), failure("calm")], waiting=waiting), paused=["calm"]
    )
    told = found.facts()
    assert "1 partition, 2 events wait" in found.headline
    assert [told[name] for name in ("failing", "partitions", "waiting")] == [1, 1, 2]
    assert [told[f"{name}_in_all"] for name in ("partitions", "waiting")] == [2, 5]


def test_causes_are_grouped_with_an_open_circuit_under_what_opened_it() -> None:
    circuit = ("The circuit is now open and is not allowing calls.", "Connection refused (10.0.0.9:8443)")
    reading = Observed(
        [hook(each) for each in "abc"],
        [observer(each) for each in "abc"],
        [failure("a"), failure("b", messages=circuit), failure("c", messages=["status code 503 (no)"])],
    )
    found = triaged(reading)
    assert {cause: [row.webhook for row in rows] for cause, rows in found.by_cause().items()} == {
        "refused": ["a", "b"],
        "HTTP 503": ["c"],
    }
    cause = found["b"].cause
    assert cause is not None
    assert (str(cause), cause.address) == ("circuit open (refused)", "10.0.0.9:8443")


def test_the_next_step_for_a_shared_circuit_names_the_target_that_opened_it() -> None:
    circuit = ("The circuit is now open and is not allowing calls.", "Connection refused (10.0.0.9:8443)")
    observed = Observed([hook("b")], [observer("b")], [failure("b", messages=circuit)], shared_circuit=True)
    row = triaged(observed)["b"]
    assert row.next_step.startswith("client.webhooks.test('b')  # if it is well, mend the target")
    assert row.next_step.endswith("at 10.0.0.9:8443")
    compile(row.next_step, "pasted", "eval")


def test_attempts_beyond_those_of_the_kernel_are_told_with_its_limit() -> None:
    text = repr(triaged(Observed([hook("a")], [observer("a")], [failure("a", attempts=17)])))
    assert "17 (11 allowed)" in text
    assert "17 of 11" not in text


def test_the_frame_has_types_and_the_worst_first_also_when_it_is_empty() -> None:
    reading = Observed([hook("a"), hook("b")], [observer("a"), observer("b")], [failure("b", attempts=2)])
    frame, empty = triaged(reading).to_frame(), triaged(Observed()).to_frame()
    assert list(frame.index) == ["b", "a"]
    assert frame.iloc[0][["condition", "cause", "attempts", "given_up"]].to_list() == ["failing", "refused", 2, "no"]
    assert list(frame.columns) == list(empty.columns)
    assert [str(each) for each in frame.dtypes] == [str(each) for each in empty.dtypes]


def test_what_it_shows_is_a_card_by_cause_and_a_table_without_the_healthy_ones() -> None:
    reading = Observed([hook("a"), hook("b")], [observer("a"), observer("b")], [failure("b", attempts=2)])
    found = triaged(reading)
    text, page = repr(found), found._repr_html_()
    assert text.startswith("! 1 webhook fails in event store 'shop': 1 partition")
    assert "about 27 minutes" not in text
    assert "2 of 11" in text
    assert "\na  " not in text
    assert "<script" not in page
    assert "2 webhooks in all." in text
    calm = repr(triaged(Observed([hook("a")], [observer("a")])))
    assert calm.startswith("No webhook fails in event store 'shop'")
    assert "No webhook needs attention." in calm


def test_it_keeps_no_credential_of_a_url_that_a_kernel_quotes() -> None:
    leaky = ["Delivery to webhook 'https://me:hunter2@h.example.com/x?token=hunter2' failed with status code 500 (x)."]
    found = triaged(Observed([hook("a")], [observer("a")], [failure("a", messages=leaky)]))
    assert "hunter2" not in repr(found) + found._repr_html_() + repr(found["a"].cause) + str(found.facts())
    assert str(found["a"].cause) == "HTTP 500"


def test_slices_and_pickles_are_triages_too() -> None:
    found = triaged(Observed([hook("a"), hook("b")], [observer("a"), observer("b")], [failure("b")]))
    assert isinstance(found[:1], cn.Triage)
    assert pickle.loads(pickle.dumps(found)).counts == found.counts
    with pytest.raises(KeyError):
        found["nobody"]


def test_a_clock_of_the_kernel_that_is_ahead_is_told() -> None:
    found = triaged(Observed([hook("a")], [observer("a")], [failure("a", ago=-3600)]))
    assert "clock is ahead of this machine's by at least 60 min" in repr(found)
    assert found["a"].condition == "failing"
    assert found["a"].outlook(NOW) == "attempt 1 of 11, about 27 minutes left", "never more than the kernel's rule"


@pytest.mark.parametrize(
    ("ahead", "told"), [(3600, "This machine's clock is ahead"), (-3600, "The kernel's clock is ahead"), (20, "")]
)
def test_what_is_due_is_counted_by_the_clock_of_the_kernel(ahead: float, told: str) -> None:
    now = NOW + timedelta(seconds=ahead)  # by the clock of this machine
    reading = Observed(
        [hook("a"), hook("b")],
        [observer("a"), observer("b", next_number=5)],
        [failure("a", ago=5)],
        queues={("Default", "b"): Queue(1, NOW - timedelta(seconds=10))},
    )
    found = assess(reading, origin=Origin("k:1", "shop", read_at=now), clock_ahead=ahead)
    assert {each.webhook: each.condition for each in found} == {"a": "failing", "b": "delivering"}
    assert found["a"].outlook(found.origin.read_at).startswith("attempt 1 of 11, about 27 minutes")
    assert (told in repr(found)) if told else ("clock" not in repr(found))


def test_times_without_a_zone_and_attempts_without_a_time_are_taken_as_they_are() -> None:
    naive = FailedPartition(uuid4(), "a", "Default", "s", (FailedAttempt(NOW.replace(tzinfo=None), 1, ("x",)),), None)
    timeless = FailedPartition(uuid4(), "b", "Default", "s", (FailedAttempt(None, 1, ("x",)),), None)
    never = FailedPartition(uuid4(), "c", "Default", "s", (), None)
    found = triaged(Observed([hook(each) for each in "abc"], [], [naive, timeless, never]))
    assert found["a"].since == NOW
    assert (found["b"].since, found["c"].since) == (None, None)
    assert repr(found)
