"""The model of the explorer: the webhooks of an event store, their observers, and what can be done with them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chronicle_notebook.base._errors import CallCancelledError, ChronicleError, ProtocolError
from chronicle_notebook.connection._cancellation import Cancellation
from chronicle_notebook.definition._credentials import with_references
from chronicle_notebook.desired._export import exported
from chronicle_notebook.desired._state import DesiredState
from chronicle_notebook.display._listing import counted
from chronicle_notebook.model import UndisclosedAuthorization, WebhookDefinition
from chronicle_notebook.reading._frame import columns_of, frame
from chronicle_notebook.reading._list import WebhookList
from chronicle_notebook.reading._observation import ObservationState, WebhookObservation
from chronicle_notebook.registration._outcome import Outcome
from chronicle_notebook.target_test._answer import TargetAnswer
from chronicle_notebook.widgets._bulk import OneByOne, verdict
from chronicle_notebook.widgets._filter import ExplorerFilter
from chronicle_notebook.widgets._health import Deliveries, Health, health_of, read_deliveries
from chronicle_notebook.widgets._job import Jobs
from chronicle_notebook.widgets._message import Level, Told, told_answer, told_error, told_outcome
from chronicle_notebook.widgets._replay import Replays
from chronicle_notebook.widgets._retry import Retry
from chronicle_notebook.widgets._session import Session

if TYPE_CHECKING:
    import pandas as pd

PACE = 2.0
"""The pause in seconds between two readings of the deliveries, while somebody looks."""
SHARE = 8
"""The pause after a slow reading, as a multiple of its duration: reading takes at most a ninth of the time."""
LEASE = 60.0
"""The time in seconds for which a browser's message that it shows the explorer is valid."""


@dataclass(frozen=True, slots=True)
class Tested:
    """The answer of a target, and when it came."""

    answer: TargetAnswer
    at: datetime


