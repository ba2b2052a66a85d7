"""The JSON body of a delivery."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from chronicle_notebook.sandbox import _moment
from chronicle_notebook.sandbox._event import Event
from chronicle_notebook.sandbox._stores import Scope

LIVE = 1
"""The observation state of live events, catch-up and retries."""
REPLAY = 2
"""The observation state of replayed events."""

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_SPECIAL = re.compile(r"\\u[0-9a-f]{4}|\\.|[<>&'+`\x7f]")


def body(partition: str, events: Iterable[str]) -> bytes:
    """The body for events that were rendered with ``render``."""
    return f'{{"partition":{dumps(partition)},"events":[{",".join(events)}]}}'.encode("ascii")


def render(scope: Scope, event: Event, state: int, *, reduced: bool = False) -> str:
    """One event of a body, ``reduced`` without the text of its generation.

    Source: K/Concepts/Events/AppendedEvent.cs and EventContext.cs.
    """
    caused_by = json.loads(event.caused_by)
    causation = [{**cause, "occurred": _moment.trimmed(cause["occurred"])} for cause in json.loads(event.causation)]
    content = json.loads(event.content)
    return dumps(
        {
            "context": {
                "eventType": event.type.json(),
                "eventSourceType": event.source_type,
                "eventSourceId": event.source,
                "eventStreamType": event.stream_type,
                "eventStreamId": event.stream_id,
                "sequenceNumber": event.number,
                "occurred": _moment.trimmed(event.occurred),
                "eventStore": scope.store,
                "namespace": scope.namespace,
                "correlationId": event.correlation,
                "causation": causation,
                "causedBy": caused_by,
                "tags": json.loads(event.tags),
                "hash": event.hash,
                "observationState": state,
                "subject": event.subject,
                "subjectIsEventSourceId": event.subject == event.source,
            },
            "content": content,
            "originalContent": "",
            "revisions": [],
            "generationalContent": {} if reduced else {str(event.type.generation): spaced(content)},
            "isRevised": False,
        }
    )


def dumps(value: object) -> str:
    """JSON as the kernel's serializer writes it: without spaces, and with everything but plain ASCII escaped.

    Quotation marks and the characters that mean something in HTML are escaped as well, in upper-case hexadecimal.
    """
    text = json.dumps(value, separators=(",", ":"))
    return _STRING.sub(_escape_string, text) if _SPECIAL.search(text) else text


def spaced(value: Any) -> str:
    """JSON in the notation of the kernel's document database, with spaces inside braces and around colons."""
    if isinstance(value, Mapping):
        fields = ", ".join(f"{json.dumps(key, ensure_ascii=False)} : {spaced(item)}" for key, item in value.items())
        return f"{{ {fields} }}" if fields else "{ }"
    if isinstance(value, list):
        return f"[{', '.join(spaced(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False)


def _escape_string(found: re.Match[str]) -> str:
    inner = found[0][1:-1]
    return f'"{_SPECIAL.sub(_escape, inner)}"'


def _escape(found: re.Match[str]) -> str:
    text = found[0]
    if text.startswith("\\u"):
        return "\\u" + text[2:].upper()
    # Other escapes stay as they are, except that of the quotation mark.
    return text if len(text) == 2 and text != '\\"' else f"\\u{ord(text[-1]):04X}"
