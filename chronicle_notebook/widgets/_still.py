"""The static form of an explorer: what a saved, exported or reopened notebook shows of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from chronicle_notebook.base._text import count
from chronicle_notebook.display._table_and_card import SHOWN, Table, clock
from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.reading._list import row as cells_of
from chronicle_notebook.triage._condition import TriageRow, duration
from chronicle_notebook.widgets._explorer_model import ExplorerModel
from chronicle_notebook.widgets._filter import ExplorerFilter
from chronicle_notebook.widgets._health import CAUGHT_UP, DELIVERING, GROUPS, INACTIVE, UNKNOWN, Health
from chronicle_notebook.widgets._trouble import in_row

_CALM = ("Id", "State", "Waiting", "Target", "Event types", "Authorization")
_FAILING = ("Id", "State", "Cause", "Since", "Waiting", "Next attempt", "Target", "Event types")
_FINE = (CAUGHT_UP, DELIVERING, INACTIVE, UNKNOWN)
"""The states that need nobody."""


def still(model: ExplorerModel, to_live: str) -> Table:
    """A snapshot: the time above the table, what fails first, and nothing of it cut off.

    :param to_live: the words about how to get a live explorer.
    """
    client, hooks = model.client, model.hooks
    where = f"event store {client.event_store!r} on {client.server}"
    ids = _ids(model)
    failing = sum(model.health(each).state in GROUPS["failing"] for each in ids)
    troubled = sum(model.health(each).state not in _FINE for each in ids)
    outside = (
        0 if model.deliveries is None else len({each.webhook for each in model.deliveries.triage.failing} - {*ids})
    )
    others = count(outside, "other fails", "others fail")
    hidden = f"; {others}, which this filter does not show" if outside else ""
    fails = f"{count(failing, 'fails', 'fail')}, worst first; " if failing else ""
    read_at = model.deliveries.read_at if model.deliveries else hooks.read_at if hooks else datetime.now(UTC)
    shown = f"{len(ids):,} of {len(hooks or ()):,}"
    unread = "" if model.deliveries else " The states of deliveries were not read."
    titles = _FAILING if troubled else _CALM
    return Table(
        caption=f"A snapshot of {clock(read_at)}: {fails}{shown} webhooks of {where}{hidden}",
        titles=titles,
        rows=[_cells(model, each, titles) for each in ids],
        foot=f"{to_live}{unread}",
        numbers=frozenset({titles.index("Waiting")}),
        empty="Nothing was read yet." if hooks is None else "No webhook is shown here.",
        banner=client.origin.banner,
        most=max(SHOWN, troubled),
    )


def _ids(model: ExplorerModel) -> list[str]:
    """What the filter shows, the worst first."""
    found = [each.id for each in model.filtered]
    deliveries = model.deliveries
    if deliveries is None:
        return found
    if model.filter == ExplorerFilter():
        found += [row.webhook for row in deliveries.unregistered]
    last = len(deliveries.places)
    places = {each: place for place, each in enumerate(found)}
    return sorted(found, key=lambda each: (_rank(model.health(each)), _place(model, each, last), places[each]))


def _rank(health: Health) -> int:
    return 0 if health.state not in _FINE else 1


def _place(model: ExplorerModel, webhook: str, last: int) -> int:
    deliveries = model.deliveries
    calm = model.health(webhook).state in _FINE
    return last if calm or deliveries is None else deliveries.places.get(webhook, last)


def _cells(model: ExplorerModel, webhook: str, titles: Sequence[str]) -> tuple[str, ...]:
    health, definition, deliveries = model.health(webhook), model.find(webhook), model.deliveries
    told = (in_row(deliveries, webhook) if deliveries else None) or {}
    target, types, kind = _definition(definition, model, webhook)
    many = f"{health.failing} {health.state}" if health.failing and health.state in GROUPS["failing"] else health.state
    cells = {
        "Id": webhook,
        "State": many,
        "Cause": str(told.get("cause", "")),
        "Since": "" if "since" not in told or deliveries is None else _since(told["since"], deliveries.read_at),
        "Waiting": _waiting(health),
        "Next attempt": _next(health.row, told),
        "Target": target,
        "Event types": types,
        "Authorization": kind,
    }
    return tuple(cells[title] for title in titles)


def _since(began: float, now: datetime) -> str:
    """The time of day and how long ago it was; the date too if it was not today."""
    moment = datetime.fromtimestamp(began, UTC).astimezone()
    day = "" if moment.date() == now.astimezone().date() else f"{moment.date()} "
    return f"{day}{moment:%H:%M:%S} ({duration((now - moment).total_seconds())})"


def _definition(definition: WebhookDefinition | None, model: ExplorerModel, webhook: str) -> tuple[str, str, str]:
    if definition is not None:
        _, target, types, kind, *_ = cells_of(definition)
        return target, types, kind
    paused = None if model.deliveries is None else model.deliveries.paused.get(webhook)
    return ("not registered", "", "") if paused is None else (paused.target, ", ".join(paused.event_types), "")


def _waiting(health: Health) -> str:
    if health.waiting is not None:
        return f"{health.waiting:,}"
    return f"≤ {health.at_most:,}" if health.at_most is not None else "–"


def _next(row: TriageRow | None, told: dict[str, object]) -> str:
    if told.get("lost") or row is None or row.next_attempt is None:
        return str(told.get("lost", ""))
    return f"about {row.next_attempt.astimezone().strftime('%H:%M:%S')}"
