"""The strongest proof of a test: an event that the kernel delivered to a receiver of this process.

Only a sandbox kernel gets an event for this. The log of any other kernel is business data, and a test must not append
to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from chronicle_notebook.base._errors import AppendRefusedError, ReceiverError
from chronicle_notebook.model import EventToAppend, EventType, RegisteredEventType, WebhookDefinition
from chronicle_notebook.model._sample import sample
from chronicle_notebook.receiver import Receiver
from chronicle_notebook.target_test._answer import Grade, TargetAnswer

Append = Callable[[EventToAppend], object]


def with_arrival(
    answer: TargetAnswer,
    definition: WebhookDefinition,
    receiver: Receiver,
    *,
    append: Append | str,
    event_types: Callable[[], list[RegisteredEventType]],
    timeout: float,
) -> TargetAnswer:
    """The answer, with what an event proves in addition, if the target is a receiver of this process.

    :param append: a function that appends an event to the sequence that the webhook observes, or the reason why this is
        not done.
    :param timeout: seconds to wait for the event.
    """
    earlier = _earlier(receiver, definition)
    if isinstance(append, str):
        return _noted(
            answer,
            f"The target is a receiver of this process, where {earlier} arrived at this path so far. No event was "
            f"appended for the test, because {append}.",
        )
    if not definition.active or not definition.event_types:
        why = "it is inactive" if not definition.active else "it has no event types"
        return _noted(
            answer, f"No event was appended for the test: the kernel sends none to this webhook, because {why}."
        )
    kind = definition.event_types[0]
    source = f"webhook-test-{uuid4().hex[:8]}"
    try:
        append(EventToAppend(source, kind, sample(_schema(kind, event_types()))))
    except AppendRefusedError:
        return _noted(answer, f"The kernel accepted no sample event of type {kind}, so none was sent.")
    try:
        arrived = receiver.wait_for(1, timeout=timeout, where=lambda delivery: delivery.partition == source)[0]
    except ReceiverError:
        return _noted(
            answer,
            f"A sample event of type {kind} was appended to the sandbox and did not arrive within {timeout:g} s: "
            "see client.failed_partitions().",
        )
    note = (
        f"A sample event of type {kind} (event source {source}) was appended to the sandbox, went through the "
        f"kernel and arrived at the receiver, which answered {arrived.answer}."
    )
    if arrived.status is None or not 200 <= arrived.status < 300:
        return _noted(answer, note)
    return replace(answer, grade=Grade.ARRIVED, caveats=(note, *answer.caveats[1:]))


def _noted(answer: TargetAnswer, note: str) -> TargetAnswer:
    return replace(answer, caveats=(*answer.caveats, note))


def _earlier(receiver: Receiver, definition: WebhookDefinition) -> str:
    from urllib.parse import urlsplit

    path = urlsplit(definition.target_url).path or "/"
    events = sum(len(delivery.events) for delivery in receiver.deliveries if delivery.path == path)
    return "no event has" if not events else f"{events:,} event{'' if events == 1 else 's'}"


def _schema(kind: EventType, registered: list[RegisteredEventType]) -> Mapping[str, Any]:
    return next((each.schema for each in registered if each.id == kind.id), {})
