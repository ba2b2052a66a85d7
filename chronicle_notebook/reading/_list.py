"""All webhooks of an event store at one moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, overload

from chronicle_notebook.base._errors import UnknownWebhookError, did_you_mean
from chronicle_notebook.base._public import public
from chronicle_notebook.base._text import look
from chronicle_notebook.base._url import shown
from chronicle_notebook.display._origin import Origin, Originated
from chronicle_notebook.model._lazy_webhooks import LazyWebhooks

if TYPE_CHECKING:
    import pandas as pd

    from chronicle_notebook.display._table_and_card import Table
    from chronicle_notebook.model import WebhookDefinition


EMPTY = "No webhook is registered here. Register one with client.webhooks.register(...)."
DECLARED_EMPTY = "No class is declared. Declare one with @cn.webhook(target_url=...)."
OWN_EVENT_TYPES = "No kernel was asked: a class that names no event types has those of this process alone."
"""The remark on declared webhooks that were found without a kernel."""
DECLARED_FOOT = "Declared in this process; client.webhooks.register_discovered() registers them."
LEFT_OUT = "Not found through a loaded module: {}. Assign each of these classes to a variable, and it counts."


@public
class WebhookList(Originated, Sequence["WebhookDefinition"]):
    """A sequence of definitions in the order of the kernel, with the server and the time of reading.

    ``hooks[0]`` is by position, ``hooks["account-events"]`` by id, and ``in`` takes a definition or an id. The list
    shows itself as text and as a static HTML table.
    """

    def __init__(
        self,
        definitions: Sequence[WebhookDefinition],
        *,
        origin: Origin,
        declared: bool = False,
        overlooked: Sequence[str] = (),
        remark: str = "",
    ) -> None:
        self._definitions = definitions if isinstance(definitions, LazyWebhooks) else tuple(definitions)
        self.origin = origin
        self.declared = declared
        """Whether these are the definitions of declared classes, not those of a kernel."""
        self.overlooked = tuple(overlooked)
        """Declared classes that are not in this list, because no variable of the notebook refers to them."""
        self.remark = remark
        """What is missing in the list; empty if nothing is."""

    @cached_property
    def _places(self) -> dict[str, int]:
        """The position of each id."""
        held = self._definitions
        ids = held.ids() if isinstance(held, LazyWebhooks) else [each.id for each in held]
        return {webhook: position for position, webhook in enumerate(ids)}

    def __len__(self) -> int:
        return len(self._definitions)

    def __iter__(self) -> Iterator[WebhookDefinition]:
        return iter(self._definitions)

    def __contains__(self, item: object) -> bool:
        return item in self._places if isinstance(item, str) else item in self._definitions

    @overload
    def __getitem__(self, key: int | str) -> WebhookDefinition: ...

    @overload
    def __getitem__(self, key: slice) -> WebhookList: ...

    def __getitem__(self, key: int | str | slice) -> WebhookDefinition | WebhookList:
        if isinstance(key, slice):
            return WebhookList(
                self._definitions[key],
                origin=self.origin,
                declared=self.declared,
                remark=self.remark,
            )
        if isinstance(key, str):
            try:
                return self._definitions[self._places[key]]
            except KeyError:
                raise unknown_webhook(key, self._places, self.event_store, self.server) from None
        return self._definitions[key]

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, WebhookList) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def find(self, webhook: str) -> WebhookDefinition | None:
        """The webhook of an id; None if there is none."""
        place = self._places.get(webhook)
        return None if place is None else self._definitions[place]

    @property
    def ids(self) -> list[str]:
        """The ids, in order."""
        return list(self._places)

    def to_frame(self, *, tidy: bool = False) -> pd.DataFrame:
        """A DataFrame whose index is the id; with ``tidy`` one row for each pair of a webhook and an event type."""
        from chronicle_notebook.display._frame import under
        from chronicle_notebook.reading._frame import columns_of, frame

        return under(frame(columns_of(self._definitions), tidy=tidy), self.origin.banner)

    @property
    def _left_out(self) -> str:
        return f" {LEFT_OUT.format(', '.join(self.overlooked))}" if self.overlooked else ""

    def _display(self) -> Table:
        from chronicle_notebook.display._table_and_card import Table

        count = f"{len(self):,} {'declared ' if self.declared else ''}webhook{'' if len(self) == 1 else 's'}"
        where = f" {'for' if self.declared else 'of'} event store {self.event_store!r}" if self.server else ""
        return Table(
            caption=f"{count}{where}",
            titles=("Id", "Target", "Event types", "Authorization", "Headers", "State"),
            rows=[row(definition) for definition in self._definitions],
            foot=" ".join(filter(None, (self.remark, f"{DECLARED_FOOT}{self._left_out}")))
            if self.declared
            else self.origin.stamp,
            empty=(self._left_out.strip() or DECLARED_EMPTY) if self.declared else EMPTY,
            banner=self.origin.banner,
        )


def row(definition: WebhookDefinition) -> tuple[str, ...]:
    """The cells of a definition in a table, with only the names of the headers."""
    return (
        definition.id,
        shown(definition.target_url),
        ", ".join(map(str, definition.event_types)) or "none",
        definition.authorization.kind.value,
        ", ".join(definition.headers) or "none",
        state(definition),
    )


def state(definition: WebhookDefinition) -> str:
    """Whether the webhook is active, and which other fields do not have their default value."""
    from chronicle_notebook.model import EVENT_LOG

    parts = ["active" if definition.active else "inactive"]
    if not definition.replayable:
        parts.append("not replayable")
    if definition.event_sequence_id != EVENT_LOG:
        parts.append(f"sequence {definition.event_sequence_id}")
    return ", ".join(parts)


def unknown_webhook(webhook: str, known: Iterable[str], event_store: str, server: str) -> UnknownWebhookError:
    """The error for an id that an event store does not have, with the most similar ids."""
    known = list(known)
    alike = [each for each in known if look(each) == look(webhook)]
    same = f"It has {alike[0]!a}, which looks the same: your text is {webhook!a}." if alike else ""
    return UnknownWebhookError(
        f"Event store {event_store!r} on {server} has no webhook {webhook!r}.",
        field="id",
        hint=same or did_you_mean(webhook, known) or "List them with client.webhooks.all().",
    )
