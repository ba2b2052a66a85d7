"""Live webhooks: the complete list now and at each change. A restart of the kernel does not end it."""

from __future__ import annotations

import logging
import random
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Self, TypeVar

from chronicle_notebook.base._arguments import check_seconds
from chronicle_notebook.base._errors import (
    AuthenticationError,
    ChronicleError,
    ClientClosedError,
    DeadlineExceededError,
    KernelError,
    PermissionDeniedError,
    ProtocolError,
    SecretUnavailableError,
)
from chronicle_notebook.base._public import public
from chronicle_notebook.contracts._gateway import KernelGateway, LiveList
from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.reading._list import WebhookList

FIRST_BACK_OFF = 0.25
"""The pause before the first new connection, in seconds. It is doubled each time."""
LONGEST_BACK_OFF = 15.0
LONGEST_SLEEP = 1.0
"""The longest sleep of a reader in seconds: on some platforms Ctrl-C does not interrupt an endless wait."""
SILENCE = 10.0
"""Seconds without an element after which the stream of a kernel that repeats its list is opened again.

Kernels on SQL storage send a non-empty list every 2 seconds, changed or not. Their streams can stop without an end
(seen on a build of 16.38).
"""
REPEATED = (1.0, 4.0)
"""The least and the most seconds between two elements of which the second is a repetition. Kernels with in-memory
storage do not repeat: they may send a changed list twice at once."""
REPETITIONS = 2
"""The repetitions in a row after which a kernel counts as one that repeats its list."""
FIRST_LIST = 5.0
"""Seconds without a first element after which the list is read once, to learn whether the kernel can make it."""
TICK = 0.5
"""Seconds between two looks at the silence of a stream."""
KEPT = 64
"""The largest number of lists that wait for a slow reader. The oldest are dropped, because each list is complete."""

Told = TypeVar("Told")
_log = logging.getLogger(__name__)
_FINAL = (AuthenticationError, PermissionDeniedError, ClientClosedError, SecretUnavailableError)
"""The errors that waiting does not repair: somebody refuses the caller, or the client cannot call. After all others the
stream is opened again: a proxy that answers while a kernel restarts can cause any of them."""


@public
class ObservationState(StrEnum):
    """How current an observation is."""

    CONNECTING = "connecting"
    LIVE = "live"
    RECONNECTING = "reconnecting"
    """The connection was lost, or a proxy in between does not reach the kernel: ``observation.error`` says which. The
    last list may be out of date."""
    STOPPED = "stopped"
    FAILED = "failed"
    """Ended, because the caller was refused or the client was closed; iterating raises the error."""


