"""The outcome of a registration or a removal: what the kernel accepted, and what the read-back showed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import overload

from chronicle_notebook.base._errors import UnknownWebhookError, did_you_mean
from chronicle_notebook.base._public import public
from chronicle_notebook.display._displayed import Displayed
from chronicle_notebook.display._origin import Origin, Originated
from chronicle_notebook.display._table_and_card import Card, Table, Tone
from chronicle_notebook.model import WebhookDefinition

LOOK_AGAIN = "Check client.webhooks.ids() later, or give more time with wait=SECONDS."
"""The hint if the read-back does not show the accepted change."""
LOOK_WHEN_BACK = "Check client.webhooks.ids() when the kernel answers again. Do not send it again before."
"""The hint if nothing could be read back."""
AT_WORK = "The kernel may still work on it. The same call again waits for it, and does not send it twice."
"""The hint if there is no answer to a list."""
CHOOSE_ANOTHER = "The id is blocked: choose another one."
"""The hint if the read-back will never show it."""


@public
class Action(StrEnum):
    """The kind of change, compared with the state before."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    PAUSED = "paused"
    """Removed, with its definition in a file."""
    RESUMED = "resumed"
    """Registered again from that file."""


@public
@dataclass(frozen=True, slots=True)
class Ineffective:
    """One field that did not change as requested."""

    field: str
    requested: str
    found: str
    reason: str
    """Why, as far as is known about kernels."""
    remedy: str
    """What to do to change the field nevertheless."""

    def __str__(self) -> str:
        return f"{self.field}: asked for {self.requested}, found {self.found}. {self.reason} {self.remedy}".rstrip()


@public
@dataclass(frozen=True, slots=True, repr=False)
class Outcome(Originated):
    """The outcome for one webhook.

    ``bool(outcome)`` is true if everything took effect: the kernel accepted the change, the read-back shows it, and no
    field is missing.
    """

    webhook: str
    action: Action
    accepted: bool
    """Whether the kernel accepted the change. Also true if nothing had to be sent.

    False if the kernel failed on the call and the read-back shows no change of this webhook.
    """
    visible: bool
    """Whether the read-back shows the change: the webhook exists after a registration, and is gone after a removal."""
    waited: float
    """Seconds until the change was visible, or until the deadline."""
    origin: Origin
    ineffective: tuple[Ineffective, ...] = ()
    """Each field that did not take effect, with the reason."""
    notes: tuple[str, ...] = ()
    """Other facts that the user should know."""
    changed: bool = True
    """Whether anything differs from before, as far as it can be read back."""
    blocked: bool = False
    """Whether the kernel does not apply this id any more, so the change is not visible. ``notes`` has the reason."""
    unread: str = ""
    """Why nothing could be read back after the kernel had accepted the change: the connection was lost. Empty if the
    list was read. Whether the change took effect is then not known."""
    unsent: str = ""
    """Why it was not sent: a part of the list before it ended the call. Empty if it was sent."""
    unanswered: str = ""
    """Why there is no answer, while the read-back does not show the change. The kernel may still work on it. Empty if
    there is an answer."""
    removed: WebhookDefinition | None = None
    """After a removal: the removed webhook, with the values of its headers. Register it to bring the webhook back."""

    def __bool__(self) -> bool:
        return self.accepted and self.visible and not self.ineffective

    @property
    def summary(self) -> str:
        """One sentence about the result."""
        where = f"event store {self.event_store!r} on {self.server}"
        place = f"{'from' if self.action is Action.REMOVED else 'in'} {where}"
        if not self.accepted:
            return self._not_accepted(where)
        if not self.visible:
            return self._not_seen(where)
        if self.action is Action.UNCHANGED:
            return f"{self.webhook!r} is unchanged in {where}: nothing had to be sent."
        if self.ineffective:
            fields = ", ".join(item.field for item in self.ineffective)
            if not self.changed:
                return f"{self.webhook!r} shows no change {place}. These fields did not take effect: {fields}."
            return f"{self.webhook!r} was {self.action} {place}, but not all of it took effect: {fields}."
        return f"{self.webhook!r} was {self.action} {place}, seen after {self.waited:.2f} s."

    def _not_accepted(self, where: str) -> str:
        if self.unsent:
            return f"{self.webhook!r} was not sent: {self.unsent}"
        if self.unanswered:
            return f"{self.webhook!r}: sent without an answer, and not seen in {where}: {self.unanswered} {AT_WORK}"
        return f"{self.webhook!r}: the kernel failed on the call, and {self._as_before} in {where}."

    def _not_seen(self, where: str) -> str:
        if self.unread:
            return f"{self.webhook!r}: accepted, and then not seen in {where}: {self.unread} {LOOK_WHEN_BACK}"
        state = "is still there" if self._gone else "is not visible yet"
        seen = "the kernel does not apply it" if self.blocked else f"after {self.waited:.1f} s it {state}"
        return f"{self.webhook!r}: accepted, but {seen} in {where}. {CHOOSE_ANOTHER if self.blocked else LOOK_AGAIN}"

    @property
    def _gone(self) -> bool:
        return self.action in {Action.REMOVED, Action.PAUSED}

    @property
    def _as_before(self) -> str:
        if self._gone:
            return "it is still there"
        return "it is as it was" if self.visible else "it is not there"

    def _display(self) -> Card:
        return Card(
            heading=f"{'✓' if self else '!'} {self.summary}",
            facts=[(f"not in effect: {item.field}", str(item).partition(": ")[2]) for item in self.ineffective],
            notes=self.notes,
            tone=Tone.GOOD if self else Tone.WARNING,
            banner=self.origin.banner,
        )


