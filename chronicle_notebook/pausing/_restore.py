"""Registering a saved definition again, and checking whether it is registered or something else is."""

from __future__ import annotations

from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.base._url import another
from chronicle_notebook.model import AuthorizationKind, WebhookDefinition
from chronicle_notebook.pausing._client import StoreClient
from chronicle_notebook.pausing._kept import Kept, KeptDefinitions
from chronicle_notebook.reading._list import WebhookList
from chronicle_notebook.registration._differences import FIELDS, differing
from chronicle_notebook.registration._losses import AUTHORIZATION_DROPPED, SYSTEM_STORE, defects_of
from chronicle_notebook.registration._outcome import Outcome


def register_kept(client: StoreClient, kept: KeptDefinitions, webhook: str) -> Outcome:
    """Register the definition of the file, and note in the file that this is done."""
    return _noted(client.webhooks.register(kept.here()[webhook].definition()), kept, webhook)


def replace_by_kept(client: StoreClient, kept: KeptDefinitions, webhook: str) -> Outcome:
    """Remove the webhook if it exists, register the definition of the file, and note in the file that this is done."""
    return _noted(client.webhooks.replace(kept.here()[webhook].definition()), kept, webhook)


def _noted(outcome: Outcome, kept: KeptDefinitions, webhook: str) -> Outcome:
    if outcome:
        kept.mark_resumed(webhook)
    return outcome


def restored(client: StoreClient, entry: Kept) -> bool | None:
    """Whether the registered webhook is the saved one; None if it is equal as far as it can be compared here."""
    found = client.webhooks.all().find(entry.id)
    if found is None:
        return False
    try:
        wanted = entry.definition()
    except InvalidInputError:  # a required variable is not set here
        return None
    if _differences(client, wanted, found, entry):
        return False
    return None if wanted.authorization.kind is not found.authorization.kind else True


def refuse_differing(client: StoreClient, entry: Kept, hooks: WebhookList, kept: KeptDefinitions) -> None:
    """Refuse to undo a change that was made after the definition was saved.

    :raises InvalidInputError: the webhook is registered, and differs from the file.
    """
    found = hooks.find(entry.id)
    if found is None:
        return
    try:
        wanted = entry.definition()
    except InvalidInputError:
        return
    told = _differences(client, wanted, found, entry)
    none = AuthorizationKind.NONE
    if found.authorization.kind is none is not wanted.authorization.kind and len(told) == 1:
        raise InvalidInputError(
            f"{entry.id!r} is registered again, but does not show its credentials: {told[0]}. Kernels add them in "
            "a step of their own, so they may still be coming.",
            field="webhooks",
            hint="Look again in a few seconds with the same call. If they do not come, client.webhooks.remove("
            f"{entry.id!r}) and the same call after it send them again.",
        )
    if told:
        raise InvalidInputError(
            f"{entry.id!r} is registered again, but differs from {kept.path}: {'; '.join(told)}. Resuming "
            "would take that back.",
            field="webhooks",
            hint=f"If the registered webhook is right, {kept.call('forget_paused', repr(entry.id))} ends the pause; "
            "else remove that webhook first.",
        )


def _differences(client: StoreClient, wanted: WebhookDefinition, found: WebhookDefinition, entry: Kept) -> list[str]:
    """Each field that differs, for people, except what the kernel is known to lose: the credentials and the flag
    inactive."""
    lost = defects_of(client)
    ignored = set()
    if AUTHORIZATION_DROPPED in lost and client.event_store != SYSTEM_STORE:
        ignored.add("authorization")
    if "inactive-lost" in lost and not wanted.active:
        ignored.add("active")
    if entry.missing():  # the values of headers cannot be looked up here
        wanted, found = (each.changed(headers=dict.fromkeys(each.headers, "")) for each in (wanted, found))
    shows = {field.name: field.show for field in FIELDS}
    return [
        f"{name} is {another(shows[name](wanted), shows[name](found))}, and {shows[name](wanted)} in the file"
        for name in differing(wanted, found)
        if name not in ignored
    ]
