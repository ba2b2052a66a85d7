"""The model of the explorer: the webhooks of an event store, their observers, and what can be done with them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chronicle_notebook.base._errors import ChronicleError, ProtocolError
from chronicle_notebook.connection._cancellation import Cancellation
from chronicle_notebook.model import UndisclosedAuthorization, WebhookDefinition
from chronicle_notebook.model._authorization import kind_names
from chronicle_notebook.reading._frame import columns_of, frame
from chronicle_notebook.reading._list import WebhookList
from chronicle_notebook.reading._observation import ObservationState, WebhookObservation
from chronicle_notebook.registration._outcome import Outcome
from chronicle_notebook.widgets._filter import ExplorerFilter
from chronicle_notebook.widgets._health import Health, Observers, read_observers
from chronicle_notebook.widgets._job import Jobs
from chronicle_notebook.widgets._message import Level, Told, told_answer, told_error, told_outcome, told_retry
from chronicle_notebook.widgets._session import Session

if TYPE_CHECKING:
    import pandas as pd


from collections.abc import Mapping, Sequence
from typing import Any

from chronicle_notebook.base._url import shown_each
from chronicle_notebook.widgets._health import STATES

PACE = 2.0
"""The pause in seconds between two readings of the observers, while somebody looks."""
SHARE = 8
"""The pause after a slow reading, as a multiple of its duration: reading takes at most a ninth of the time."""
LEASE = 60.0
"""The time in seconds for which a browser's message that it shows the explorer is valid."""


