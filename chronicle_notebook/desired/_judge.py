"""The action of a plan for one webhook: what a kernel with known bugs makes of each field that differs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.base._url import another
from chronicle_notebook.contracts._kernel_defects import KnownDefects
from chronicle_notebook.desired._planned import FieldEffect, PlannedField, PlannedWebhook, StateAction
from chronicle_notebook.model import AuthorizationKind, UndisclosedAuthorization, WebhookDefinition, registrable
from chronicle_notebook.registration._differences import FIELDS, Effect, foreseen, kind_change_fails
from chronicle_notebook.registration._new_host import warning
from chronicle_notebook.registration._plan import compared


@dataclass(frozen=True, slots=True)
class Judge:
    """What is known about the kernel, and what may be done."""

    defects: KnownDefects
    """Its known bugs."""
    replaces: bool = False
    """Whether a webhook may be removed and registered again."""
    resends: bool = False
    """Whether credentials that cannot be compared are sent."""

    def webhook(self, wanted: WebhookDefinition, found: WebhookDefinition | None) -> PlannedWebhook:
        """The action for a webhook of the file."""
        judged = _as_if_set(wanted)
        if found is None:
            untaken = [each for each in self._set(judged) if each.effect is FieldEffect.NOT_TAKEN]
            return PlannedWebhook(wanted.id, StateAction.CREATE, tuple(untaken), None, wanted)
        found = _comparable(found, judged)
        fields = self._changed(judged, found)
        effects = {each.effect for each in fields}
        if FieldEffect.IGNORED in effects and self.replaces:
            return PlannedWebhook(wanted.id, StateAction.REPLACE, self._replaced(fields), found, wanted)
        if effects & {FieldEffect.APPLIED, FieldEffect.SENT_AGAIN}:
            action = StateAction.UPDATE
        elif FieldEffect.IGNORED in effects:
            action = StateAction.IGNORED
        else:
            action = StateAction.NOT_TAKEN if FieldEffect.NOT_TAKEN in effects else StateAction.UNCHANGED
        return PlannedWebhook(wanted.id, action, fields, found, wanted)

    def _set(self, wanted: WebhookDefinition) -> list[PlannedField]:
        """The fields of a new webhook."""
        return [self._field(field.name, wanted, None) for field in FIELDS]

    def _changed(self, wanted: WebhookDefinition, found: WebhookDefinition) -> tuple[PlannedField, ...]:
        names, undecidable = compared(wanted, found)
        fields = [self._field(name, wanted, found) for name in names]
        refused, remedy = warning(wanted, found)
        whole = f"{refused} {remedy}".strip() if refused else ""
        if not whole and kind_change_fails(wanted, found, self.defects):
            whole = next((each.reason for each in fields if each.field == "authorization"), "")
        if whole:  # the kernel, or this package, refuses the whole webhook
            fields = [
                replace(each, effect=FieldEffect.IGNORED, reason=each.reason or whole)
                if each.effect is FieldEffect.APPLIED
                else each
                for each in fields
            ]
        if undecidable:
            fields.append(self._uncompared("headers", wanted, found, "A secret of a header is not available here."))
        if wanted.authorization.kind is found.authorization.kind is not AuthorizationKind.NONE:
            fields.append(self._credentials(wanted, found))
        return tuple(self._with_company(fields, wanted, found))

    def _with_company(
        self, fields: list[PlannedField], wanted: WebhookDefinition, found: WebhookDefinition
    ) -> list[PlannedField]:
        """First credentials are taken together with another change, where they are ignored alone."""
        if not (
            "authorization-change-fails" in self.defects
            and found.authorization.kind is AuthorizationKind.NONE is not wanted.authorization.kind
            and any(each.effect is FieldEffect.APPLIED for each in fields)
        ):
            return fields
        return [
            replace(each, effect=FieldEffect.APPLIED, reason="")
            if each.field == "authorization" and each.effect is FieldEffect.IGNORED
            else each
            for each in fields
        ]

    def _credentials(self, wanted: WebhookDefinition, found: WebhookDefinition) -> PlannedField:
        return self._uncompared("authorization", wanted, found, "A kernel does not return credentials.")

    def _uncompared(self, name: str, wanted: WebhookDefinition, found: WebhookDefinition, reason: str) -> PlannedField:
        before, after = _shown(name, found), _shown(name, wanted)
        if self.resends and name == "authorization":
            return PlannedField(name, before, after, FieldEffect.SENT_AGAIN, "Kernels do not return credentials.")
        advice = " resend_secrets=True sends it." if name == "authorization" else " Set it, and plan again."
        return PlannedField(name, before, after, FieldEffect.NOT_COMPARED, f"{reason}{advice}")

    def _field(self, name: str, wanted: WebhookDefinition, found: WebhookDefinition | None) -> PlannedField:
        effect, reason, _ = foreseen(name, wanted, found, self.defects)
        before, after = ("" if found is None else _shown(name, found)), _shown(name, wanted)
        if found is not None:
            after = another(before, after)
        return PlannedField(name, before, after, self._effect(name, wanted, found, effect), reason)

    def _effect(
        self, name: str, wanted: WebhookDefinition, found: WebhookDefinition | None, effect: Effect
    ) -> FieldEffect:
        if effect is Effect.APPLIED:
            return FieldEffect.APPLIED
        if name == "active" and not wanted.active and "inactive-lost" in self.defects:
            return FieldEffect.NOT_TAKEN
        none = AuthorizationKind.NONE
        if (
            name == "authorization"
            and "authorization-dropped" in self.defects
            and wanted.authorization.kind is not none
        ):
            kept = found is not None and found.authorization.kind is not none
            return FieldEffect.IGNORED if kept else FieldEffect.NOT_TAKEN
        return FieldEffect.IGNORED

    def _replaced(self, fields: tuple[PlannedField, ...]) -> tuple[PlannedField, ...]:
        taken = {FieldEffect.APPLIED, FieldEffect.IGNORED}
        return tuple(
            replace(each, effect=FieldEffect.REPLACED)
            if each.effect in taken
            else replace(each, effect=FieldEffect.SENT_AGAIN)
            if each.effect is FieldEffect.NOT_COMPARED
            else each
            for each in fields
        )


def _as_if_set(wanted: WebhookDefinition) -> WebhookDefinition:
    """The webhook, with stand-ins for credentials that have no value here: a kernel would get them like any others."""
    authorization = wanted.authorization
    kind = authorization.credentials if isinstance(authorization, UndisclosedAuthorization) else None
    if kind is None:
        return wanted
    values = {part.name: Secret("-") if part.secret else "-" for part in kind.parts()}
    return wanted.changed(authorization=kind.of(values))


def _comparable(found: WebhookDefinition, wanted: WebhookDefinition) -> WebhookDefinition:
    """The registered webhook as a file has it: generation 0 is the first one, and the case of a header's name has no
    meaning."""
    names = {name.lower(): name for name in wanted.headers}
    headers = {names.get(name.lower(), name): value for name, value in found.headers.items()}
    if headers.keys() != found.headers.keys() and len(headers) == len(found.headers):
        found = found.changed(headers=headers)
    if all(kind.generation for kind in found.event_types):
        return found
    return found.changed(event_types=tuple(dict.fromkeys(map(registrable, found.event_types))))


def _shown(name: str, definition: WebhookDefinition) -> str:
    return next(field.show(definition) for field in FIELDS if field.name == name)
