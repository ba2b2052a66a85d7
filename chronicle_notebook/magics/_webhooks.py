"""``%webhooks``: all webhooks as a DataFrame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronicle_notebook.magics._clients import current
from chronicle_notebook.magics._parse import Call

if TYPE_CHECKING:
    import pandas as pd


def run(call: Call) -> pd.DataFrame:
    """The webhooks that match every given filter."""
    active = True if "--active" in call.switches else False if "--inactive" in call.switches else None
    return current().webhooks.to_frame(
        tidy="--tidy" in call.switches,
        event_type=call.text("--event-type"),
        url=call.text("--url"),
        authorization=call.given("--auth"),
        active=active,
    )