class ExplorerModel:
    """All webhooks of a client's event store.

    ``changed`` is called with the name of the change, in any thread: ``rows``, ``link``, ``observers``, ``job`` or
    ``told``.
    """

    def __init__(self, client: Session, changed: Callable[[str], None]) -> None:
        self.client = client
        self._changed = changed
        self.hooks: WebhookList | None = None
        """The latest list; None before the first list."""
        self.link = ObservationState.CONNECTING
        """Whether :attr:`hooks` is up to date."""
        self.link_since = datetime.now(UTC)
        """The time since when :attr:`link` has its value."""
        self.link_error: ChronicleError | None = None
        """Why :attr:`link` is ``reconnecting``; None if the observation is live or the reason is not known."""
        self.observers: Observers | None = None
        """The latest reading of the observers."""
        self.observers_error: ChronicleError | None = None
        """The error of the latest reading; None if it succeeded."""
        self.selected_ids: tuple[str, ...] = ()
        self.filter = ExplorerFilter()
        self.told: Told | None = None
        """The message to show: the outcome of the last action."""
        self.removed: WebhookDefinition | None = None
        """The webhook that was removed last and can be registered again."""
        self.jobs = Jobs(lambda: self._changed("job"))
        self._first = threading.Event()
        self._ending = threading.Event()
        self._wanted = threading.Event()
        self._shown_until = 0.0
        self._observation: WebhookObservation | None = None
        self._reading = Cancellation()
        self._reader: threading.Thread | None = None

    def start(self) -> None:
        """Start to observe, or continue after :meth:`pause`. Errors are shown, not raised."""
        self._first.clear()
        self._ending, self._reading = threading.Event(), Cancellation()
        self._reader = threading.Thread(
            target=self._read_observers, args=(self._ending, self._reading), name="explorer-observers", daemon=True
        )
        self._reader.start()
        if self.link is not ObservationState.CONNECTING:
            self._enter(ObservationState.CONNECTING)
        try:
            self._observation = self.client.webhooks.observe(self._take, on_state=self._enter, on_error=self._note)
        except ChronicleError as error:
            self._enter(ObservationState.FAILED)
            self.tell(told_error(error))
        else:
            self._tell_why_it_failed()  # it may have failed before it could be asked

    def pause(self) -> None:
        """End the stream and its threads. What was read, a running call and the message stay."""
        self._ending.set()
        self._wanted.set()
        self._reading.cancel()
        observation, self._observation = self._observation, None
        if observation is not None:
            observation.stop()
        self._first.set()  # nobody needs to wait any longer
        if self._reader is not None and self._reader is not threading.current_thread():
            self._reader.join(timeout=5)

    def close(self) -> None:
        """End every thread and stream."""
        self.pause()
        self.jobs.close()

    def wait_for_first(self, timeout: float) -> bool:
        """Wait until the first list after :meth:`start` has arrived, or the attempt has failed or ended."""
        return self._first.wait(timeout)

    # -- what is there -------------------------------------------------------------------------------------------

    @property
    def selected(self) -> list[WebhookDefinition]:
        """The selected webhooks that still exist, in the order of the list."""
        wanted = set(self.selected_ids)
        return [each for each in self.hooks or () if each.id in wanted]

    @property
    def filtered(self) -> list[WebhookDefinition]:
        """The webhooks that match the filter, in the order of the list."""
        if self.filter == ExplorerFilter():
            return list(self.hooks or ())
        return [each for each in self.hooks or () if self.filter.accepts(each, self.health(each).state)]

    @property
    def frame(self) -> pd.DataFrame:
        """The filtered webhooks as a DataFrame, like :meth:`Webhooks.to_frame`."""
        return frame(columns_of(self.filtered))

    def health(self, definition: WebhookDefinition) -> Health:
        """The state of a webhook's observers at the latest reading."""
        return (self.observers or _NOBODY).health(definition)

    def find(self, webhook: str) -> WebhookDefinition | None:
        """The webhook of an id."""
        return None if self.hooks is None else self.hooks.find(webhook)

    def select(self, ids: Iterable[str]) -> None:
        """Select by id."""
        self.selected_ids = tuple(ids)

    def shown(self) -> None:
        """Somebody looks: keep the observers up to date for some time."""
        self._shown_until = time.monotonic() + LEASE
        self._wanted.set()

    # -- what can be done ----------------------------------------------------------------------------------------

    def test(self, webhook: str) -> None:
        """Send a test request to the target."""
        self._start(f"Testing {webhook!r}", lambda: self.client.webhooks.test(webhook), told_answer)

    def retry(self, webhook: str) -> None:
        """Ask the kernel to retry the failed partitions of a webhook now."""
        self._start(
            f"Retrying the failed partitions of {webhook!r}",
            lambda: self.client.retry_failed_partitions(webhook, wait=0),
            lambda tried: told_retry(webhook, [(each.partition, each.started) for each in tried]),
        )

    def remove(self, webhook: str) -> None:
        """Remove a webhook, and keep its definition so that this can be undone."""
        before = self.find(webhook)

        def tell(outcome: Outcome) -> Told:
            told = told_outcome(outcome)
            if not outcome.visible or before is None:
                return told
            self.removed = before
            return Told(told.level, told.title, (*told.lines, _what_undo_means(before)), undo=True)

        self._start(f"Removing {webhook!r}", lambda: self.client.webhooks.remove(webhook), tell)

    def undo(self) -> WebhookDefinition | None:
        """Register the removed webhook again. Returns its definition if it needs credentials first."""
        definition = self.removed
        if definition is None:
            return None
        if isinstance(definition.authorization, UndisclosedAuthorization):
            return definition

        def tell(outcome: Outcome) -> Told:
            self.removed = None
            told = told_outcome(outcome)
            return Told(told.level, told.title, (*told.lines, "Its observer continues at its position."))

        self._start(f"Registering {definition.id!r} again", lambda: self.client.webhooks.register(definition), tell)
        return None

    def tell(self, told: Told | None) -> None:
        """Show a message; None removes it."""
        self.told = told
        self._changed("told")

    def _start(self, label: str, work: Callable[[], object], tell: Callable[..., Told]) -> None:
        self.tell(None)

        def done(result: object) -> None:
            self._wanted.set()
            self.tell(tell(result))

        if not self.jobs.start(label, work, done, lambda error: self.tell(told_error(error))):
            self.tell(Told(Level.WARNING, "Something else is still running.", ("Wait for it, or cancel it.",)))

    # -- what comes in -------------------------------------------------------------------------------------------

    def _take(self, hooks: WebhookList) -> None:
        self.hooks = hooks
        self._first.set()
        self._wanted.set()
        self._changed("rows")

    def _enter(self, state: ObservationState) -> None:
        self.link, self.link_since = state, datetime.now(UTC)
        self.link_error = None
        if state is ObservationState.FAILED:
            self._first.set()
            self._tell_why_it_failed()
        self._changed("link")

    def _note(self, error: ChronicleError) -> None:
        self.link_error = error
        self._changed("link")

    def _tell_why_it_failed(self) -> None:
        observation = self._observation
        if observation is not None and self.link is ObservationState.FAILED and observation.error is not None:
            self.tell(told_error(observation.error))

    def _read_observers(self, ending: threading.Event, reading: Cancellation) -> None:
        """Read the state of the observers with pauses, and only while somebody looks."""
        while not ending.is_set():
            if time.monotonic() >= self._shown_until or not self._first.is_set():
                self._wanted.wait()
                self._wanted.clear()
                continue
            self._wanted.clear()
            started = time.monotonic()
            try:
                with reading.watched():
                    self.observers = read_observers(self.client)
                self.observers_error = None
            except ChronicleError as error:
                if ending.is_set():
                    return  # the reading was cancelled
                self.observers_error = error
            except Exception as error:  # noqa: BLE001 - nobody would see it end this thread
                self._tell_of_unexpected(error)
            if ending.is_set():
                return
            self._changed("observers")
            ending.wait(max(PACE, SHARE * (time.monotonic() - started)))

    def _tell_of_unexpected(self, cause: Exception) -> None:
        """Show an unexpected error like other errors, and once as a message. Its own text may contain a value."""
        error = ProtocolError(
            f"The observers could not be read ({type(cause).__name__}).",
            server=self.client.server,
            hint="The explorer tries again. client.observers() shows more.",
        )
        error.__cause__ = cause
        known, self.observers_error = self.observers_error, error
        if known is None or known.message != error.message:
            self.tell(told_error(error))


