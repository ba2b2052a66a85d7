"""The body of a delivery, parsed as the JSON of a kernel.

A kernel sends ``{"partition": text, "events": [{"context": {...}, "content": {...}, ...}]}`` (source:
K/Concepts/Observation/Webhooks/EventsToObserve.cs, K/Concepts/Events/AppendedEvent.cs). A test call has no events
(source: K/Core/Services/Observation/Webhooks/Webhooks.cs).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

MAX_BODY = 16 * 1024 * 1024
"""The largest body in bytes. A larger body is refused with 413 and not stored."""
MAX_TEXT = 64 * 1024
"""How many bytes of a body are stored as text if it is not the JSON of a kernel."""


@dataclass(frozen=True, slots=True)
class Body:
    """The parsed body."""

    size: int
    partition: str | None = None
    events: tuple[dict[str, Any], ...] = ()
    error: str | None = None
    text: str | None = None
    text_truncated: bool = False


def read_body(raw: bytes) -> Body:
    """Parse the bytes. If they are wrong, ``error`` says why, and their text is stored."""
    try:
        document = json.loads(raw)
    except RecursionError:
        return _unread(raw, "The body is JSON that is nested too deeply.")
    except ValueError:
        return _unread(raw, "The body is not JSON." if raw else "The request has no body.")
    problem = _problem(document)
    if problem:
        return _unread(raw, problem)
    return Body(size=len(raw), partition=document["partition"], events=tuple(document["events"]))


def _unread(raw: bytes, error: str) -> Body:
    text = raw[:MAX_TEXT].decode("utf-8", "replace") if raw else None
    return Body(size=len(raw), error=error, text=text, text_truncated=len(raw) > MAX_TEXT)


def _problem(document: Any) -> str:
    if not isinstance(document, dict):
        return "The body is not a JSON object."
    if not isinstance(document.get("partition"), str):
        return "The body has no text 'partition'."
    events = document.get("events")
    if not isinstance(events, list):
        return "The body has no list 'events'."
    for position, event in enumerate(events):
        problem = _event_problem(event)
        if problem:
            return f"Event {position + 1} of the body {problem}."
    return ""


def _event_problem(event: Any) -> str:
    if not isinstance(event, dict):
        return "is not an object"
    context = event.get("context")
    if not isinstance(context, dict):
        return "has no object 'context'"
    event_type = context.get("eventType")
    if not isinstance(event_type, dict) or not isinstance(event_type.get("id"), str):
        return "has no text 'context.eventType.id'"
    number = context.get("sequenceNumber")
    if not isinstance(number, int) or isinstance(number, bool):
        return "has no whole number 'context.sequenceNumber'"
    return "" if isinstance(event.get("content"), dict) else "has no object 'content'"
