"""The state and the actions of an inspector of deliveries, without any widget."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.model import AppendResult, RegisteredEventType
from chronicle_notebook.model._sample import sample
from chronicle_notebook.receiver import Delivery, Receiver
from chronicle_notebook.widgets._job import Jobs
from chronicle_notebook.widgets._message import Level, Told, told_error
from chronicle_notebook.widgets._session import Session

PACE = 0.1
"""The least time in seconds between two reports, so that a burst of deliveries is one report."""
LOOK = 1.0
"""The time in seconds between two checks of the endpoint's settings, which other cells may change."""


class InspectorModel:
    """The deliveries of one receiver, live.

    ``changed`` is called with the name of the change, in any thread: ``deliveries``, ``endpoint``, ``types``, ``job``
    or ``told``.

    :param client: a client of a sandbox, for test events.
    :raises InvalidInputError: the client belongs to a real kernel, where a test event could not be deleted.
    """

    def __init__(self, endpoint: Receiver, changed: Callable[[str], None], client: Session | None = None) -> None:
        if client is not None and not client.sandbox:
            raise InvalidInputError(
                f"{client.server} is not a sandbox: a test event would stay in its event store for good.",
                field="client",
                hint="Leave the client out, or give the client of a sandbox.",
            )
        self.endpoint = endpoint
        self.client = client
        self.types: tuple[RegisteredEventType, ...] = ()
        """The event types for a test event."""
        self.told: Told | None = None
        self.selected: int | None = None
        """The number of the delivery whose details are shown."""
        self.jobs = Jobs(lambda: changed("job"))
        self._loading = Jobs(lambda: None)
        self._changed = changed
        self._news: deque[Delivery] = deque(maxlen=10_000)
        self._stirred = threading.Event()
        self._ending = threading.Event()
        self._reporter: threading.Thread | None = None
        self._silence: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Start to listen, or continue after :meth:`pause`. The deliveries of the time in between are in the endpoint,
        and are not reported as new."""
        self._silence = self.endpoint.on_delivery(self._take)
        self._ending = threading.Event()
        self._reporter = threading.Thread(target=self._report, args=(self._ending,), name="inspector-news", daemon=True)
        self._reporter.start()
        client = self.client
        if client is not None and not self.types:
            self._loading.start("Reading event types", lambda: list(client.event_types()), self._take_types, self._fail)

    def pause(self) -> None:
        """End the thread, and stop listening. The endpoint itself continues."""
        self._silence()
        self._ending.set()
        self._stirred.set()
        if self._reporter is not None and self._reporter is not threading.current_thread():
            self._reporter.join(timeout=5)

    def close(self) -> None:
        """End everything but the endpoint."""
        self.pause()
        self._loading.close()
        self.jobs.close()

    # -- what is there -------------------------------------------------------------------------------------------

    def news(self) -> list[Delivery]:
        """The deliveries since the last call."""
        taken = []
        while self._news:
            taken.append(self._news.popleft())
        return taken

    def find(self, number: int) -> Delivery | None:
        """The delivery of a number, if the endpoint still has it."""
        return next((each for each in self.endpoint.deliveries if each.number == number), None)

    # -- what can be done ----------------------------------------------------------------------------------------

    def answer(self, wanted: Mapping[str, Any]) -> None:
        """Set the endpoint's answer: ``status``, ``delay`` (seconds), ``drop``, ``times``; properly without any of
        them.

        :raises InvalidInputError: the endpoint cannot answer like that.
        """
        status, delay, drop = wanted.get("status"), wanted.get("delay") or 0.0, bool(wanted.get("drop"))
        if status is None and not delay and not drop:
            self.endpoint.behave()
        else:
            self.endpoint.misbehave(status=status, delay=float(delay), drop=drop, times=wanted.get("times"))
        self._changed("endpoint")

    def clear(self) -> None:
        """Forget the deliveries."""
        self.endpoint.clear()
        self._news.clear()
        self.selected = None
        self._changed("cleared")

    def append(self, event_type: str, source: str) -> None:
        """Append a test event to the event log of the sandbox. Its content fits its schema."""
        client = self.client
        chosen = next((each for each in self.types if str(each.type) == event_type), None)
        if client is None or chosen is None:
            self.tell(Told(Level.ERROR, f"There is no event type {event_type!r} to append."))
            return
        content = sample(chosen.schema)

        def done(result: AppendResult) -> None:
            title = f"Appended {event_type} for {source} as number {result.sequence_number} of {client.event_log.id}."
            self.tell(Told(Level.GOOD, title, ("It is delivered to the webhooks that take this event type.",)))

        self.told = None

        def work() -> AppendResult:
            return client.event_log.append(source, chosen.type, content)

        if not self.jobs.start(f"Appending {event_type}", work, done, self._fail):
            self.tell(Told(Level.WARNING, "Something else is still running.", ("Wait for it, or cancel it.",)))

    def tell(self, told: Told | None) -> None:
        """Show a message; None removes it."""
        self.told = told
        self._changed("told")

    # -- what comes in -------------------------------------------------------------------------------------------

    def _take(self, delivery: Delivery) -> None:
        self._news.append(delivery)
        self._stirred.set()

    def _take_types(self, types: list[RegisteredEventType]) -> None:
        self.types = tuple(each for each in types if each.owner != "server")
        self._changed("types")

    def _fail(self, error: Exception) -> None:
        self.tell(told_error(error))

    def _report(self, ending: threading.Event) -> None:
        seen = (self.endpoint.running, self.endpoint.conduct)
        while not ending.is_set():
            if self._stirred.wait(LOOK) and not ending.is_set():
                self._stirred.clear()
                self._changed("deliveries")
                ending.wait(PACE)
            now = (self.endpoint.running, self.endpoint.conduct)
            if now != seen and not ending.is_set():
                seen = now
                self._changed("endpoint")
