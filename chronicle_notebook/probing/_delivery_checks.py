"""Checks of what a kernel delivers: events are appended, and the receiver of this process sees what comes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

from chronicle_notebook.base._errors import KernelFaultError
from chronicle_notebook.model import EventType, RunningState
from chronicle_notebook.probing._bench import LONGEST_QUIET, NAMESPACE, PROBE_STORE, Bench, Unclear
from chronicle_notebook.probing._check import Check, found, unmeasured
from chronicle_notebook.probing._result import ProbeFinding
from chronicle_notebook.receiver import Delivery

HOLD = 2.0
"""The least time in seconds that the slow target takes for its answer."""
BESIDE = 6
"""The webhooks beside the slow one. A kernel has two queues, so at least one of them shares the queue of the slow one
but for one case in 64."""
SETTLED = 1.0
"""The seconds after which a webhook that was registered again gets the next event. One that comes earlier can be lost
(seen on SQLite)."""
STREAM_PERIOD = 2.5
"""A little more than the seconds after which a kernel on a database makes a live list anew (seen on 16.37.1)."""


def _named(name: str, delivery: Delivery) -> bool:
    return (delivery.name or "").endswith(f"-{name}")


def _active(bench: Bench, label: str) -> bool:
    """Wait until the observer of a webhook runs, and return whether it does."""

    def runs() -> bool:
        observer = bench.observer(label)
        return observer is not None and observer.running_state is RunningState.ACTIVE

    return bench.until(runs, within=LONGEST_QUIET)


def reach(bench: Bench) -> Iterator[ProbeFinding]:
    """Whether deliveries reach the receiver at all, and whether the list of observers counts them."""
    bench.add_seen(bench.hook("reach"))
    _active(bench, "reach")
    number = bench.append("reach")
    bench.reached = bench.until_delivered("reach", within=2 * LONGEST_QUIET)
    if not bench.reached:
        return

    def handled() -> bool:
        observer = bench.observer("reach")
        return observer is not None and observer.last_handled_sequence_number == number

    if not bench.until(handled, within=LONGEST_QUIET) or (observer := bench.observer("reach")) is None:
        yield unmeasured("count-not-told", "The list of observers does not say that the event was delivered.")
        return
    yield found(
        "count-not-told",
        observer.handled_count is None,
        "An event was delivered, and the list of observers has no count.",
        "An event was delivered, and the list of observers counts it.",
    )


def _credentials(bench: Bench) -> Iterator[ProbeFinding]:
    key = "ciphertext-sent"
    bench.receiver.expect(bearer=bench.token)
    try:
        bench.append("sealed")
        if not bench.until_delivered("sealed", within=LONGEST_QUIET):
            yield unmeasured(key, "The webhook with a bearer token got no delivery.")
            return
    finally:
        bench.release()
    first = bench.deliveries("sealed")[0]
    wrong = first.authorization_scheme is not None and first.status == 401
    yield found(
        key,
        wrong,
        "A delivery of a webhook with a bearer token carried something else than the token.",
        "A delivery carried the bearer token."
        if first.authorization_scheme is not None
        else "A delivery of a webhook with a bearer token carried no Authorization header.",
    )


def _status(bench: Bench) -> Iterator[ProbeFinding]:
    key = "status-not-checked"
    bench.add_seen(bench.hook("refused"))
    _active(bench, "refused")
    bench.receiver.misbehave(status=404, when=lambda delivery: _named("refused", delivery))
    number = bench.append("refused")

    def handled() -> bool:
        observer = bench.observer("refused")
        return observer is not None and observer.last_handled_sequence_number == number

    def failed() -> bool:
        return bool(bench.kernel.failed_partitions(PROBE_STORE, NAMESPACE, bench.id("refused")))

    try:
        settled = bench.until(lambda: bench.deliveries("refused") and (handled() or failed()), within=LONGEST_QUIET)
        passed = handled()
    finally:
        bench.release()
    if not settled:
        yield unmeasured(key, "The kernel did not say what became of a delivery that was answered with 404.")
        return
    yield found(
        key,
        passed,
        "A delivery was answered with 404, and the kernel counts the event as delivered.",
        "A delivery was answered with 404, and the kernel counts it as failed.",
    )


def _late(bench: Bench) -> Iterator[ProbeFinding]:
    bench.append("late")
    bench.add_seen(bench.hook("late"))
    came = bench.until_delivered("late", within=LONGEST_QUIET)
    yield found(
        "memory-no-catch-up",
        not came,
        f"A webhook that was registered after an event did not get it within {LONGEST_QUIET:g} s.",
        "A webhook that was registered after an event got it.",
    )


def _moved(bench: Bench) -> Iterator[ProbeFinding]:
    """A webhook with another target, for an event source that had a delivery before."""
    key = "old-target-kept"
    before, after = bench.hook("moved", "moved-from"), bench.hook("moved", "moved-to")
    bench.add_seen(before)
    _active(bench, "moved")
    bench.append("moved")
    if not bench.until_delivered("moved-from", within=LONGEST_QUIET):
        yield unmeasured(key, "The webhook got no delivery before it was moved.")
        return
    how = "changed"
    if bench.updates_dropped:
        bench.remove("moved")
        how = "removed and registered again"
    bench.add(after)
    bench.until(
        lambda: (it := bench.listed().get(after.id)) and it.target_url == after.target_url, within=LONGEST_QUIET
    )
    _active(bench, "moved")
    if bench.updates_dropped:
        bench.rest(SETTLED)
    bench.append("moved")
    if not bench.until(
        lambda: len(bench.deliveries("moved-from")) > 1 or bench.deliveries("moved-to"), within=LONGEST_QUIET
    ):
        yield unmeasured(key, f"After a webhook was {how} with another URL, nothing was delivered.")
        return
    yield found(
        key,
        len(bench.deliveries("moved-from")) > 1,
        f"A webhook was {how} with another URL, and the next event of the same source went to the old URL.",
        f"A webhook was {how} with another URL, and the next event of the same source went to the new URL.",
    )


def _slow(bench: Bench) -> Iterator[ProbeFinding]:
    """A target that takes a few seconds for one answer: what the observers say meanwhile, and who waits with it."""
    beside = [f"beside-{number}" for number in range(1, BESIDE + 1)]
    bench.add_seen(bench.hook("slow"), *(bench.hook(each) for each in beside))
    for each in ("slow", *beside):
        _active(bench, each)
    came = threading.Event()

    def slow(delivery: Delivery) -> bool:
        if _named("slow", delivery):
            came.set()
            return True
        return False

    bench.receiver.misbehave(delay=max(HOLD, bench.quiet), times=1, when=slow)
    try:
        bench.append("slow")
        if not bench.until(came.is_set, within=LONGEST_QUIET):
            for key in ("stale-tail", "slow-target-stalls"):
                yield unmeasured(key, "The slow target got no delivery.")
            return
        waiting = bench.append("slow")
        for each in beside:
            bench.append(each)
        shown, late = 0, beside

        def seen() -> bool:
            nonlocal shown, late
            observer = bench.observer("slow")
            now_late = [each for each in beside if not bench.deliveries(each)]
            if bench.deliveries("slow"):  # the answer was given meanwhile, so that this look says nothing
                return True
            late = now_late
            if observer is not None:
                shown = max(shown, observer.tail_sequence_number or 0)
            return not late

        bench.until(seen, within=2 * LONGEST_QUIET)
    finally:
        bench.release()
    yield found(
        "stale-tail",
        shown < waiting,
        f"While event {waiting} waited for a slow target, the observer said that event {shown} was the last one.",
        "While an event waited for a slow target, the observer said so.",
    )
    yield found(
        "slow-target-stalls",
        late,
        f"While one target was slow, {len(late)} of {BESIDE} other webhooks got nothing.",
        f"While one target was slow, {BESIDE} other webhooks got their events.",
    )


def _test(bench: Bench) -> Iterator[ProbeFinding]:
    bench.receiver.misbehave(status=404, when=lambda delivery: _named("tested", delivery))
    try:
        passed = bench.kernel.tests_target(bench.url("tested"))
    finally:
        bench.release()
    yield found(
        "test-passes-on-any-status",
        passed,
        "The kernel's own test of a target passed although the target answered with 404.",
        "The kernel has no test of a target."
        if passed is None
        else "The kernel's own test of a target failed when the target answered with 404.",
    )


def _plus(bench: Bench) -> Iterator[ProbeFinding]:
    """An event type id with a plus sign, while a live list of the event store is open."""
    stream = bench.kernel.observe_webhooks(PROBE_STORE)
    heard: list[frozenset[str]] = []
    ended = threading.Event()

    def listen() -> None:
        try:
            heard.extend(frozenset(hook.id for hook in each) for each in stream)
        except Exception:  # noqa: BLE001, S110 - an end with an error is an end
            pass
        finally:
            ended.set()

    thread = threading.Thread(target=listen, name="probe-stream", daemon=True)
    thread.start()
    try:
        bench.until(lambda: heard, within=LONGEST_QUIET)
        broken = _break_list(bench)
        yield found(
            "plus-in-event-type-id",
            broken,
            "One webhook with a plus sign in an event type id made the list of webhooks fail.",
            "A webhook with a plus sign in an event type id is listed.",
        )
        after = bench.hook("after")
        bench.add_seen(after)
        bench.until(lambda: ended.is_set() or any(after.id in each for each in heard), within=LONGEST_QUIET)
        told, over = any(after.id in each for each in heard), ended.is_set()
    finally:
        stream.cancel()
        thread.join(LONGEST_QUIET)
    if not told and not over and not broken:
        yield unmeasured("stream-goes-deaf", "A live list of webhooks said nothing of a new webhook.")
        return
    yield found(
        "stream-goes-deaf",
        not told and not over,
        "A live list of webhooks said nothing more after the kernel could not list a webhook, and did not end.",
        "A live list of webhooks went on." if told else "A live list of webhooks ended.",
    )


def _break_list(bench: Bench) -> bool:
    """Register a webhook with a plus sign, and remove it. Returns whether the list of webhooks failed meanwhile."""
    hook = replace(bench.hook("plus"), event_types=(EventType(f"{bench.type('plus').id}+2"),))
    failed = False

    def seen() -> bool:
        nonlocal failed
        try:
            return hook.id in bench.listed()
        except KernelFaultError:
            failed = True
            return True

    bench.breaks_list = hook.id
    bench.add(hook)
    if not bench.until(seen, within=LONGEST_QUIET):
        raise Unclear("The kernel did not list a webhook with a plus sign in an event type id.")
    if failed:
        bench.rest(STREAM_PERIOD)
    bench.mend()
    return failed


DELIVERIES = (
    Check("look at the credentials of a delivery", ("ciphertext-sent",), _credentials, delivers=True),
    Check("refuse a delivery", ("status-not-checked",), _status, delivers=True),
    Check("register a webhook after its event", ("memory-no-catch-up",), _late, delivers=True),
    Check("move a webhook to another target", ("old-target-kept",), _moved, delivers=True),
    Check("answer slowly", ("stale-tail", "slow-target-stalls"), _slow, delivers=True),
    Check("use the kernel's own test", ("test-passes-on-any-status",), _test, delivers=True),
    Check("list an event type id with a plus sign", ("plus-in-event-type-id", "stream-goes-deaf"), _plus),
)
"""The checks after the first delivery has come, and the one that may break the list of webhooks, which is the last."""

LABELS = (
    *("reach", "sealed", "idle", "steady", "update", "fixed", "a#b", "ghost", "other-kind", "bad", "first", "last"),
    *("flat", "refused", "late", "moved", "slow", "after", *(f"beside-{number}" for number in range(1, BESIDE + 1))),
)
"""The labels of the webhooks of a probe, each with an event type of its own."""
