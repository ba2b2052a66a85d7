"""What failed in an incident: from the triage of now, and from the outcomes of earlier runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.base._text import count
from chronicle_notebook.base._url import host_of
from chronicle_notebook.display._table_and_card import clock
from chronicle_notebook.triage._cause import SHARED
from chronicle_notebook.triage._condition import CauseGroup, TriageRow, outlook
from chronicle_notebook.triage._triage import Triage


@dataclass(frozen=True, slots=True)
class Trouble:
    """One webhook and one cause of its failures."""

    webhook: str
    cause: str
    """The word of the cause, see :attr:`Cause.key`."""
    partitions: int
    """The largest number of its failed partitions that was seen."""
    since: datetime | None
    waiting: int | None
    """The largest number of its waiting events that was seen; None if they could not be counted."""
    until: datetime
    """When it was last seen failing, or the first time when it was seen not to fail."""
    namespaces: tuple[str, ...] = ()
    still: int = 0
    """How many partitions fail now."""
    waits: int | None = 0
    """How many events wait now; None if they could not be counted."""
    outlook: str = ""
    """What the kernel will do about those that fail now."""
    host: str = ""
    """The host and port of the target."""
    given_up: int = 0
    """The largest number of partitions that the kernel had given up, or probably had."""
    last_attempt: datetime | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What makes two troubles the same."""
        return self.webhook, self.cause

    @property
    def seconds(self) -> float:
        """How long it failed, in seconds; 0 if the first failure is not known."""
        return 0.0 if self.since is None else max(0.0, (self.until - self.since).total_seconds())

    def facts(self) -> dict[str, object]:
        """The trouble for an outcome, which a later report can read."""
        return {
            "webhook": self.webhook,
            "cause": self.cause,
            "partitions": self.partitions,
            "since": "" if self.since is None else clock(self.since),
            "waiting": "" if self.waiting is None else self.waiting,
            "outlook": self.outlook if self.still else "recovered",
            "namespaces": ", ".join(self.namespaces),
            "still_failing": self.still,
            "given_up": self.given_up,
            "last_attempt": "" if self.last_attempt is None else clock(self.last_attempt),
        }


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """One line of what happened."""

    when: datetime
    what: str
    bad: bool = False


def troubles(before: Triage, after: Triage, outcomes: Iterable[Mapping[str, Any]]) -> list[Trouble]:
    """What failed, those that still fail first: as earlier outcomes tell, as it was before this run's retry, and as it
    is now."""
    found: dict[tuple[str, str], Trouble] = {}
    ended: dict[tuple[str, str], datetime] = {}
    for outcome in outcomes:
        when = _finished(outcome)
        for each in _told_by(outcome):
            _merge(found, each)
            if not each.still:
                ended.setdefault(each.key, when)
            elif not _repairs(outcome, each.webhook):
                ended.pop(each.key, None)
        for key in found:
            if _repairs(outcome, key[0]):
                ended.setdefault(key, when)
    for triage in (before, after):
        for row in triage:
            for group in row.groups:
                each = _of(row, group, triage.origin.read_at)
                _merge(found, each)
                ended.pop(each.key, None)
    failing = {(row.webhook, group.cause.key): group for row in after for group in row.groups}
    told = [_now(each, failing.get(key), ended.get(key, after.origin.read_at), after) for key, each in found.items()]
    return sorted(told, key=lambda each: (-each.still, each.since or each.until, each.webhook))


def history(found: Sequence[Trouble], outcomes: Iterable[Mapping[str, Any]]) -> Iterator[IncidentLine]:
    """What the kernel and the earlier runs did, in no order."""
    begun = [(each.since, each) for each in found if each.since is not None]
    if begun:
        when, first = min(begun, key=lambda each: each[0])
        yield IncidentLine(when, f"first failure: {first.webhook}")
    for webhook in dict.fromkeys(each.webhook for each in found):
        ended = [each for each in found if each.webhook == webhook and each.given_up and each.last_attempt is not None]
        last = max((each.last_attempt for each in ended if each.last_attempt is not None), default=None)
        if last is not None:
            many = count(sum(each.given_up for each in ended), "partition")
            yield IncidentLine(last, f"probably given up by the kernel: {many} of {webhook}", bad=True)
    for outcome in outcomes:
        if not outcome["applied"]:
            continue
        steps = [each for each in outcome["steps"] if each["state"] in {"done", "failed", "not known"}]
        for step in steps:
            note = f". {step['note']}" if step["note"] else ""
            what = f"{step['subject']}: {step['what']}: {step['state']}{note}"
            yield IncidentLine(_finished(outcome), what, bad=step["state"] != "done")
        if not steps:
            yield IncidentLine(_finished(outcome), f"{outcome['runbook']}: {outcome['status']}", bad=not outcome["ok"])


