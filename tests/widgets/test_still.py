"""The static form of an explorer, from what was read: no kernel, and a clock that the test sets."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from chronicle_notebook.display._origin import Origin
from chronicle_notebook.display._table_and_card import SHOWN
from chronicle_notebook.reading._list import WebhookList
from chronicle_notebook.triage._observed import Observed
from chronicle_notebook.widgets._explorer_model import ExplorerModel
from chronicle_notebook.widgets._filter import ExplorerFilter
from chronicle_notebook.widgets._health import Deliveries
from chronicle_notebook.widgets._still import still
from tests.triage.test_assess import NOW, failure, hook, observer, triaged

ORIGIN = Origin("kernel:35000", "shop", read_at=NOW)


def model(count: int, failing: int, *, read: bool = True) -> ExplorerModel:
    """An explorer of so many webhooks, of which the last ones fail."""
    names = [f"hook-{number:03d}" for number in range(count)]
    client: Any = SimpleNamespace(event_store="shop", server="kernel:35000", origin=ORIGIN)
    made = ExplorerModel(client, lambda _: None)
    made.hooks = WebhookList([hook(name) for name in names], origin=ORIGIN)
    if read:
        observers = [observer(name, next_number=10) for name in names]
        failed = [failure(name) for name in names[count - failing :]]
        made.deliveries = Deliveries(triaged(Observed(made.hooks, observers, failed)))
    return made


def test_what_fails_comes_first_and_is_never_cut_off() -> None:
    table = still(model(100, 80), "Run the cell for a live one.")
    assert table.caption.startswith("A snapshot of 2025-11-20 ")
    assert "80 fail, worst first; 100 of 100 webhooks of event store 'shop' on kernel:35000" in table.caption
    text = table.html()
    shown = [row for row in table.rows[: table.most] if row[0] in text]
    assert [row[1] for row in shown] == ["1 failing"] * 80
    assert dict(zip(table.titles, shown[0], strict=True))["Cause"] == "refused"
    assert "80 of 100 rows shown." in text
    assert "Run the cell for a live one." in text


def test_while_nothing_fails_there_are_no_columns_for_failures() -> None:
    table = still(model(3, 0), "")
    assert "Cause" not in table.titles
    assert [row[1] for row in table.rows] == ["caught up"] * 3
    assert table.most == SHOWN


def test_only_what_the_filter_shows_stands_still() -> None:
    filtered = model(5, 2)
    filtered.filter = ExplorerFilter(state="failing")
    table = still(filtered, "")
    assert [row[0] for row in table.rows] == ["hook-003", "hook-004"]
    assert "2 fail, worst first; 2 of 5 webhooks" in table.caption
    assert "filter" not in table.caption
    filtered.filter = ExplorerFilter(state="paused")
    assert still(filtered, "").caption.endswith("; 2 others fail, which this filter does not show")


def test_states_that_were_not_read_are_not_claimed() -> None:
    table = still(model(2, 0, read=False), "Run the cell.")
    assert [row[1] for row in table.rows] == ["not known", "not known"]
    assert table.foot == "Run the cell. The states of deliveries were not read."
