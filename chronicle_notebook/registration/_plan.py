"""What a registration would do, before anything is sent: which fields change, and what the kernel will do with each
change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from chronicle_notebook.base._errors import SecretUnavailableError
from chronicle_notebook.base._public import public
from chronicle_notebook.base._secret_rules import unfit
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.base._url import another
from chronicle_notebook.contracts._kernel_defects import KnownDefects, by_key
from chronicle_notebook.definition._declaration import DeclaredWebhook
from chronicle_notebook.definition.rules._check import check
from chronicle_notebook.display._table_and_card import Card, Table
from chronicle_notebook.model import AuthorizationKind, WebhookDefinition, secrets_of
from chronicle_notebook.model._webhook import facts
from chronicle_notebook.registration._declared import UNANSWERED
from chronicle_notebook.registration._differences import (
    FIELDS,
    OLD_TARGET_KEPT,
    Effect,
    differing,
    foreseen,
    old_target_notes,
    remarks,
)
from chronicle_notebook.registration._examination import Destination, examine
from chronicle_notebook.registration._in_use import in_use_notes
from chronicle_notebook.registration._new_host import warning

UNDECIDABLE_HEADERS = "A header's value is not available, so nobody knows whether it changes. It is sent again."


class PlannedAction(StrEnum):
    """What a registration would be."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    CANNOT_TELL = "cannot tell"
    NOT_KNOWN = "not known"
    """Nothing that can be read back differs, but credentials or the value of a header cannot be read back."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field that would be set or changed. It never contains the value of a header, or a credential, also not one in
    a URL."""

    field: str
    before: str
    """The registered value; empty if the webhook is new."""
    after: str
    effect: Effect
    reason: str = ""
    """Why the kernel does not simply make the change."""
    remedy: str = ""
    """What to do to make the change nevertheless."""


@public
@dataclass(frozen=True, slots=True)
class Plan:
    """What registering a definition would do. Nothing has been sent."""

    definition: WebhookDefinition
    action: PlannedAction
    changes: tuple[Change, ...]
    banner: str = ""
    """The banner of a protected kernel."""
    notes: tuple[str, ...] = ()
    """Other facts that the user should know, which do not belong to a field."""

    @property
    def webhook(self) -> str:
        """The id of the webhook."""
        return self.definition.id

    @property
    def effective(self) -> bool:
        """Whether the registration could change anything: false if nothing differs, or if the kernel ignores all
        changes."""
        return any(change.effect is not Effect.IGNORED for change in self.changes)

    @property
    def summary(self) -> str:
        """One sentence about the result."""
        match self.action:
            case PlannedAction.CREATE:
                return f"{self.webhook!r} would be created."
            case PlannedAction.UNCHANGED:
                return f"{self.webhook!r} is registered like this already: nothing would be sent."
            case PlannedAction.NOT_KNOWN:
                return (
                    f"{self.webhook!r} can be registered. Whether it would be created or updated is not known, because "
                    "the kernel did not answer."
                )
            case PlannedAction.CANNOT_TELL:
                return f"{self.webhook!r} would be sent again; nobody knows whether this changes anything."
        names = ", ".join(change.field for change in self.changes)
        ignored = [change.field for change in self.changes if change.effect is Effect.IGNORED]
        if not self.effective:
            return f"{self.webhook!r} would stay as it is: the kernel ignores a change of {names}."
        rest = f"; the kernel ignores {', '.join(ignored)}" if ignored else ""
        return f"{self.webhook!r} would be updated: {names}{rest}."

    def __repr__(self) -> str:
        return "\n\n".join(part.text() for part in self._parts())

    def _repr_html_(self) -> str:
        return "".join(part.html() for part in self._parts())

    def _parts(self) -> list[Card | Table]:
        parts: list[Card | Table] = [
            Card(
                heading=f"Dry run: {self.summary}",
                facts=facts(self.definition),
                notes=(*self.notes, "Nothing was sent."),
                banner=self.banner,
            )
        ]
        if self.changes and self.action is not PlannedAction.CREATE:
            parts.append(self._table())
        watch = [(each.field, f"{each.reason} {each.remedy}".rstrip()) for each in self.changes if each.reason]
        return [*parts, Card(heading="Worth knowing", facts=watch)] if watch else parts

    def _table(self) -> Table:
        return Table(
            caption="Changes",
            titles=("Field", "Registered", "Wanted", "Effect"),
            rows=[(each.field, each.before, each.after, each.effect.value) for each in self.changes],
        )


def plan(to: Destination, hook: DeclaredWebhook) -> Plan:
    """What registering a webhook would do. It reads the event store, and sends nothing."""
    definition = hook.definition
    try:
        examined = examine(to, [hook], reveal=False)
    except UNANSWERED as error:
        if not hook.checked:
            check(definition)
        notes = (*unset(definition), *hook.remarks, error.message)
        return Plan(definition, PlannedAction.NOT_KNOWN, (), to.kernel.origin().banner, notes)
    found = to.webhooks().get(definition.id)
    planned = plan_for(
        definition,
        found,
        banner=to.kernel.origin().banner,
        notes=examined.notes[definition.id],
        defects=by_key(to.kernel.known_defects),
    )
    if found is None or not any(OLD_TARGET_KEPT in note for note in planned.notes):
        return planned
    return replace(planned, notes=(*planned.notes, *in_use_notes(to.kernel, to.event_store, found)))