def counted(outcomes: Sequence[Outcome], *, verb: str) -> str:
    """One sentence about how far a list has come.

    :param verb: what was done with those that are seen.
    """
    under_way = sum(bool(each.unanswered) for each in outcomes)
    unsent = sum(bool(each.unsent) for each in outcomes)
    seen = sum(each.accepted and each.visible for each in outcomes)
    other = len(outcomes) - seen - under_way - unsent
    parts = [f"{seen:,} {verb}"]
    parts += [f"{other:,} not seen"] if other else []
    parts += [f"{under_way:,} under way"] if under_way else []
    parts += [f"{unsent:,} not sent"] if unsent else []
    return f"Of {len(outcomes):,} webhooks: {', '.join(parts)}."


@public
class Outcomes(Displayed, Sequence[Outcome]):
    """The outcomes for several webhooks of one call. True if each of them is true.

    ``outcomes[0]`` is by position, ``outcomes["account-events"]`` by id, and ``in`` takes an outcome or an id.
    """

    def __init__(self, outcomes: Sequence[Outcome], *, caption: str) -> None:
        self._outcomes = tuple(outcomes)
        self._caption = self._whole = caption

    def __len__(self) -> int:
        return len(self._outcomes)

    def __iter__(self) -> Iterator[Outcome]:
        return iter(self._outcomes)

    @overload
    def __getitem__(self, key: int | str) -> Outcome: ...

    @overload
    def __getitem__(self, key: slice) -> Outcomes: ...

    def __getitem__(self, key: int | str | slice) -> Outcome | Outcomes:
        if isinstance(key, slice):
            return self._part(self._outcomes[key])
        if isinstance(key, str):
            found = next((outcome for outcome in self._outcomes if outcome.webhook == key), None)
            if found is None:
                ids = [outcome.webhook for outcome in self._outcomes]
                hint = did_you_mean(key, ids) or "List the ids with [each.webhook for each in outcomes]."
                raise UnknownWebhookError(f"There is no outcome of a webhook {key!r}.", field="id", hint=hint)
            return found
        return self._outcomes[key]

    def __contains__(self, item: object) -> bool:
        if isinstance(item, str):
            return any(outcome.webhook == item for outcome in self._outcomes)
        return item in self._outcomes

    def _part(self, outcomes: Sequence[Outcome]) -> Outcomes:
        part = Outcomes(outcomes, caption=f"{len(outcomes):,} of {self._whole}")
        part._whole = self._whole
        return part

    def __bool__(self) -> bool:
        return all(self._outcomes)

    @property
    def failed(self) -> list[Outcome]:
        """The outcomes that are not true."""
        return [outcome for outcome in self._outcomes if not outcome]

    def _repr_html_(self) -> str:
        return super()._repr_html_() + "".join(outcome._repr_html_() for outcome in self.failed[:20])

    def _display(self) -> Table:
        ended = any(each.unsent or each.unanswered for each in self._outcomes)
        return Table(
            caption=f"{self._caption}. {counted(self._outcomes, verb='seen')}" if ended else self._caption,
            titles=("Webhook", "Action", "In effect", "Remarks"),
            rows=[
                (
                    each.webhook,
                    each.action.value if each.changed else "no change seen",
                    "yes" if each else "no",
                    "; ".join([*filter(None, [_ended(each)]), *(item.field for item in each.ineffective), *each.notes]),
                )
                for each in self._outcomes
            ],
            empty="No webhook was given.",
            banner=self._outcomes[0].origin.banner if self._outcomes else "",
        )


def _ended(outcome: Outcome) -> str:
    """In a few words that a webhook was not sent, or has no answer."""
    return "not sent" if outcome.unsent else "under way" if outcome.unanswered else ""
