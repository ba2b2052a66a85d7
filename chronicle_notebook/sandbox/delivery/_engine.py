"""The engine: its thread, its observers, and the methods for other threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from concurrent.futures import CancelledError, Future
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from chronicle_notebook.sandbox._behaviour import Behaviour
from chronicle_notebook.sandbox._crypto import Crypto
from chronicle_notebook.sandbox._exceptions import TimeoutException
from chronicle_notebook.sandbox._pool import DaemonPool
from chronicle_notebook.sandbox._stores import SequenceScope
from chronicle_notebook.sandbox._topics import Stopped
from chronicle_notebook.sandbox._webhook import Authorization, Webhook
from chronicle_notebook.sandbox.delivery._batches import Batches
from chronicle_notebook.sandbox.delivery._courier import LIMIT, Courier
from chronicle_notebook.sandbox.delivery._observer import Observer, Span, observer_from_row
from chronicle_notebook.sandbox.delivery._observer_loop import ObserverLoop, Tail
from chronicle_notebook.sandbox.delivery._partition import Partition, partition_from_row
from chronicle_notebook.sandbox.delivery._recovery import Recovery
from chronicle_notebook.sandbox.delivery._saver import Saver
from chronicle_notebook.sandbox.delivery._sender import Sender
from chronicle_notebook.sandbox.delivery._watchdog import Watchdog
from chronicle_notebook.sandbox.storage._events import EventTable
from chronicle_notebook.sandbox.storage._progress import ProgressTable

Outcome = TypeVar("Outcome")
ObserverKey = tuple[int, str]


class Engine:
    """Delivers events to webhooks, in one thread with one event loop.

    All public methods may be called from any thread. An observer costs nothing while there are no events for it:
    appends wake observers by event type, and no observer has its own timer.
    """

    def __init__(
        self, events: EventTable, progress: ProgressTable, crypto: Crypto, behaviour: Behaviour, scale: float
    ) -> None:
        self._events = events
        self._progress = progress
        self._crypto = crypto
        self._behaviour = behaviour
        self._scale = scale
        self.batches = Batches()
        """Which events were appended together."""
        self._observers: dict[ObserverKey, Observer] = {}
        self._interested: dict[tuple[int, str], dict[Observer, None]] = {}
        self._mutex = threading.Lock()
        self._waited_for: set[Future[Any]] = set()
        self._interrupted = False
        self._pool = DaemonPool("chronicle-sandbox-storage")
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(self._pool)
        self._thread = threading.Thread(target=self._loop.run_forever, name="chronicle-sandbox-delivery", daemon=True)

    def start(
        self,
        scopes: dict[int, SequenceScope],
        tail: Tail,
        changed: Callable[[Observer], None],
        readable: Callable[[SequenceScope], bool] = lambda _scope: True,
    ) -> None:
        """Load observers and failed partitions, and start. ``changed`` is called with each changed observer.

        ``readable`` tells whether the events of a scope can be read.
        """
        self._tail = tail
        self._readable = readable
        self._changed = changed
        self._thread.start()
        self._call(self._start(scopes))

    def interrupt(self) -> None:
        """Let the methods that may wait for a target (replays and tests) raise Stopped."""
        with self._mutex:
            self._interrupted = True
            for future in self._waited_for:
                future.cancel()

    def stop(self) -> None:
        """End all deliveries, store the progress, end the thread."""
        running = self._thread.is_alive()
        try:
            if running:
                self._call(self._stop())
        finally:
            if running:
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._thread.join()
            self._pool.shutdown()
            self._loop.close()

    def appended(self, sequence: int, types: frozenset[str], last: int) -> None:
        """Wake the observers of these event types."""
        self._loop.call_soon_threadsafe(self._wake, sequence, types, last)

    def subscribe(self, entries: Iterable[tuple[SequenceScope, Webhook]]) -> None:
        """Subscribe webhooks, or update the definition of subscribed ones.

        This also retries all their failed partitions that are not quarantined.
        """
        self._call(self._subscribe(list(entries)))

    def unsubscribe(self, keys: Iterable[ObserverKey]) -> None:
        """Stop delivering. The observers stay, disconnected, with their progress and failed partitions."""
        self._call(self._unsubscribe(list(keys)))

    def observers(self) -> list[Observer]:
        """All observers."""
        return list(self._observers.values())

    def find(self, sequence: int, observer: str) -> Observer | None:
        """One observer."""
        return self._observers.get((sequence, observer))

    def remove(self, keys: Iterable[ObserverKey]) -> None:
        """Forget observers with all their data."""
        self._call(self._remove(list(keys)))

    def check_alive(self, observer: Observer) -> None:
        """Raise TimeoutException after 30 s if calls about the observer find no answer."""
        if observer.hung:
            self._wait_for(asyncio.sleep(LIMIT * self._scale))
            raise TimeoutException

    def replay(self, observer: Observer) -> str | None:
        """Deliver everything again from number 0 on. Returns the id of the job; None if the observer is not subscribed.

        Failed partitions are forgotten, because the replay covers them from their first event on.
        """
        return self._wait_for(self._replay(observer))

    def replay_soon(self, observers: Iterable[Observer]) -> None:
        """Begin to replay observers, without waiting for it."""
        for observer in observers:
            asyncio.run_coroutine_threadsafe(self._replay(observer), self._loop)

    def correct_tail(self, observer: Observer) -> None:
        """Correct the tail that an observer shows now, as is otherwise done once a minute."""
        self._loop.call_soon_threadsafe(self._watchdog.correct, observer)

    def test_target(self, webhook: Webhook) -> str:
        """Send a test to the target of a webhook whose secret is in clear. Returns why it failed, or an empty text."""
        return self._wait_for(self._sender.test_target(webhook))

    def test_authority(self, authorization: Authorization) -> str:
        """Get a token with a secret in clear. Returns why it failed, or an empty text."""
        return self._wait_for(self._sender.test_authority(authorization))

    def replay_partition(self, observer: Observer, source: str) -> None:
        """Deliver one event source again. Skipped while a full replay runs."""
        self._wait_for(self._replay_partition(observer, source))

    def retry(self, observer: Observer, partition: Partition) -> None:
        """Retry a failed partition now, and end its quarantine."""
        self._call(self._retry(observer, partition))

    def release(self, observer: Observer, partition: Partition) -> None:
        """End the quarantine of a partition without a retry."""
        self._call(self._release(observer, partition))

    def clear(self, observer: Observer) -> None:
        """Forget the failed partitions of an observer. Their waiting events are never delivered."""
        self._call(self._clear(observer))

    def _call(self, work: Coroutine[Any, Any, Outcome]) -> Outcome:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _wait_for(self, work: Coroutine[Any, Any, Outcome]) -> Outcome:
        """Like `_call`, until interrupted."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        with self._mutex:
            self._waited_for.add(future)
            if self._interrupted:
                future.cancel()
        try:
            return future.result()
        except CancelledError:
            raise Stopped from None
        finally:
            with self._mutex:
                self._waited_for.discard(future)

    async def _start(self, scopes: dict[int, SequenceScope]) -> None:
        self._sender = Sender(self._crypto, self._behaviour, self._scale)
        self._courier = Courier(self._events, self.batches, self._sender, self._behaviour, self._scale)
        self._saver = Saver(self._progress)
        keeps = self._behaviour.failed_partitions_stay
        self._recovery = Recovery(self._courier, self._saver, self._scale, self._changed, keeps=keeps)
        parts = (self._courier, self._recovery, self._saver, self._tail, self._changed)
        self._observing = ObserverLoop(*parts, self._readable, self._behaviour, self._scale)
        for row in self._progress.observers():
            self._observers[row.sequence, row.id] = observer_from_row(row, scopes[row.sequence])
        for entry in self._progress.partitions():
            self._observers[entry.sequence, entry.observer].partitions[entry.partition] = partition_from_row(entry)
        self._watchdog = Watchdog(self._events, self.observers, self._noted, self._scale)
        if self._behaviour.tail_corrected:
            self._watching = self._loop.create_task(self._watchdog.run())
        self._saving = self._loop.create_task(self._saver.run())

    async def _stop(self) -> None:
        self._observing.close()
        spared = {asyncio.current_task(), self._saving}
        tasks = [task for task in asyncio.all_tasks() if task not in spared]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._saver.close()
        try:
            await self._saving
            self._saver.flush()
        finally:
            await self._sender.close()

    def _wake(self, sequence: int, types: frozenset[str], last: int) -> None:
        for event_type in types:
            for observer in self._interested.get((sequence, event_type), ()):
                if not self._behaviour.tail_of_offered:
                    observer.offered(last)
                self._observing.wake(observer)

    async def _subscribe(self, entries: list[tuple[SequenceScope, Webhook]]) -> None:
        for scope, webhook in entries:
            observer = self._observers.get((scope.key, webhook.id))
            if observer is None:
                observer = self._observers[scope.key, webhook.id] = Observer(scope, webhook)
            elif observer.subscribed and observer.webhook.event_types != webhook.event_types:
                self._observing.skip_to_tail(observer)
            self._forget_interest(observer)
            observer.webhook = webhook
            if not observer.subscribed:
                observer.watched = self._loop.time()
            observer.subscribed = True
            observer.epoch += 1
            for event_type in webhook.event_type_ids:
                self._interested.setdefault((scope.key, event_type), {})[observer] = None
            self._saver.changed(observer)
            self._changed(observer)
            self._recovery.retry_all(observer)
            self._observing.begin(observer)
            self._observing.wake(observer)

    async def _unsubscribe(self, keys: list[ObserverKey]) -> None:
        for key in keys:
            observer = self._observers.get(key)
            if observer is None:
                continue
            self._forget_interest(observer)
            observer.subscribed = False
            observer.epoch += 1
            if observer.task is not None:
                observer.task.cancel()
                observer.task = None
            for partition in observer.partitions.values():
                self._recovery.pause(partition)
            self._changed(observer)

    def _forget_interest(self, observer: Observer) -> None:
        for event_type in observer.webhook.event_type_ids:
            self._interested.get((observer.scope.key, event_type), {}).pop(observer, None)

    async def _remove(self, keys: list[ObserverKey]) -> None:
        await self._unsubscribe(keys)
        for key in keys:
            observer = self._observers.pop(key, None)
            if observer is not None:
                self._saver.removed(observer)
                self._changed(observer)

    async def _replay(self, observer: Observer) -> str | None:
        if observer.replay is not None:
            return observer.replay.job
        async with self._quiet(observer):
            # Another replay may have started while this one waited.
            running: Span | None = observer.replay
            if running is not None:
                return running.job
            if not observer.subscribed:
                return None
            if self._behaviour.catch_up_dead:
                # The job is never created, and the observer starts at 0 without delivering anything.
                observer.next, observer.last, observer.stuck, observer.hung = 0, None, True, True
                self._noted(observer)
                return None
            if not self._behaviour.failed_partitions_stay:
                self._recovery.clear(observer)
            observer.handled, observer.stuck = 0, False
            replay = observer.span = Span(0, observer.horizon, replay=True)
        self._noted(observer)
        return replay.job

    async def _replay_partition(self, observer: Observer, source: str) -> None:
        async with self._quiet(observer):
            if observer.subscribed and observer.replay is None and not self._behaviour.catch_up_dead:
                self._recovery.replay(observer, source)

    @asynccontextmanager
    async def _quiet(self, observer: Observer) -> AsyncIterator[None]:
        """Hold an observer while none of its own deliveries runs, and let it check for events afterwards."""
        observer.held += 1
        observer.epoch += 1
        try:
            await observer.flights.over()
            yield
        finally:
            observer.held -= 1
            self._observing.wake(observer)

    def _noted(self, observer: Observer) -> None:
        self._saver.changed(observer)
        self._changed(observer)

    async def _retry(self, observer: Observer, partition: Partition) -> None:
        if observer.subscribed and observer.partitions.get(partition.source) is partition:
            partition.quarantined = False
            self._recovery.retry(observer, partition)

    async def _release(self, observer: Observer, partition: Partition) -> None:
        partition.quarantined = False
        self._saver.partition(observer, partition)
        self._changed(observer)

    async def _clear(self, observer: Observer) -> None:
        self._recovery.clear(observer)
