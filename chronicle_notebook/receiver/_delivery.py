"""One request that the receiver got."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from http import HTTPStatus
from typing import Any

from chronicle_notebook.base._public import public
from chronicle_notebook.base._text import count, readable
from chronicle_notebook.display._table_and_card import PLAIN, Card
from chronicle_notebook.receiver._headers import RequestHeaders

_SHOWN_JSON = 64 * 1024


@public
@dataclass(frozen=True, slots=True, repr=False)
class Delivery:
    """A request and its answer. Credentials are masked before this object is made; the body is unchanged."""

    number: int
    """The number of the request, in the order of arrival, from 1."""
    received: datetime
    """The time when its headers had arrived, in UTC."""
    method: str
    path: str
    """The path as it was sent, percent-encoded."""
    query: str = ""
    """The query as it was sent, without the question mark. Values that look like credentials are masked."""
    name: str | None = None
    """The part after the receiver's path, decoded: the name that was given to :meth:`Receiver.url_for`."""
    headers: RequestHeaders = field(default_factory=RequestHeaders)
    """The headers. Values are masked if the name looks like a credential. Upper and lower case do not matter."""
    authorization_scheme: str | None = None
    """``Basic``, ``Bearer`` and so on; ``other`` for an unregistered one; None if there was no such header."""
    partition: str | None = None
    """The event source id of the events."""
    events: tuple[dict[str, Any], ...] = ()
    """The events as a kernel writes them, each with ``context`` and ``content``."""
    body_error: str | None = None
    """What is wrong with the body; None if nothing is wrong."""
    body_text: str | None = None
    """The first 64 KiB of a wrong body."""
    body_truncated: bool = False
    """Whether ``body_text`` is only a part of the body."""
    body_size: int = 0
    """The size in bytes of the received body, unpacked."""
    status: int | None = None
    """The HTTP status of the answer; None if the connection ended without an answer."""
    duration: float = 0.0
    """The time from the headers to the answer, in seconds."""

    @property
    def duration_ms(self) -> float:
        """The time from the headers to the answer, in milliseconds."""
        return self.duration * 1000

    @property
    def sequence_numbers(self) -> tuple[int, ...]:
        """The sequence number of each event."""
        return tuple(event["context"]["sequenceNumber"] for event in self.events)

    @property
    def event_types(self) -> tuple[str, ...]:
        """The id of the type of each event."""
        return tuple(event["context"]["eventType"]["id"] for event in self.events)

    @property
    def answer(self) -> str:
        """The status in words: ``200 OK``, or ``no answer``."""
        if self.status is None:
            return "no answer"
        try:
            return f"{self.status} {HTTPStatus(self.status).phrase}"
        except ValueError:
            return str(self.status)

    @property
    def summary(self) -> str:
        """The content in a few words."""
        if self.body_error:
            return self.body_error.rstrip(".")
        if not self.events:
            return "no events"
        types = list(dict.fromkeys(self.event_types))
        shown = ", ".join(types[:3]) + (f" and {len(types) - 3} more" if len(types) > 3 else "")
        return f"{count(len(self.events), 'event')} ({shown})"

    def __repr__(self) -> str:
        return readable(f"<Delivery {self.number}: {self.method} {self.path}, {self.summary}, {self.answer}>")

    def _repr_html_(self) -> str:
        facts = [
            ("Received", self.received.isoformat(timespec="milliseconds")),
            ("Request", f"{self.method} {self.path}{'?' if self.query else ''}{self.query}"),
            ("Authorization", self.authorization_scheme or "none"),
            ("Partition", "none" if self.partition is None else self.partition),
            ("Holds", self.summary),
            ("Sequence numbers", ", ".join(map(str, self.sequence_numbers)) or "none"),
            ("Answered", f"{self.answer} after {self.duration_ms:.1f} ms"),
        ]
        facts += [(f"Header {name}", value) for name, value in self.headers.items()]
        shown = [(readable(name), readable(value)) for name, value in facts]
        return Card(f"Delivery {self.number}", shown).html() + self._body_html()

    def _body_html(self) -> str:
        if self.body_text is not None:
            text, cut = self.body_text, self.body_truncated
        elif self.events:
            whole = json.dumps(self.events, indent=2, ensure_ascii=False)
            text, cut = whole[:_SHOWN_JSON], len(whole) > _SHOWN_JSON
        else:
            return ""
        title = "Body, its beginning" if cut else "Body"
        # Neither is typeset, as in the card above.
        return f'<details class="{PLAIN}"><summary>{title}</summary><pre>{escape(readable(text))}</pre></details>'
