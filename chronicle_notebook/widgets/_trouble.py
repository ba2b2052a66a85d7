"""What an explorer says of a webhook that needs a person: cause, since when, what waits, what comes next.

Times go to the browser as seconds since 1970: only the browser knows the time zone of its reader.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from chronicle_notebook.base._text import count, joined
from chronicle_notebook.base._url import without_credentials
from chronicle_notebook.display._listing import counted
from chronicle_notebook.model import FailedPartition
from chronicle_notebook.pausing._paused import PausedWebhook
from chronicle_notebook.triage._cause import Cause
from chronicle_notebook.triage._condition import Condition, TriageRow, first_failure, of_most
from chronicle_notebook.widgets._health import Deliveries

SHOWN_DETAIL = 160
"""The longest text of a kernel about a cause, in characters."""

_WORDS = {
    Condition.STALLED: "nothing handled",
    Condition.DISCONNECTED: "no observer",
    Condition.PAUSED: "paused",
}


def seconds(moment: datetime | None) -> float | None:
    """A moment for the browser."""
    return None if moment is None else moment.timestamp()


def in_row(deliveries: Deliveries, webhook: str) -> dict[str, Any] | None:
    """What the row of a webhook shows beside its state; None if it needs nobody. Missing values are left out."""
    row = deliveries.rows.get(webhook)
    if row is None or not (row.fails or row.condition in _WORDS):
        return None
    paused = deliveries.paused.get(webhook)
    values = {
        "order": deliveries.places[webhook],
        "cause": _cause(row),
        "why": _why(row, row.cause),
        "since": seconds(row.since if paused is None else paused.paused_at),
        "next": seconds(row.next_attempt),
        "attempts": _attempts(row),
        "lost": _lost(row),
        "release": _needs_release(row),
    }
    return {name: value for name, value in values.items() if value is not None and value != "" and value is not False}


def in_pane(deliveries: Deliveries, row: TriageRow) -> dict[str, Any] | None:
    """What the pane says first of a webhook that needs somebody; None if it needs nobody."""
    paused = deliveries.paused.get(row.webhook)
    if paused is not None and row.definition is None:
        return _of_paused(paused, row)
    told = _sentences(row)
    if told is None:
        return None
    title, text = told
    return {
        "tone": "error" if row.fails else "warning",
        "title": title,
        "text": text,
        "since": seconds(row.since),
        "next": seconds(row.next_attempt),
        "ends": seconds(row.gives_up_at),
        "attempts": _attempts(row),
        "waiting": row.waiting,
        "causes": _causes(row),
        "release": _needs_release(row),
    }


def _sentences(row: TriageRow) -> tuple[str, str] | None:
    failed, lost = len(row.failed), row.given_up
    probably = "" if row.told_quarantine == "quarantined" else "probably "
    match row.condition:
        case Condition.QUARANTINED:
            return "The kernel has quarantined the whole observer.", "It delivers nothing of this webhook any more."
        case Condition.GIVEN_UP:
            which = counted(lost, "partition") if lost == failed else f"{lost} of {counted(failed, 'partition')}"
            return (
                f"The kernel has {probably}given up on {which}.",
                "It tries nothing of them again by itself. A retry sends what waits, in order.",
            )
        case Condition.FAILING:
            return f"{count(failed, 'partition fails', 'partitions fail')}.", "The kernel tries again by itself."
        case Condition.STALLED:
            return (
                "Events wait, and nothing is handled.",
                "No partition fails yet. The target may accept the request and never answer: test it.",
            )
        case Condition.DISCONNECTED:
            return "No connected observer delivers its events.", "The kernel lists it as active."
        case _:
            return None


def _of_paused(paused: PausedWebhook, row: TriageRow) -> dict[str, Any]:
    reason = f" Reason: {paused.reason}." if paused.reason else ""
    failing = f" {count(len(row.failed), 'partition still fails', 'partitions still fail')}." if row.failed else ""
    missing = f" Resuming it needs {joined(paused.missing, 'and')}, which is not set here." if paused.missing else ""
    by = f" by {paused.paused_by}" if paused.paused_by else ""
    resuming = paused.problem or f"Resume continues after the last delivered event.{reason}"
    return {
        "tone": "plain",
        "title": f"Paused{by}.",
        "text": f"{resuming}{failing}{missing}",
        "since": seconds(paused.paused_at),
        "waiting": row.waiting,
        "causes": _causes(row),
    }


def _cause(row: TriageRow) -> str:
    return row.cause.key if row.cause is not None else _WORDS.get(Condition(row.condition), "")


def _why(row: TriageRow, cause: Cause | None) -> str:
    """What the kernel noted about a cause, without the credentials in the target's URL."""
    url = "" if row.definition is None else row.definition.target_url
    return "" if cause is None else without_credentials(cause.detail, url)[:SHOWN_DETAIL]


def _attempts(row: TriageRow) -> str:
    """The attempts so far, and of how many: a retry that somebody asked for is one more than the kernel makes."""
    return of_most(row.attempts) if row.attempts else ""


def _lost(row: TriageRow) -> str:
    if not row.given_up:
        return ""
    return "given up" if row.given_up == len(row.failed) else f"{row.given_up} given up"


def _needs_release(row: TriageRow) -> bool:
    return row.definition is not None and row.told_quarantine == "quarantined"


def _causes(row: TriageRow) -> list[dict[str, Any]]:
    """The failed partitions by cause, the most frequent cause first."""
    groups: dict[tuple[str, bool], list[tuple[FailedPartition, Cause]]] = {}
    for partition, cause in zip(row.failed, row.causes, strict=True):
        groups.setdefault((cause.key, bool(cause.behind)), []).append((partition, cause))
    ordered = sorted(groups.items(), key=lambda group: -len(group[1]))
    return [_group(row, key, open_circuit, members) for (key, open_circuit), members in ordered]


def _group(
    row: TriageRow,
    key: str,
    open_circuit: bool,  # noqa: FBT001
    members: list[tuple[FailedPartition, Cause]],
) -> dict[str, Any]:
    first = members[0][1]
    spaces = Counter(partition.namespace for partition, _ in members)
    address = f" The circuit was opened by {first.address}, perhaps another webhook's target." if first.address else ""
    note = f"The circuit is open: the last attempt sent nothing.{address}" if open_circuit else _why(row, first)
    return {
        "cause": key,
        "note": note,
        "partitions": len(members),
        "namespaces": [f"{space} {number}" for space, number in spaces.items()],
        "since": _first(partition for partition, _ in members),
    }


def _first(partitions: Iterable[FailedPartition]) -> float | None:
    return seconds(min((each for each in map(first_failure, partitions) if each is not None), default=None))
