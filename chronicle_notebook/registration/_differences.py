"""How a definition differs from the registered one, and why a kernel does not change some fields.

Facts (source: K/Core/Observation/Webhooks/WebhookDefinitionComparer.cs and K/Core/Services/Observation/Webhooks):
registering again changes event types, URL, headers and authorization. The kernel notices a change of active, replayable
and sequence, but writes no event for it. It also writes no event for the removal of an authorization.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum

from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.base._url import another, shown
from chronicle_notebook.contracts._kernel_defects import KnownDefects
from chronicle_notebook.model import AuthorizationKind, UndisclosedAuthorization, WebhookDefinition
from chronicle_notebook.registration._outcome import Ineffective

DROPPING_KERNELS = (
    "Before 19.32.3 kernels drop credentials outside the event store System, and then send no Authorization header "
    "(Cratis/Chronicle#4567)."
)
DROPPED_CREDENTIALS = f"The kernel accepted the credentials but lists none. {DROPPING_KERNELS}"
CREDENTIALS_ARE_DROPPED = (
    "The kernel accepts credentials and does not store them, so deliveries carry no Authorization header."
)
LOST_INACTIVE = (
    "Kernels up to 19.32 lose this flag when they read a webhook back (Cratis/Chronicle#4394); it may start to deliver "
    "after a restart of the kernel, or after its event store was not used for some 20 minutes."
)
DROPPED_UPDATE = (
    "The kernel accepted the change but does not list it. Kernels before 19.32.3 lose changes of an existing webhook "
    "outside the event store System (Cratis/Chronicle#4567)."
)
UPDATES_ARE_DROPPED = "The kernel accepts a change of an existing webhook and does not store it."
UPDATES_MAY_BE_DROPPED = (
    "Kernels before 19.32.3 lose changes of an existing webhook outside the event store System, unless they keep their "
    "data in memory (Cratis/Chronicle#4567)."
)
FIRST_AUTHORIZATION = (
    "Kernels up to 16.38 with in-memory storage ignore the first authorization of an existing webhook when nothing "
    "else of it changes; with any other storage they drop credentials in any case (Cratis/Chronicle#4567)."
)
KIND_CHANGE_FAILS = (
    "Kernels up to 16.38 with in-memory storage fail when the kind of an authorization changes or the authorization is "
    "removed, and change nothing of the webhook."
)
READD = "client.webhooks.replace(...) removes it, waits until it is gone, and registers it again."
IGNORED_REASON = "Kernels ignore a change of this field of an existing webhook."
STUCK_REASON = "Kernels cannot remove the authorization of an existing webhook."
UNREADABLE_CREDENTIALS = (
    "Kernels do not return credentials, so nobody knows whether they change. They are sent again, which may "
    "recommend or start a replay."
)
UNTOLD_CREDENTIALS = "The credentials are not available, so it cannot be registered like this."
WATCH_A_DELIVERY = "Watch a delivery to be sure, or use a kernel from 19.32.3 on."


OLD_TARGET_KEPT = (
    "Event sources that had deliveries before still go to the old URL, with the old headers and credentials, as long "
    "as each has an event every 15 minutes and the kernel runs. Keep the old target answering."
)
"""What follows a change of the target (seen on 16.37.1 and on a build of 16.38)."""
_OF_THE_TARGET = frozenset({"target_url", "headers", "authorization"})


def old_target_notes(
    changed: Collection[str], before: WebhookDefinition | None, defects: KnownDefects | None
) -> tuple[str, ...]:
    """A note if a change of these fields leaves the old target in use."""
    if before is None or defects is None or "old-target-kept" not in defects or _OF_THE_TARGET.isdisjoint(changed):
        return ()
    return (_with_basis(OLD_TARGET_KEPT, "old-target-kept", defects),)


SENT_ENCRYPTED = (
    "Kernels of this version send the encrypted secret instead of the secret, so the target will refuse the deliveries "
    "(source: K/Core/Observation/Webhooks/WebhookHttpClientFactory.cs)."
)
SENT_ENCRYPTED_IN_MEMORY = (
    "A kernel of this version that keeps its data in memory keeps the credentials, but sends the encrypted secret "
    "instead of the secret, so the target refuses the deliveries."
)


def _is_measured(key: str, defects: KnownDefects | None) -> bool:
    """Whether this kernel was seen with a bug, and not only others of its release."""
    found = None if defects is None else defects.get(key)
    return found is not None and found.measured is not None


def _with_basis(reason: str, key: str, defects: KnownDefects | None) -> str:
    """A reason, with the date if the bug was measured on this kernel."""
    found = None if defects is None else defects.get(key)
    return reason if found is None or found.measured is None else f"{reason} On this kernel this was {found.basis}."


class Effect(StrEnum):
    """What a kernel does with a change."""

    APPLIED = "applied"
    IGNORED = "ignored by the kernel"
    UNKNOWN = "cannot tell"


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    show: Callable[[WebhookDefinition], str]
    """The value for people: never the value of a header, nor what can be a credential in a URL."""
    value: Callable[[WebhookDefinition], object]
    """The value for comparison."""


def _headers(definition: WebhookDefinition) -> dict[str, str]:
    return {name: value.reveal() if isinstance(value, Secret) else value for name, value in definition.headers.items()}


FIELDS = (
    _Field("target_url", lambda d: repr(shown(d.target_url)), lambda d: d.target_url),
    _Field(
        "event_types",
        lambda d: ", ".join(map(str, d.event_types)) or "none",
        # Kernels on PostgreSQL return them in a different order, which has no meaning (seen on 16.37.1).
        lambda d: sorted((kind.id, kind.generation) for kind in d.event_types),
    ),
    _Field("headers", lambda d: ", ".join(sorted(d.headers)) or "none", _headers),
    _Field("authorization", lambda d: d.authorization.kind.value, lambda d: d.authorization.kind),
    _Field("event_sequence_id", lambda d: repr(d.event_sequence_id), lambda d: d.event_sequence_id),
    _Field("replayable", lambda d: _yes(d.replayable), lambda d: d.replayable),
    _Field("active", lambda d: _yes(d.active), lambda d: d.active),
)

IGNORED = frozenset({"event_sequence_id", "replayable", "active"})
"""The fields of an existing webhook that a kernel does not change."""


def _yes(flag: bool) -> str:  # noqa: FBT001
    return "yes" if flag else "no"


def differing(wanted: WebhookDefinition, found: WebhookDefinition) -> list[str]:
    """The names of the fields that differ. Of an authorization only the kind can be compared."""
    return [field.name for field in FIELDS if field.value(wanted) != field.value(found)]


def applicable(
    names: list[str], wanted: WebhookDefinition, before: WebhookDefinition | None, defects: Collection[str] = ()
) -> list[str]:
    """The differing fields that a kernel is known to change, so that it makes sense to wait for them.

    ``defects`` are the names of the known bugs of this kernel.
    """
    if "authorization-dropped" in defects:
        names = [name for name in names if name != "authorization"]
    if "inactive-lost" in defects:
        names = [name for name in names if name != "active"]
    if before is None:
        return names
    stuck = wanted.authorization.kind is AuthorizationKind.NONE
    return [name for name in names if name not in IGNORED and not (name == "authorization" and stuck)]


def left_behind(
    wanted: WebhookDefinition,
    found: WebhookDefinition,
    before: WebhookDefinition | None,
    defects: KnownDefects | None = None,
) -> tuple[Ineffective, ...]:
    """Each differing field, with the reason and the remedy.

    ``defects`` are the known bugs of this kernel; None if its version is not known.
    """
    by_name = {field.name: field for field in FIELDS}
    result = []
    for name in differing(wanted, found):
        field = by_name[name]
        reason, remedy = _why(name, wanted, before, defects)
        requested = field.show(wanted)
        result.append(Ineffective(name, requested, another(requested, field.show(found)), reason, remedy))
    return tuple(result)


def _why(
    name: str, wanted: WebhookDefinition, before: WebhookDefinition | None, defects: KnownDefects | None
) -> tuple[str, str]:
    if before is not None and name in IGNORED:
        return _with_basis(IGNORED_REASON, "changes-ignored", defects), READD
    if name == "authorization":
        return _why_authorization(wanted, before, defects)
    if name == "active" and (defects is None or "inactive-lost" in defects):
        return (
            _with_basis(LOST_INACTIVE, "inactive-lost", defects),
            "Remove the webhook while it must not deliver.",
        )
    if before is not None and defects is not None and "updates-dropped" in defects:
        return _with_basis(DROPPED_UPDATE, "updates-dropped", defects), READD
    return "The kernel accepted the change but does not list it.", "List the webhook again, then register it again."


def kind_change_fails(
    wanted: WebhookDefinition, before: WebhookDefinition | None, defects: KnownDefects | None
) -> bool:
    """Whether the kernel fails on the whole webhook, because the kind of its authorization changes.

    Of the kernels with this bug only those with in-memory storage list an authorization.
    """
    if before is None or defects is None or "authorization-change-fails" not in defects:
        return False
    return AuthorizationKind.NONE is not before.authorization.kind is not wanted.authorization.kind


def _why_authorization(
    wanted: WebhookDefinition, before: WebhookDefinition | None, defects: KnownDefects | None
) -> tuple[str, str]:
    if kind_change_fails(wanted, before, defects):
        return _with_basis(KIND_CHANGE_FAILS, "authorization-change-fails", defects), READD
    if before is not None and wanted.authorization.kind is AuthorizationKind.NONE:
        return STUCK_REASON, READD
    first = before is not None and before.authorization.kind is AuthorizationKind.NONE
    if first and defects is not None and "authorization-change-fails" in defects:
        return _with_basis(FIRST_AUTHORIZATION, "authorization-change-fails", defects), READD
    if defects is None or "authorization-dropped" in defects:
        return _with_basis(DROPPED_CREDENTIALS, "authorization-dropped", defects), WATCH_A_DELIVERY
    return (
        "The kernel accepted the credentials but lists none. This is not a known bug of its version.",
        "List the webhook again, and watch a delivery to be sure.",
    )


def remarks(
    wanted: WebhookDefinition, defects: KnownDefects, *, left: Collection[str] = (), sent: bool = True
) -> tuple[str, ...]:
    """What will not happen as requested, although the read-back shows it.

    :param left: the names of fields that do not take effect. They have their own reason.
    :param sent: whether the webhook was sent. Before that nobody knows whether the kernel keeps the credentials, if
        kernels of its release do this with some storages alone.
    """
    found = []
    kind = AuthorizationKind.NONE if "authorization" in left else wanted.authorization.kind
    if "ciphertext-sent" in defects and kind in {AuthorizationKind.BASIC, AuthorizationKind.BEARER}:
        open_ = not sent and "authorization-dropped" in defects and not _is_measured("ciphertext-sent", defects)
        reason = SENT_ENCRYPTED_IN_MEMORY if open_ else SENT_ENCRYPTED
        found.append(_with_basis(reason, "ciphertext-sent", defects))
    if "always-replayable" in defects and not wanted.replayable:
        reason = "Kernels of this version replay a webhook even if it is not replayable."
        found.append(_with_basis(reason, "always-replayable", defects))
    return tuple(found)


def foreseen(
    name: str, wanted: WebhookDefinition, before: WebhookDefinition | None, defects: KnownDefects | None = None
) -> tuple[Effect, str, str]:
    """What a kernel will do with a field that is set or changed, with the reason and the remedy.

    ``defects`` are the known bugs of this kernel; None if they are not known.
    """
    if kind_change_fails(wanted, before, defects):
        return Effect.IGNORED, _with_basis(KIND_CHANGE_FAILS, "authorization-change-fails", defects), READD
    if before is not None and name in IGNORED:
        return Effect.IGNORED, _with_basis(IGNORED_REASON, "changes-ignored", defects), READD
    if name == "active" and not wanted.active and (defects is None or "inactive-lost" in defects):
        reason = _with_basis(LOST_INACTIVE, "inactive-lost", defects)
        return Effect.UNKNOWN, reason, "Remove the webhook while it must not deliver."
    if name == "authorization":
        return _foreseen_authorization(wanted, before, defects)
    return (Effect.APPLIED, "", "") if before is None else _foreseen_update(before, defects)


def _foreseen_update(before: WebhookDefinition, defects: KnownDefects | None) -> tuple[Effect, str, str]:
    """What a kernel will do with a changed URL, with changed headers or event types."""
    if _is_measured("updates-dropped", defects):
        return Effect.IGNORED, _with_basis(UPDATES_ARE_DROPPED, "updates-dropped", defects), READD
    # A kernel with this bug that lists an authorization keeps its data in memory, and does not have it.
    kept = before.authorization.kind is not AuthorizationKind.NONE
    if defects is None or "updates-dropped" not in defects or kept:
        return Effect.APPLIED, "", ""
    return Effect.UNKNOWN, UPDATES_MAY_BE_DROPPED, READD


def _foreseen_authorization(
    wanted: WebhookDefinition, before: WebhookDefinition | None, defects: KnownDefects | None
) -> tuple[Effect, str, str]:
    if isinstance(wanted.authorization, UndisclosedAuthorization):
        return Effect.UNKNOWN, UNTOLD_CREDENTIALS, "Give them again, as references."
    if wanted.authorization.kind is AuthorizationKind.NONE:
        return (Effect.APPLIED, "", "") if before is None else (Effect.IGNORED, STUCK_REASON, READD)
    if before is not None and before.authorization.kind is wanted.authorization.kind:
        return Effect.UNKNOWN, UNREADABLE_CREDENTIALS, "Leave the webhook alone if they are the same."
    return _foreseen_credentials(new=before is None, defects=defects)


def _foreseen_credentials(*, new: bool, defects: KnownDefects | None) -> tuple[Effect, str, str]:
    """What a kernel will do with the first credentials of a webhook."""
    if not new and defects is not None and "authorization-change-fails" in defects:
        return Effect.UNKNOWN, _with_basis(FIRST_AUTHORIZATION, "authorization-change-fails", defects), READD
    if _is_measured("authorization-dropped", defects):
        reason = _with_basis(CREDENTIALS_ARE_DROPPED, "authorization-dropped", defects)
        return Effect.IGNORED, reason, "Use a kernel from 19.32.3 on."
    if defects is None or "authorization-dropped" in defects:
        return Effect.UNKNOWN, DROPPING_KERNELS, WATCH_A_DELIVERY
    return Effect.APPLIED, "", ""
