"""A webhook: its events, its sequence, its target, and its headers and authorization."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self, final

from chronicle_notebook.base._arguments import shape
from chronicle_notebook.base._credential_names import HARMLESS_HEADERS
from chronicle_notebook.base._errors import InvalidDefinitionError
from chronicle_notebook.base._public import public
from chronicle_notebook.base._secrets import MASK, Secret
from chronicle_notebook.base._text import readable
from chronicle_notebook.base._url import masked, shown
from chronicle_notebook.display._table_and_card import Card
from chronicle_notebook.model._authorization import (
    NO_AUTHORIZATION,
    AuthorizationKind,
    NoAuthorization,
    UndisclosedAuthorization,
    WebhookAuthorization,
)
from chronicle_notebook.model._event_type import EventType

if TYPE_CHECKING:
    import numpy as np

EVENT_LOG = "event-log"
"""The sequence that a webhook observes by default."""


@final
class Headers(Mapping[str, str | Secret]):
    """The headers of a definition, in the order of their names. They cannot be changed, are equal to a dict with the
    same values, and show only their names.

    The values are masked, because a header that was read back may have been given as a secret.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str | Secret]) -> None:
        # The order means nothing: kernels list another one than they were given. In one order two lists read the same.
        self._values = dict(sorted(values.items(), key=lambda header: str(header[0])))

    def __getitem__(self, name: str) -> str | Secret:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __or__(self, other: Mapping[str, str | Secret]) -> dict[str, str | Secret]:
        return self._values | dict(other)

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{name!r}: {MASK}" for name in self._values) + "}"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        # A pickle is a file like any other: it has the values of headers that are never secret, and dots for the rest.
        return (Headers, ({name: _pickled(name, value) for name, value in self._values.items()},))


@public
@dataclass(frozen=True, slots=True)
class WebhookDefinition:
    """What is registered under ``id``. A webhook belongs to an event store and observes all its namespaces.

    A definition is a value: it is compared, shown and sent as a whole. A definition that was read back from a kernel
    has an :class:`UndisclosedAuthorization` instead of credentials.
    """

    id: str
    """The webhook's id, which is also the id of its observer."""
    target_url: str
    """The URL to which the kernel POSTs the events: an absolute http or https URL.

    This is the real URL. Tables, cards and messages show dots for a user name, a password and the values of a query.
    """
    event_types: tuple[EventType, ...] = ()
    """The event types that the webhook receives, in the given order. A kernel sends nothing to a webhook without event
    types. A comparison ignores the order: kernels on PostgreSQL return a different one (seen on 16.37.1)."""
    authorization: WebhookAuthorization = NO_AUTHORIZATION
    headers: Mapping[str, str | Secret] = field(default_factory=dict, hash=False)
    """Extra headers of each delivery. Kernels store and list their values in clear."""
    event_sequence_id: str = EVENT_LOG
    replayable: bool = True
    """Whether the events may be sent again from the start."""
    active: bool = True
    """Whether events are sent at all."""

    def __post_init__(self) -> None:
        if isinstance(self.event_types, str | bytes | Mapping) or not isinstance(self.event_types, Iterable):
            raise InvalidDefinitionError(
                f"event_types of a webhook is a list of event types, not {shape(self.event_types)}.",
                field="event_types",
                webhook=str(self.id),
                hint='Write event_types=[cn.EventType("AccountOpened")].',
            )
        object.__setattr__(self, "event_types", tuple(self.event_types))
        object.__setattr__(self, "headers", Headers(self.headers))
        if isinstance(self.target_url, str):
            object.__setattr__(self, "target_url", masked(self.target_url))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, WebhookDefinition):
            return NotImplemented
        return self._plain() == other._plain() and (
            self.event_types == other.event_types or _sorted(self.event_types) == _sorted(other.event_types)
        )

    def __hash__(self) -> int:
        return hash((self.id, self.target_url, frozenset(self.event_types)))

    def _plain(self) -> tuple[object, ...]:
        """The fields without an order."""
        delivery = (self.target_url, self.authorization, self.headers)
        return (self.id, *delivery, self.event_sequence_id, self.replayable, self.active)

    def __repr__(self) -> str:
        kinds = readable(", ".join(map(str, self.event_types)))
        parts = [repr(self.id), self._url(), f"event_types=[{kinds}]"]
        if not isinstance(self.authorization, NoAuthorization):
            parts.append(f"authorization={self.authorization!r}")
        if self.headers:
            parts.append(f"headers={self.headers!r}")
        if self.event_sequence_id != EVENT_LOG:
            parts.append(f"event_sequence_id={self.event_sequence_id!r}")
        parts += [f"{name}=False" for name in ("replayable", "active") if not getattr(self, name)]
        return f"WebhookDefinition({', '.join(parts)})"

    def _repr_html_(self) -> str:
        return card(self).html()

    def _url(self) -> str:
        # In a definition that was built by hand it can be any value.
        return repr(shown(self.target_url) if isinstance(self.target_url, str) else self.target_url)

    def __reduce__(self) -> tuple[Any, ...]:
        # Through the constructor, so that unpickling returns a valid definition. Header values and parts of the URL
        # that can be secret become dots, and credentials undisclosed: they are given again before it is registered.
        bare = self.without_secrets()
        values = {name: getattr(bare, name) for name in self.__slots__}
        return (_rebuild, (values | {"headers": bare.headers},))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: object) -> Self:
        return self

    def changed(self, **changes: Any) -> WebhookDefinition:
        """A copy with other values, for example ``definition.changed(target_url="https://...")``."""
        return replace(self, **changes)

    def without_secrets(self) -> WebhookDefinition:
        """A copy that can be pickled: its credentials are undisclosed, and headers that were secrets are masked.

        As with a definition that was read back, the secrets must be given again before it can be registered.
        """
        kind = self.authorization.kind
        return replace(
            self,
            authorization=NO_AUTHORIZATION if kind is AuthorizationKind.NONE else UndisclosedAuthorization(kind),
            headers={name: MASK if isinstance(value, Secret) else value for name, value in self.headers.items()},
        )


