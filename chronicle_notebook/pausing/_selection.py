"""Which events a re-delivery sends: those of the webhook's types, from a number or a time on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chronicle_notebook.base._arguments import check_whole, shape
from chronicle_notebook.base._errors import AnswerTooLargeError, InvalidInputError
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.contracts._kernel_defects import by_key
from chronicle_notebook.definition._credentials import required_variables
from chronicle_notebook.display._listing import counted
from chronicle_notebook.model import (
    NoAuthorization,
    StoredEvent,
    UndisclosedAuthorization,
    WebhookAuthorization,
    WebhookDefinition,
    is_fetched,
)

WINDOW = 1_000
"""How many of the last numbers are read first in order to find a time. Kernels have no index of times."""
_WIDER = 4
"""How many times as many numbers are read next."""
_LATEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class WantedEvents:
    """The events that somebody wants to have delivered again. The numbers or the time say where they begin."""

    from_sequence_number: int | None = None
    to_sequence_number: int | None = None
    """The last number."""
    since: datetime | None = None
    partition: str | None = None
    include_waiting: bool = False
    """Whether also events that the kernel still delivers."""
    limit: int = 1_000
    """The largest number of events."""

    def check(self) -> None:
        """Check the values.

        :raises InvalidInputError: a value is wrong, or nothing says where to begin.
        """
        if (self.from_sequence_number is None) == (self.since is None):
            raise InvalidInputError(
                "Either a number or a time says where the re-delivery begins.",
                field="from_sequence_number",
                hint="Write from_sequence_number=120, or since=datetime(2026, 11, 28, 18, 30, tzinfo=UTC).",
            )
        for name in ("from_sequence_number", "to_sequence_number"):
            if getattr(self, name) is not None:
                check_whole(getattr(self, name), field=name, least=0)
        check_whole(self.limit, field="limit", least=1, most=100_000)
        if self.since is not None and (not isinstance(self.since, datetime) or self.since.tzinfo is None):
            told = "a time without a zone" if isinstance(self.since, datetime) else shape(self.since)
            raise InvalidInputError(
                f"since is a time with its zone, not {told}.",
                field="since",
                hint="Write datetime(2026, 11, 28, 18, 30, tzinfo=UTC), or datetime.now(UTC) - timedelta(hours=2).",
            )


@dataclass(frozen=True, slots=True)
class Selected:
    """The events, in the order of their numbers, and what to know about them."""

    events: tuple[StoredEvent, ...]
    notes: tuple[str, ...]


def select(
    kernel: KernelGateway, event_store: str, namespace: str, definition: WebhookDefinition, wanted: WantedEvents
) -> Selected:
    """Read the events.

    Events that the kernel still delivers are left out: those from the position of the webhook on, and those that wait
    in its failed partitions.

    :raises InvalidInputError: a value is wrong, or the answer would be too large.
    """
    wanted.check()
    try:
        found = [
            each
            for each in _read(kernel, event_store, namespace, definition, wanted)
            if each.sequence_number <= (_LATEST if wanted.to_sequence_number is None else wanted.to_sequence_number)
        ]
    except AnswerTooLargeError:
        raise InvalidInputError(
            "These are more events than fit into one answer of the kernel, and kernels have no paging.",
            field="from_sequence_number",
            hint="Begin with a later number, or give partition=... for one event source.",
        ) from None
    notes = []
    if not wanted.include_waiting:
        kept = _had(kernel, event_store, namespace, definition, found)
        if len(kept) < len(found):
            notes.append(
                f"{counted(len(found) - len(kept), 'event')} left out: the kernel still delivers them, by itself or "
                "after a retry. include_waiting=True takes them too, and then they arrive twice."
            )
        found = kept
    if len(found) > wanted.limit:
        notes.append(
            f"{counted(len(found) - wanted.limit, 'event')} more after the first {wanted.limit:,}: go on with "
            f"from_sequence_number={found[wanted.limit].sequence_number}, or give a larger limit."
        )
    notes.append("The target gets events that it knows: each has observation state 2, as in a replay.")
    return Selected(tuple(found[: wanted.limit]), tuple(notes))


def _read(
    kernel: KernelGateway, event_store: str, namespace: str, definition: WebhookDefinition, wanted: WantedEvents
) -> list[StoredEvent]:
    def read(start: int) -> list[StoredEvent]:
        return kernel.stored_events(
            event_store,
            namespace,
            definition.event_sequence_id,
            start=start,
            event_source_id=wanted.partition,
            event_types=definition.event_types,
        )

    if wanted.since is None:
        return read(wanted.from_sequence_number or 0)
    tail = kernel.tail(event_store, namespace, definition.event_sequence_id)
    for start in [] if tail is None else _starts(tail):
        found = read(start)
        # Somebody can append an event with an earlier time. Such ones are found as far as the numbers were read.
        if start == 0 or any(each.moment is not None and each.moment < wanted.since for each in found):
            return [each for each in found if each.moment is not None and each.moment >= wanted.since]
    return []


def _starts(tail: int) -> Iterator[int]:
    window = WINDOW
    while window <= tail:
        yield tail + 1 - window
        window *= _WIDER
    yield 0


def _had(
    kernel: KernelGateway,
    event_store: str,
    namespace: str,
    definition: WebhookDefinition,
    events: Sequence[StoredEvent],
) -> list[StoredEvent]:
    """The events that the kernel has delivered, as far as its numbers tell."""
    observers = {each.id: each for each in kernel.observers(event_store, namespace)}
    observer = observers.get(definition.id)
    position = 0 if observer is None else observer.next_sequence_number
    waiting: Mapping[str, int] = {
        each.partition: each.attempts[0].sequence_number if each.attempts else 0
        for each in kernel.failed_partitions(event_store, namespace, definition.id)
    }
    return [
        each
        for each in events
        if each.sequence_number < position and each.sequence_number < waiting.get(each.event_source_id, _LATEST)
    ]


def equipped(definition: WebhookDefinition, authorization: WebhookAuthorization | None) -> WebhookDefinition:
    """The definition with the credentials to send. Kernels do not return credentials, so the caller gives them.

    :raises InvalidInputError: credentials are needed and were not given, or only the kernel can get them.
    """
    if authorization is None and isinstance(definition.authorization, UndisclosedAuthorization):
        name = next(iter(required_variables(definition)), "TOKEN")
        raise InvalidInputError(
            f"{definition.id!r} has {definition.authorization.kind} credentials, and kernels do not return them.",
            field="authorization",
            hint=f"Write authorization=cn.BearerAuthorization(cn.Secret.env({name!r})), for example, or "
            "cn.NoAuthorization() to send none.",
        )
    if authorization is not None and not isinstance(authorization, WebhookAuthorization):
        raise InvalidInputError(
            f"authorization is an authorization, not {shape(authorization)}.",
            field="authorization",
            hint='Write cn.BearerAuthorization(cn.Secret.env("NAME")) or cn.BasicAuthorization("user", ...).',
        )
    if is_fetched(authorization or definition.authorization):
        raise InvalidInputError(
            "Only the kernel gets tokens from an authority.",
            field="authorization",
            hint='Get a token there, and write cn.BearerAuthorization(cn.Secret.env("NAME")).',
        )
    return definition if authorization is None else definition.changed(authorization=authorization)


def without_credentials_note(
    kernel: KernelGateway, definition: WebhookDefinition, authorization: WebhookAuthorization | None
) -> str:
    """A remark if nothing is sent as credentials and it is not sure that the webhook has none; else empty."""
    sent = definition.authorization if authorization is None else authorization
    if "authorization-dropped" not in by_key(kernel.known_defects) or not isinstance(sent, NoAuthorization):
        return ""
    return (
        "Sent without credentials, as this kernel's own deliveries are (authorization-dropped). authorization=... adds "
        "them."
    )
