"""The plan: what would make an event store have a desired state, computed from one listing. Nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace as replaced
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from chronicle_notebook.base._arguments import check_flag, check_names, check_seconds
from chronicle_notebook.base._errors import InvalidInputError, UnknownWebhookError, did_you_mean
from chronicle_notebook.base._public import public
from chronicle_notebook.contracts._kernel_defects import KnownDefects, by_key
from chronicle_notebook.contracts._known_defect import KnownDefect, Storage
from chronicle_notebook.definition.file._ownership import matches
from chronicle_notebook.definition.rules._authorization import check_authorization
from chronicle_notebook.desired._applied import Applied
from chronicle_notebook.desired._apply import Consent, applied, consents
from chronicle_notebook.desired._event_types import check_event_types
from chronicle_notebook.desired._judge import Judge
from chronicle_notebook.desired._plan_card import card
from chronicle_notebook.desired._plan_content import PlanContent, PlanOptions, Wanted
from chronicle_notebook.desired._plan_frame import frame
from chronicle_notebook.desired._plan_text import facts, markdown, summary, text
from chronicle_notebook.desired._planned import FieldEffect, PlannedWebhook, StateAction
from chronicle_notebook.desired._sending_record import SendingRecord
from chronicle_notebook.desired._store import LiveCard, StateClient
from chronicle_notebook.display._origin import Originated
from chronicle_notebook.model import AuthorizationKind, UndisclosedAuthorization, WebhookDefinition
from chronicle_notebook.reading._list import WebhookList
from chronicle_notebook.registration._differences import old_target_notes, remarks
from chronicle_notebook.registration._outcome import Outcome
from chronicle_notebook.registration._plan import unset

if TYPE_CHECKING:
    import pandas as pd


@public
class StatePlan(Originated, Sequence[PlannedWebhook]):
    """What would make an event store have a desired state: each webhook with its action. Nothing was sent.

    ``plan[0]`` is by position, ``plan["account-events"]`` by id. First come the webhooks that change, then those that
    are not in the file, and then the unchanged ones.

    At the end of a cell, a plan with something to do shows its buttons (:class:`chronicle_notebook.widgets.PlanCard`).
    Where no front end of Jupyter answers, it is the same card without them.
    """

    def __init__(self, content: PlanContent) -> None:
        self._content = content
        self._items = content.items
        self.origin = content.registered.origin
        self.client = content.client
        """The client whose event store it is for."""
        self.options = content.options
        """How it was made, as the parameters of :meth:`DesiredState.plan` say."""
        self.applied: Applied | None = None
        """The result of :meth:`apply`, also from the buttons of its card; None before."""
        self._card: LiveCard | None = None

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
        return self._content.wanted.path

    @property
    def profile(self) -> str | None:
        """The profile whose variables were used."""
        return self._content.wanted.profile

    @property
    def owned(self) -> bool:
        """Whether the state says what it owns."""
        return self._content.wanted.owned_by is not None

    @property
    def registered(self) -> WebhookList:
        """What was registered when the plan was made."""
        return self._content.registered

    @property
    def remarks(self) -> tuple[str, ...]:
        """What else to know: what follows from the changes although they take effect."""
        return self._content.remarks

    @property
    def known_defects(self) -> tuple[KnownDefect, ...]:
        """The known bugs of the kernel that concern a plan."""
        return tuple(each for each in self._content.client.known_defects if each.key in self._content.bugs)

    def of(self, *actions: StateAction) -> list[PlannedWebhook]:
        """The webhooks with one of these actions."""
        return self._content.of(*actions)

    @property
    def changes(self) -> list[PlannedWebhook]:
        """The webhooks for which :meth:`apply` sends something."""
        return self._content.changes

    @property
    def differences(self) -> list[PlannedWebhook]:
        """The webhooks that differ from the desired state in a way that the kernel could take. A webhook of somebody
        else is no difference."""
        return self._content.differences

    @property
    def untaken(self) -> list[PlannedWebhook]:
        """The webhooks with a field that a kernel like this one does not keep, in whatever way it is sent."""
        return self._content.untaken

    @property
    def not_compared(self) -> list[PlannedWebhook]:
        """The webhooks with secrets of which nobody knows whether they differ."""
        return self._content.not_compared

    @property
    def summary(self) -> str:
        """The counts, in one sentence."""
        return summary(self._content)

    def __repr__(self) -> str:
        return text(self._content)

    def _repr_html_(self) -> str:
        return card(self._content)

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """The card with buttons where a notebook shows widgets and there is something to do, else the static card.

        Of a plan that was applied, both show the outcomes.
        """
        card = self._card
        if card is None or card.closed or card.plan is not self:
            card = self._card = self.client.plan_card(self) if self.differences else None
            if card is not None and self.applied is not None:
                card.take(self.applied)
        if card is not None:
            return card.bundle_of(self, **options)
        shown = self if self.applied is None else self.applied
        return {"text/plain": repr(shown), "text/html": shown._repr_html_()}, {}

    def differs(self, *, strict: bool = False) -> bool:
        """Whether there is anything to report.

        :param strict: count what a kernel like this one does not take, too.
        """
        return bool(self.differences) or (strict and bool(self.untaken))

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame with a row for each field that differs, and one for each other webhook. Columns: ``id``,
        ``action``, ``field``, ``registered``, ``wanted``, ``effect``."""
        return frame(self._items, banner=self.origin.banner)

    def to_markdown(self) -> str:
        """The plan for a pull request, as GitHub and GitLab read Markdown. It contains no secret."""
        return markdown(self._content)

    def to_dict(self) -> dict[str, Any]:
        """The plan for a program, with values that JSON can have and without secrets.

        Keys: ``event_store``, ``server``, ``release``, ``file``, ``profile``, ``counts`` (by action), ``differences``,
        ``changes``, ``not_taken``, ``not_compared`` (ids), ``webhooks`` (``id``, ``action``, ``owned``, ``note``,
        ``fields``), ``notes``.
        """
        return facts(self._content)

    def apply(
        self,
        *,
        confirm: str | None = None,
        allow_removals: bool = False,
        take_over: bool = False,
        before: str | Path | None = None,
        wait: float = 30.0,
        on_progress: Callable[[int, int], None] | None = None,
        on_change: Callable[[str, Outcome | None], None] | None = None,
    ) -> Applied:
        """Carry the plan out, in parts, and read back what took effect.

        First the state of before is written to a file; applying that file goes back. An interruption leaves what is
        done in effect: plan and apply again, and the rest is done.

        :param confirm: the name of the event store, for a protected kernel.
        :param allow_removals: agree that more than a fifth of what the state owns is removed.
        :param take_over: agree that webhooks are changed which have the mark of another owner.
        :param before: the file for the state of before; by default ``NAME.before-TIME.yaml`` beside the file, or in
            the current folder.
        :param wait: seconds to wait until each part is visible.
        :param on_progress: called with the numbers of webhooks that are done, and of all: before and after each list
            and each replacement, and every few seconds of a long list.
        :param on_change: called with the id of each webhook and None just before it is sent, and with its outcome when
            it was read back.
        :raises PlanRefusedError: what is registered has changed since the plan was made, more than a fifth would be
            removed, or what another owner has would be changed. Nothing was sent.
        :raises ProtectedError: the kernel is protected, and the event store was not confirmed. Nothing was sent.
        :raises KernelError: a part failed. The parts before it are in effect.
        """
        check_names(confirm=confirm)
        check_flag(allow_removals, field="allow_removals")
        check_flag(take_over, field="take_over")
        check_seconds(wait, field="wait")
        path = None if before is None else Path(before)
        consent = Consent(confirm, allow_removals, take_over, path, wait, on_progress, on_change)
        self.applied = done = applied(self._content, consent)
        if self._card is not None and self._card.plan is self:
            self._card.take(done)
        return done

    @property
    def consents(self) -> dict[str, str]:
        """What :meth:`apply` needs consent for: the name of its parameter, and the reason."""
        return {name: error.message for name, error in consents(self._content)}

    def again(
        self,
        state: Wanted | None = None,
        *,
        prune: bool | None = None,
        replace: bool | None = None,
        resend_secrets: bool | None = None,
    ) -> StatePlan:
        """The plan for what is registered now. Nothing is sent.

        :param state: the desired state; by default that of this plan, which is not read again.
        :param prune: as in :meth:`DesiredState.plan`; by default as in this plan, and so are the others.
        """
        before = self.options
        options = replaced(
            before,
            prune=before.prune if prune is None else prune,
            replace=before.replace if replace is None else replace,
            resend_secrets=before.resend_secrets if resend_secrets is None else resend_secrets,
        )
        return planned(self._content.wanted if state is None else state, self._content.client, options)


