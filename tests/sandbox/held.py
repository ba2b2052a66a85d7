"""Leads a sandbox through a recording of a real kernel, and compares what both answered and delivered.

Requests are sent byte for byte, except for the address of the target, which has as many digits in each run. A reading
that a client repeated until it saw what it waited for is one comparison, of what it saw in the end; so nothing depends
on how fast the machine is. Ids, times, ports, hashes and ciphertexts are evened out.

``python -m tests.sandbox.held RECORDING…`` shows the differences.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import grpc

from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.sandbox.delivery import _partition, _watchdog
from tests.recorded import evening
from tests.recorded.recording import Call, Delivered, Element, Opened, Recording, Step, recording
from tests.sandbox.conftest import Client
from tests.sandbox.held_target import Target, delivery, in_order, occurs_in, outline
from tests.waiting import eventually

PROFILE = {
    "16.33.0-sqlite": "16.33",
    "16.37.1-sqlite": "16.37",
    "16.37.1-sqlite-night": "16.37",
    "16.37.1-postgresql": "16.37-postgresql",
    "16.37.1-memory": "16.37-inmemory",
    "16.38-branch-sqlite": "16.38",
}
"""The profile that a recording is held against."""
NIGHT_ATTEMPTS = 2
"""``Observers:MaxRetryAttempts`` of the kernel of the night."""
SCALE = 0.05
"""How fast the sandbox's delays go by."""
PATIENCE = 30.0
"""Seconds that a reading is repeated for before it counts as different."""
BRIEF = 1.0
"""The same for what is known to differ."""
MOST_APART = 3
"""After so many unknown differences a run is lost, and no reading is repeated for long any more."""
_GONE = ("a target that is gone", "a dead target, until nothing more is tried")
_BACK = "the target is back, and nothing happens for 40 s"
_WRITES = (
    "Add", "AddWebhooks", "Append", "AppendMany", "AppendManyForEventSources", "ClearObserverQuarantine", "Ensure",
    "EnsureEventStore", "EnsureNamespace", "Register", "RegisterEventTypes", "Remove", "RemoveWebhooks", "Replay",
    "ReplayPartition", "RetryPartition",
)  # fmt: skip
_OTHERS = "contract-"
"""Event stores that were there before a recording began."""
_APART = ("GetDescriptorSet", "CheckCompatibility")
"""Their texts are held elsewhere, to the last character."""


@dataclass(frozen=True)
class Compared:
    """One comparison: under which name it goes, and what stood on both sides."""

    name: str
    recorded: Any
    seen: Any

    @property
    def equal(self) -> bool:
        return bool(self.recorded == self.seen)


