"""``%webhooks``: all webhooks as a DataFrame, or those that fail; and webhooks as code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chronicle_notebook.magics import _as_code
from chronicle_notebook.magics._clients import current
from chronicle_notebook.magics._parse import Call
from chronicle_notebook.pausing._pause import paused_ids
from chronicle_notebook.triage._triage import Triage

if TYPE_CHECKING:
    import pandas as pd


def run(call: Call) -> Any:
    """Run the subcommand; without one, list."""
    return _as_code.COMMANDS.get(call.command.name, _list)(call)


def _list(call: Call) -> pd.DataFrame | Triage:
    """The webhooks that match every given filter; with ``--failing`` the triage of those that fail."""
    if "--failing" in call.switches:
        return _failing(call)
    found = _frame(call)
    if not call.values and not call.switches:
        _note_paused(found)
    if found.empty and call.values:
        print("No webhook matches.")  # noqa: T201 - an empty frame does not say why
    return found


def _frame(call: Call) -> pd.DataFrame:
    active = True if "--active" in call.switches else False if "--inactive" in call.switches else None
    return current().webhooks.to_frame(
        tidy="--tidy" in call.switches,
        event_type=call.text("--event-type"),
        url=call.text("--url"),
        authorization=call.given("--auth"),
        active=active,
    )


def _failing(call: Call) -> Triage:
    found = current().triage().failing
    filters = call.switches - {"--failing"} or any(
        call.given(name) is not None for name in ("--event-type", "--url", "--auth")
    )
    return found.of(set(_frame(call).index)) if filters else found


def _note_paused(found: pd.DataFrame) -> None:
    """Say which webhooks are paused: they are not registered, so the frame does not have them."""
    client = current()
    paused = paused_ids(client.server, client.event_store, embedded=client.embedded)
    waiting = [each for each in paused if each not in set(found.index)]
    if waiting:
        print(f"Paused, so not in this list: {', '.join(waiting)}. %webhook paused tells more.")  # noqa: T201
