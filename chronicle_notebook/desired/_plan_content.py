"""What a plan consists of: what is wanted, what is registered, and the action for each webhook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from chronicle_notebook.definition.file._ownership import Ownership, literal, owner_of
from chronicle_notebook.desired._mapping import Allowance
from chronicle_notebook.desired._planned import FieldEffect, PlannedWebhook, StateAction
from chronicle_notebook.desired._store import StateClient
from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.reading._list import WebhookList


class Wanted(Protocol):
    """What a plan needs of a desired state."""

    @property
    def webhooks(self) -> tuple[WebhookDefinition, ...]:
        """The definitions."""

    @property
    def event_store(self) -> str | None:
        """The event store that it is for."""

    @property
    def owned_by(self) -> Ownership | None:
        """What it owns."""

    @property
    def unmanaged(self) -> tuple[str, ...]:
        """What stays as it is."""

    @property
    def profile(self) -> str | None:
        """The profile whose variables were used."""

    @property
    def path(self) -> Path | None:
        """The file that it was read from."""

    @property
    def lines(self) -> Mapping[str, int]:
        """The line of each webhook in the file, by id."""

    @property
    def event_type_classes(self) -> tuple[type, ...]:
        """Declared event types."""


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """How a plan was made, as the parameters of ``DesiredState.plan`` say."""

    prune: bool = False
    replace: bool = False
    resend_secrets: bool = False
    accept_unknown: bool = False
    allowance: Allowance = field(default_factory=lambda: Allowance.of((), ()))


@dataclass(frozen=True, slots=True)
class PlanContent:
    """The whole of a plan."""

    items: tuple[PlannedWebhook, ...]
    wanted: Wanted
    client: StateClient
    registered: WebhookList
    """What was registered when the plan was made."""
    remarks: tuple[str, ...] = ()
    """What else to know."""
    options: PlanOptions = field(default_factory=PlanOptions)
    """How it was made."""
    bugs: tuple[str, ...] = ()
    """The names of the known bugs of the kernel that concern a plan."""

    def of(self, *actions: StateAction) -> list[PlannedWebhook]:
        """The webhooks with one of these actions."""
        return [each for each in self.items if each.action in actions]

    @property
    def taken_over(self) -> list[PlannedWebhook]:
        """The webhooks that the plan changes, and that have the mark of another owner.

        Where patterns of ids say what is owned, the usual header is such a mark, unless webhooks of the file have it
        too or a pattern is this very id.
        """
        owner = self.wanted.owned_by
        if owner is None:
            return []
        if owner.header:
            marks = ((each, each.registered and owner.mark_of(each.registered)) for each in self.changes)
            return [each for each, mark in marks if mark is not None and mark != owner.value]
        own = {"", *map(owner_of, self.wanted.webhooks)}
        return [
            each
            for each in self.changes
            if each.registered and owner_of(each.registered) not in own and literal(each.id) not in owner.ids
        ]

    @property
    def changes(self) -> list[PlannedWebhook]:
        """The webhooks for which something is sent."""
        return [each for each in self.items if each.action.sends]

    @property
    def differences(self) -> list[PlannedWebhook]:
        """The webhooks that differ in a way that the kernel could take."""
        return [each for each in self.items if each.differs]

    @property
    def untaken(self) -> list[PlannedWebhook]:
        """The webhooks with a field that a kernel like this one does not keep."""
        return [each for each in self.items if each.untaken]

    @property
    def not_compared(self) -> list[PlannedWebhook]:
        """The webhooks with secrets of which nobody knows whether they differ."""
        return [each for each in self.items if any(f.effect is FieldEffect.NOT_COMPARED for f in each.fields)]
