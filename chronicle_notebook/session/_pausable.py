"""The part of ``client.webhooks`` that stops deliveries for a while and begins them again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, overload

from chronicle_notebook.base._arguments import check_flag, check_names
from chronicle_notebook.base._errors import InvalidInputError, NotSupportedError, UnknownWebhookError
from chronicle_notebook.display._displayed import Displayed
from chronicle_notebook.reading._list import WebhookList
from chronicle_notebook.session._location import DEFAULT_NAMESPACE, Place

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from chronicle_notebook.contracts._gateway import KernelGateway
    from chronicle_notebook.display._listing import Listing
    from chronicle_notebook.model import WebhookAuthorization, WebhookDefinition
    from chronicle_notebook.pausing._client import StoreClient
    from chronicle_notebook.pausing._paused import PausedWebhook
    from chronicle_notebook.pausing._redelivery import RedeliveryPlan
    from chronicle_notebook.pausing._replay import ReplayPlan
    from chronicle_notebook.pausing._storage import Kept
    from chronicle_notebook.registration._outcome import Outcome, Outcomes


class PausableWebhooks(Displayed):
    """Pause, resume, replay and re-deliver."""

    _owner: Callable[[], StoreClient] | None = None
    _kernel: KernelGateway
    _event_store: Callable[[], str]

    def _client(self) -> StoreClient:
        if self._owner is None:
            raise NotSupportedError("Only a client's webhooks can be paused.", hint="Use client.webhooks.")
        return self._owner()

    @overload
    def pause(  # type: ignore[overload-overlap]  # one text is an id, and no list of letters
        self,
        webhook: str | type,
        *,
        reason: str = "",
        authorization: WebhookAuthorization | None = None,
        file: str | Path | None = None,
        accept_defects: Collection[str] = (),
        dry_run: bool = False,
    ) -> Outcome: ...

    @overload
    def pause(
        self,
        webhook: Iterable[str | type],
        *,
        reason: str = "",
        file: str | Path | None = None,
        accept_defects: Collection[str] = (),
        dry_run: bool = False,
    ) -> Outcomes: ...

    def pause(
        self,
        webhook: str | type | Iterable[str | type],
        *,
        reason: str = "",
        authorization: WebhookAuthorization | None = None,
        file: str | Path | None = None,
        accept_defects: Collection[str] = (),
        dry_run: bool = False,
    ) -> Outcome | Outcomes:
        """Stop the deliveries of a webhook until :meth:`resume`, or of several webhooks.

        Kernels ignore a change of ``active``. So its definition is kept in a file of this machine, with references
        instead of secrets, and the webhook is removed. The kernel keeps its position. The outcome says where it stands
        and what is delivered when it is resumed. Everything that could prevent resuming it is checked before.

        :param reason: why, in a few words; :meth:`paused` shows it.
        :param authorization: the credentials to keep for one webhook, as references: ``Secret.env``, ``Secret.file`` or
            ``Secret.keyring``. Without it, resuming looks them up in variables such as ``CRM_SYNC_TOKEN``.
        :param file: another file than the usual one, which is in the user's data folder; ``CHRONICLE_NOTEBOOK_PAUSED``
            names another folder. The pause is shown, and resumed without naming the file, as those of the usual one.
        :param accept_defects: the names of known bugs that do not concern this kernel.
        :param dry_run: check everything, say what a pause means, and change nothing.
        :raises UnknownWebhookError: a webhook is neither registered nor paused; nothing was removed.
        :raises InvalidInputError: a webhook could not be restored as it is, for example because a variable with its
            credentials is not set; nothing was removed.
        """
        from chronicle_notebook.definition._inputs import ids, several
        from chronicle_notebook.pausing import _pause

        check_flag(dry_run, field="dry_run")
        client, many = self._client(), several(webhook)
        names = ids([webhook] if many is None else many, call="pause")
        if many is not None and authorization is not None:
            raise InvalidInputError(
                "Credentials can be given for one webhook at a time.",
                field="authorization",
                hint='Write pause("account-events", authorization=...).',
            )
        outcomes = _pause.pause(
            client,
            names,
            _pause.kept_of(client, file),
            reason=reason,
            accept_defects=accept_defects,
            authorization=authorization,
            dry_run=dry_run,
        )
        return outcomes[0] if many is None else _several(outcomes, client)

    @overload
    def resume(  # type: ignore[overload-overlap]  # one text is an id, and no list of letters
        self, webhook: str | type, *, file: str | Path | None = None
    ) -> Outcome: ...

    @overload
    def resume(self, webhook: Iterable[str | type] | None = None, *, file: str | Path | None = None) -> Outcomes: ...

    def resume(
        self, webhook: str | type | Iterable[str | type] | None = None, *, file: str | Path | None = None
    ) -> Outcome | Outcomes:
        """Register a paused webhook again, several of them, or all paused ones of the event store.

        The outcome says from which number its deliveries go on. A call whose answer was lost can be repeated: it
        finishes what was begun.

        :param file: the file of the pause, if it is at another place now; by default where it was kept.
        :raises InvalidInputError: a webhook is not paused, its file cannot be read, a variable with its credentials is
            not set, or it was registered differently in the meantime; nothing was registered.
        """
        from chronicle_notebook.definition._inputs import ids, several
        from chronicle_notebook.pausing import _pause

        client, many = self._client(), None if webhook is None else several(webhook)
        names = [] if webhook is None else ids([webhook] if many is None else many, call="resume")
        if many == []:
            return _several([], client)
        outcomes = _pause.resume(client, names, _pause.kept_of(client, file))
        return outcomes[0] if many is None and webhook is not None else _several(outcomes, client)

    def paused(self, *, file: str | Path | None = None) -> Listing[PausedWebhook]:
        """The paused webhooks of the event store, which :meth:`all` does not have: they are not registered.

        Pauses in other files are among them. One whose file cannot be read has a ``problem``.

        :param file: only the pauses of this file.
        :raises InvalidInputError: this file, or the usual one, cannot be read.
        """
        from chronicle_notebook.pausing import _pause
        from chronicle_notebook.pausing._paused import paused

        client = self._client()
        return paused(client, _pause.kept_of(client, file))

    def forget_paused(self, webhook: str | type, *, file: str | Path | None = None) -> PausedWebhook:
        """Take the record of a pause out of the file, for a webhook that is not to come back. Returns what it said.

        Nothing of the kernel is changed.

        :param file: the file of the pause, if it is not the usual one.
        :raises InvalidInputError: the webhook is not paused.
        """
        from chronicle_notebook.definition._inputs import ids
        from chronicle_notebook.pausing import _pause

        client = self._client()
        return _pause.forget(client, ids([webhook], call="forget_paused")[0], _pause.kept_of(client, file))

    def replay(
        self,
        webhook: str | type,
        *,
        namespace: str | None = None,
        partition: str | None = None,
        storage: Kept | None = None,
    ) -> ReplayPlan:
        """Look at a replay by the kernel: everything of a webhook, of one namespace, or of one event source.

        Nothing is sent. The plan has the number of events; its :meth:`ReplayPlan.apply` starts the replay. A replay
        delivers events again that the target has had. It does not bring back a partition that the kernel has given up:
        ``client.retry_failed_partitions()`` does. For a part of the events see :meth:`redeliver`.

        :param namespace: only this namespace; by default every namespace in which the webhook is connected.
        :param partition: only this event source.
        :param storage: ``database`` or ``memory``, where you know it. On kernels of up to 16.38 that keep their events
            in memory a replay hangs the webhook for good. No answer names the storage, but their events show it.
        :raises UnknownWebhookError: no webhook has this id.
        :raises NotSupportedError: the kernel most likely keeps its events in memory.
        :raises InvalidInputError: the webhook is not connected, or there is no event to replay.
        """
        from chronicle_notebook.pausing import _replay

        check_names(namespace=namespace, partition=partition)
        definition = self._listed(webhook, call="replay")
        store = self._event_store()
        spaces = Place(self._kernel, store, DEFAULT_NAMESPACE).namespaces(namespace)
        return _replay.plan(self._kernel, store, definition, spaces, partition=partition, storage=storage)

    def redeliver(  # noqa: PLR0913 - each says which events, or how
        self,
        webhook: str | type,
        *,
        from_sequence_number: int | None = None,
        since: datetime | None = None,
        to_sequence_number: int | None = None,
        namespace: str | None = None,
        partition: str | None = None,
        authorization: WebhookAuthorization | None = None,
        include_waiting: bool = False,
        limit: int = 1_000,
        rate: float = 10.0,
        timeout: float = 30.0,
    ) -> RedeliveryPlan:
        """Look at a re-delivery from this process: events of the webhook's types, from a number or a time on.

        Nothing is sent. The plan has the events and the requests; its :meth:`RedeliveryPlan.apply` posts them to the
        target in the form of a kernel's replay, with the header ``x-chronicle-notebook-redelivery``. The kernel does
        not know of it: use it for a part of the events, and where a replay is not possible. Events that the kernel
        still delivers are left out.

        :param from_sequence_number: the number of the first event.
        :param since: the time of the first event, with its zone, instead of a number. Kernels have no index of times,
            so the events are read from the end backwards until an earlier one is found.
        :param to_sequence_number: the number of the last event.
        :param namespace: the namespace; by default that of the client.
        :param partition: only this event source.
        :param authorization: the credentials to send, with references to secrets: kernels do not return them.
        :param include_waiting: also events that the kernel still delivers: those from the position of the webhook on,
            and those that wait in failed partitions. They then arrive twice.
        :param limit: the largest number of events. The plan says where to go on.
        :param rate: requests in a second, at most.
        :param timeout: seconds for each request.
        :raises UnknownWebhookError: no webhook has this id.
        :raises InvalidInputError: a value is wrong, or the webhook has credentials and none were given.
        """
        from chronicle_notebook.pausing import _redelivery
        from chronicle_notebook.pausing._selection import WantedEvents

        check_names(namespace=namespace, partition=partition)
        check_flag(include_waiting, field="include_waiting")
        definition, store = self._listed(webhook, call="redeliver"), self._event_store()
        space = Place(self._kernel, store, namespace or self._client().namespace).namespace()
        wanted = WantedEvents(from_sequence_number, to_sequence_number, since, partition, include_waiting, limit)
        return _redelivery.plan(
            self._kernel, store, space, definition, wanted, authorization=authorization, rate=rate, timeout=timeout
        )

    def _listed(self, webhook: str | type, *, call: str) -> WebhookDefinition:
        from chronicle_notebook.definition._inputs import ids

        return found(self._client().webhooks.all(), ids([webhook], call=call)[0], self._owner)


def found(hooks: WebhookList, webhook: str, owner: Callable[[], StoreClient] | None) -> WebhookDefinition:
    """The webhook of an id.

    :raises UnknownWebhookError: none has it; the hint says so if it is paused.
    """
    from chronicle_notebook.pausing._pause import paused_ids

    try:
        return hooks[webhook]
    except UnknownWebhookError as error:
        client = None if owner is None else owner()
        if client is not None and webhook in paused_ids(client.server, client.event_store, embedded=client.embedded):
            error.hint = f"It is paused: client.webhooks.resume({webhook!r}) registers it again."
        raise


def _several(outcomes: list[Outcome], client: StoreClient) -> Outcomes:
    from chronicle_notebook.display._listing import counted
    from chronicle_notebook.registration._outcome import Outcomes

    where = f"event store {client.event_store!r} on {client.server}"
    return Outcomes(outcomes, caption=f"{counted(len(outcomes), 'webhook')} in {where}")
