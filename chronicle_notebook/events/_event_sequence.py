"""An event sequence: events in order, and the place to append new ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from chronicle_notebook.base._arguments import check_whole, shape
from chronicle_notebook.base._errors import (
    AppendRefusedError,
    InvalidDeclarationError,
    InvalidInputError,
    KernelError,
    did_you_mean,
)
from chronicle_notebook.base._public import public
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.display._listing import Listing
from chronicle_notebook.events._content import content_of
from chronicle_notebook.events._declared_event_type import (
    declared_event_types,
    event_type_of,
    is_event_type,
    registration_of,
)
from chronicle_notebook.events._listings import event_listing
from chronicle_notebook.model import AppendedEvent, AppendResult, EventToAppend, EventType

PAIR = 2
"""An event source id and an event."""
LAST = 2**64 - 2
"""The largest number that an event can have. The number after it means "none"."""


@public
class EventSequence:
    """One sequence of one namespace, for example ``client.event_log``."""

    def __init__(self, kernel: KernelGateway, event_store: str, namespace: str, sequence: str) -> None:
        self._kernel = kernel
        self.event_store = event_store
        self.namespace = namespace
        self.id = sequence
        self._registered: set[tuple[str, int]] = set()

    def __repr__(self) -> str:
        mark = self._kernel.origin().mark
        return f"<EventSequence {self.id!r} of {self.event_store!r}, namespace {self.namespace!r}{mark}>"

    def tail(self) -> int | None:
        """The number of the last event; None if the sequence is empty."""
        return self._kernel.tail(self.event_store, self.namespace, self.id)

    def append(
        self, event_source_id: str, event: object | str | EventType, content: Mapping[str, Any] | None = None
    ) -> AppendResult:
        """Append one event: an instance of a class with ``@event_type``, or an event type and its content.

        ``append("account-1", AccountOpened(owner="customer-1"))``, or ``append("account-1", "AccountOpened", {...})``.
        An id without a generation means the latest generation that a class of this process declares, else the first.
        A declared event type that the event store lacks is registered first, with its schema. The event is stored when
        the call returns; deliveries follow. Kernels migrate its content between the generations of its type.

        :raises AppendRefusedError: the event violates its schema, a constraint or its event type; nothing was appended.
        """
        return self.append_many([_event(event_source_id, event, content)], classes=[type(event)])

    def append_many(
        self, events: Iterable[EventToAppend | tuple[str, object]], *, classes: Sequence[type] = ()
    ) -> AppendResult:
        """Append events, all or none: pairs of an event source id and a declared event, or ``EventToAppend`` values.

        Kernels up to 16.38 do not migrate the content of several events that are appended together, so deliveries carry
        only the generation that was appended (seen on them). Append each alone if a target needs another generation.

        :param classes: more classes with ``@event_type`` to register first if the event store lacks them:
            ``EventToAppend`` values do not name their class.
        :raises InvalidInputError: an element is anything else, or JSON cannot hold its content; nothing was appended.
        :raises AppendRefusedError: an event violates its schema, a constraint or its event type; nothing was appended.
        """
        if not isinstance(events, Iterable) or isinstance(events, str | bytes | Mapping):
            raise _no_pairs(f"The events to append are a list of pairs, not {type(events).__name__}.")
        ready: list[EventToAppend] = []
        declared = _classes(classes)
        for event in events:
            if isinstance(event, EventToAppend):
                ready.append(_checked(event))
            else:
                if not isinstance(event, tuple | list) or len(event) != PAIR:
                    what = (
                        f"{type(event).__name__} of {len(event)}"
                        if isinstance(event, tuple | list)
                        else type(event).__name__
                    )
                    raise _no_pairs(f"An event to append is a pair of event source id and event, not {what}.")
                source, instance = event
                ready.append(_event(source, instance, None))
                declared.append(type(instance))
        if not ready:
            raise InvalidInputError("No event was given to append.", field="events", hint="Give at least one.")
        self._register(cls for cls in dict.fromkeys(declared) if is_event_type(cls))
        try:
            return self._kernel.append(self.event_store, self.namespace, self.id, ready)
        except AppendRefusedError as error:
            error.hint = self._advice(ready, error.message) or error.hint
            raise

    def _advice(self, events: Iterable[EventToAppend], told: str) -> str:
        """The hint for the first event whose type, or one of whose properties, the event store does not have; empty if
        there is none."""
        try:
            registered = self._kernel.event_types(self.event_store)
        except KernelError:  # the refusal matters, not the failure to explain it
            return ""
        known = {each.id for each in registered}
        own = [each.id for each in registered if each.owner != "server"]
        for event in events:
            if event.type.id not in known:
                near = did_you_mean(event.type.id, own) or "client.event_types() lists its event types."
                lacking = f"The event store has no event type {event.type.id!r}. "
                return near if event.type.id in told else f"{lacking}{near}"
        listed = {each.id: each.generation for each in registered}
        for event in events:
            if event.type.generation > listed[event.type.id]:
                return (
                    f"The event store lists generation {listed[event.type.id]} of {event.type.id}. If it does not have "
                    f"{event.type}, client.register_event_types(CLASS) registers it."
                )
        schemas = {(each.id, each.generation): each.schema for each in registered}
        for event in events:
            properties = schemas.get((event.type.id, event.type.generation), {}).get("properties", {})
            for name in event.content if properties else ():
                if name not in properties:
                    near = did_you_mean(name, properties) or f"It has {', '.join(properties)}."
                    return f"{event.type.id} has no property {name!r}. {near}"
        return ""

    def read(self, start: int = 0, *, event_source_id: str | None = None) -> Listing[AppendedEvent]:
        """The events from a number on, as a table and with ``to_frame()``.

        Kernels have no paging: all these events come in one answer.

        :param start: the number of the first event to read; the first number of a sequence is 0.
        :param event_source_id: read only the events of this event source.
        """
        check_whole(start, field="start", least=0, most=LAST, hint="Write read(100), for example; the first is 0.")
        if event_source_id is not None:
            _check_source(event_source_id)
        found = self._kernel.events(
            self.event_store, self.namespace, self.id, start=start, event_source_id=event_source_id
        )
        return event_listing(
            found,
            where=f"{self.id!r} in event store {self.event_store!r}, namespace {self.namespace!r}",
            origin=self._kernel.origin(self.event_store),
        )

    def has_events_for(self, event_source_id: str) -> bool:
        """Whether an event source has an event."""
        _check_source(event_source_id)
        return self._kernel.has_events(self.event_store, self.namespace, self.id, event_source_id)

    def _register(self, classes: Iterable[type]) -> None:
        """Register declared event types whose id the event store lacks. Each event type is looked up only once.

        An id that is there is never registered over, in another generation either: a list shows the first generation
        only, and registering a generation again replaces its schema, so that a running application can no longer append
        (seen on 16.37.1).
        """
        wanted = [registration_of(cls) for cls in classes]
        wanted = [each for each in wanted if (each.id, each.generation) not in self._registered]
        if not wanted:
            return
        known = {each.id for each in self._kernel.event_types(self.event_store)}
        new = [each for each in wanted if each.id not in known]
        if new:
            self._kernel.register_event_types(self.event_store, new)
        self._registered.update((each.id, each.generation) for each in wanted)


def _check_source(event_source_id: object) -> None:
    if not isinstance(event_source_id, str) or not event_source_id.strip():
        raise InvalidInputError(
            "An event source id is a text that is not blank.",
            field="event_source_id",
            hint='Write "account-1", for example.',
        )


def _checked(event: EventToAppend) -> EventToAppend:
    """An event that was made by hand, checked by the same rules as other events."""
    _check_source(event.event_source_id)
    if not isinstance(event.type, EventType):
        raise InvalidInputError(
            f"The type of an EventToAppend is an EventType, not {shape(event.type)}.",
            field="type",
            hint='Write EventToAppend("account-1", EventType("AccountOpened"), {"owner": "customer-1"}).',
        )
    return replace(event, content=_content(event.content))


def _classes(given: object) -> list[type]:
    if isinstance(given, type | str) or not isinstance(given, Iterable):
        classes: list[Any] = [None]
    else:
        classes = list(given)
    if not all(isinstance(each, type) for each in classes):
        raise InvalidInputError(
            "classes must be a list of classes with @event_type.",
            field="classes",
            hint="Write classes=[AccountOpened], or leave it out.",
        )
    return classes


def _event(event_source_id: str, event: object | str | EventType, content: Mapping[str, Any] | None) -> EventToAppend:
    _check_source(event_source_id)
    if isinstance(event, str):
        return EventToAppend(event_source_id, _type_of(event), _content(content))
    if isinstance(event, EventType):
        return EventToAppend(event_source_id, event, _content(content))
    if content is not None:
        raise InvalidInputError(
            "Give content only with an event type: an event has its own content.",
            field="content",
            hint='Write append("account-1", "AccountOpened", {...}) or append("account-1", AccountOpened(...)).',
        )
    return EventToAppend(event_source_id, event_type_of(event), content_of(event))


def _type_of(text: str) -> EventType:
    """The event type of a text. An id alone is in the latest generation that a class of this process declares.

    A kernel's list does not tell the generations: on SQL storage it shows the first one always.
    """
    kind = EventType.parse(text)
    if text != kind.id:
        return kind
    try:
        declared = [event_type_of(cls) for cls in declared_event_types()]
    except InvalidDeclarationError:  # of other classes, which this event does not need
        return kind
    return max((each for each in declared if each.id == kind.id), key=lambda each: each.generation, default=kind)


def _content(given: object) -> dict[str, Any]:
    """The content for an event type, checked by the same rules as the content of a declared event."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise InvalidInputError(
            f"The content of an event is a mapping, not {type(given).__name__}.",
            field="content",
            hint='Write append("account-1", "AccountOpened", {"owner": "customer-1"}).',
        )
    return content_of(given)


def _no_pairs(message: str) -> InvalidInputError:
    return InvalidInputError(
        message, field="events", hint='Write append_many([("account-1", AccountOpened(owner="customer-1"))]).'
    )