def read_outcomes(paths: Sequence[str], *, event_store: str) -> list[dict[str, Any]]:
    """The outcomes of earlier runs, the oldest first.

    :param paths: files that a runbook wrote as ``outcome_file``, or that ``run --json`` printed.
    :raises InvalidInputError: a file cannot be read, has no outcome, or is about another event store.
    """
    found = []
    for path in paths:
        try:
            outcome = json.loads(Path(path).read_text(encoding="utf-8"))
            readable = outcome["version"] == 1 and datetime.fromisoformat(outcome["finished"]) is not None
            kept = {name: outcome[name] for name in _NEEDED}
        except OSError as error:
            raise _refused(f"{path} cannot be read: {error.strerror or type(error).__name__}") from None
        except (ValueError, KeyError, TypeError):
            raise _refused(f"{path} has no outcome of a runbook") from None
        if not readable:
            raise _refused(f"{path} has an outcome of another version")
        if kept["event_store"] != event_store:
            raise _refused(f"{path} is about event store {kept['event_store']!r}, and not about {event_store!r}")
        found.append(kept)
    return sorted(found, key=_finished)


_NEEDED = ("runbook", "status", "ok", "applied", "event_store", "finished", "steps", "findings")


def _refused(what: str) -> InvalidInputError:
    hint = "Name files that a runbook wrote as outcome_file for this event store."
    return InvalidInputError(f"{what}.", field="outcomes", hint=hint)


def _told_by(outcome: Mapping[str, Any]) -> Iterator[Trouble]:
    """The failures among the findings of an outcome."""
    for each in outcome["findings"]:
        partitions, waiting = each.get("partitions"), each.get("waiting")
        if not isinstance(partitions, int) or not {"webhook", "cause", "since"} <= each.keys():
            continue
        yield Trouble(
            str(each["webhook"]),
            _key(str(each["cause"])),
            partitions,
            _moment(each["since"]),
            waiting if isinstance(waiting, int) else None,
            _finished(outcome),
            tuple(filter(None, str(each.get("namespaces", "")).split(", "))),
            still=int(each.get("still_failing", partitions)),
            given_up=int(each.get("given_up", 0)),
            last_attempt=_moment(each.get("last_attempt", "")),
        )


def _repairs(outcome: Mapping[str, Any], webhook: str) -> bool:
    """Whether a run repaired a webhook after it had looked for failures."""
    steps = [each for each in outcome["steps"] if each["subject"] == webhook]
    return bool(outcome["applied"] and steps) and all(each["state"] in {"done", "already so"} for each in steps)


def _of(row: TriageRow, group: CauseGroup, now: datetime) -> Trouble:
    return Trouble(
        row.webhook,
        group.cause.key,
        len(group.failed),
        group.since,
        group.waiting,
        now,
        group.namespaces,
        given_up=group.given_up,
        last_attempt=row.last_attempt,
    )


def _now(trouble: Trouble, group: CauseGroup | None, until: datetime, after: Triage) -> Trouble:
    row = after.find(trouble.webhook)
    host = host_of(row.definition.target_url) if row is not None and row.definition is not None else ""
    if group is None:
        return replace(trouble, until=until, host=host, still=0)
    told = outlook(group.failed, group.given_up, after.origin.read_at)
    return replace(trouble, until=until, host=host, still=len(group.failed), waits=group.waiting, outlook=told)


def _merge(found: dict[tuple[str, str], Trouble], each: Trouble) -> None:
    other = found.get(each.key)
    if other is None:
        found[each.key] = each
        return
    counted = [number for number in (each.waiting, other.waiting) if number is not None]
    found[each.key] = replace(
        each,
        partitions=max(each.partitions, other.partitions),
        since=min((when for when in (each.since, other.since) if when is not None), default=None),
        waiting=max(counted, default=None),
        until=max(each.until, other.until),
        namespaces=tuple(dict.fromkeys([*other.namespaces, *each.namespaces])),
        given_up=max(each.given_up, other.given_up),
        last_attempt=other.last_attempt if other.given_up else each.last_attempt,
    )


def _key(cause: str) -> str:
    """The key of a cause that an outcome names, for example ``circuit open (refused)``."""
    word, _, behind = cause.partition(" (")
    return word if word == SHARED else behind.removesuffix(")") or word


def _finished(outcome: Mapping[str, Any]) -> datetime:
    """When a run ended."""
    return datetime.fromisoformat(outcome["finished"]).astimezone(UTC)


def _moment(text: object) -> datetime | None:
    """A time as an outcome writes it; None if there is none."""
    try:
        date, time, zone = str(text).split()
        return datetime.fromisoformat(f"{date}T{time}{zone}")
    except ValueError:
        return None
