"""Everything that is checked before a webhook is registered or planned, each thing once."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from chronicle_notebook.base._at_once import at_once
from chronicle_notebook.base._errors import KernelError, UnknownEventTypeError
from chronicle_notebook.base._text import look
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.contracts._kernel_defects import by_key
from chronicle_notebook.definition._declaration import DeclaredWebhook
from chronicle_notebook.definition.rules._check import (
    check,
    check_distinct,
    check_known,
    check_revealed,
    unlisted_generations,
    warn,
)
from chronicle_notebook.events._declared_event_type import declared_event_types, event_type_of, registration_of
from chronicle_notebook.model import EventType, RegisteredEventType, WebhookDefinition
from chronicle_notebook.registration._beforehand import notes_beforehand

NEVER_DELIVERED = "The event store has no event type {0!r}, so the webhook does not receive it. It is registered so."
"""The note about an event type that nobody has registered, and that a registered webhook names or that is accepted."""


FRESH = 5.0
"""How long a list of webhooks counts as the state before a call, in seconds. A prompt for a secret can take longer."""

ON_PURPOSE = "client.webhooks.register(..., accept_unknown=True) registers it before the event type is."
"""The hint about an event type that the event store lacks."""


class Destination:
    """The event store of one call. Its name and its event types are read only once, when they are needed."""

    def __init__(
        self,
        kernel: KernelGateway,
        event_store: Callable[[], str],
        *,
        with_webhooks: bool = False,
        accept_unknown: bool = False,
    ) -> None:
        """Take the connection.

        :param event_store: returns the name of the event store; it may ask the kernel and raise an error.
        :param with_webhooks: list the webhooks at the same time as the event types, because the call needs both.
        """
        self.kernel = kernel
        self.accept_unknown = accept_unknown
        """Whether a webhook may name event types that the event store lacks."""
        self._event_store = event_store
        self._with_webhooks = with_webhooks
        self._listed: Mapping[str, WebhookDefinition] | None = None
        self._listed_at = 0.0
        self._about: Sequence[WebhookDefinition] = ()
        self._notes: Mapping[str, tuple[str, ...]] | None = None

    @cached_property
    def event_store(self) -> str:
        """The name of the event store."""
        return self._event_store()

    @cached_property
    def stored(self) -> Sequence[RegisteredEventType]:
        """The event types of the event store."""
        event_store = self.event_store
        if not self._with_webhooks:
            return self.kernel.event_types(event_store)
        found, self._listed, self._notes = at_once(
            lambda: self.kernel.event_types(event_store), self._listed_beside, self._read_beforehand
        )
        self._listed_at = time.monotonic()
        return found

    def expect(self, definitions: Sequence[WebhookDefinition]) -> None:
        """Read what is known beforehand about these webhooks at the same time as the event types."""
        self._about = definitions

    @property
    def beforehand(self) -> Mapping[str, tuple[str, ...]] | None:
        """The notes about the expected webhooks; None if they were not read, or too long ago."""
        return self._notes if time.monotonic() - self._listed_at < FRESH else None

    def _read_beforehand(self) -> Mapping[str, tuple[str, ...]] | None:
        if not self._about:
            return None
        return notes_beforehand(self.kernel, self.event_store, self._about, by_key(self.kernel.known_defects))

    def webhooks(self) -> Mapping[str, WebhookDefinition]:
        """The registered webhooks, by id, as they are now or were at most :data:`FRESH` seconds ago."""
        if self._listed is not None and time.monotonic() - self._listed_at < FRESH:
            return self._listed
        return {each.id: each for each in self.kernel.webhooks(self.event_store)}

    @property
    def listed(self) -> Collection[str]:
        """The ids of the webhooks that were listed beside the event types; empty if they were not."""
        return self._listed or ()

    def _listed_beside(self) -> Mapping[str, WebhookDefinition] | None:
        try:
            return self.webhooks()
        except KernelError:
            return None  # whoever needs the list asks for it again, and has the error

    def event_types(self) -> list[EventType]:
        """The event types for a webhook that names none: those of the event store, and those of this process."""
        stored = [each.type for each in self.stored if each.owner != "server"]
        declared = [event_type_of(cls) for cls in declared_event_types()]
        return list({kind.id: kind for kind in [*stored, *declared]}.values())


@dataclass(frozen=True, slots=True)
class Examined:
    """Webhooks that can be registered, and what is known about their event types."""

    definitions: Sequence[WebhookDefinition]
    declared: Sequence[RegisteredEventType]
    """The event types that the declared classes name."""
    known: Mapping[str, RegisteredEventType]
    """The event types of the event store, by id."""
    notes: Mapping[str, tuple[str, ...]]
    """Remarks about each webhook, by its id: what was added to it, and generations that are not known."""


def examine(to: Destination, hooks: Sequence[DeclaredWebhook], *, reveal: bool = True) -> Examined:
    """Check everything before anything is sent, and give the warnings.

    :param reveal: look up the secrets, which may ask for them at a prompt.
    """
    definitions = [hook.definition for hook in hooks]
    check_distinct(definitions)
    known = {registered.type.id: registered for registered in to.stored}
    classes = dict.fromkeys(cls for hook in hooks for cls in hook.event_type_classes)
    declared = [registration_of(cls) for cls in classes]
    latest = _latest_generations([*known.values(), *declared])
    unknown = {hook.definition.id: _unknown(hook.definition, latest) for hook in hooks}
    there = _registered(to) if any(unknown.values()) else {}
    kept = {
        webhook: [name for name in names if to.accept_unknown or name in there.get(webhook, ())]
        for webhook, names in unknown.items()
    }
    for hook in hooks:
        # A declared class, and an id with a URL, were checked when their definition was made.
        known_types = [*latest, *kept[hook.definition.id]]
        try:
            (check_known if hook.checked else check)(hook.definition, known_event_types=known_types)
        except UnknownEventTypeError as error:
            if not error.hint.startswith("Did you mean"):  # a misspelled name is meant otherwise
                error.hint = f"{error.hint} {ON_PURPOSE}".lstrip()
            raise
    for definition in definitions if reveal else ():
        check_revealed(definition)
    for definition in definitions:
        warn(definition)
    # The ids of these definitions come last, so that they are found themselves.
    registered = {look(webhook): webhook for webhook in to.listed}
    registered |= {look(each.id): each.id for each in definitions if each.id in to.listed}
    notes = {
        hook.definition.id: hook.remarks
        + _alike(hook.definition.id, registered)
        + tuple(map(NEVER_DELIVERED.format, kept[hook.definition.id]))
        + unlisted_generations(hook.definition, latest, contract=to.kernel.generation)
        for hook in hooks
    }
    return Examined(definitions, declared, known, notes)


def _alike(webhook: str, registered: Mapping[str, str]) -> tuple[str, ...]:
    """A caution if another webhook is registered whose id looks the same, unless this one is registered too.

    :param registered: the registered ids, by their look.
    """
    other = registered.get(look(webhook), webhook)
    if other == webhook:
        return ()
    what = f"A webhook {other!a} is registered, and its id looks the same as this one, {webhook!a}."
    return (f"{what} They are two webhooks, and each gets the events.",)


def _unknown(definition: WebhookDefinition, known: Mapping[str, int]) -> list[str]:
    """The ids of the event types of a definition that the event store does not have."""
    return [each.id for each in definition.event_types if each.id not in known]


def _registered(to: Destination) -> Mapping[str, set[str]]:
    """The ids of the event types of each registered webhook."""
    return {webhook: {kind.id for kind in each.event_types} for webhook, each in to.webhooks().items()}


def _latest_generations(types: Iterable[RegisteredEventType]) -> dict[str, int]:
    latest: dict[str, int] = {}
    for each in types:
        latest[each.id] = max(each.generation, latest.get(each.id, 0))
    return latest
