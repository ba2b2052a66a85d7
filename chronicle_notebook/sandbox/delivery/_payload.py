"""The JSON body of a delivery."""

from __future__ import annotations

import json
from collections.abc import Iterable

from chronicle_notebook.base._dotnet_json import dumps
from chronicle_notebook.sandbox import _moment
from chronicle_notebook.sandbox._behaviour import Behaviour
from chronicle_notebook.sandbox._event import Event
from chronicle_notebook.sandbox._stores import SequenceScope

LIVE = 1
"""The observation state of live events, catch-up and retries."""
REPLAY = 2
"""The observation state of replayed events."""


def body(partition: str, events: Iterable[str]) -> bytes:
    """The body for events that were rendered with ``render``."""
    return f'{{"partition":{dumps(partition)},"events":[{",".join(events)}]}}'.encode("ascii")


def render(scope: SequenceScope, event: Event, state: int, behaviour: Behaviour, *, live: bool = True) -> str:
    """One event of a body. ``live`` means that it is delivered as it was appended, not as it was stored.

    Source: K/Concepts/Events/AppendedEvent.cs and EventContext.cs. Moments are written without escapes.
    """
    tombstone = event.type.tombstone and (live or not behaviour.events_as_sql)
    texts = {} if live and event.many and behaviour.events_as_sql else generations(event, behaviour)
    kind = {**event.type.json(), "tombstone": tombstone}
    causes = ",".join(
        f'{{"occurred":"{_moment.trimmed(cause["occurred"])}","type":{dumps(cause["type"])},'
        f'"properties":{dumps(cause["properties"])}}}'
        for cause in json.loads(event.causation)
    )
    return (
        f'{{"context":{{"eventType":{dumps(kind)},"eventSourceType":{dumps(event.source_type)},'
        f'"eventSourceId":{dumps(event.source)},"eventStreamType":{dumps(event.stream_type)},'
        f'"eventStreamId":{dumps(event.stream_id)},"sequenceNumber":{event.number},'
        f'"occurred":"{_moment.trimmed(event.occurred)}","eventStore":{dumps(scope.store)},'
        f'"namespace":{dumps(scope.namespace)},"correlationId":"{event.correlation}","causation":[{causes}],'
        f'"causedBy":{dumps(json.loads(event.caused_by))},"tags":{dumps(json.loads(event.tags))},'
        f'"hash":{dumps(event.hash)},"observationState":{state},"subject":{dumps(event.subject)},'
        f'"subjectIsEventSourceId":{dumps(event.subject == event.source)}}},"content":{event.content},'
        f'"originalContent":"","revisions":[],"generationalContent":{dumps(texts)},'
        '"isRevised":false}'
    )


def generations(event: Event, behaviour: Behaviour) -> dict[str, str]:
    """The texts of an event by generation. There is only its own generation."""
    if behaviour.context_reduced:
        return {}
    # B20 in docs/fidelity.md: there is no other generation, because the sandbox executes no migration.
    return {str(event.type.generation): event.content}
