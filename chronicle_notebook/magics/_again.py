"""``%webhook pause``, ``paused``, ``resume``, ``replay``, ``redeliver``: consequences, question, call."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.display._displayed import Displayed
from chronicle_notebook.display._table_and_card import Card, Tone
from chronicle_notebook.magics._clients import current
from chronicle_notebook.magics._parse import Call
from chronicle_notebook.magics._question import agreed

if TYPE_CHECKING:
    from chronicle_notebook.display._listing import Listing
    from chronicle_notebook.model import BearerAuthorization
    from chronicle_notebook.pausing._paused import PausedWebhook
    from chronicle_notebook.registration._outcome import Outcome

NOTHING_DONE = "Nothing was done."
_AGO = re.compile(r"(\d{1,6})\s*([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Foreseen(Displayed):
    """The consequences of a pause, before somebody agrees to it."""

    def __init__(self, heading: str, notes: tuple[str, ...]) -> None:
        self._card = Card(heading=heading, facts=(), notes=notes, tone=Tone.WARNING)

    def _display(self) -> Card:
        return self._card


def pause(call: Call) -> Outcome | None:
    """Say what a pause means, ask, and pause."""
    client, webhook = current(), call.required("ID")
    accepted = [name.strip() for name in (call.text("--accept-defects") or "").split(",") if name.strip()]
    if "--yes" not in call.switches and webhook in client.webhooks.ids():
        told = client.webhooks.pause(webhook, accept_defects=accepted, dry_run=True).notes
        _show(Foreseen(f"A pause of {webhook!r} in event store {client.event_store!r} on {client.server}", told))
        if not agreed(f"Pause webhook {webhook!r}?", to=f"pause {webhook!r} on {client.server}"):
            print(NOTHING_DONE)  # noqa: T201 - the answer to the question
            return None
    return client.webhooks.pause(webhook, reason=call.text("--reason") or "", accept_defects=accepted)


def paused(_: Call) -> Listing[PausedWebhook]:
    """List the paused webhooks."""
    return current().webhooks.paused()


def resume(call: Call) -> Outcome:
    """Register a paused webhook again."""
    return current().webhooks.resume(call.required("ID"))


def replay(call: Call) -> Any:
    """Say what a replay sends, ask, start it, and follow it."""
    client, webhook = current(), call.required("ID")
    plan = client.webhooks.replay(
        webhook,
        namespace=call.text("--namespace"),
        partition=call.text("--partition"),
        storage=call.given("--storage"),  # type: ignore[arg-type]  # the table has the choices
    )
    return _applied(call, plan, f"replay {webhook!r} on {client.server}")


def redeliver(call: Call) -> Any:
    """Say what a re-delivery sends, ask, and send it."""
    client, webhook = current(), call.required("ID")
    number, since = _number(call, "--from"), call.text("--since")
    if (number is None) == (since is None):
        raise InvalidInputError(
            "Either a number or a time says where the re-delivery begins.",
            field="line",
            hint="Write --from 120, or --since 2h.",
        )
    plan = client.webhooks.redeliver(
        webhook,
        from_sequence_number=number,
        since=None if since is None else moment(since),
        namespace=call.text("--namespace"),
        partition=call.text("--partition"),
        authorization=_bearer(call),
    )
    return _applied(call, plan, f"send events to {webhook!r} again")


def moment(text: str) -> datetime:
    """A time with its zone, or how long ago it was.

    :raises InvalidInputError: the text is neither.
    """
    ago = _AGO.fullmatch(text.strip())
    if ago is not None:
        return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise InvalidInputError(
            "--since is neither a time with its zone nor how long ago it was.",
            field="--since",
            hint="Write 2026-11-28T18:30+01:00, or 2h, or 45m.",
        )
    return found


def _applied(call: Call, plan: Any, to: str) -> Any:
    if "--dry-run" in call.switches or not plan.events:
        return plan
    if "--yes" not in call.switches:
        _show(plan)
        if not agreed(f"{to[0].upper()}{to[1:]}?", to=to):
            print(NOTHING_DONE)  # noqa: T201 - the answer to the question
            return None
    return plan.apply()


def _show(value: Displayed) -> None:
    from IPython.display import display

    display(value)  # type: ignore[no-untyped-call]


def _number(call: Call, flag: str) -> int | None:
    text = call.text(flag)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 20):
        raise InvalidInputError(f"{flag} is a whole number.", field=flag, hint=f"Write {flag} 120, for example.")
    return int(text)


def _bearer(call: Call) -> BearerAuthorization | None:
    from chronicle_notebook.definition._references import resolve
    from chronicle_notebook.model import BearerAuthorization

    given = call.given("--bearer")
    if given is None:
        return None
    if not given.startswith(("env:", "var:")):
        raise InvalidInputError(
            "--bearer is a reference, because a token in plain text would stay in the notebook.",
            field="--bearer",
            hint="Write --bearer env:NAME, or --bearer var:NAME for a variable with a cn.Secret.",
        )
    value = resolve(given, call.variables, field="--bearer")
    return BearerAuthorization(value if isinstance(value, Secret) else Secret(value))
