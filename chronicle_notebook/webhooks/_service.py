"""The webhooks of one event store: ``client.webhooks``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, overload

from chronicle_notebook._display import banner_of, mark_of
from chronicle_notebook._errors import InvalidInputError, NotSupportedError
from chronicle_notebook._frames import under
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.model import EventType, WebhookDefinition
from chronicle_notebook.receiver._running import receiver_at
from chronicle_notebook.stores._declared_event_type import declared_event_types, event_type_of
from chronicle_notebook.webhooks import _registration
from chronicle_notebook.webhooks._arrival import Append, with_arrival
from chronicle_notebook.webhooks._builder import DefinitionBuilder, configured
from chronicle_notebook.webhooks._code import Code, Style, render
from chronicle_notebook.webhooks._declaration import DeclaredWebhook, declare, declared_of
from chronicle_notebook.webhooks._discovery import discover
from chronicle_notebook.webhooks._frame import frame
from chronicle_notebook.webhooks._list import WebhookList, unknown_webhook
from chronicle_notebook.webhooks._observation import ObservationState, WebhookObservation
from chronicle_notebook.webhooks._outcome import Outcome, Outcomes
from chronicle_notebook.webhooks._plan import Plan, plan_for
from chronicle_notebook.webhooks._probe import TargetAnswer, probe
from chronicle_notebook.webhooks._replacement import replace
from chronicle_notebook.webhooks._selection import only, select
from chronicle_notebook.webhooks._validation import check, warn

if TYPE_CHECKING:
    import pandas as pd

    from chronicle_notebook._client import Client
    from chronicle_notebook.widgets import WebhookExplorer

Configure = Callable[[DefinitionBuilder], DefinitionBuilder]

ARRIVAL = 5.0
"""Seconds that a test waits for an event to arrive, at most."""

WAIT = 5.0
"""Seconds that a registration or a removal waits to be seen, unless told otherwise."""


class Webhooks:
    """List, observe, register, test and remove the webhooks of an event store.

    A webhook belongs to an event store and observes every namespace of it.
    """

    def __init__(
        self,
        kernel: KernelGateway,
        event_store: Callable[[], str],
        *,
        declared: Iterable[type] | None = None,
        client: Client | None = None,
    ) -> None:
        self._kernel = kernel
        self._client = client
        self._event_store = event_store
        self._declared = None if declared is None else tuple(declared)

    def __repr__(self) -> str:
        return f"<Webhooks on {self._kernel.server}{mark_of(self._kernel.server)}>"

    def all(self) -> WebhookList:
        """All webhooks, in the order of the kernel, without credentials: kernels do not give them back."""
        event_store = self._event_store()
        definitions = self._kernel.webhooks(event_store)
        return WebhookList(definitions, server=self._kernel.server, event_store=event_store, read_at=datetime.now(UTC))

    def ids(self) -> list[str]:
        """The ids of all webhooks, in the order of the kernel; the quickest of the listings."""
        return self._kernel.webhook_columns(self._event_store()).id

    def get(self, webhook: str) -> WebhookDefinition:
        """The webhook of an id.

        :raises UnknownWebhookError: there is none; the hint has the nearest ids.
        """
        if not isinstance(webhook, str):
            raise InvalidInputError(
                f"The id of a webhook is a text, not {type(webhook).__name__}.",
                field="id",
                hint="List the ids with client.webhooks.ids().",
            )
        return self.all()[webhook]

    def to_frame(
        self,
        *,
        tidy: bool = False,
        event_type: str | None = None,
        url: str | None = None,
        authorization: str | None = None,
        active: bool | None = None,
    ) -> pd.DataFrame:
        """All webhooks as a DataFrame indexed by ``id``, or those for which every filter that is given holds.

        Columns: ``url``, ``event_types`` (list of texts), ``authorization`` (none, basic, bearer, oauth), ``headers``
        (names only), ``event_sequence``, ``active``, ``replayable``. With ``tidy`` there is one row per webhook and
        event type.

        :param event_type: ``Id``, or ``Id+generation``; with ``tidy`` only its rows are left.
        :param url: a pattern for the whole URL: ``*`` stands for anything, ``?`` for one character.
        :param authorization: none, basic, bearer or oauth.
        :raises UnknownEventTypeError: neither a webhook nor the event store has the event type.
        """
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
        return under(frame(wanted, tidy=tidy), banner_of(self._kernel.server))

    def observe(
        self,
        on_change: Callable[[WebhookList], None] | None = None,
        *,
        on_state: Callable[[ObservationState], None] | None = None,
    ) -> WebhookObservation:
        """The full list now and at each change: iterate the result, or give a callback, which a daemon thread calls.

        It survives a restart of the kernel and ends at once with ``stop()`` or at the end of a ``with`` block.

        :raises InvalidInputError: for a callback that cannot be called.
        """
        for name, given in (("on_change", on_change), ("on_state", on_state)):
            if given is not None and not callable(given):
                raise InvalidInputError(
                    f"{name} is a function, not {type(given).__name__}.",
                    field=name,
                    hint="Write, for example, observe(print), or iterate over observe().",
                )
        return WebhookObservation(self._kernel, self._event_store(), on_change=on_change, on_state=on_state)

    def discover(self) -> WebhookList:
        """The definitions of the declared classes: those the client was configured with, else all loaded ones.

        Nothing is registered. A class without event types gets all that are known.

        :raises DuplicateWebhookError: two classes have one id.
        """
        return WebhookList(
            [declaration.definition for declaration in self._discovered()],
            server=self._kernel.server,
            event_store=self._event_store(),
            read_at=datetime.now(UTC),
            declared=True,
        )

    @overload
    def register(self, webhook: type | WebhookDefinition, /, *, wait: float = WAIT) -> Outcome: ...

    @overload
    def register(
        self, webhook: str, target_url: str, configure: Configure | None = None, /, *, wait: float = WAIT
    ) -> Outcome: ...

    def register(
        self,
        webhook: type | WebhookDefinition | str,
        target_url: str | None = None,
        configure: Configure | None = None,
        /,
        *,
        wait: float = WAIT,
    ) -> Outcome:
        """Register one webhook: a declared class, a definition, or an id with a URL and a function for the builder.

        ``wait`` is how many seconds to wait for it to be seen. Without event types it gets all that are known.
        What did not take effect stands in the outcome.

        :raises InvalidDefinitionError: a field that could not work; nothing was sent.
        :raises KernelError: the kernel refused, or could not be reached.
        """
        declaration = self._declaration(webhook, target_url, configure)
        return _registration.register(self._kernel, self._event_store(), [declaration], wait=wait)[0]

    def register_discovered(self, *, wait: float = 30.0) -> Outcomes:
        """Register everything that :meth:`discover` finds, in one call to the kernel."""
        declarations = self._discovered()
        event_store = self._event_store()
        outcomes = _registration.register(self._kernel, event_store, declarations, wait=wait) if declarations else []
        return Outcomes(
            outcomes,
            caption=f"{len(outcomes)} declared webhooks in event store {event_store!r} on {self._kernel.server}",
        )

    def remove(self, webhook: str | type, *, wait: float = WAIT) -> Outcome:
        """Remove a webhook, by id or by its declared class, and see it gone.

        The observer's position stays with the kernel: a webhook that is registered again under this id goes on from
        there (source: K/Core/Observation/Observer.cs).

        :raises UnknownWebhookError: there is none of that id. Kernels accept the removal of an unknown id silently.
        """
        if not isinstance(webhook, str | type):
            raise InvalidInputError(
                f"remove() takes an id or a declared class, not {type(webhook).__name__}.",
                field="webhook",
                hint='Write remove("account-events").',
            )
        name = webhook if isinstance(webhook, str) else declared_of(webhook).id
        known = self.all()
        if known.find(name) is None:
            raise unknown_webhook(name, known.ids, known.event_store, known.server)
        return _registration.remove(self._kernel, known.event_store, [name], wait=wait)[0]

    def replace(self, webhook: type | WebhookDefinition, /, *, wait: float = WAIT) -> Outcome:
        """Remove a webhook, see it gone, and register it as given: the way to change what kernels otherwise ignore.

        That is ``active``, ``replayable``, the event sequence, and taking an authorization away. The observer goes on
        from where it was; the outcome's notes have the numbers. What cannot work is found before anything is removed.
        ``wait`` is how many seconds each of the two steps waits to be seen.

        :raises ReplacementError: it was removed, or is being removed, and not registered again; the error carries the
            definition.
        """
        definition = self._declared_definition(webhook, "replace() takes a declared class or a definition")
        return replace(self._kernel, self._event_store(), definition, wait=wait)

    def explore(self) -> WebhookExplorer:
        """A widget with all webhooks, live: filter, select, look into, edit, test, remove.

        A door of :class:`chronicle_notebook.widgets.WebhookExplorer`.
        """
        from chronicle_notebook.widgets import WebhookExplorer

        if self._client is None:
            raise NotSupportedError("Only the webhooks of a client can be explored.", hint="Use client.webhooks.")
        return WebhookExplorer(self._client)

    @overload
    def plan(self, webhook: type | WebhookDefinition, /) -> Plan: ...

    @overload
    def plan(self, webhook: str, target_url: str, configure: Configure | None = None, /) -> Plan: ...

    def plan(
        self,
        webhook: type | WebhookDefinition | str,
        target_url: str | None = None,
        configure: Configure | None = None,
        /,
    ) -> Plan:
        """What :meth:`register` would do with the same arguments; nothing is sent.

        :raises InvalidDefinitionError: a field that could not work.
        """
        declaration = self._declaration(webhook, target_url, configure, call="plan")
        known = {each.id for each in self._kernel.event_types(self._event_store())}
        known |= {event_type_of(cls).id for cls in declaration.event_type_classes}
        check(declaration.definition, known_event_types=known)
        warn(declaration.definition, stacklevel=3)
        found = self.all()
        banner = banner_of(found.server)
        return plan_for(declaration.definition, found.find(declaration.definition.id), banner=banner)

    def code(self, webhook: str | type | WebhookDefinition, style: Style = "python") -> Code:
        """A webhook written out as code that registers it again: ``python``, a ``%%webhook`` ``cell``, or ``yaml``.

        Secrets are references such as ``env:ACCOUNT_EVENTS_TOKEN``, as kernels give none back.
        """
        return render(self._definition(webhook, call="code"), style)

    def test(self, webhook: str | type | WebhookDefinition, *, timeout: float = 10.0) -> TargetAnswer:
        """Send the kernel's test request to the target, from here, and say what the answer proves.

        Kernels from 16.38 on have no call for a test. For an id the definition is read back, and the request then
        carries no credentials; give a definition or a class to send them. ``timeout`` is in seconds.

        When the target is a :class:`~chronicle_notebook.Receiver` of this process and the kernel a sandbox, a made-up
        event is appended as well, and waited for. No other kernel is ever given an event for a test.
        """
        definition = self._definition(webhook, call="test")
        answer = probe(
            definition, timeout=timeout, generation=self._kernel.generation, banner=banner_of(self._kernel.server)
        )
        receiver = receiver_at(definition.target_url)
        if receiver is None:
            return answer
        event_store = self._event_store()
        return with_arrival(
            answer,
            definition,
            receiver,
            append=self._sandbox_append(definition),
            event_types=lambda: self._kernel.event_types(event_store),
            timeout=min(timeout, ARRIVAL),
        )

    def _sandbox_append(self, definition: WebhookDefinition) -> Append | None:
        """How to append an event that this webhook gets, on a sandbox kernel and if it is registered there."""
        client = self._client
        if client is None or not client.sandbox:
            return None
        found = self.all().find(definition.id)
        if found is None or found.target_url != definition.target_url:
            return None
        return lambda event: client.event_sequence(definition.event_sequence_id).append_many([event])

    def _discovered(self) -> list[DeclaredWebhook]:
        return discover(self._declared, all_event_types=self._known_event_types)

    def _definition(self, webhook: str | type | WebhookDefinition, *, call: str) -> WebhookDefinition:
        """What a call is about that takes an id as well; of an id it is read back."""
        if isinstance(webhook, str):
            return self.get(webhook)
        return self._declared_definition(webhook, f"{call}() takes an id, a declared class or a definition")

    def _declared_definition(self, webhook: type | WebhookDefinition, takes: str) -> WebhookDefinition:
        if not isinstance(webhook, type | WebhookDefinition):
            message = f"{takes}, not {type(webhook).__name__}."
            raise InvalidInputError(message, field="webhook", hint="List the ids with client.webhooks.ids().")
        return self._declaration(webhook, None, None).definition

    def _declaration(
        self,
        webhook: type | WebhookDefinition | str,
        target_url: str | None,
        configure: Configure | None,
        *,
        call: str = "register",
    ) -> DeclaredWebhook:
        if isinstance(webhook, WebhookDefinition):
            return DeclaredWebhook(webhook, (), "a definition")
        if isinstance(webhook, type):
            return declare(webhook, all_event_types=self._known_event_types)
        if not isinstance(webhook, str) or target_url is None:
            raise InvalidInputError(
                f"{call}() takes a declared class, a definition, or an id with a target URL.",
                field="webhook",
                hint=f'Write {call}("account-events", "https://...", lambda b: b.with_event_type("AccountOpened")).',
            )
        builder = configured(configure) if configure is not None else DefinitionBuilder()
        if not builder.event_types:
            builder = builder.with_event_types(*self._known_event_types())
        return DeclaredWebhook(builder.build(webhook, target_url), builder.event_type_classes, "a call of register()")

    def _known_event_types(self) -> list[EventType]:
        """What "all event types" means: the store's own, and those declared in this process."""
        stored = [each.type for each in self._kernel.event_types(self._event_store()) if each.owner != "server"]
        declared = [event_type_of(cls) for cls in declared_event_types()]
        return list({kind.id: kind for kind in [*stored, *declared]}.values())
