"""The plan: what would make an event store have a desired state, computed from one listing. Nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, overload

from chronicle_notebook.base._errors import InvalidInputError, UnknownWebhookError, did_you_mean
from chronicle_notebook.base._public import public
from chronicle_notebook.definition.file._ownership import Ownership, matches
from chronicle_notebook.definition.rules._check import check_known
from chronicle_notebook.desired._apply import Applied, applied
from chronicle_notebook.desired._plan_text import StatePlanDisplay
from chronicle_notebook.desired._planned import FieldEffect, Judge, PlannedAction, PlannedField, PlannedWebhook
from chronicle_notebook.desired._store import Store
from chronicle_notebook.model import AuthorizationKind, WebhookDefinition
from chronicle_notebook.reading._list import WebhookList

if TYPE_CHECKING:
    import pandas as pd

_NOT_IN_MEMORY = frozenset({"authorization-dropped", "updates-dropped", "inactive-lost"})
"""The bugs that a kernel does not have while it keeps its data in memory."""


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
    def event_type_classes(self) -> tuple[type, ...]:
        """Declared event types."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What may be done."""

    prune: bool = False
    replace: bool = False
    resend_secrets: bool = False


@public
class StatePlan(StatePlanDisplay, Sequence[PlannedWebhook]):
    """What would make an event store have a desired state: each webhook with what becomes of it. Nothing was sent.

    ``plan[0]`` is by position, ``plan["account-events"]`` by id. First come the webhooks that change, then those that
    are not in the file, and then the unchanged ones.
    """

    def __init__(
        self,
        items: Sequence[PlannedWebhook],
        *,
        wanted: Wanted,
        client: Store,
        registered: WebhookList,
        choices: Choices,
        remarks: tuple[str, ...] = (),
    ) -> None:
        self._items = tuple(sorted(items, key=_order))
        self._wanted, self._client, self._registered, self._choices = wanted, client, registered, choices
        self.origin = registered.origin
        self.remarks = remarks
        """What else to know, for example known bugs of the kernel."""

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[PlannedWebhook]:
        return iter(self._items)

    @overload
    def __getitem__(self, key: int | str) -> PlannedWebhook: ...

    @overload
    def __getitem__(self, key: slice) -> Sequence[PlannedWebhook]: ...

    def __getitem__(self, key: int | str | slice) -> PlannedWebhook | Sequence[PlannedWebhook]:
        if isinstance(key, str):
            found = next((each for each in self._items if each.id == key), None)
            if found is None:
                ids = [each.id for each in self._items]
                hint = did_you_mean(key, ids) or "List the ids with [each.id for each in plan]."
                raise UnknownWebhookError(f"The plan has no webhook {key!r}.", field="id", hint=hint)
            return found
        return self._items[key]

    @property
    def path(self) -> Path | None:
        """The file of the desired state."""
        return self._wanted.path

    @property
    def profile(self) -> str | None:
        """The profile whose variables were used."""
        return self._wanted.profile

    @property
    def owned_by(self) -> Ownership | None:
        """What the desired state owns."""
        return self._wanted.owned_by

    @property
    def event_type_classes(self) -> tuple[type, ...]:
        """The declared event types of declared webhooks."""
        return self._wanted.event_type_classes

    @property
    def registered(self) -> WebhookList:
        """What was registered when the plan was made."""
        return self._registered

    def of(self, *actions: PlannedAction) -> list[PlannedWebhook]:
        """The webhooks with one of these actions."""
        return [each for each in self._items if each.action in actions]

    @property
    def changes(self) -> list[PlannedWebhook]:
        """The webhooks for which :meth:`apply` sends something."""
        return [each for each in self._items if each.action.sends]

    @property
    def differences(self) -> list[PlannedWebhook]:
        """The webhooks that differ from the desired state in a way that the kernel could take. A webhook of somebody
        else is no difference."""
        return [each for each in self._items if each.differs]

    @property
    def untaken(self) -> list[PlannedWebhook]:
        """The webhooks with a field that a kernel like this one does not keep, in whatever way it is sent."""
        return [each for each in self._items if each.untaken]

    @property
    def not_compared(self) -> list[PlannedWebhook]:
        """The webhooks with secrets of which nobody knows whether they differ."""
        return [each for each in self._items if any(f.effect is FieldEffect.NOT_COMPARED for f in each.fields)]

    def differs(self, *, strict: bool = False) -> bool:
        """Whether there is anything to report.

        :param strict: count what a kernel like this one does not take, too.
        """
        return bool(self.differences) or (strict and bool(self.untaken))

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame with a row for each field that differs, and one for each other webhook. Columns: ``id``,
        ``action``, ``field``, ``registered``, ``wanted``, ``effect``."""
        from chronicle_notebook.desired._plan_frame import frame

        return frame(self._items, banner=self.origin.banner)

    def apply(
        self,
        *,
        confirm: str | None = None,
        allow_removals: bool = False,
        before: str | Path | None = None,
        wait: float = 30.0,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Applied:
        """Carry the plan out, in parts, and read back what took effect.

        First the state of before is written to a file; applying that file goes back. An interruption leaves what is
        done in effect: plan and apply again, and the rest is done.

        :param confirm: the name of the event store, for a protected kernel.
        :param allow_removals: agree that more than a fifth of what the state owns is removed.
        :param before: the file for the state of before; by default ``NAME.before-TIME.yaml`` beside the file, or in
            the current folder.
        :param wait: seconds to wait until each part is visible.
        :param on_progress: called with the numbers of webhooks that are done, and of all.
        :raises PlanRefusedError: what is registered has changed since the plan was made, or more than a fifth would be
            removed. Nothing was sent.
        :raises ProtectedError: the kernel is protected, and the event store was not confirmed. Nothing was sent.
        :raises KernelError: a part failed. The parts before it are in effect.
        """
        return applied(
            self,
            self._client,
            confirm=confirm,
            allow_removals=allow_removals,
            before=before,
            wait=wait,
            on_progress=on_progress,
        )


_ORDER = {
    PlannedAction.CREATE: 0,
    PlannedAction.REPLACE: 1,
    PlannedAction.IGNORED: 1,
    PlannedAction.UPDATE: 2,
    PlannedAction.NOT_TAKEN: 3,
    PlannedAction.REMOVE: 4,
    PlannedAction.KEPT: 5,
    PlannedAction.UNCHANGED: 6,
}


def _order(item: PlannedWebhook) -> tuple[int, bool, str]:
    return _ORDER[item.action], not item.owned, item.id


def planned(state: Wanted, client: Store, *, prune: bool, replace: bool, resend_secrets: bool) -> StatePlan:
    """The plan that leads from what is registered to a desired state."""
    if state.event_store is not None and state.event_store != client.event_store:
        raise InvalidInputError(
            f"The state is for event store {state.event_store!r}, and the client is at {client.event_store!r}.",
            field="event_store",
            hint=f"Connect with event_store={state.event_store!r}, or take event_store out of the file.",
        )
    if prune and state.owned_by is None:
        raise InvalidInputError(
            "The state does not say what it owns, so nothing can be pruned.",
            field="prune",
            hint="Write owned_by: {header: x-managed-by, value: git}, or owned_by: {ids: [team-*]}.",
        )
    registered = client.webhooks.all()
    defects = defects_of(client, registered)
    _check_event_types(state, client, registered)
    choices = Choices(prune, replace, resend_secrets)
    judge = Judge(defects, replaces=replace, resends=resend_secrets)
    items = [judge.webhook(each, registered.find(each.id)) for each in state.webhooks]
    wanted = {each.id for each in state.webhooks}
    items += [_not_wanted(each, state, prune=prune) for each in registered if each.id not in wanted]
    return StatePlan(
        items, wanted=state, client=client, registered=registered, choices=choices, remarks=_remarks(client, defects)
    )


def defects_of(client: Store, registered: Collection[WebhookDefinition]) -> frozenset[str]:
    """The known bugs of the kernel and, as far as the list of webhooks shows it, of its storage.

    No answer of a kernel names its storage. A list with credentials, or with an inactive webhook, is one that a kernel
    with these bugs gives only if it keeps its data in memory.
    """
    keys = frozenset(defect.key for defect in client.known_defects)
    credentials = any(each.authorization.kind is not AuthorizationKind.NONE for each in registered)
    inactive = any(not each.active for each in registered)
    in_memory = ("authorization-dropped" in keys and credentials) or ("inactive-lost" in keys and inactive)
    return keys - _NOT_IN_MEMORY if in_memory else keys


def _remarks(client: Store, defects: Collection[str]) -> tuple[str, ...]:
    known = [each for each in client.known_defects if each.key in defects and each.key in _TOLD]
    return tuple(f"{each.what} ({each.key}; {each.versions})" for each in known)


_TOLD = (
    "authorization-dropped",
    "updates-dropped",
    "inactive-lost",
    "authorization-change-fails",
    "ciphertext-sent",
    "old-target-kept",
    "list-made-in-part",
    "slow-registration",
)
"""The known bugs that matter for a plan."""


def _check_event_types(state: Wanted, client: Store, registered: WebhookList) -> None:
    """Refuse an event type that the event store does not have, unless its webhook has it already."""
    from chronicle_notebook.events._declared_event_type import event_type_of

    declared = {event_type_of(each).id for each in state.event_type_classes}
    known = {each.id for each in client.event_types()} | declared
    for each in state.webhooks:
        if all(kind.id in known for kind in each.event_types):
            continue
        found = registered.find(each.id)
        there = {kind.id for kind in found.event_types} if found is not None else set()
        check_known(each, known_event_types=[*sorted(known), *sorted(there)])


def _not_wanted(found: WebhookDefinition, state: Wanted, *, prune: bool) -> PlannedWebhook:
    """What becomes of a registered webhook that the state does not have."""

    def item(action: PlannedAction, note: str, *, owned: bool) -> PlannedWebhook:
        return PlannedWebhook(found.id, action, (), found, None, owned, note)

    if matches(found.id, state.unmanaged):
        return item(PlannedAction.KEPT, "kept: unmanaged", owned=False)
    if state.owned_by is None:
        return item(PlannedAction.KEPT, "kept: not in the file", owned=True)
    if not state.owned_by.owns(found):
        return item(PlannedAction.KEPT, "kept: not owned by this file", owned=False)
    if prune:
        return item(PlannedAction.REMOVE, "removed", owned=True)
    return item(PlannedAction.KEPT, "kept: prune=True removes it", owned=True)


__all__ = ["Choices", "PlannedField", "StatePlan", "planned"]