def _pickled(name: str, value: str | Secret) -> str:
    """A header value for a pickle."""
    return value if isinstance(value, str) and name.lower() in HARMLESS_HEADERS else MASK


def _sorted(kinds: Iterable[object]) -> list[str]:
    """Event types in one order, also if a definition that was built by hand has other values."""
    return sorted(map(repr, kinds))


def _rebuild(values: dict[str, Any]) -> WebhookDefinition:
    return WebhookDefinition(**values)


@dataclass(frozen=True, slots=True, repr=False)
class WebhookColumns:
    """All webhooks of an event store, column by column, straight from the answer: the short way to a frame.

    Position *i* of every list belongs to one webhook. Event types and names of headers are ready for display: without
    characters that a terminal would obey. Ids and URLs are unchanged.
    """

    id: list[str]
    url: list[str]
    event_types: Sequence[list[str]] | np.ndarray[Any, Any]
    authorization: Sequence[int] | np.ndarray[Any, Any]
    """Numbers of the kinds, see ``kind_numbers``: 0 none, 1 basic, 2 bearer, 3 oauth. Any other number is an unknown
    kind."""
    headers: Sequence[list[str]] | np.ndarray[Any, Any]
    event_sequence: list[str]
    active: Sequence[bool] | np.ndarray[Any, Any]
    replayable: Sequence[bool] | np.ndarray[Any, Any]

    def __repr__(self) -> str:
        # The URLs are not masked here, and a traceback can show local variables.
        return f"<WebhookColumns of {len(self.id)} webhooks>"


def card(definition: WebhookDefinition) -> Card:
    """The whole definition. It need not be registered."""
    return Card(heading=f"Webhook definition {definition.id!r}", facts=facts(definition))


def facts(definition: WebhookDefinition) -> list[tuple[str, str]]:
    """All fields except the id."""
    return [
        # In a definition that was built by hand it can be any value.
        ("target", shown(definition.target_url) if isinstance(definition.target_url, str) else "not a text"),
        ("event types", ", ".join(map(str, definition.event_types)) or "none"),
        ("headers", ", ".join(sorted(map(str, definition.headers))) or "none"),
        ("authorization", getattr(definition.authorization, "summary", NO_AUTHORIZATION.summary)()),
        ("sequence", definition.event_sequence_id),
        ("replayable", "yes" if definition.replayable else "no"),
        ("active", "yes" if definition.active else "no"),
    ]