class Held:
    """A sandbox beside a recording."""

    def __init__(self, sandbox: Sandbox, found: Recording, kept: frozenset[str]) -> None:
        assert sandbox._kernel is not None
        self._kernel = sandbox._kernel
        self._client = Client(sandbox.port)
        self._recording = found
        self._kept = kept
        tokens = [
            value.removeprefix("Bearer ")
            for each in found.entries
            if isinstance(each, Delivered) and each.path == "/oauth"
            for name, value in each.headers
            if name == "Authorization"
        ]
        self._target = Target(tokens[0] if tokens else "none")
        while len(str(self._target.port)) != 5:
            self._target.stop()
            self._target.port = 0
            self._target.start()
        self._address = (found.receiver.removeprefix("http://").encode(), f"127.0.0.1:{self._target.port}".encode())
        self._apart = 0
        self._corrected: dict[str, float] = {}
        """When the tail of each webhook was last corrected, in the time of the recording."""
        self._streams: dict[str, list[Any]] = {}
        self._opened: list[Any] = []

    def close(self) -> None:
        for stream in self._opened:
            stream.cancel()
        self._client.close()
        self._target.stop()

    def compared(self) -> Iterator[Compared]:
        """Every comparison, in order."""
        recorded: dict[str, list[Any]] = {}
        for step in self._recording.steps:
            self._prepare(step)
            before = len(self._target.received)
            for entry in settled(step, self._recording.generation):
                if isinstance(entry, Call):
                    self._pass_to(entry)
                    if entry.status != "OK" or not entry.path.endswith(_APART):
                        yield self._call(step, entry)
                elif isinstance(entry, Opened):
                    yield from self._open(step, entry)
            yield from self._deliveries(step, before)
            for each in step.entries:
                if isinstance(each, Element) and each.path.endswith("ObserveWebhooks"):
                    _tell(recorded.setdefault(each.path, []), self._even(each.path, each.message))
        for path, lists in recorded.items():
            name = f"stream of {_short(path)}"
            yield self._until(name, lists, lambda path=path, lists=lists: self._told(path, lists))

    def _told(self, path: str, recorded: list[Any]) -> list[Any]:
        """What a stream said; only what was recorded, if all of that was among it: others look more often."""
        told = list(self._streams.get(path, []))
        return recorded if occurs_in(recorded, told) else told

    def _pass_to(self, call: Call) -> None:
        """Correct the tails that a kernel had corrected before a call: a minute passes here when it did there."""
        due = {id_ for id_, last in self._corrected.items() if call.at - last >= _watchdog.EVERY}
        self._corrected.update((id_, self._corrected[id_] + _watchdog.EVERY) for id_ in due)
        for observer in self._kernel.engine.observers() if self._kernel.behaviour.tail_corrected else ():
            if observer.webhook.id in due and observer.subscribed:
                self._kernel.engine.correct_tail(observer)
        self._kernel.engine._wait_for(asyncio.sleep(0))  # it is corrected before what the call brings
        if _short(call.path) in {"Add", "AddWebhooks"}:
            for webhook in json.loads(evening.meaning(call.path, call.request, self._recording.generation))["Webhooks"]:
                self._corrected.setdefault(webhook["Identifier"], call.at)

    def _prepare(self, step: Step) -> None:
        if step.name in _GONE:
            self._target.stop()
        elif step.name == _BACK:
            # The kernel had given up on all of them by then.
            eventually(lambda: all(each.quarantined for each in self._failing()))
            self._target.start()
            time.sleep(40 * SCALE)  # nothing happens: that is what is to be seen
        statuses = {each.answered for each in step.deliveries if each.answered is not None}
        if statuses:
            self._target.status = max(statuses)

    def _failing(self) -> list[_partition.Partition]:
        return [each for observer in self._kernel.engine.observers() for each in list(observer.partitions.values())]

    def _request(self, request: bytes) -> bytes:
        return request.replace(*self._address)

    def _invoke(self, path: str, request: bytes) -> Any:
        call: Any = self._client._channel.unary_unary(path)
        try:
            answer = call(self._request(request), timeout=60)
        except grpc.RpcError as error:
            found: Any = error
            return [found.code().name, found.details()]
        return self._even(path, answer)

    def _even(self, path: str, answer: bytes) -> Any:
        found = evening.answer(path, answer, self._recording.generation)
        if path.endswith("FailedPartitions"):
            return _partitions(found)
        if path.endswith("/GetObservers") and isinstance(found, dict):
            return self._ordered(_observers(found))
        if path.endswith("/GetVersionInfo") and isinstance(found, dict):
            found["CommitSha"] = "<id>"
        return self._ordered(found)

    def _ordered(self, found: Any) -> Any:
        """Lists of a kernel in memory have no order, and change it from call to call; observers on PostgreSQL too."""
        without = self._recording.in_memory or "postgresql" in self._recording.name
        if not without or not isinstance(found, dict):
            return found
        return {
            key: sorted((each for each in value if not str(each).startswith(_OTHERS)), key=json.dumps)
            if isinstance(value, list) and key in {"items", "Data"}
            else value
            for key, value in found.items()
        }

    def _call(self, step: Step, call: Call) -> Compared:
        name = f"{step.name}: {_short(call.path)}{_about(call, self._recording.generation)}"
        answer = call.response
        recorded = [call.status, call.details] if answer is None else self._even(call.path, answer)
        if call.path.endswith(tuple(f"/{write}" for write in _WRITES)):
            return Compared(name, recorded, self._invoke(call.path, call.request))
        return self._until(name, recorded, lambda: self._invoke(call.path, call.request))

    def _until(self, name: str, recorded: Any, look: Any) -> Compared:
        known = any(kept == name or kept.startswith(f"{name}, ") for kept in self._kept)
        until = time.monotonic() + (BRIEF if known or self._apart >= MOST_APART else PATIENCE)
        while (seen := look()) != recorded and time.monotonic() < until:
            time.sleep(0.02)
        self._apart += seen != recorded and not known
        return Compared(name, recorded, seen)

    def _open(self, step: Step, opened: Opened) -> Iterator[Compared]:
        call: Any = self._client._channel.unary_stream(opened.path)
        stream = call(self._request(opened.request), timeout=300)
        if opened.path.endswith("ObserveWebhooks"):
            self._opened.append(stream)
            told = self._streams.setdefault(opened.path, [])

            def follow() -> None:
                with contextlib.suppress(grpc.RpcError):
                    for message in stream:
                        _tell(told, self._even(opened.path, message))

            threading.Thread(target=follow, daemon=True).start()
            return
        first = _first_of(step, opened)
        if first is not None:
            recorded = self._even(opened.path, first.message)
            name = f"{step.name}: {_short(opened.path)}"
            try:
                seen = [self._even(opened.path, message) for message in stream]
            except grpc.RpcError as error:
                seen = [str(error)]
            yield Compared(name, [recorded], seen)

    def _deliveries(self, step: Step, before: int) -> Iterator[Compared]:
        recorded: dict[str, list[Any]] = {}
        # While a target fails, how often it is asked is a matter of time, and a retry looks unlike what is live.
        shape = outline if any((each.answered or 0) >= 500 for each in step.deliveries) else delivery
        for each in step.deliveries:
            if any(name == "traceparent" for name, _ in each.headers):
                # Paths are cut off in the recordings where they hold a dot.
                recorded.setdefault(each.path.rsplit("well-known", 1)[-1], []).append(
                    shape(each.verb, each.headers, each.body)
                )

        def seen(path: str) -> list[Any]:
            return in_order(
                shape(verb, headers, body)
                for found, verb, headers, body in self._target.received[before:]
                if found.rsplit("well-known", 1)[-1] == path
            )

        for path, wanted in sorted(recorded.items()):
            name = f"{step.name}: deliveries to {path}"
            yield self._until(name, in_order(wanted), lambda path=path: seen(path))
        others = {path.rsplit("well-known", 1)[-1] for path, *_ in self._target.received[before:]} - set(recorded)
        for path in sorted(others):
            yield Compared(f"{step.name}: deliveries to {path}", [], seen(path))


