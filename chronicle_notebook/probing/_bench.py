"""What the checks of a probe share: the event store, the webhooks that they register, the receiver, and waiting."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from chronicle_notebook.base._errors import ChronicleError, KernelFaultError
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.model import (
    EVENT_LOG,
    EventToAppend,
    EventType,
    ObserverState,
    RegisteredEventType,
    RunningState,
    WebhookDefinition,
)
from chronicle_notebook.model._observer import REACTOR_NAMESPACE, REACTOR_SEQUENCE, WEBHOOK_REACTOR
from chronicle_notebook.receiver import Delivery, Receiver

PROBE_STORE = "chronicle-probe"
"""The event store of every probe of a kernel. No call of a kernel removes an event store, so there is only one."""
NAMESPACE = REACTOR_NAMESPACE

PAUSE = 0.03
"""The seconds between two looks."""
SHORTEST_QUIET, LONGEST_QUIET = 1.0, 5.0
"""The least and the most seconds after which what has not come counts as not coming."""
QUIET = 8
"""How many times as long as what did come takes, what has not come is waited for."""
TIDYING = 8.0
"""The seconds at the end of a probe that are kept for the removal of its webhooks."""
FORGOTTEN = 3600.0
"""The age in seconds at which the webhooks of another probe count as left behind by it."""
_OURS = re.compile(r"probe-([0-9a-f]{8,})-[0-9a-f]{4}-")


class TimeOver(Exception):  # noqa: N818 - it ends a probe, and never leaves this room
    """The deadline of the probe has passed."""


class Unclear(Exception):  # noqa: N818 - it ends a check, and never leaves this room
    """What was seen says nothing about the defects of a check. The text says why."""


class Bench:
    """One probe's place on a kernel. Every name has the probe's own mark, so that probes do not disturb each other."""

    def __init__(self, kernel: KernelGateway, receiver: Receiver, url: str, *, until: float) -> None:
        """Prepare a place. Nothing is sent.

        :param url: the URL under which the kernel reaches the receiver.
        :param until: the moment of ``time.monotonic()`` at which the checks end.
        """
        self.kernel = kernel
        self.receiver = receiver
        self._url = url.rstrip("/")
        self._until = until
        self._mark = f"{int(time.time()):08x}-{secrets.token_hex(2)}"
        self._registered: dict[str, None] = {}
        self._leaving: set[str] = set()
        self.breaks_list = ""
        """The id of a webhook with which the kernel cannot list webhooks; empty if there is none."""
        self._slowest = 0.0
        self.token = Secret(secrets.token_urlsafe(12))
        """The credential of the webhook ``sealed``."""
        self.updates_dropped = False
        """Whether the kernel was seen to drop a change of a webhook."""
        self.reached = False
        """Whether a delivery of this kernel has reached the receiver."""

    # -- names -----------------------------------------------------------------------------------------------------

    def id(self, label: str) -> str:
        """The id of a webhook of this probe."""
        return f"probe-{self._mark}-{label}"

    def type(self, label: str) -> EventType:
        """The event type that only one webhook of this probe receives."""
        return EventType(f"Probe{self._mark.replace('-', '')}{re.sub('[^A-Za-z0-9]', '', label.title())}")

    def url(self, name: str) -> str:
        """A target at the receiver."""
        return f"{self._url}/{self._mark}-{name}"

    def hook(self, label: str, target: str | None = None) -> WebhookDefinition:
        """A webhook of this probe, whose target has its label unless another one is given."""
        return WebhookDefinition(self.id(label), self.url(label if target is None else target), (self.type(label),))

    # -- what the kernel is asked to do ------------------------------------------------------------------------------

    def register_types(self, labels: Iterable[str]) -> bool:
        """Register the event types of these labels, wait until they are listed, and return whether they are."""
        kinds = [RegisteredEventType(self.type(label), {"type": "object"}) for label in labels]
        self.kernel.register_event_types(PROBE_STORE, kinds)
        wanted = {each.id for each in kinds}
        return self.until(
            lambda: wanted <= {each.id for each in self.kernel.event_types(PROBE_STORE)}, within=LONGEST_QUIET
        )

    def note(self, *ids: str) -> None:
        """Note that webhooks of these ids are about to be registered, so that they are removed at the end."""
        self._registered |= dict.fromkeys(ids)
        self._leaving -= set(ids)

    def add(self, *hooks: WebhookDefinition) -> None:
        """Register webhooks, whatever the rules for definitions say. They are removed at the end."""
        self.note(*(each.id for each in hooks))
        self.kernel.add_webhooks(PROBE_STORE, hooks)

    def add_seen(self, *hooks: WebhookDefinition) -> None:
        """Register webhooks, and wait until all are listed. The time that this takes is the measure of a quiet time.

        :raises Unclear: the kernel does not list them.
        """
        started = time.monotonic()
        self.add(*hooks)
        wanted = {each.id for each in hooks}
        if not self.until(lambda: wanted <= self.listed().keys(), within=2 * LONGEST_QUIET):
            raise Unclear(f"The kernel did not list a new webhook within {2 * LONGEST_QUIET:g} s.")
        self._slowest = max(self._slowest, time.monotonic() - started)

    def remove(self, *labels: str) -> None:
        """Remove webhooks that are listed, and wait until they are gone."""
        names = {self.id(label) for label in labels}
        self._send_removal(names)
        if self.until(lambda: not names & self.listed().keys(), within=LONGEST_QUIET):
            for name in names:
                self._registered.pop(name, None)

    def listed(self) -> Mapping[str, WebhookDefinition]:
        """The webhooks of the event store by their ids."""
        return {each.id: each for each in self.kernel.webhooks(PROBE_STORE)}

    def observer(self, label: str) -> ObserverState | None:
        """The observer of a webhook of this probe, as the list of observers has it."""
        observers = self.kernel.observers(PROBE_STORE, NAMESPACE)
        return next((each for each in observers if each.id == self.id(label)), None)

    def append(self, label: str, source: str = "source") -> int:
        """Append an event for the webhook of a label, and return its number."""
        event = EventToAppend(f"{self._mark}-{source}", self.type(label))
        return self.kernel.append(PROBE_STORE, NAMESPACE, EVENT_LOG, [event]).sequence_number

    def system_events(self, label: str) -> int:
        """How many events of the kernel's own sequence are about a webhook."""
        return len(self.kernel.events(PROBE_STORE, NAMESPACE, "system", event_source_id=self.id(label)))

    # -- what comes --------------------------------------------------------------------------------------------------

    def deliveries(self, name: str) -> list[Delivery]:
        """What has come to a target."""
        return [each for each in self.receiver.deliveries if (each.name or "").endswith(f"{self._mark}-{name}")]

    def until_delivered(self, *names: str, within: float | None = None) -> bool:
        """Wait until something has come to one of these targets, and return whether it has."""
        started = time.monotonic()
        came = self.until(lambda: any(self.deliveries(name) for name in names), within=within)
        if came:
            self._slowest = max(self._slowest, time.monotonic() - started)
        return came

    # -- waiting -----------------------------------------------------------------------------------------------------

    @property
    def quiet(self) -> float:
        """The seconds after which what has not come counts as not coming: several times as long as the slowest of what
        has come took on this kernel."""
        return min(max(QUIET * self._slowest, SHORTEST_QUIET), LONGEST_QUIET)

    def until(self, look: Callable[[], object], *, within: float | None = None) -> bool:
        """Wait until something is true, and return whether it is.

        :param within: seconds; by default :attr:`quiet`, at least 1.
        :raises TimeOver: the deadline of the probe has passed.
        """
        end = time.monotonic() + (self.quiet if within is None else within)
        while True:
            if time.monotonic() >= self._until:
                raise TimeOver
            if look():
                return True
            if time.monotonic() >= end:
                return False
            time.sleep(PAUSE)

    def rest(self, seconds: float) -> None:
        """Wait.

        :raises TimeOver: the deadline of the probe has passed.
        """
        self.until(lambda: False, within=seconds)

    def mend(self) -> None:
        """Remove the webhook with which the kernel cannot list webhooks, and wait until it can."""
        name = self.breaks_list
        self._send_removal([name])

        def gone() -> bool:
            try:
                return name not in self.listed()
            except KernelFaultError:
                return False

        if self.until(gone, within=LONGEST_QUIET):
            self._registered.pop(name, None)
            self.breaks_list = ""

    def stop(self) -> None:
        """Let every wait end, from any thread."""
        self._until = 0.0

    # -- the end -----------------------------------------------------------------------------------------------------

    def clear_forgotten(self) -> None:
        """Remove what a probe that was killed has left behind an hour ago or earlier."""
        old = [
            each
            for each in self.listed()
            if (found := _OURS.match(each)) and time.time() - int(found[1], 16) > FORGOTTEN
        ]
        if old:
            self.kernel.remove_webhooks(PROBE_STORE, old)

    def tidy(self) -> tuple[str, ...]:
        """Remove the webhooks of this probe, however it ended. Returns what is left, as sentences.

        Only webhooks that are listed are removed, and each only once, because a kernel may block an unknown id. One
        that breaks the list is removed first.
        """
        if not self._registered:
            return ()
        end = time.monotonic() + TIDYING
        late = time.monotonic() + SHORTEST_QUIET
        try:
            self._free_reactor()
            if self.breaks_list and self.breaks_list in self._registered:
                if self.breaks_list not in self._leaving:
                    self._send_removal([self.breaks_list])
                while not self._can_be_listed() and time.monotonic() < end:
                    time.sleep(PAUSE)
            while True:
                listed = self.listed()
                left = [each for each in self._registered if each in listed]
                if new := [each for each in left if each not in self._leaving]:
                    self._send_removal(new)
                # What was accepted a moment ago may become visible only now.
                unseen = self._registered.keys() - self._leaving
                if not left and (not unseen or time.monotonic() >= late):
                    return ()
                if time.monotonic() >= end:
                    return (f"Webhooks that are still listed after their removal: {', '.join(left)}.",)
                time.sleep(PAUSE)
        except ChronicleError as error:
            names = ", ".join(self._registered)
            return (f"The webhooks of the probe could not be removed ({error.message.rstrip('.')}): {names}.",)

    def _free_reactor(self) -> None:
        """End a quarantine of the reactor that applies removals in this event store. A kernel with unusual settings
        begins one when a single removal cannot be applied (seen on 16.37.1)."""
        place = (PROBE_STORE, NAMESPACE, WEBHOOK_REACTOR, REACTOR_SEQUENCE)
        if self._registered and self.kernel.observer(*place).running_state is RunningState.QUARANTINED:
            self.kernel.clear_observer_quarantine(*place)

    def _can_be_listed(self) -> bool:
        try:
            self.listed()
        except KernelFaultError:
            return False
        return True

    def _send_removal(self, ids: Iterable[str]) -> None:
        names = list(ids)
        self._leaving |= set(names)
        self.kernel.remove_webhooks(PROBE_STORE, names)

    def release(self) -> None:
        """Let no delivery wait for an answer any more, and expect no credential."""
        with suppress(ChronicleError):
            self.receiver.behave()
            self.receiver.expect()