def plan_for(
    definition: WebhookDefinition,
    found: WebhookDefinition | None,
    *,
    banner: str = "",
    notes: tuple[str, ...] = (),
    defects: KnownDefects | None = None,
) -> Plan:
    """What registering ``definition`` would do if ``found`` is registered under its id; ``found`` is None for a new id.

    The plan looks references up, to compare headers and to say what is not set. It asks nobody.

    :param defects: the known bugs of the kernel; None if they are not known.
    """
    names, undecidable = compared(definition, found)
    with_credentials = definition.authorization.kind is not AuthorizationKind.NONE
    if found is None:
        action = PlannedAction.CREATE
    elif names:
        action = PlannedAction.UPDATE
    else:
        action = PlannedAction.CANNOT_TELL if with_credentials or undecidable else PlannedAction.UNCHANGED
    if found is not None and with_credentials and "authorization" not in names:
        names.append("authorization")
    changes = [_change(name, definition, found, defects) for name in _ordered(names)]
    reason, remedy = warning(definition, found)
    if reason:
        changes = [
            replace(each, reason=f"{reason} {each.reason}".rstrip(), remedy=f"{remedy} {each.remedy}".rstrip())
            if each.field == "target_url"
            else each
            for each in changes
        ]
    if undecidable and found is not None:
        text = _headers(definition)
        remedy = "Set the variable, and check again."
        changes.append(Change("headers", _headers(found), text, Effect.UNKNOWN, UNDECIDABLE_HEADERS, remedy))
    effective = [change.field for change in changes if change.effect is not Effect.IGNORED and change.field in names]
    old = old_target_notes(effective, found, defects)
    return Plan(
        definition,
        action,
        tuple(changes),
        banner,
        tuple(filter(None, (*unset(definition), *notes, *old, *_ahead(definition, changes, defects)))),
    )


def _ahead(definition: WebhookDefinition, changes: Sequence[Change], defects: KnownDefects | None) -> tuple[str, ...]:
    """The remarks that the outcome would have, as far as they are known before something is sent."""
    if defects is None or all(each.effect is Effect.IGNORED for each in changes):
        return ()
    left = [each.field for each in changes if each.effect is Effect.IGNORED]
    return remarks(definition, defects, left=left, sent=False)


def unset(definition: WebhookDefinition) -> list[str]:
    """The environment variables that are not set, or hold what cannot be a secret, so that registering would fail."""
    credentials = [secret for _, secret in secrets_of(definition.authorization)]
    secrets = credentials + [value for value in definition.headers.values() if isinstance(value, Secret)]
    found: dict[str, None] = {}
    for secret in secrets:
        # A keyring may ask to be unlocked, and a form makes a plan at each keystroke.
        if not (secret.reference or "").startswith("env:"):
            continue
        try:
            fault = unfit(secret)
        except SecretUnavailableError as error:
            found[f"! Registering it would fail: {error}"] = None
            continue
        # In a header quotes can have a meaning.
        if fault is not None and (secret in credentials or not fault.question):
            found[f"! Registering it would fail: what {secret.reference} holds {fault.message} {fault.hint}"] = None
    return list(found)


def compared(wanted: WebhookDefinition, found: WebhookDefinition | None) -> tuple[list[str], bool]:
    """The fields that differ, and whether the headers cannot be compared. All fields of a new webhook differ.

    References are looked up, but nobody is asked at a prompt."""
    if found is None:
        return [field.name for field in FIELDS], False
    if set(wanted.headers) != set(found.headers):
        return [name for name in differing(_bare(wanted), _bare(found)) if name != "headers"] + ["headers"], False
    if any(isinstance(value, Secret) and _asks(value) for value in wanted.headers.values()):
        return differing(_bare(wanted), _bare(found)), True
    try:
        return differing(wanted, found), False
    except SecretUnavailableError:
        return differing(_bare(wanted), _bare(found)), True


def _bare(definition: WebhookDefinition) -> WebhookDefinition:
    return definition.changed(headers={})


def _asks(value: Secret) -> bool:
    return value.reference is not None and value.reference.startswith("prompt")


def _ordered(names: list[str]) -> list[str]:
    return [field.name for field in FIELDS if field.name in names]


def _change(
    name: str, wanted: WebhookDefinition, found: WebhookDefinition | None, defects: KnownDefects | None
) -> Change:
    show = next(field.show for field in FIELDS if field.name == name)
    effect, reason, remedy = foreseen(name, wanted, found, defects)
    before, after = ("" if found is None else show(found)), show(wanted)
    if found is not None and name != "authorization":  # nobody knows whether it differs
        after = another(before, after)
    return Change(name, before, after, effect, reason, remedy)


def _headers(definition: WebhookDefinition) -> str:
    return next(field.show(definition) for field in FIELDS if field.name == "headers")
