"""``DeliveryInspector``: the deliveries of a receiver, live.

From the browser: ``hello``, ``look`` (number), ``answer`` (status, delay, drop, times), ``append`` (event_type,
source), ``clear``, ``cancel``, ``dismiss``. To the browser: ``endpoint``, ``all`` or ``more`` (columns), ``detail``,
``types``, ``job``, ``told``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from chronicle_notebook.base._public import public_in
from chronicle_notebook.base._text import readable
from chronicle_notebook.display._table_and_card import SHOWN, Table, clock
from chronicle_notebook.receiver import Delivery, Receiver
from chronicle_notebook.widgets._inspector_model import InspectorModel
from chronicle_notebook.widgets._message import Told
from chronicle_notebook.widgets._session import Session
from chronicle_notebook.widgets._view import Message, View, script, style

if TYPE_CHECKING:
    import pandas as pd

LONGEST_BODY = 256 * 1024
"""The largest body that is sent to the browser, in characters. Of a larger body the first events that fit are sent."""
HONEST = "These are the requests to this receiver. Chronicle itself keeps no log of deliveries."


@public_in("widgets")
class DeliveryInspector(View):
    """The deliveries of a receiver, live, and switches that make it misbehave.

    ::

        with cn.Receiver() as endpoint:
            inspector = cn.widgets.DeliveryInspector(endpoint, client)
            display(inspector)

    Chronicle keeps no log of deliveries: this widget shows only the requests to this one receiver.

    When no browser shows the widget any more, it stops listening. It starts again when it is shown again, and then also
    has the deliveries of the time in between. ``close()`` ends it at once; the receiver continues.

    :param client: a client of a sandbox, for test events.
    :raises InvalidInputError: the client belongs to a real kernel.
    """

    _esm = script("common", "grid_head", "grid", "tree", "plot", "inspector")
    _css = style("common", "grid", "inspector")

    def __init__(self, endpoint: Receiver, client: Session | None = None) -> None:
        model = InspectorModel(endpoint, self.guarded(self._changed), client)  # first, because it may raise an error
        super().__init__()
        self.model = model
        self._among_all: frozenset[int] = frozenset()
        """The numbers of the deliveries in the last complete list."""
        self._news: dict[str, Callable[[], None]] = {
            "deliveries": self._push_more,
            "cleared": self._push_all,
            "endpoint": self._push_endpoint,
            "types": self._push_types,
            "job": self._push_job,
            "told": self._push_told,
        }
        self._handlers = {
            "hello": self._hello,
            "look": self._look,
            "answer": self.model.answer,
            "append": lambda message: self.model.append(str(message["event_type"]), str(message["source"])),
            "clear": lambda _: self.model.clear(),
            "cancel": lambda _: self.model.jobs.cancel(),
            "dismiss": lambda _: self.model.tell(None),
        }
        self.model.start()

    @property
    def frame(self) -> pd.DataFrame:
        """The deliveries as a DataFrame, like :meth:`Receiver.to_frame`."""
        return self.model.endpoint.to_frame()

    @property
    def selected(self) -> Delivery | None:
        """The delivery whose details are shown."""
        return None if self.model.selected is None else self.model.find(self.model.selected)

    def __repr__(self) -> str:
        return f"<DeliveryInspector of {self.model.endpoint!r}>"

    def _end(self) -> None:
        self.model.close()

    def _pause(self) -> None:
        self.model.pause()

    def _resume(self) -> None:
        self.model.start()
        self._push_endpoint()
        self._push_all()

    def _hello(self, _message: Message) -> None:
        with self._sending:
            for push in (self._push_endpoint, self._push_types, self._push_all, self._push_job, self._push_told):
                push()
            if self.model.selected is not None:
                self._push_detail(self.model.selected)

    def _look(self, message: Message) -> None:
        self.model.selected = int(message["number"])
        self._push_detail(self.model.selected)

    def _changed(self, what: str) -> None:
        self._news[what]()

    def _push_all(self) -> None:
        with self._sending:
            self.model.news()  # these are in the complete list
            deliveries = self.model.endpoint.deliveries
            self._among_all = frozenset(each.number for each in deliveries)
            self.tell({"kind": "all", "rows": _columns(deliveries)})

    def _push_more(self) -> None:
        with self._sending:
            # A receiver stores a delivery before it reports it, so a reported delivery may have been in the complete
            # list.
            news = [each for each in self.model.news() if each.number not in self._among_all]
            if news:
                self.tell({"kind": "more", "rows": _columns(news)})

    def _push_endpoint(self) -> None:
        endpoint = self.model.endpoint
        running = endpoint.running
        self.tell(
            {
                "kind": "endpoint",
                "running": running,
                "url": endpoint.url if running else "",
                "conduct": endpoint.conduct,
                "can_append": self.model.client is not None,
                "honest": HONEST,
            }
        )

    def _push_types(self) -> None:
        self.tell({"kind": "types", "types": sorted(str(each.type) for each in self.model.types)})

    def _push_detail(self, number: int) -> None:
        delivery = self.model.find(number)
        self.tell({"kind": "detail", "detail": None if delivery is None else _detail(delivery)})

    def _push_job(self) -> None:
        job = self.model.jobs.current
        self.tell({"kind": "job", "job": None if job is None else {"number": job.number, "label": job.label}})

    def _push_told(self) -> None:
        told = self.model.told
        self.tell({"kind": "told", "told": None if told is None else told.wire()})

    def _show(self, told: Told) -> None:
        self.model.tell(told)

    def _static(self) -> str:
        deliveries = self.model.endpoint.deliveries
        return Table(
            caption=f"The last {min(len(deliveries), SHOWN):,} of {len(deliveries):,} deliveries",
            titles=("Time", "Sent to", "Partition", "Holds", "Answered", "ms"),
            rows=[
                (
                    clock(each.received),
                    each.name or each.path,
                    each.partition or "",
                    each.summary,
                    each.answer,
                    f"{each.duration_ms:.0f}",
                )
                for each in reversed(deliveries[-SHOWN:])
            ],
            foot=f"A snapshot of {clock(datetime.now(UTC))}. {HONEST}",
            empty="No delivery yet.",
            numbers=frozenset({5}),
        ).html()


def _columns(deliveries: Sequence[Delivery]) -> dict[str, Any]:
    """The rows. The sender of a delivery chooses its texts; a text that cannot be encoded would break the
    connection."""
    return {
        "number": [each.number for each in deliveries],
        "at": [each.received.timestamp() for each in deliveries],
        "hook": [readable(each.name or each.path) for each in deliveries],
        "partition": [readable(each.partition or "") for each in deliveries],
        "events": [len(each.events) for each in deliveries],
        "status": [each.status for each in deliveries],
        "took": [round(each.duration_ms, 1) for each in deliveries],
    }


def _detail(delivery: Delivery) -> dict[str, Any]:
    """One delivery. The receiver masked credentials before it stored the delivery."""
    body, cut = _body(delivery)
    query = f"?{delivery.query}" if delivery.query else ""
    return {
        "number": delivery.number,
        "request": readable(f"{delivery.method} {delivery.path}{query}"),
        "at": delivery.received.timestamp(),
        "answer": delivery.answer,
        "took": round(delivery.duration_ms, 1),
        "headers": [[readable(name), readable(value)] for name, value in delivery.headers.items()],
        "authorization": delivery.authorization_scheme,
        "error": delivery.body_error,
        "text": None if delivery.body_text is None else readable(delivery.body_text),
        "body": body,
        "cut": cut or delivery.body_truncated,
        "size": delivery.body_size,
    }


def _body(delivery: Delivery) -> tuple[dict[str, Any] | None, bool]:
    if delivery.body_error:
        return None, False
    events: list[Any] = []
    room = LONGEST_BODY
    for event in delivery.events:
        # Written and parsed again: without halves of characters, and with texts for numbers that JSON does not have.
        text = readable(json.dumps(event, ensure_ascii=False))
        room -= len(text)
        if room < 0:
            break
        events.append(json.loads(text, parse_constant=str))
    return {"partition": readable(delivery.partition or ""), "events": events}, len(events) < len(delivery.events)