_ORDER = {
    StateAction.CREATE: 0,
    StateAction.REPLACE: 1,
    StateAction.IGNORED: 1,
    StateAction.UPDATE: 2,
    StateAction.NOT_TAKEN: 3,
    StateAction.REMOVE: 4,
    StateAction.KEPT: 5,
    StateAction.UNCHANGED: 6,
}


def _order(item: PlannedWebhook) -> tuple[int, bool, str]:
    return _ORDER[item.action], not item.owned, item.id


def planned(
    state: Wanted,
    client: StateClient,
    options: PlanOptions,
) -> StatePlan:
    """The plan that leads from what is registered to a desired state."""
    if state.event_store is not None and state.event_store != client.event_store:
        raise InvalidInputError(
            f"The state is for event store {state.event_store!r}, and the client is at {client.event_store!r}.",
            field="event_store",
            hint=f"Connect with event_store={state.event_store!r}, or take event_store out of the file.",
        )
    if options.prune and state.owned_by is None:
        raise InvalidInputError(
            "The state does not say what it owns, so nothing can be pruned.",
            field="prune",
            hint="Write owned_by: {header: x-managed-by, value: git}, or owned_by: {ids: [team-*]}.",
        )
    SendingRecord.of(state.path, client).wait_until_quiet()
    registered = client.webhooks.all()
    defects = defects_of(client, registered)
    if not options.accept_unknown:
        check_event_types(state, client, registered)
    judge = Judge(defects, replaces=options.replace, resends=options.resend_secrets)
    pairs = ((each, registered.find(each.id)) for each in state.webhooks)
    items = [judge.webhook(options.allowance.applied(each, found), found) for each, found in pairs]
    wanted = {each.id for each in state.webhooks}
    items += [_not_wanted(each, state, prune=options.prune) for each in registered if each.id not in wanted]
    items.sort(key=_order)
    bugs = tuple(key for key in defects if key in _TOLD)
    told = (*_resumed(items, client), *_remarks(items, defects))
    return StatePlan(PlanContent(tuple(items), state, client, registered, told, options, bugs))