def _first_of(step: Step, opened: Opened) -> Element | None:
    """The first answer of a stream; streams of one method were opened one after the other."""
    mine = next(number for number, each in enumerate(step.entries) if each is opened)
    for each in step.entries[mine + 1 :]:
        if isinstance(each, Element) and each.path == opened.path:
            return each
    return None


def settled(step: Step, generation: str) -> list[Any]:
    """The calls and openings of a step; of readings that mean the same, the last before the next writing alone."""
    found: list[Any] = []
    waiting: dict[str, Call] = {}
    for entry in step.entries:
        if isinstance(entry, Opened):
            found.append(entry)
        elif isinstance(entry, Call):
            if entry.path.endswith(tuple(f"/{write}" for write in _WRITES)):
                found += waiting.values()
                waiting = {}
                found.append(entry)
            else:
                key = entry.path + evening.meaning(entry.path, entry.request, generation)
                waiting.pop(key, None)
                waiting[key] = entry
    return [*found, *waiting.values()]


async def _not_at_all(_watchdog: object) -> None:
    """Let no time of this machine correct a tail: that of the recording does."""


def _short(path: str) -> str:
    return path.rpartition("/")[2]


def _about(call: Call, generation: str) -> str:
    """What sets a call apart from others of its kind in a step: a namespace, an observer, an id."""
    meant = json.loads(evening.meaning(call.path, call.request, generation) or "{}")
    parts = [str(meant[name]) for name in ("Namespace", "ObserverId", "Partition") if isinstance(meant.get(name), str)]
    parts += [str(each) for each in meant.get("Webhooks", []) if isinstance(each, str)]
    return f" ({', '.join(parts)})" if parts else ""


