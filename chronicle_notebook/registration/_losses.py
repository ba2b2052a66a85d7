"""When a change would lose events or credentials because of a known bug of the kernel's release.

With these bugs the loss is visible only after a write, when it is too late. So the plan of a runbook and a pause
refuse, and continue only if the user names the bug. For example, this package cannot know whether a kernel stores its
data in memory, so that some of the bugs do not concern it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from chronicle_notebook.base._errors import InvalidInputError, did_you_mean
from chronicle_notebook.contracts._defects import DEFECTS
from chronicle_notebook.contracts._known_defect import KnownDefect
from chronicle_notebook.model import AuthorizationKind, ServerVersion, WebhookDefinition, is_fetched

AUTHORIZATION_DROPPED = "authorization-dropped"
CIPHERTEXT_SENT = "ciphertext-sent"
STATUS_NOT_CHECKED = "status-not-checked"
UPDATES_DROPPED = "updates-dropped"

SYSTEM_STORE = "System"
"""The only event store that keeps credentials and changes of webhooks (source: K/Core/EventTypes/EventTypes.cs)."""

ANY_ANSWER = (
    "This kernel counts every answer as delivered, 404 and 500 too, so no failure does not prove that anything "
    "arrived: look at the target's own log. What was refused comes again only with a replay."
)
IN_USE_FOR_A_WHILE = (
    "Keep what it had working for an hour at least: kernels use the old target and credentials for event sources that "
    "had deliveries before, as long as each has an event every 15 minutes and the kernel runs. They may also recommend "
    "a replay, which sends everything again, or begin it at once."
)
"""What may follow a change of a definition (source: K/Core/Observation/Webhooks/Webhook.cs, at 16.37)."""
CREDENTIALS_COME_LATER = (
    "Kernels add the credentials in a step of their own: the first deliveries may come without them, are then refused, "
    "and come again."
)
_SENT_WITHOUT = (
    "each event so far is sent without its credentials, the target refuses it, and the kernel counts as delivered what "
    "was refused"
)


class KnownKernel(Protocol):
    """What a client knows about its kernel without asking it."""

    @property
    def event_store(self) -> str:
        """The event store of the client."""

    @property
    def version(self) -> ServerVersion:
        """The version that the server reports."""

    @property
    def known_defects(self) -> Sequence[KnownDefect]:
        """The known bugs of kernels of this version."""


def defects_of(client: KnownKernel) -> frozenset[str]:
    """The names of the known bugs of the kernel."""
    return frozenset(each.key for each in client.known_defects)


def basis_of(client: KnownKernel, key: str) -> str:
    """How it is known that the kernel has a bug; empty if it does not have it."""
    return next((each.basis for each in client.known_defects if each.key == key), "")


def counts_any_answer(client: KnownKernel) -> bool:
    """Whether the kernel counts a refused delivery as delivered."""
    return STATUS_NOT_CHECKED in defects_of(client)


def release_of(client: KnownKernel) -> str:
    """The version of the kernel, for a sentence."""
    return client.version.version or "of an unknown release"


def drops_updates(client: KnownKernel, hooks: Collection[WebhookDefinition]) -> bool:
    """Whether the kernel accepts a change of a webhook and forgets it.

    Credentials and changes are dropped for the same reason. So a kernel that lists the credentials of one webhook keeps
    the changes of all webhooks.
    """
    kept = any(each.authorization.kind is not AuthorizationKind.NONE for each in hooks)
    return UPDATES_DROPPED in defects_of(client) and client.event_store != SYSTEM_STORE and not kept


def check_accepted(accepted: Collection[str]) -> None:
    """Refuse the name of an unknown bug.

    :raises InvalidInputError: the name is unknown. The hint has the most similar names.
    """
    keys = [each.key for each in DEFECTS]
    for key in accepted:
        if key not in keys:
            raise InvalidInputError(
                f"There is no known defect {key!r}.",
                field="accept_defects",
                hint=did_you_mean(key, keys) or "client.known_defects lists those of the kernel in use.",
            )


def refuse_new_credentials(client: KnownKernel, definition: WebhookDefinition, accepted: Collection[str]) -> None:
    """Refuse to register a new webhook with credentials if the deliveries of earlier events would be lost.

    :raises InvalidInputError: they would be lost. The error names the bugs of the kernel.
    """
    check_accepted(accepted)
    if definition.authorization.kind is AuthorizationKind.NONE:
        return
    reasons = {
        AUTHORIZATION_DROPPED: "it stores no credentials outside the event store System",
        STATUS_NOT_CHECKED: f"it adds the credentials in a step of their own, so {_SENT_WITHOUT}",
    }
    if client.event_store == SYSTEM_STORE:
        del reasons[AUTHORIZATION_DROPPED]
    if not is_fetched(definition.authorization):
        reasons[CIPHERTEXT_SENT] = "deliveries carry the encrypted secret, which the target refuses"
    _refuse(client, definition.id, "cannot be registered with credentials", reasons, accepted)


def refuse_interruption(client: KnownKernel, definition: WebhookDefinition, accepted: Collection[str]) -> None:
    """Refuse to remove a webhook with credentials in order to register it again, if events would be lost.

    :raises InvalidInputError: events would be lost. The error names the bug of the kernel.
    """
    check_accepted(accepted)
    if definition.authorization.kind is not AuthorizationKind.NONE:
        reason = {STATUS_NOT_CHECKED: f"when it is registered again, {_SENT_WITHOUT.replace('so far', 'of meanwhile')}"}
        _refuse(client, definition.id, "cannot be removed for a while", reason, accepted)


def _refuse(
    client: KnownKernel, webhook: str, what: str, reasons: Mapping[str, str], accepted: Collection[str]
) -> None:
    known = defects_of(client)
    found = {key: reason for key, reason in reasons.items() if key in known and key not in accepted}
    if not found:
        return
    told = "; ".join(f"{reason} ({key})" for key, reason in found.items())
    raise InvalidInputError(
        f"{webhook!r} {what} without losing events on this kernel, {release_of(client)}: {told}.",
        field="accept_defects",
        hint="Use a kernel from 19.32.3 on. If you know that this does not concern your kernel, for example for its "
        f"storage in memory, give accept_defects={','.join([*accepted, *found])}. client.probe() measures "
        "what concerns it.",
    )