def _resumed(items: Iterable[PlannedWebhook], client: StateClient) -> Iterator[str]:
    """Which webhooks are not registered because somebody paused them, as far as this machine knows."""
    new = {each.id for each in items if each.action is StateAction.CREATE}
    if not new:
        return
    with suppress(InvalidInputError):  # the file of the pauses cannot be read: the plan does not need it
        for each in client.webhooks.paused():
            if each.id in new:
                yield f"{each.id!r} is paused. Applying registers it again, and so ends the pause."


def defects_of(client: StateClient, registered: Collection[WebhookDefinition]) -> KnownDefects:
    """The known bugs of the kernel and, as far as the list of webhooks shows it, of its storage.

    No answer of a kernel names its storage. A list with credentials, or with an inactive webhook, is one that a kernel
    with these bugs gives only if it keeps its data in memory. What was measured on this kernel counts in any case.
    """
    known = by_key(client.known_defects)
    credentials = any(each.authorization.kind is not AuthorizationKind.NONE for each in registered)
    inactive = any(not each.active for each in registered)
    in_memory = ("authorization-dropped" in known and credentials) or ("inactive-lost" in known and inactive)
    if not in_memory:
        return known
    return {
        key: each for key, each in known.items() if each.storage is not Storage.DATABASE or each.measured is not None
    }


def _remarks(items: Iterable[PlannedWebhook], defects: KnownDefects) -> tuple[str, ...]:
    """What follows from changes although they take effect."""
    found: dict[str, None] = {}
    for item in items:
        if item.action.sends and item.wanted is not None:
            found |= dict.fromkeys(f"{item.id!r}: {each}" for each in _unset(item.wanted))
            changed = [each.field for each in item.fields if each.effect is not FieldEffect.IGNORED]
            untaken = {each.field for each in item.untaken}
            found |= dict.fromkeys(old_target_notes(changed, item.registered, defects))
            found |= {} if untaken else dict.fromkeys(remarks(item.wanted, defects))
    return tuple(found)


def _unset(definition: WebhookDefinition) -> list[str]:
    """Why applying would be refused: secrets without a value here."""
    authorization = definition.authorization
    if isinstance(authorization, UndisclosedAuthorization):
        return [f"{problem.message} Applying would be refused." for problem in check_authorization(authorization)]
    return unset(definition)


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


def _not_wanted(found: WebhookDefinition, state: Wanted, *, prune: bool) -> PlannedWebhook:
    """The action for a registered webhook that the state does not have."""

    def item(action: StateAction, note: str, *, owned: bool) -> PlannedWebhook:
        return PlannedWebhook(found.id, action, (), found, None, owned, note)

    if matches(found.id, state.unmanaged):
        return item(StateAction.KEPT, "kept: unmanaged", owned=False)
    if state.owned_by is None:
        return item(StateAction.KEPT, "kept: not in the file", owned=True)
    if not state.owned_by.owns(found):
        return item(StateAction.KEPT, "kept: not owned by this file", owned=False)
    if prune:
        return item(StateAction.REMOVE, "removed", owned=True)
    return item(StateAction.KEPT, "kept: prune=True removes it", owned=True)
