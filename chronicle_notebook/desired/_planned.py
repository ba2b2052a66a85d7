"""The action of a plan for one webhook, and with each of its fields."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chronicle_notebook.base._public import public
from chronicle_notebook.base._url import shown
from chronicle_notebook.model import WebhookDefinition


@public
class StateAction(StrEnum):
    """The action for a webhook."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    """It is removed and registered again, because the kernel ignores the change otherwise."""
    IGNORED = "ignored"
    """The kernel ignores the change, so nothing is sent."""
    NOT_TAKEN = "not taken"
    """What differs is nothing that a kernel like this one takes, neither by a change nor by a replacement."""
    REMOVE = "remove"
    KEPT = "kept"
    """It is registered, not in the file, and stays."""
    UNCHANGED = "unchanged"

    @property
    def sign(self) -> str:
        """One character for the beginning of a line."""
        return _SIGNS[self]

    @property
    def sends(self) -> bool:
        """Whether applying it sends anything."""
        return self in {StateAction.CREATE, StateAction.UPDATE, StateAction.REPLACE, StateAction.REMOVE}


_SIGNS = {
    StateAction.CREATE: "+",
    StateAction.UPDATE: "~",
    StateAction.REPLACE: "!",
    StateAction.IGNORED: "!",
    StateAction.NOT_TAKEN: "x",
    StateAction.REMOVE: "-",
    StateAction.KEPT: "-",
    StateAction.UNCHANGED: "=",
}


@public
class FieldEffect(StrEnum):
    """The effect on a field."""

    APPLIED = "applied"
    REPLACED = "replaced"
    """The webhook is removed and registered again with it."""
    SENT_AGAIN = "sent again"
    """Credentials that cannot be compared are sent."""
    IGNORED = "ignored"
    """The kernel does not change it. A replacement does."""
    NOT_TAKEN = "not taken"
    """A kernel like this one does not keep it, in whatever way it is sent."""
    NOT_COMPARED = "cannot be compared"
    """Nobody knows whether it differs, and it is not sent."""


@public
@dataclass(frozen=True, slots=True)
class PlannedField:
    """One field of a webhook that differs, or that cannot be compared. It never contains a secret, nor the value of a
    header."""

    field: str
    registered: str
    """The registered value; empty for a new webhook."""
    wanted: str
    effect: FieldEffect
    reason: str = ""
    """Why it is not simply applied, and what to do."""


@public
@dataclass(frozen=True, slots=True)
class PlannedWebhook:
    """One webhook of a plan."""

    id: str
    action: StateAction
    fields: tuple[PlannedField, ...] = ()
    registered: WebhookDefinition | None = None
    wanted: WebhookDefinition | None = None
    owned: bool = True
    """Whether the file owns it. A webhook of somebody else is no difference."""
    note: str = ""
    """Why it is kept, or what else to know."""

    @property
    def differs(self) -> bool:
        """Whether the registered state differs from the wanted one in a way that the kernel could take."""
        if self.action is StateAction.KEPT:
            return self.owned
        return self.action not in {StateAction.UNCHANGED, StateAction.NOT_TAKEN}

    @property
    def untaken(self) -> tuple[PlannedField, ...]:
        """The fields that the kernel does not keep."""
        return tuple(each for each in self.fields if each.effect is FieldEffect.NOT_TAKEN)

    @property
    def url(self) -> str:
        """The URL that is wanted, else the registered one, without what can be a credential."""
        definition = self.wanted or self.registered
        return "" if definition is None else shown(definition.target_url)
