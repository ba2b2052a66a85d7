"""The calls of a client about deliveries: progress, failures, retries."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from chronicle_notebook.contracts.negotiated import NegotiatedGateway
from chronicle_notebook.display._listing import Listing
from chronicle_notebook.display._origin import Origin
from chronicle_notebook.events import failed_partition_listing, observer_listing, retry_listing
from chronicle_notebook.model import FailedPartition, ObserverState
from chronicle_notebook.pausing._pause import paused_ids
from chronicle_notebook.session._location import Place
from chronicle_notebook.session._observer_queries import clear_quarantine, described, failing_of, observers_of, retried
from chronicle_notebook.session._webhook_view import WebhookView
from chronicle_notebook.triage._observed import read
from chronicle_notebook.triage._triage import Triage, assess

if TYPE_CHECKING:
    from chronicle_notebook.session._webhooks import Webhooks


class DeliveryCalls:
    """What :class:`Client` says about deliveries, and does about failed ones."""

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
        :param before: an earlier triage. With it, a webhook that is slow and goes on is told apart from a stalled one.
        :raises UnknownEventStoreError: the kernel does not have the event store.
        """
        store = self._place.store()
        if paused is None:
            paused = paused_ids(self._kernel.server, store, embedded=self.embedded)
        reading = read(self._kernel, store, self._place.namespaces())
        return assess(reading, origin=self.origin, paused=paused, before=before)

    def describe(self, webhook: str) -> WebhookView:
        """One webhook as it is registered, with its progress in each namespace.

        :raises UnknownWebhookError: no webhook has this id; the hint names the most similar ids.
        """
        return WebhookView(*described(self._kernel, self._place, self.webhooks.get, webhook), origin=self.origin)

    def observers(self, webhook: str | None = None, *, namespace: str | None = None) -> Listing[ObserverState]:
        """The progress of all observers, or of the observers of one webhook, in every namespace or in one.

        The observer of a webhook has the id of the webhook. If ``webhook`` is the name of a namespace, that namespace
        is meant: in an earlier version it was the first argument.

        :raises UnknownWebhookError: no webhook and no observer has the id.
        :raises InvalidInputError: the event store has no such namespace.
        """
        found, where = observers_of(self._kernel, self._place, webhook, namespace)
        return observer_listing(found, where=where, origin=self.origin)

    def failed_partitions(
        self, webhook: str | None = None, *, namespace: str | None = None
    ) -> Listing[FailedPartition]:
        """The partitions that fail now, of all observers or of one webhook, in every namespace or in one.

        :raises UnknownWebhookError: no webhook and no observer has the id.
        :raises InvalidInputError: the event store has no such namespace.
        """
        found, where = failing_of(self._kernel, self._place, webhook, namespace)
        return failed_partition_listing(found, where=where, origin=self.origin)

    def retry_failed_partitions(self, webhook: str) -> Listing[tuple[FailedPartition, bool | None]]:
        """Ask the kernel to retry each failed partition of a webhook, or of another observer, now.

        The result says for each whether the retry started; None if the kernel does not say so.

        :raises UnknownWebhookError: no observer has the id.
        """
        return retry_listing(retried(self._kernel, self._place, webhook), webhook=webhook, origin=self.origin)

    def clear_quarantine(self, observer: str, *, namespace: str | None = None) -> None:
        """End the quarantine of a whole observer, of a webhook or of another one, in every namespace or in one.

        This does not end the quarantine of single partitions: see :meth:`retry_failed_partitions`.

        :raises UnknownWebhookError: no observer has the id.
        """
        clear_quarantine(self._kernel, self._place, observer, namespace)