def _partitions(found: Any) -> Any:
    """Which event sources of which observers fail, since which number, and what the first attempt said.

    How often a source was tried is a matter of time, as is whether a target is asked or the circuit is open at that
    moment: both are told as no answer. Stack traces are the kernel's own.
    """
    if not isinstance(found, dict):
        return found
    rows = [[each["ObserverId"], each["Partition"], each["Attempts"][0]] for each in found.get("items", [])]
    return sorted([*place, first.get("SequenceNumber", 0), _said(first)] for *place, first in rows)


def _said(attempt: dict[str, Any]) -> str:
    message = str(attempt["Messages"][0])
    unanswered = ("The circuit is now open", "Connection refused (")
    return "no answer" if message.startswith(unanswered) else message


def _observers(found: Any) -> Any:
    """Observers without the numbers of those of the kernel's own that find no event.

    A kernel moves these once a minute, behind whatever is in the log then; the sandbox leaves them.
    """
    for each in found.get("items", []):
        if each["Id"].startswith("$system") and not each["Id"].endswith(".WebhookReactor"):
            each.pop("NextEventSequenceNumber", None)
            each.pop("TailEventSequenceNumber", None)
    return found


def _named_apart(found: Iterator[Compared]) -> Iterator[Compared]:
    """The same comparisons, with a number behind the name of one that comes again in a step."""
    seen: dict[str, int] = {}
    for each in found:
        seen[each.name] = seen.get(each.name, 0) + 1
        yield each if seen[each.name] == 1 else replace(each, name=f"{each.name}, {seen[each.name]}")


def _tell(told: list[Any], message: Any) -> None:
    """Add a message of a stream, unless it says what the one before it said."""
    if not told or told[-1] != message:
        told.append(message)


def comparisons(name: str, kept: frozenset[str] = frozenset()) -> list[Compared]:
    """Everything compared between a recording and the profile that it belongs to."""
    found = recording(name)
    before = _partition.MOST_ATTEMPTS
    _partition.MOST_ATTEMPTS = NIGHT_ATTEMPTS if "night" in name else before
    unwatched = mock.patch.object(_watchdog.Watchdog, "run", _not_at_all)
    try:
        with (
            unwatched,
            tempfile.TemporaryDirectory() as folder,
            Sandbox(data=Path(folder), behaves_like=PROFILE[name], settle_delay=0.01, time_scale=SCALE) as sandbox,
        ):
            held = Held(sandbox, found, kept)
            try:
                return list(_named_apart(held.compared()))
            finally:
                held.close()
    finally:
        _partition.MOST_ATTEMPTS = before


def _main(names: list[str]) -> Iterator[str]:
    for name in names or list(PROFILE):
        found = comparisons(name, frozenset(["*"]))
        wrong = [each for each in found if not each.equal]
        yield (f"== {name}: {len(found)} compared, {len(found) - len(wrong)} equal, {len(wrong)} different")
        for each in wrong:
            yield f"-- {each.name}"
            yield from (f"   {line}" for line in apart("", each.recorded, each.seen))


def apart(where: str, recorded: Any, seen: Any) -> Iterator[str]:
    """Where two values differ."""
    if isinstance(recorded, dict) and isinstance(seen, dict):
        for key in dict.fromkeys([*recorded, *seen]):
            yield from apart(f"{where}/{key}", recorded.get(key, "(nothing)"), seen.get(key, "(nothing)"))
    elif isinstance(recorded, list) and isinstance(seen, list) and len(recorded) == len(seen):
        for number, (one, other) in enumerate(zip(recorded, seen, strict=True)):
            yield from apart(f"{where}/{number}", one, other)
    elif recorded != seen:
        yield f"{where}: {json.dumps(recorded)[:400]} | {json.dumps(seen)[:400]}"


if __name__ == "__main__":
    PATIENCE = BRIEF = 2.0
    sys.stdout.writelines(f"{line}\n" for line in _main(sys.argv[1:]))
