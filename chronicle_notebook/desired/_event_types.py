"""The event types of a desired state: whether the event store has them, and the registration of declared ones."""

from __future__ import annotations

from collections.abc import Sequence

from chronicle_notebook.base._errors import UnknownEventTypeError
from chronicle_notebook.base._text import count
from chronicle_notebook.definition.rules._check import check_known
from chronicle_notebook.desired._plan_content import Wanted
from chronicle_notebook.desired._store import StateClient
from chronicle_notebook.events._declared_event_type import event_type_of
from chronicle_notebook.reading._list import WebhookList

_SHOWN = 20
"""The largest number of further webhooks in one message."""


def check_event_types(state: Wanted, client: StateClient, registered: WebhookList) -> None:
    """Refuse event types that the event store does not have, unless their webhook has them already.

    :raises UnknownEventTypeError: there are some; the message names every webhook, with its line in the file.
    """
    declared = {event_type_of(each).id for each in state.event_type_classes}
    known = {each.id for each in client.event_types()} | declared
    found: list[UnknownEventTypeError] = []
    for each in state.webhooks:
        if all(kind.id in known for kind in each.event_types):
            continue
        there = registered.find(each.id)
        kept = {kind.id for kind in there.event_types} if there is not None else set()
        try:
            check_known(each, known_event_types=[*sorted(known), *sorted(kept)])
        except UnknownEventTypeError as error:
            found.append(error)
    if found:
        raise _joined(state, found)


def _joined(state: Wanted, found: Sequence[UnknownEventTypeError]) -> UnknownEventTypeError:
    def located(error: UnknownEventTypeError) -> str:
        line = state.lines.get(error.webhook)
        return error.message if line is None else f"line {line}: {error.message}"

    first, rest = found[0], found[1:]
    listed = "".join(f"\n  {located(each)} {each.hint}".rstrip() for each in rest[:_SHOWN])
    more = f"\n{count(len(rest), 'more webhook')}:{listed}" if rest else ""
    more += "\n  and others." if len(rest) > _SHOWN else ""
    file = "" if state.path is None else f"{state.path}, "
    return UnknownEventTypeError(
        f"{file}{located(first)}", field=first.field, webhook=first.webhook, hint=f"{first.hint}{more}"
    )


def register_types(client: StateClient, classes: Sequence[type]) -> None:
    """Register the declared event types that the event store does not have."""
    if not classes:
        return
    known = {each.id for each in client.event_types()}
    new = [each for each in classes if event_type_of(each).id not in known]
    if new:
        client.register_event_types(*new)