def _what_undo_means(definition: WebhookDefinition) -> str:
    if isinstance(definition.authorization, UndisclosedAuthorization):
        return (
            f"Undo registers it again, and asks for its {definition.authorization.kind} credentials first: the kernel "
            "did not give them back. Its observer then continues at its position."
        )
    return "Undo registers it again as it was. Its observer then continues at its position."


_NOBODY = Observers({}, datetime.min.replace(tzinfo=UTC))


_STATES = {state: position for position, state in enumerate(STATES)}


def columns(definitions: Sequence[WebhookDefinition]) -> dict[str, Any]:
    """The rows, column by column, without headers and without credentials in URLs.

    Each event type is sent once, and rows have its position.
    """
    vocabulary: dict[str, int] = {}
    kinds = {name: position for position, name in enumerate(kind_names())}
    types = [
        [vocabulary.setdefault(str(kind), len(vocabulary)) for kind in definition.event_types]
        for definition in definitions
    ]
    return {
        "id": [each.id for each in definitions],
        "url": shown_each([each.target_url for each in definitions]),
        "types": types,
        "vocabulary": list(vocabulary),
        "auth": [kinds.get(each.authorization.kind, -1) for each in definitions],
        "active": [int(each.active) for each in definitions],
    }


def patch(before: Iterable[WebhookDefinition], after: Iterable[WebhookDefinition]) -> dict[str, Any] | None:
    """The changes from one list to the next: rows to insert by id, and ids to remove. None if nothing changed."""
    old = {each.id: each for each in before}
    new = {each.id: each for each in after}
    gone = [webhook for webhook in old if webhook not in new]
    put = [each for webhook, each in new.items() if old.get(webhook) != each]
    return {"put": columns(put), "gone": gone} if put or gone else None


def states(health: Mapping[str, Health]) -> dict[str, list[Any]]:
    """State, lag and number of failed partitions, by id."""
    return {webhook: [_STATES[each.state], each.lag, each.failing] for webhook, each in health.items()}
