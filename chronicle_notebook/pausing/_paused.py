"""The webhooks that are paused: the value, and their table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from chronicle_notebook.base._public import public
from chronicle_notebook.base._url import shown
from chronicle_notebook.display._listing import Column, Listing, counted
from chronicle_notebook.display._origin import Origin
from chronicle_notebook.pausing._client import StoreClient
from chronicle_notebook.pausing._kept import KeptDefinitions
from chronicle_notebook.pausing._records import Record, records


@public
@dataclass(frozen=True, slots=True)
class PausedWebhook:
    """A webhook that was paused: it is not registered, and a file of this machine has its definition."""

    id: str
    target: str
    """The target URL without what may be secret in it, or the reference to it."""
    event_types: tuple[str, ...]
    paused_at: datetime | None
    """When it was paused; None if an earlier version of this package paused it."""
    paused_by: str
    """Who paused it: the user and the machine."""
    reason: str
    positions: Mapping[str, int] = field(hash=False)
    """The number of the next event when it was paused, by namespace."""
    secrets: tuple[str, ...]
    """The references that resuming it looks up, such as ``env:CRM_SYNC_TOKEN``."""
    missing: tuple[str, ...]
    """The variables and files that have no value in this process: resuming it needs them."""
    failing: int
    """The number of its partitions that failed before and are still listed."""
    file: Path
    """The file with its definition."""
    problem: str = ""
    """Why the file does not give the definition, and what to do; empty if it does."""


def paused(client: StoreClient, kept: KeptDefinitions) -> Listing[PausedWebhook]:
    """The paused webhooks of the client's event store, in the order of the pauses."""
    waiting = records(kept)
    registered = client.webhooks.all().ids if waiting else []
    failing = [each.observer_id for each in client.failed_partitions()] if waiting else []
    found = [paused_of(each, failing) for each in waiting if each.webhook not in registered]
    return paused_listing(found, kept, client.origin)


def paused_of(record: Record, failing: Sequence[str]) -> PausedWebhook:
    """The value of a record.

    :param failing: the observer of each failed partition.
    """
    count = failing.count(record.webhook)
    kept, file = record.entry, record.kept.path
    if kept is None:
        problem = f"{record.problem} {record.error.hint}"
        return PausedWebhook(record.webhook, "", (), None, "", "", {}, (), (), count, file, problem)
    asked = kept.asked
    return PausedWebhook(
        id=kept.id,
        target=kept.target,
        event_types=kept.event_types,
        paused_at=None if asked is None else asked.at,
        paused_by="" if asked is None else asked.by,
        reason="" if asked is None else asked.reason,
        positions={} if asked is None else asked.positions,
        secrets=tuple(kept.secrets),
        missing=tuple(kept.missing(keyring=False)),
        failing=count,
        file=file,
    )


def paused_listing(found: Sequence[PausedWebhook], kept: KeptDefinitions, origin: Origin) -> Listing[PausedWebhook]:
    """The table, with the paths of the files below it."""
    files = dict.fromkeys(str(each.file) for each in found) or {str(kept.path): None}
    problems = [f"{each.id}: {each.problem}" for each in found if each.problem]
    foot = [f"Kept in {', '.join(files)}.", f"Resume with {kept.call('resume', 'ID')}.", *problems, origin.stamp]
    return Listing(
        found,
        (
            Column[PausedWebhook]("webhook", "Webhook", lambda each: each.id),
            Column[PausedWebhook]("paused_at", "Paused", lambda each: each.paused_at, "datetime64[ns, UTC]"),
            Column[PausedWebhook]("paused_by", "By", lambda each: each.paused_by),
            Column[PausedWebhook]("reason", "Reason", lambda each: each.reason),
            Column[PausedWebhook](
                "positions", "Next event", lambda each: dict(each.positions), "object", text=_positions
            ),
            Column[PausedWebhook]("failing", "Failing partitions", lambda each: each.failing, "Int64"),
            Column[PausedWebhook]("target", "Target", lambda each: shown(each.target)),
            Column[PausedWebhook]("needs", "Resuming needs", lambda each: list(each.secrets), "object", text=_needs),
            Column[PausedWebhook]("file", "File", lambda each: str(each.file), shown=False),
            Column[PausedWebhook]("problem", "Problem", lambda each: each.problem, shown=False),
        ),
        caption=f"{counted(len(found), 'paused webhook')} of event store {origin.event_store!r} on {origin.server}",
        empty="No webhook is paused.",
        foot=" ".join(foot).strip(),
        origin=origin,
    )


def _positions(each: PausedWebhook) -> str:
    return ", ".join(f"{name}: {number:,}" for name, number in each.positions.items()) or "–"


def _needs(each: PausedWebhook) -> str:
    if each.problem:
        return f"{each.file}, which cannot be read"
    told = ", ".join(each.secrets) or "nothing"
    return f"{told} (not set: {', '.join(each.missing)})" if each.missing else told
