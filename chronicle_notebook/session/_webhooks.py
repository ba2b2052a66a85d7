"""The webhooks of one event store: ``client.webhooks``."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias, overload

from chronicle_notebook.base._arguments import check_callbacks, check_flag, check_names, check_seconds
from chronicle_notebook.base._errors import ChronicleError, InvalidInputError, NotSupportedError
from chronicle_notebook.base._public import public
from chronicle_notebook.base._url import masked
from chronicle_notebook.reading._list import WebhookList, unknown_webhook
from chronicle_notebook.session._definition_calls import DefinitionCalls
from chronicle_notebook.session._pausable import PausableWebhooks, found

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from chronicle_notebook.contracts._gateway import KernelGateway
    from chronicle_notebook.definition._declaration import DeclaredWebhook
    from chronicle_notebook.definition._inputs import Configure
    from chronicle_notebook.display._table_and_card import Card
    from chronicle_notebook.model import WebhookDefinition
    from chronicle_notebook.pausing._client import StoreClient
    from chronicle_notebook.reading._observation import ObservationState, WebhookObservation
    from chronicle_notebook.registration._examination import Destination
    from chronicle_notebook.registration._outcome import Outcome, Outcomes
    from chronicle_notebook.registration._plan import Plan
    from chronicle_notebook.target_test._trial import Append
    from chronicle_notebook.widgets import WebhookExplorer

One: TypeAlias = "type | WebhookDefinition"
Several: TypeAlias = Iterable[One]
"""Declared classes and definitions."""
WAIT = 5.0
"""The default time in seconds to wait until a registration or a removal is visible."""


@public
class Webhooks(DefinitionCalls, PausableWebhooks):
    """List, observe, register, test, pause and remove the webhooks of an event store.

    A webhook belongs to an event store and observes every namespace of it.
    """

    def __init__(
        self,
        kernel: KernelGateway,
        event_store: Callable[[], str],
        *,
        declared: Iterable[type] | None = None,
        shown_store: Callable[[], str] | None = None,
        appender: Callable[[], Append | None] = lambda: None,
        explore: Callable[[str | Path | None, str | None], WebhookExplorer] | None = None,
        owner: Callable[[], StoreClient] | None = None,
    ) -> None:
        """Take what the calls need from the owner of the connection.

        :param event_store: returns the name of the event store, after a check that the kernel has it.
        :param declared: the classes that :meth:`discover` looks at; by default all loaded classes.
        :param shown_store: returns the name of the event store for the card, without a call to the kernel.
        :param appender: returns a function that appends an event for a test; None if no event may be appended.
        :param explore: makes the widget that :meth:`explore` returns, from its arguments.
        :param owner: returns the client, for a pause.
        """
        self._kernel = kernel
        self._event_store = event_store
        self._shown_store = shown_store or event_store
        self._appender = appender
        self._explore, self._owner = explore, owner
        self._declared = None if declared is None else tuple(declared)

    def _display(self) -> Card:
        from chronicle_notebook.session._description import calls_card

        return calls_card(self._shown_store(), self._kernel.origin())

    def all(self) -> WebhookList:
        """All webhooks in the order of the kernel, without credentials, because kernels do not return them."""
        event_store = self._event_store()
        definitions = self._kernel.webhooks(event_store)
        return WebhookList(definitions, origin=self._kernel.origin(event_store))

    def ids(self) -> list[str]:
        """The ids of all webhooks in the order of the kernel. This is the fastest listing."""
        return self._kernel.webhook_columns(self._event_store()).id

    def get(self, webhook: str) -> WebhookDefinition:
        """One webhook by its id.

        :raises UnknownWebhookError: there is none; the hint names the most similar ids.
        """
        if not isinstance(webhook, str):
            raise InvalidInputError(
                f"The id of a webhook is a text, not {type(webhook).__name__}.",
                field="id",
                hint="List the ids with client.webhooks.ids().",
            )
        return found(self.all(), webhook, self._owner)

    def to_frame(
        self,
        *,
        tidy: bool = False,
        event_type: str | None = None,
        url: str | None = None,
        authorization: str | None = None,
        active: bool | None = None,
    ) -> pd.DataFrame:
        """All webhooks, or those that match every given filter, as a DataFrame whose index is ``id``.

        Columns: ``url``, ``event_types`` (list of texts), ``authorization`` (none, basic, bearer, oauth), ``headers``
        (names only), ``event_sequence``, ``active``, ``replayable``. With ``tidy`` there is one row for each pair of a
        webhook and an event type. In a URL dots replace a user name, a password and the values of a query. The filter
        uses the real URL, which ``get(id).target_url`` returns.

        :param event_type: ``Id``, or ``Id+generation``; with ``tidy`` the frame has only the rows of this event type.
        :param url: a pattern for the whole URL: ``*`` stands for any text, ``?`` for one character.
        :param authorization: none, basic, bearer or oauth.
        :raises InvalidInputError: a filter has a wrong type or value.
        :raises UnknownEventTypeError: neither a webhook nor the event store has the event type.
        """
        from chronicle_notebook.display._frame import under
        from chronicle_notebook.reading._frame import frame
        from chronicle_notebook.reading._selection import check_filters, only, select

        check_filters(event_type=event_type, url=url, authorization=authorization, active=active, tidy=tidy)
        event_store = self._event_store()
        columns = select(
            self._kernel.webhook_columns(event_store),
            event_type=event_type,
            url=url,
            authorization=authorization,
            active=active,
            known_event_types=lambda: [each.id for each in self._kernel.event_types(event_store)],
        )
        wanted = only(columns, event_type) if tidy and event_type is not None else columns
        return under(frame(wanted, tidy=tidy), self._kernel.origin().banner)

    def observe(
        self,
        on_change: Callable[[WebhookList], None] | None = None,
        *,
        on_state: Callable[[ObservationState], None] | None = None,
        on_error: Callable[[ChronicleError], None] | None = None,
    ) -> WebhookObservation:
        """The complete list now and at each change. Iterate the result, or give a callback, which a daemon thread
        calls.

        Neither a restart of the kernel nor a proxy that resets the stream ends the observation. It ends at once with
        ``stop()`` or at the end of a ``with`` block. Without such a block it ends when a loop over it is left.

        :param on_change: called with each list, also the first one, in their order. An error of the callback ends
            nothing: it is kept as ``callback_error``.
        :param on_state: called with each new state: live, reconnecting, stopped, failed.
        :param on_error: called with each new reason why the observation reconnects, for example a proxy that does not
            reach the kernel.
        :raises InvalidInputError: a callback cannot be called.
        """
        from chronicle_notebook.reading._observation import WebhookObservation

        check_callbacks(on_change=on_change, on_state=on_state, on_error=on_error)
        return WebhookObservation(
            self._kernel, self._event_store(), on_change=on_change, on_state=on_state, on_error=on_error
        )

    def discover(self) -> WebhookList:
        """The definitions of the declared classes: those of the client's ``declared``, else all loaded classes.

        Nothing is registered. A class without event types receives all known event types; if the kernel does not
        answer, these are the types of this process alone, and the list says so. A class counts while its module, or a
        variable of the notebook, has it; the list names the classes that do not count. A class whose file was changed
        and whose declaration was not taken in, as with ``%autoreload 2``, gives a warning.

        :raises DuplicateWebhookError: two classes have the same id.
        """
        from chronicle_notebook.registration._declared import declared_list

        origin = self._kernel.origin(self._shown_store())
        return declared_list(self._declared, origin=origin, event_types=self._destination().event_types)

    @overload
    def register(
        self, webhook: One, *, wait: float = WAIT, confirm_host: str | None = None, accept_unknown: bool = False
    ) -> Outcome: ...

    @overload
    def register(
        self, webhook: Several, *, wait: float = WAIT, confirm_host: str | None = None, accept_unknown: bool = False
    ) -> Outcomes: ...

    @overload
    def register(
        self,
        webhook: str,
        target_url: str,
        configure: Configure | None = None,
        *,
        wait: float = WAIT,
        confirm_host: str | None = None,
        accept_unknown: bool = False,
    ) -> Outcome: ...

    def register(
        self,
        webhook: type | WebhookDefinition | str | Iterable[type | WebhookDefinition],
        target_url: str | None = None,
        configure: Configure | None = None,
        *,
        wait: float = WAIT,
        confirm_host: str | None = None,
        accept_unknown: bool = False,
    ) -> Outcome | Outcomes:
        """Register a webhook: a declared class, a definition, or an id with a URL and a configure function.

        A list of classes and definitions is checked as a whole and sent in parts; if one of them cannot work, nothing
        is sent. After a deadline or an interruption the same call waits for what the kernel still does, and sends the
        rest. A class, or an id with a URL, receives all known event types if it names none.

        :param target_url: the URL to which the events go; only together with an id.
        :param configure: a function that takes a :class:`DefinitionBuilder` and returns it with everything else.
        :param wait: seconds to wait until the webhook, or the whole list, is visible.
        :param confirm_host: the ``host`` or ``host:port`` of a target that may have the stored credentials of a webhook
            that moves there without credentials. The kernel keeps the stored ones and sends them there.
        :param accept_unknown: register it although the event store lacks an event type, which a producer registers
            later. A misspelled one is then not noticed.
        :raises InvalidDefinitionError: a field cannot work, or stored credentials would go to a host that is not
            confirmed; nothing was sent.
        :raises DuplicateWebhookError: two elements of the list have the same id; nothing was sent.
        :raises KernelError: the kernel refused, or could not be reached.
        """
        from chronicle_notebook.definition._inputs import check_alone, declaration, declarations, several
        from chronicle_notebook.registration import _register

        check_seconds(wait, field="wait")
        check_names(confirm_host=confirm_host)
        check_flag(accept_unknown, field="accept_unknown")
        target_url = masked(target_url) if isinstance(target_url, str) else target_url  # for tracebacks with variables
        many, to = several(webhook), self._destination(with_webhooks=True, accept_unknown=accept_unknown)
        if many is None:
            takes = ", or a list of classes and definitions"
            one = declaration(webhook, target_url, configure, known=to.event_types, call="register", takes=takes)
            return _register.register(to, [one], wait=wait, confirm_host=confirm_host)[0]
        check_alone(webhook, target_url, configure)
        hooks = declarations(many, known=to.event_types, call="register")
        return self._registered(to, hooks, "webhook", wait, confirm_host)

    def register_discovered(self, *, wait: float = 30.0) -> Outcomes:
        """Register everything that :meth:`discover` finds, as a list given to :meth:`register`.

        :param wait: seconds to wait until all of them are visible.
        :raises DuplicateWebhookError: two classes have the same id.
        :raises InvalidDefinitionError: a field cannot work; nothing was sent.
        """
        from chronicle_notebook.definition._discovery import discover

        check_seconds(wait, field="wait")
        to = self._destination(with_webhooks=True)
        return self._registered(to, discover(self._declared, all_event_types=to.event_types), "declared webhook", wait)

    @overload
    def remove(  # type: ignore[overload-overlap]  # one text is an id, and no list of letters
        self, webhook: str | type, *, wait: float = WAIT, unlisted: bool = False
    ) -> Outcome: ...

    @overload
    def remove(self, webhook: Iterable[str | type], *, wait: float = WAIT, unlisted: bool = False) -> Outcomes: ...

    def remove(
        self, webhook: str | type | Iterable[str | type], *, wait: float = WAIT, unlisted: bool = False
    ) -> Outcome | Outcomes:
        """Remove a webhook, by its id or its declared class, and wait until it is gone.

        A list of ids and classes is sent in parts, as by :meth:`register`; if one does not exist, nothing is sent. The
        kernel keeps the observer's position: a webhook that is registered again under this id continues from there
        (source: K/Core/Observation/Observer.cs).

        :param wait: seconds to wait until the webhook, or the whole list, is gone.
        :param unlisted: remove without the list of webhooks, for an event store whose list the kernel cannot make. The
            observers then show which ids there are and what is gone, and the outcome does not have the definition.
        :raises UnknownWebhookError: no webhook has this id; nothing was removed. Kernels silently accept the removal of
            an unknown id.
        """
        from chronicle_notebook.definition._inputs import ids, several
        from chronicle_notebook.registration import _removal
        from chronicle_notebook.registration._unlisted import remove_unlisted

        check_seconds(wait, field="wait")
        many = several(webhook)
        if many is None and not isinstance(webhook, str | type):
            raise InvalidInputError(
                f"remove() takes an id, a declared class, or a list of them, not {type(webhook).__name__}.",
                field="webhook",
                hint='Write remove("account-events").',
            )
        names = ids([webhook] if many is None else many, call="remove")
        if unlisted:
            event_store = self._event_store()
            outcomes = remove_unlisted(self._kernel, event_store, names, wait=wait) if names else []
            return outcomes[0] if many is None else self._outcomes(outcomes, "webhook", event_store)
        known = self.all()
        for name in names:
            if known.find(name) is None and not _removal.removed_before(self._kernel, known.event_store, name):
                raise unknown_webhook(name, known.ids, known.event_store, known.server)
        outcomes = _removal.remove(self._kernel, known.event_store, names, wait=wait) if names else []
        outcomes = [dataclasses.replace(each, removed=known.find(each.webhook)) for each in outcomes]
        return outcomes[0] if many is None else self._outcomes(outcomes, "webhook", known.event_store)

    def replace(self, webhook: type | WebhookDefinition, *, wait: float = WAIT) -> Outcome:
        """Remove a webhook, wait until it is gone, and register it as given: the way to change what kernels otherwise
        ignore.

        Kernels ignore changes of ``active``, ``replayable`` and the event sequence, and the removal of an
        authorization. The observer continues at its position; the notes of the outcome have the numbers. Everything is
        checked before anything is removed.

        :param wait: seconds to wait until each of the two steps is visible.
        :raises ReplacementError: the webhook was removed, or may be, and was not registered again; the error has the
            definition.
        """
        from chronicle_notebook.definition._inputs import one_declared
        from chronicle_notebook.registration._replace import replace

        check_seconds(wait, field="wait")
        to = self._destination()
        hook = one_declared(webhook, "replace() takes a declared class or a definition", known=to.event_types)
        return replace(to, hook, wait=wait)

    def explore(self, *, file: str | Path | None = None, profile: str | None = None) -> WebhookExplorer:
        """A widget with all webhooks, live: filter, select, see details, edit, test, remove.

        It opens a :class:`chronicle_notebook.widgets.WebhookExplorer`.

        :param file: a file of webhooks as code. The details of a webhook say whether the file owns it.
        :param profile: the profile whose variables count in the file.
        :raises StateFileError: the file cannot be read, or something in it is wrong.
        """
        if self._explore is None:
            raise NotSupportedError("Only a client's webhooks can be explored.", hint="Use client.webhooks.")
        return self._explore(file, profile)

    def plan(
        self,
        webhook: type | WebhookDefinition | str,
        target_url: str | None = None,
        configure: Configure | None = None,
        *,
        accept_unknown: bool = False,
    ) -> Plan:
        """What :meth:`register` would do with the same arguments, for one webhook; nothing is sent.

        :param target_url: as in :meth:`register`.
        :param configure: as in :meth:`register`.
        :param accept_unknown: as in :meth:`register`.
        :raises InvalidDefinitionError: a field cannot work.
        """
        from chronicle_notebook.definition._inputs import declaration
        from chronicle_notebook.registration._declared import event_types_of
        from chronicle_notebook.registration._plan import plan

        check_flag(accept_unknown, field="accept_unknown")
        to = self._destination(with_webhooks=True, accept_unknown=accept_unknown)
        known = event_types_of(to.event_types)
        return plan(to, declaration(webhook, target_url, configure, known=known, call="plan"))

    def _outcomes(self, outcomes: list[Outcome], what: str, event_store: str) -> Outcomes:
        from chronicle_notebook.registration._outcome import Outcomes

        count = f"{len(outcomes):,} {what}{'' if len(outcomes) == 1 else 's'}"
        return Outcomes(outcomes, caption=f"{count} in event store {event_store!r} on {self._kernel.server}")

    def _registered(
        self, to: Destination, hooks: list[DeclaredWebhook], what: str, wait: float, confirm_host: str | None = None
    ) -> Outcomes:
        from chronicle_notebook.registration import _register

        outcomes = _register.register(to, hooks, wait=wait, confirm_host=confirm_host) if hooks else []
        return self._outcomes(outcomes, what, to.event_store)

    def _destination(self, *, with_webhooks: bool = False, accept_unknown: bool = False) -> Destination:
        from chronicle_notebook.registration._examination import Destination

        return Destination(self._kernel, self._event_store, with_webhooks=with_webhooks, accept_unknown=accept_unknown)
