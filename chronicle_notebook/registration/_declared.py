"""The webhooks that the classes of this process declare, with a kernel or without one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from chronicle_notebook.base._errors import DeadlineExceededError, KernelUnreachableError
from chronicle_notebook.definition._discovery import discover as discovered, overlooked_webhooks
from chronicle_notebook.display._origin import Origin
from chronicle_notebook.events._declared_event_type import declared_event_types, event_type_of
from chronicle_notebook.model import EventType
from chronicle_notebook.reading._list import OWN_EVENT_TYPES, WebhookList

UNANSWERED = (KernelUnreachableError, DeadlineExceededError)
"""The errors of a kernel that does not answer."""


def own_event_types() -> list[EventType]:
    """The event types that the classes of this process declare."""
    return list({kind.id: kind for kind in map(event_type_of, declared_event_types())}.values())


def event_types_of(
    kernel: Callable[[], Sequence[EventType]] | None, remark: Callable[[str], None] = lambda _: None
) -> Callable[[], Sequence[EventType]]:
    """The event types of a kernel and of this process; of the process alone if there is no kernel, or no answer.

    :param remark: called with a sentence if no kernel answered.
    """

    def known() -> Sequence[EventType]:
        try:
            if kernel is not None:
                return kernel()
        except UNANSWERED:
            pass
        remark(OWN_EVENT_TYPES)
        return own_event_types()

    return known


def declared_list(
    classes: Iterable[type] | None, *, origin: Origin, event_types: Callable[[], Sequence[EventType]] | None
) -> WebhookList:
    """The definitions of declared classes.

    A class that names no event types has all known ones: those of the event store too, if its kernel answers.

    :param event_types: reads the event types of the kernel and of the process; None if there is no kernel.
    """
    remarks: list[str] = []

    known = event_types_of(event_types, remarks.append)
    definitions = [each.definition for each in discovered(classes, all_event_types=known)]
    return WebhookList(
        definitions,
        origin=origin,
        declared=True,
        overlooked=overlooked_webhooks() if classes is None else (),
        remark="".join(remarks),
    )


def discover(classes: Iterable[type] | None = None) -> WebhookList:
    """The definitions of the declared classes, without a kernel and without a client.

    A class that names no event types has those of this process alone, and the list says so.
    :meth:`Webhooks.discover` asks the kernel of a client too.

    :param classes: classes with ``@cn.webhook``; by default all loaded classes.
    :raises InvalidDeclarationError: a class is not declared, or its ``define`` cannot be used.
    :raises InvalidDefinitionError: a definition cannot work.
    :raises DuplicateWebhookError: two classes have the same id.
    """
    return declared_list(classes, origin=Origin(""), event_types=None)
