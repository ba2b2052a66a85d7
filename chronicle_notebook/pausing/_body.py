"""The JSON body of a re-delivery: the form of a kernel's own replay.

Source: K/Concepts/Events/AppendedEvent.cs and EventContext.cs, and the deliveries of a running 16.37.1 on SQLite. Two
things a kernel does not tell to those who read events: the subject (up to 16.38), which is then taken for the event
source, as it is unless somebody gave another one; and the list of revisions, which stays empty.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from chronicle_notebook.base._dotnet_json import dumps
from chronicle_notebook.model import EventAuthor, StoredEvent

REPLAYED = 2
"""The observation state of replayed events. Targets that know it can tell them from new ones."""


def body(partition: str, events: Iterable[StoredEvent], *, event_store: str, namespace: str) -> bytes:
    """The body with events of one event source."""
    rendered = ",".join(_event(each, event_store, namespace) for each in events)
    return f'{{"partition":{dumps(partition)},"events":[{rendered}]}}'.encode("ascii")


def _event(event: StoredEvent, event_store: str, namespace: str) -> str:
    subject = event.event_source_id if event.subject is None else event.subject
    kind = {"id": event.type.id, "generation": event.type.generation, "tombstone": event.type.tombstone}
    # The kernel writes moments without the escapes of other texts.
    causes = ",".join(
        f'{{"occurred":"{_trimmed(each.occurred)}","type":{dumps(each.type)},"properties":{dumps(dict(each.properties))}}}'
        for each in event.causation
    )
    texts = {str(generation): text for generation, text in sorted(event.generations.items())}
    return (
        f'{{"context":{{"eventType":{dumps(kind)},"eventSourceType":{dumps(event.event_source_type)},'
        f'"eventSourceId":{dumps(event.event_source_id)},"eventStreamType":{dumps(event.event_stream_type)},'
        f'"eventStreamId":{dumps(event.event_stream_id)},"sequenceNumber":{event.sequence_number},'
        f'"occurred":"{_trimmed(event.occurred)}","eventStore":{dumps(event_store)},'
        f'"namespace":{dumps(namespace)},"correlationId":"{event.correlation_id}","causation":[{causes}],'
        f'"causedBy":{dumps(_author(event.caused_by))},"tags":{dumps(list(event.tags))},'
        f'"hash":{dumps(event.hash)},"observationState":{REPLAYED},"subject":{dumps(subject)},'
        f'"subjectIsEventSourceId":{dumps(subject == event.event_source_id)}}},"content":{_content(event.content)},'
        f'"originalContent":{dumps(event.original)},"revisions":[],"generationalContent":{dumps(texts)},'
        f'"isRevised":{dumps(event.revised)}}}'
    )


def _author(author: EventAuthor | None) -> dict[str, Any] | None:
    if author is None:
        return None
    told: dict[str, Any] = {"subject": author.subject, "name": author.name, "userName": author.user_name}
    return told if author.on_behalf_of is None else told | {"onBehalfOf": _author(author.on_behalf_of)}


def _content(text: str) -> str:
    """The content as it was read, so that no digit is lost; only what is not ASCII is escaped.

    A text that is no JSON would spoil the whole body, so it becomes an empty object.
    """
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return "{}"
    return "".join(each if each.isascii() else dumps(each)[1:-1] for each in text) if not text.isascii() else text


def _trimmed(moment: str) -> str:
    """A moment with its fraction without trailing zeros."""
    whole, point, rest = moment.partition(".")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    fraction = digits.rstrip("0")
    return f"{whole}{point if fraction else ''}{fraction}{rest[len(digits) :]}"