class ExplorerModel:
    """All webhooks of a client's event store.

    ``changed`` is called with the name of the change, in any thread: ``rows``, ``link``, ``deliveries``, ``job``,
    ``told``, ``export`` or ``replay``.
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
        self.deliveries: Deliveries | None = None
        """The latest reading of the deliveries."""
        self.deliveries_error: ChronicleError | None = None
        """The error of the latest reading; None if it succeeded."""
        self.selected_ids: tuple[str, ...] = ()
        self.filter = ExplorerFilter()
        self.told: Told | None = None
        """The message to show: the outcome of the last action."""
        self.removed: WebhookDefinition | None = None
        """The webhook that was removed last and can be registered again."""
        self.tested: dict[str, Tested] = {}
        """The latest answers of targets, by the id of the webhook."""
        self.exported: str | None = None
        """The file with the webhooks that were exported last, until it is closed."""
        self.jobs = Jobs(lambda: self._changed("job"))
        self.replays = Replays(client, self._start, self.jobs.report, lambda: self._changed("replay"))
        self._first = threading.Event()
        self._ending = threading.Event()
        self._wanted = threading.Event()
        self._shown_until = 0.0
        self._paused_error = ""
        self._asked = False
        self._states = threading.Event()
        self._observation: WebhookObservation | None = None
        self._reading = Cancellation()
        self._reader: threading.Thread | None = None

    def start(self) -> None:
        """Start to observe, or continue after :meth:`pause`. Errors are shown, not raised."""
        self._first.clear()
        self._ending, self._reading = threading.Event(), Cancellation()
        self._reader = threading.Thread(
            target=self._read_deliveries, args=(self._ending, self._reading), name="explorer-observers", daemon=True
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
        self._states.set()
        if self._reader is not None and self._reader is not threading.current_thread():
            self._reader.join(timeout=5)

    def close(self) -> None:
        """End every thread and stream."""
        self.pause()
        self.jobs.close()

    def wait_for_first(self, timeout: float) -> bool:
        """Wait until the first list after :meth:`start` has arrived, or the attempt has failed or ended."""
        return self._first.wait(timeout)

    def wait_for_states(self, timeout: float) -> bool:
        """Read the deliveries once, unless they were read already, and wait for them. False if they did not come."""
        if self.deliveries is None and not self._ending.is_set() and self.hooks is not None:
            self._asked = True
            self._wanted.set()
            self._states.wait(timeout)
        return self.deliveries is not None

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
        return [each for each in self.hooks or () if self.filter.accepts(each, health_of(self.deliveries, each).state)]

    @property
    def frame(self) -> pd.DataFrame:
        """The filtered webhooks as a DataFrame, like :meth:`Webhooks.to_frame`."""
        return frame(columns_of(self.filtered))

    def health(self, webhook: str) -> Health:
        """The state of a webhook's deliveries at the latest reading."""
        definition = self.find(webhook)
        if definition is not None:
            return health_of(self.deliveries, definition)
        return Health() if self.deliveries is None else self.deliveries.health(webhook)

    def find(self, webhook: str) -> WebhookDefinition | None:
        """The webhook of an id."""
        return None if self.hooks is None else self.hooks.find(webhook)

    def select(self, ids: Iterable[str]) -> None:
        """Select by id. A message about other webhooks goes."""
        self.selected_ids = tuple(ids)
        self.replays.drop(kept=self.selected_ids)
        told = self.told
        if told is not None and told.about and self.selected_ids and not set(self.selected_ids) <= set(told.about):
            self.tell(None)

    def shown(self) -> None:
        """Somebody looks: keep the deliveries up to date for some time."""
        self._shown_until = time.monotonic() + LEASE
        self._wanted.set()

    # -- what can be done ----------------------------------------------------------------------------------------

    def test(self, webhook: str) -> None:
        """Send a test request to the target."""
        self._start(f"Testing {webhook!r}", lambda: self._test(webhook), told_answer)

    def test_all(self, webhooks: Sequence[str]) -> None:
        """Send a test request to the target of each webhook."""
        each = OneByOne(webhooks, "answered 2xx", lambda webhook: verdict(self._test(webhook)), self.jobs.report)
        self._start(f"Testing {counted(len(webhooks), 'target')}", each.run, OneByOne.told, each.told)

    def retry(self, *webhooks: str) -> None:
        """Ask the kernel to retry the failed partitions of webhooks now, and follow each to its end."""
        whose = repr(webhooks[0]) if len(webhooks) == 1 else counted(len(webhooks), "webhook")
        retry = Retry(self.client, webhooks, self.jobs.report)
        self._start(f"Retrying the failed partitions of {whose}", retry.run, Retry.told, retry.told)

    def pause_webhooks(self, webhooks: Sequence[str]) -> None:
        """Stop the deliveries of webhooks until they are resumed."""
        if len(webhooks) == 1:
            self._start(f"Pausing {webhooks[0]!r}", lambda: self.client.webhooks.pause(webhooks[0]), _told_about)
            return
        each = OneByOne(
            webhooks, "paused", lambda webhook: _wrong(self.client.webhooks.pause(webhook)), self.jobs.report
        )
        self._start(f"Pausing {counted(len(webhooks), 'webhook')}", each.run, OneByOne.told, each.told)

    def resume_webhooks(self, webhooks: Sequence[str]) -> None:
        """Register paused webhooks again."""
        if len(webhooks) == 1:
            self._start(f"Resuming {webhooks[0]!r}", lambda: self.client.webhooks.resume(webhooks[0]), _told_about)
            return
        each = OneByOne(
            webhooks, "resumed", lambda webhook: _wrong(self.client.webhooks.resume(webhook)), self.jobs.report
        )
        self._start(f"Resuming {counted(len(webhooks), 'webhook')}", each.run, OneByOne.told, each.told)

    def export(self, webhooks: Iterable[str]) -> None:
        """Write registered webhooks as a file for :class:`~chronicle_notebook.DesiredState`, without secrets."""
        wanted = set(webhooks)
        kept, _left = exported([each for each in self.hooks or () if each.id in wanted])
        state = DesiredState(tuple(map(with_references, kept)), event_store=self.client.event_store)
        self.close_export(str(state.to_yaml()))
        missing = sorted(wanted - {each.id for each in kept})
        if missing:
            why = "They are not registered, or were registered by another client with what no file can say."
            self.tell(Told(Level.WARNING, f"Not in the file: {', '.join(missing)}.", (why,)))

    def close_export(self, text: str | None = None) -> None:
        """Close the exported file, or show another one."""
        self.exported = text
        self._changed("export")

    def _test(self, webhook: str) -> TargetAnswer:
        answer = self.client.webhooks.test(webhook)
        self.tested[webhook] = Tested(answer, datetime.now(UTC))
        self._changed("deliveries")
        return answer

    def remove(self, webhook: str) -> None:
        """Remove a webhook, and keep its definition so that this can be undone."""
        before = self.find(webhook)

        def tell(outcome: Outcome) -> Told:
            told = told_outcome(outcome)
            if not outcome.visible or before is None:
                return told
            # The list can be older than the removal, for example from before the kernel applied the credentials.
            self.removed = kept = outcome.removed or before
            return Told(told.level, told.title, (*told.lines, _what_undo_means(kept)), undo=True)

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

    def _start(
        self,
        label: str,
        work: Callable[[], object],
        tell: Callable[..., Told | None],
        tell_stopped: Callable[..., Told] | None = None,
    ) -> None:
        """Start a call. ``tell`` makes the message of its result; ``tell_stopped`` that of what a cancelled call had
        done."""
        self.tell(None)

        def done(result: object) -> None:
            self._wanted.set()
            self.tell(tell(result))

        def failed(error: Exception) -> None:
            self._wanted.set()
            stopped = tell_stopped is not None and isinstance(error, CallCancelledError)
            self.tell(tell_stopped(stopped=True) if stopped and tell_stopped else told_error(error))

        if not self.jobs.start(label, work, done, failed):
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

    def _read_deliveries(self, ending: threading.Event, reading: Cancellation) -> None:
        """Read the deliveries with pauses, and only while somebody looks."""
        while not ending.is_set():
            if not (self._asked or time.monotonic() < self._shown_until) or not self._first.is_set():
                self._wanted.wait()
                self._wanted.clear()
                continue
            self._wanted.clear()
            started = time.monotonic()
            try:
                with reading.watched():
                    self.deliveries = read_deliveries(self.client, self.deliveries)
                self.deliveries_error = None
                self._tell_of_paused(self.deliveries.paused_error)
            except ChronicleError as error:
                if ending.is_set():
                    return  # the reading was cancelled
                self.deliveries_error = error
            except Exception as error:  # noqa: BLE001 - nobody would see it end this thread
                self._tell_of_unexpected(error)
            if ending.is_set():
                return
            self._asked = False
            self._states.set()
            self._changed("deliveries")
            with reading.watched():
                self.replays.learn()
            ending.wait(max(PACE, SHARE * (time.monotonic() - started)))

    def _tell_of_paused(self, error: ChronicleError | None) -> None:
        """Tell once that the record of paused webhooks cannot be read."""
        known, self._paused_error = self._paused_error, "" if error is None else error.message
        if error is not None and error.message != known:
            self.tell(told_error(error))

    def _tell_of_unexpected(self, cause: Exception) -> None:
        """Show an unexpected error like other errors, and once as a message. Its own text may contain a value."""
        error = ProtocolError(
            f"The deliveries could not be read ({type(cause).__name__}).",
            server=self.client.server,
            hint="The explorer tries again. client.triage() shows more.",
        )
        error.__cause__ = cause
        known, self.deliveries_error = self.deliveries_error, error
        if known is None or known.message != error.message:
            self.tell(told_error(error))


def _told_about(outcome: Outcome) -> Told:
    return replace(told_outcome(outcome), about=(outcome.webhook,))


def _wrong(outcome: Outcome) -> str:
    """What did not take effect, in a few words; empty if everything did."""
    return "" if outcome else outcome.summary


def _what_undo_means(definition: WebhookDefinition) -> str:
    if isinstance(definition.authorization, UndisclosedAuthorization):
        return (
            f"Undo registers it again, and asks for its {definition.authorization.kind} credentials first: the kernel "
            "did not give them back. Its observer then continues at its position."
        )
    return "Undo registers it again as it was. Its observer then continues at its position."