class _Hearing:
    """What one stream has sent, and whether its silence is a fault."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._last: list[WebhookDefinition] | None = None
        self._repetitions = 0
        self.given_up = False
        """Whether the stream was ended because of its silence."""

    def heard(self, definitions: list[WebhookDefinition]) -> None:
        """Note an element of the stream."""
        now = time.monotonic()
        least, most = REPEATED
        if self._last is not None and self._repetitions < REPETITIONS:
            repeated = definitions == self._last and least <= now - self._since <= most
            self._repetitions = self._repetitions + 1 if repeated else 0
        self._since, self._last = now, definitions

    @property
    def deaf(self) -> bool:
        """Whether a kernel that repeats its list has stopped repeating. A list without webhooks is sent only once."""
        return bool(self._last) and self._repetitions >= REPETITIONS and self._silent > SILENCE

    @property
    def mute(self) -> bool:
        """Whether no element came in the first seconds."""
        return self._last is None and self._silent > FIRST_LIST

    @property
    def _silent(self) -> float:
        return time.monotonic() - self._since


@public
class WebhookObservation:
    """A running observation. Iterate it, or give a callback. ``stop()``, or the end of ``with``, ends it at once.

    ::

        with client.webhooks.observe() as changes:
            for hooks in changes:
                print(len(hooks))

    Without ``with``, leaving a loop over the observation ends it. Within ``with`` it continues until the block ends.

    A list that is equal to the previous one is left out: some kernels send a list at each poll (source:
    K/Storage.Sql/LiveQuery.cs). A daemon thread reads the lists, so an observation never keeps a process alive.
    """

    def __init__(
        self,
        kernel: KernelGateway,
        event_store: str,
        *,
        on_change: Callable[[WebhookList], None] | None = None,
        on_state: Callable[[ObservationState], None] | None = None,
        on_error: Callable[[ChronicleError], None] | None = None,
    ) -> None:
        self._kernel = kernel
        self._event_store = event_store
        self._on_change = on_change
        self._on_state = on_state
        self._on_error = on_error
        self._why = ""
        """The message of the error that was reported last, while the observation reconnects."""
        self._waiting: deque[WebhookList] = deque(maxlen=KEPT)
        self._news = threading.Condition()
        self._stop = threading.Event()
        self._live: LiveList[list[WebhookDefinition]] | None = None
        self._last: list[WebhookDefinition] | None = None
        self._state = ObservationState.CONNECTING
        self._entered = False
        self.error: ChronicleError | None = None
        """The error that ended the observation, or the error that it is recovering from."""
        self.callback_error: Exception | None = None
        """The last error that a callback raised."""
        self.latest: WebhookList | None = None
        """The latest list."""
        self._hearing = _Hearing()
        self._read: list[WebhookDefinition] | None = None
        """The list that was read because the stream was silent."""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"observe-webhooks-{event_store}", daemon=True)
        self._thread.start()
        threading.Thread(target=self._watch, name=f"watch-webhooks-{event_store}", daemon=True).start()

    @property
    def state(self) -> ObservationState:
        """Whether :attr:`latest` is up to date."""
        return self._state

    def __enter__(self) -> Self:
        self._entered = True
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __iter__(self) -> Iterator[WebhookList]:
        try:
            while (hooks := self.next()) is not None:
                yield hooks
        finally:
            # The loop was left by break, or forgotten: nobody else would end the observation. At the end of the process
            # its thread is gone.
            if not self._entered and not sys.is_finalizing():
                self.stop()

    def next(self, timeout: float | None = None) -> WebhookList | None:
        """The next list; None if the observation was stopped, or after ``timeout`` seconds without a change.

        :raises InvalidInputError: ``timeout`` is neither None nor a number of seconds.
        :raises ChronicleError: the error that ended the observation.
        """
        if timeout is not None:
            check_seconds(timeout, field="timeout")
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._news:
            while not self._waiting and self._state not in {ObservationState.STOPPED, ObservationState.FAILED}:
                left = LONGEST_SLEEP if deadline is None else deadline - time.monotonic()
                if left <= 0:
                    return None
                self._news.wait(min(left, LONGEST_SLEEP))
            if self._waiting:
                return self._waiting.popleft()
            if self._state is ObservationState.FAILED and self.error is not None:
                raise self.error
            return None

    def stop(self) -> None:
        """End the observation at once, from any thread."""
        self._stop.set()
        if self._live is not None:
            self._live.cancel()
        self._enter(ObservationState.STOPPED)
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout=5)

    def __repr__(self) -> str:
        count = "nothing yet" if self.latest is None else f"{len(self.latest)} webhooks"
        origin = self._kernel.origin(self._event_store)
        why = "" if self.error is None else f", {self.error.message}"
        where = f"{self._event_store!r} on {origin.server}"
        return f"<WebhookObservation of {where}: {self._state}, {count}{why}{origin.mark}>"

    def _run(self) -> None:
        try:
            self._follow()
        finally:
            self._over.set()

    def _watch(self) -> None:
        """Watch for silence of the stream until the observation ends."""
        while not self._over.wait(TICK):
            hearing, live = self._hearing, self._live
            if live is None or hearing.given_up:
                continue
            if hearing.deaf:
                self.error = DeadlineExceededError(
                    f"The kernel {self._kernel.server} repeats its list of webhooks, and sent nothing for "
                    f"{SILENCE:g} seconds.",
                    server=self._kernel.server,
                    hint="The stream is opened again.",
                )
            elif hearing.mute:
                self._read_once()
            else:
                continue
            hearing.given_up = True
            live.cancel()

    def _read_once(self) -> None:
        """Read the list once for a stream without a first element, and keep the list or the error."""
        try:
            self._read = list(self._kernel.webhooks(self._event_store))
        except KernelError as error:
            self.error = error

    def _follow(self) -> None:
        back_off = FIRST_BACK_OFF
        while not self._stop.is_set():
            try:
                for definitions in self._open():
                    back_off = FIRST_BACK_OFF
                    self._hearing.heard(definitions)
                    self._take(definitions)
                read, self._read = self._read, None
                if read is not None:
                    self._take(read)
            except _FINAL as error:
                self._fail(error)
                return
            except ChronicleError as error:
                self.error = error
            except Exception as error:  # noqa: BLE001 - nobody would see it end this thread
                self._fail(self._unexpected(error))
                return
            if self._stop.is_set():
                return
            # The kernel closed a stream that ended without an error, for example at its shutdown. The remedy is the
            # same.
            self._enter(ObservationState.RECONNECTING)
            self._tell_why()
            self._stop.wait(back_off * random.uniform(0.8, 1.2))  # noqa: S311
            back_off = min(back_off * 2, LONGEST_BACK_OFF)

    def _tell_why(self) -> None:
        """Tell the error that the observation recovers from, unless it was reported already."""
        if self.error is not None and self.error.message != self._why:
            self._why = self.error.message
            self._tell(self._on_error, self.error)

    def _fail(self, error: ChronicleError) -> None:
        if self._stop.is_set():
            return
        self.error = error
        self._enter(ObservationState.FAILED)

    def _unexpected(self, cause: Exception) -> ProtocolError:
        """An unexpected error as an error of this package. Its own text may contain a value, so it is only the
        cause."""
        if self._live is not None:
            self._live.cancel()
        error = ProtocolError(
            f"The kernel's list of webhooks in {self._event_store!r} could not be read ({type(cause).__name__}).",
            server=self._kernel.server,
            hint="Look at the error's __cause__, and observe again.",
        )
        error.__cause__ = cause
        return error

    def _open(self) -> LiveList[list[WebhookDefinition]]:
        self._hearing = _Hearing()
        self._live = self._kernel.observe_webhooks(self._event_store)
        if self._stop.is_set():
            self._live.cancel()
        return self._live

    def _take(self, definitions: list[WebhookDefinition]) -> None:
        self.error = None
        new = None
        with self._news:
            entered = self._set(ObservationState.LIVE)
            if definitions != self._last and not self._stop.is_set():
                self._last = definitions
                new = self.latest = WebhookList(definitions, origin=self._kernel.origin(self._event_store))
                self._waiting.append(new)
                self._news.notify_all()
        if entered:
            self._why = ""
            self._tell(self._on_state, ObservationState.LIVE)
        if new is not None:
            self._tell(self._on_change, new)

    def _enter(self, state: ObservationState) -> None:
        with self._news:
            entered = self._set(state)
        if entered:
            self._tell(self._on_state, state)

    def _set(self, state: ObservationState) -> bool:
        """Set the state, and return whether it changed. The end is final."""
        if self._state in {state, ObservationState.STOPPED, ObservationState.FAILED}:
            return False
        self._state = state
        self._news.notify_all()
        return True

    def _tell(self, callback: Callable[[Told], None] | None, news: Told) -> None:
        """Call a callback. An error of the callback must not end the reading, and must not get lost."""
        if callback is None:
            return
        try:
            callback(news)
        except Exception as error:  # noqa: BLE001 - it is somebody else's code
            self.callback_error = error
            _log.error("An observer of webhooks raised %s: see observation.callback_error", type(error).__name__)
