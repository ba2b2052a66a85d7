"""Event sources that a kernel still delivers to the old target of a changed webhook.

A kernel keeps the old target of an event source until the source had no event for 15 minutes (seen on 16.37.1 and on a
build of 16.38). Which sources these are shows in the events of the last 15 minutes.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from chronicle_notebook.base._errors import KernelError
from chronicle_notebook.base._text import listed
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.model import AppendedEvent, WebhookDefinition

LATELY = timedelta(minutes=15)
MOST_EVENTS = 2_000
"""The largest number of events that are read of a namespace. Kernels have no paging."""
NAMED = 5
"""The largest number of event sources that a note names. The others are counted."""


def in_use_notes(kernel: KernelGateway, event_store: str, before: WebhookDefinition) -> tuple[str, ...]:
    """A note with the event sources of a webhook that are in use. Empty if there is none, or the kernel does not say.

    :param before: the webhook as it was before the change.
    """
    kinds = {kind.id for kind in before.event_types}
    since = datetime.now(UTC) - LATELY
    found: dict[str, None] = {}
    with suppress(KernelError):
        for namespace in kernel.namespaces(event_store):
            place = (event_store, namespace, before.event_sequence_id)
            tail = kernel.tail(*place)
            events = [] if tail is None else kernel.events(*place, start=max(0, tail + 1 - MOST_EVENTS))
            found |= {each.event_source_id: None for each in events if each.type.id in kinds and _is_since(each, since)}
    if not found:
        return ()
    more = f" and {len(found) - NAMED:,} more" if len(found) > NAMED else ""
    named = f"{listed(list(found)[:NAMED])}{more}"
    return (f"These had an event of its types in the last 15 minutes, so they stay with the old target: {named}.",)


def _is_since(event: AppendedEvent, since: datetime) -> bool:
    occurred = event.occurred
    if occurred is None:
        return False
    return (occurred if occurred.tzinfo is not None else occurred.replace(tzinfo=UTC)) >= since
