"""The calls of a client about deliveries: progress, failures, retries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING

from chronicle_notebook.base._arguments import check_flag, check_seconds

if TYPE_CHECKING:
    from chronicle_notebook.connection._channel import Channel
    from chronicle_notebook.contracts.negotiated import NegotiatedGateway
    from chronicle_notebook.display._listing import Listing
    from chronicle_notebook.display._origin import Origin
    from chronicle_notebook.model import FailedPartition, ObserverState
    from chronicle_notebook.session._location import Place
    from chronicle_notebook.session._webhook_view import WebhookView
    from chronicle_notebook.session._webhooks import Webhooks
    from chronicle_notebook.triage._condition import TriageRow
    from chronicle_notebook.triage._retries import Retries
    from chronicle_notebook.triage._triage import Triage


FOLLOWED = 60.0
"""The default time in seconds to follow retries. A kernel ends a delivery after 30 seconds (seen on 16.37.1)."""


class DeliveryCalls:
    """What :class:`Client` says about deliveries, and does about failed ones."""

    _channel: Channel
    _kernel: NegotiatedGateway
    _place: Place
    embedded: bool

    if TYPE_CHECKING:

        @property
        def origin(self) -> Origin:
            """The origin of an answer that is read now."""

        @property
        def webhooks(self) -> Webhooks:
            """The webhooks of the event store."""

    def triage(self, *, paused: Collection[str] | None = None, before: Triage | None = None) -> Triage:
        """What fails, why, since when, what waits for it, and what to do next: every webhook, the worst first.

        One pass of reads over all namespaces; nothing is changed. Failed partitions of removed webhooks, and of the
        kernel's own observers, are in it too. How many events wait is counted in the event sequences.

        :param paused: the ids of webhooks that are paused; by default those of ``client.webhooks.paused()``.
        :param before: an earlier triage. With it, a webhook that is slow and goes on is not called stalled.
        :raises UnknownEventStoreError: the kernel does not have the event store.
        """
        from chronicle_notebook.pausing._pause import paused_ids
        from chronicle_notebook.triage._assess import assess
        from chronicle_notebook.triage._observed import read

        store = self._place.store()
        if paused is None:
            paused = paused_ids(self._kernel.server, store, embedded=self.embedded)
        reading = read(self._kernel, store, self._place.namespaces())
        ahead = self._channel.tokens.clock_ahead
        return assess(reading, origin=self.origin, paused=paused, before=before, clock_ahead=ahead)

    def in_memory(self) -> bool | None:
        """Whether the kernel keeps its events in memory and has the known bugs of this storage; None if nothing shows
        it.

        No answer of a kernel names its storage. A measurement decides; else the hash of an event of the event log does,
        which kernels of up to 16.38 do not keep in memory.
        """
        from chronicle_notebook.model import EVENT_LOG
        from chronicle_notebook.pausing._storage import in_memory

        return in_memory(self._kernel, self._place.store(), self._place.namespaces(), EVENT_LOG)

    def describe(self, webhook: str) -> WebhookView:
        """One webhook as it is registered, with its progress in each namespace.

        :raises UnknownWebhookError: no webhook has this id; the hint names the most similar ids.
        """
        from chronicle_notebook.session._observer_queries import described
        from chronicle_notebook.session._webhook_view import WebhookView
        from chronicle_notebook.triage._assess import by_the_kernels_clock
        from chronicle_notebook.triage._observed import shares_circuit

        found = described(self._kernel, self._place, self.webhooks.get, webhook)
        origin = by_the_kernels_clock(self.origin, self._channel.tokens.clock_ahead)
        return WebhookView(*found, origin=origin, shared_circuit=shares_circuit(self._kernel))

    def observers(self, webhook: str | None = None, *, namespace: str | None = None) -> Listing[ObserverState]:
        """The progress of all observers, or of the observers of one webhook, in every namespace or in one.

        The observer of a webhook has the id of the webhook. If ``webhook`` is the name of a namespace, that namespace
        is meant: in an earlier version it was the first argument.

        :raises UnknownWebhookError: no webhook and no observer has the id.
        :raises InvalidInputError: the event store has no such namespace.
        """
        from chronicle_notebook.events import observer_listing
        from chronicle_notebook.session._observer_queries import observers_of

        found, where = observers_of(self._kernel, self._place, webhook, namespace)
        return observer_listing(found, where=where, origin=self.origin)

    def failed_partitions(
        self, webhook: str | None = None, *, namespace: str | None = None
    ) -> Listing[FailedPartition]:
        """The partitions that fail now, of all observers or of one webhook, in every namespace or in one.

        :raises UnknownWebhookError: no webhook and no observer has the id.
        :raises InvalidInputError: the event store has no such namespace.
        """
        from chronicle_notebook.events import failed_partition_listing
        from chronicle_notebook.session._observer_queries import failing_of

        found, where = failing_of(self._kernel, self._place, webhook, namespace)
        return failed_partition_listing(found, where=where, origin=self.origin)

    def retry_failed_partitions(
        self,
        webhooks: str | type | TriageRow | Iterable[str | type | TriageRow] | None = None,
        *,
        release: bool = False,
        wait: float = FOLLOWED,
        on_progress: Callable[[Retries], object] | None = None,
    ) -> Retries:
        """Ask the kernel to retry failed partitions now, and follow each until it has recovered or failed again.

        On kernels up to 16.38 a retry is the only thing that brings back a partition which the kernel has given up.
        Later kernels refuse it for a quarantined partition unless ``release`` is true. Failed partitions of a removed
        webhook are retried too, because the kernel still lists them, and those of other observers by their id.

        Ctrl-C ends the call early and returns what is known then. The call can be repeated at any time.

        :param webhooks: the id of a webhook or of another observer, or several ids, or rows of a triage; by default
            every webhook that fails.
        :param release: end a quarantine first, of a partition and of a whole observer, where the kernel can.
        :param wait: the most seconds to follow the retries; 0 returns at once.
        :param on_progress: called with what is known, after each look.
        :raises UnknownWebhookError: no webhook and no observer has an id, and no partition of it fails.
        :raises KernelError: the kernel could not be asked. The attribute ``retries`` of the error has what is known.
        """
        from chronicle_notebook.registration._losses import STATUS_NOT_CHECKED
        from chronicle_notebook.session._observer_queries import release_observers, several_ids, to_retry
        from chronicle_notebook.triage._retries import Retrying

        check_seconds(wait, field="wait")
        check_flag(release, field="release")
        known = None if webhooks is None else several_ids(webhooks)
        remarks = release_observers(self._kernel, self._place, known) if release else []
        failed = to_retry(self._kernel, self._place, known)
        if failed and any(each.key == STATUS_NOT_CHECKED for each in self._kernel.known_defects):
            remarks.append("This kernel counts every answer as delivered, so a recovery does not prove a delivery.")
        retrying = Retrying(self._kernel, self._place.store(), failed, release=release, remarks=remarks)
        return retrying.run(wait, on_progress)

    def wait_until_handled(self, webhook: str, *, timeout: float = FOLLOWED) -> TriageRow:
        """Wait until a webhook has handled every event of its types that exists now, in all namespaces.

        An event is handled when its delivery has succeeded. Failed partitions are waited for too, because the kernel
        retries them. Some kernels count every answer of a target as a success.

        :param timeout: the most seconds to wait.
        :returns: the webhook as :meth:`triage` describes it.
        :raises NotHandledError: this did not happen in time, or the kernel has given up a partition.
        :raises UnknownWebhookError: no webhook has this id.
        :raises InvalidInputError: the webhook is inactive or has no event types.
        """
        from chronicle_notebook.triage._handled import wait_until_handled

        check_seconds(timeout, field="timeout")
        spaces = self._place.namespaces()
        definition = self.webhooks.get(webhook)
        wait_until_handled(self._kernel, self._place.store(), spaces, definition, timeout)
        return self.triage()[webhook]

    def clear_quarantine(self, observer: str, *, namespace: str | None = None) -> None:
        """End the quarantine of a whole observer, of a webhook or of another one, in every namespace or in one.

        This does not end the quarantine of single partitions: see :meth:`retry_failed_partitions`.

        :raises UnknownWebhookError: no observer has the id.
        """
        from chronicle_notebook.session._observer_queries import clear_quarantine

        clear_quarantine(self._kernel, self._place, observer, namespace)
