"""What is checked before a webhook is paused or resumed. During a pause only the file has the definition."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable

from chronicle_notebook.base._errors import InvalidDefinitionError, InvalidInputError, UnknownWebhookError, did_you_mean
from chronicle_notebook.definition._credentials import refuse_shared
from chronicle_notebook.definition.file._substitution import FILE_KINDS
from chronicle_notebook.definition.rules._check import check, check_revealed
from chronicle_notebook.model import (
    AuthorizationKind,
    WebhookAuthorization,
    WebhookCredentials,
    WebhookDefinition,
    secrets_of,
)
from chronicle_notebook.pausing._client import StoreClient
from chronicle_notebook.pausing._kept import Kept, KeptDefinitions, kept_text, listed_values, variables
from chronicle_notebook.pausing._outlook import NO_CATCH_UP
from chronicle_notebook.pausing._records import files_of, records_elsewhere
from chronicle_notebook.pausing._restore import refuse_differing
from chronicle_notebook.pausing._sleepers import refuse_waking
from chronicle_notebook.reading._list import WebhookList
from chronicle_notebook.registration._losses import defects_of, refuse_interruption


def pausable(
    client: StoreClient,
    webhooks: Iterable[str],
    kept: KeptDefinitions,
    hooks: WebhookList,
    *,
    accept_defects: Collection[str] = (),
    authorization: WebhookAuthorization | None = None,
) -> dict[str, WebhookDefinition | None]:
    """The definition to keep of each id, after everything that could prevent resuming them was checked. None for one
    that is paused already.

    :param accept_defects: the names of known bugs that do not concern this kernel.
    :param authorization: the credentials to keep, as references.
    :raises UnknownWebhookError: a webhook is neither registered nor in the file.
    :raises InvalidInputError: a webhook could not be restored as it is: a required variable is not set, or has a
        different value than the kernel; the webhook was registered as inactive, and would become active; this package
        would refuse to register it; the file has a different definition that waits; or the kernel would lose events.
    """
    stored = kept.here()
    elsewhere = {each.webhook: each for each in records_elsewhere(kept)}
    ids = list(dict.fromkeys(webhooks))
    paused = {each.id for each in stored.values() if not each.resumed} | set(elsewhere)
    unknown = [each for each in ids if each not in hooks.ids and each not in paused]
    if unknown:
        raise UnknownWebhookError(
            f"{unknown[0]!r} is neither registered in event store {client.event_store!r} nor in {kept.path}.",
            field="webhooks",
            hint=did_you_mean(unknown[0], hooks.ids) or "List them with client.webhooks.all().",
        )
    pausing = [with_given(hooks[each], authorization) for each in ids if each in hooks.ids]
    refuse_waking(client, pausing, field="webhooks")
    texts = {each.id: each.text for each in kept.waiting()} | {each.id: kept_text(each) for each in pausing}
    refuse_shared({name: variables(text) for name, text in texts.items() if name in ids}, field="webhooks")
    for each in pausing:
        if each.id in elsewhere and elsewhere[each.id].entry is not None:
            elsewhere[each.id].kept.check_free_for(each)
        check_can_come_back(client, each, kept)
        refuse_interruption(client, each, accept_defects)
        refuse_deafening(client, each, accept_defects)
    return dict.fromkeys(ids) | {each.id: each for each in pausing}


def with_given(definition: WebhookDefinition, authorization: WebhookAuthorization | None) -> WebhookDefinition:
    """A webhook that was read back, with the credentials of the caller.

    :raises InvalidInputError: they are not what a file may have, or of another kind than the kernel lists.
    """
    if authorization is None:
        return definition
    listed = definition.authorization.kind
    if not isinstance(authorization, WebhookCredentials) or listed not in {AuthorizationKind.NONE, authorization.kind}:
        raise InvalidInputError(
            f"The credentials to keep for {definition.id!r} are of another kind than the kernel lists: {listed}.",
            field="authorization",
            hint='Write cn.BearerAuthorization(cn.Secret.keyring("SERVICE/USER")), for example.',
        )
    if any((secret.reference or "").partition(":")[0] not in FILE_KINDS for _, secret in secrets_of(authorization)):
        raise InvalidInputError(
            "The file of a pause has only references to secrets that another process can look up too.",
            field="authorization",
            hint="Give cn.Secret.env(NAME), cn.Secret.file(PATH) or cn.Secret.keyring(NAME).",
        )
    return definition.changed(authorization=authorization)


def refuse_deafening(client: StoreClient, definition: WebhookDefinition, accepted: Collection[str]) -> None:
    """Refuse to remove a webhook where one that is registered again gets nothing any more.

    :raises InvalidInputError: the kernel keeps its events in memory, and its release has no catch-up there.
    """
    if NO_CATCH_UP in defects_of(client) and NO_CATCH_UP not in accepted and client.in_memory():
        raise InvalidInputError(
            f"{definition.id!r} cannot be paused on this kernel, which keeps its events in memory: registered again, "
            f"it would get no event of meanwhile, and most often no later one either ({NO_CATCH_UP}).",
            field="accept_defects",
            hint="Stop the target instead: it gets what waits when it answers again. If the kernel has a database, "
            f"give accept_defects={','.join([*accepted, NO_CATCH_UP])}.",
        )


def resumable(
    client: StoreClient, webhooks: Iterable[str], kept: KeptDefinitions, hooks: WebhookList
) -> list[tuple[KeptDefinitions, Kept]]:
    """The definitions that are to be registered again, each with its file, after everything was checked. Without names:
    all paused webhooks of this event store.

    :raises InvalidInputError: a webhook is not in the file or belongs to another event store, a required variable is
        not set, or the webhook was registered differently in the meantime.
    """
    wanted = list(dict.fromkeys(webhooks))
    holders = files_of(kept, wanted, hooks.ids)
    if wanted or kept.waiting() or all(file is kept for file in holders.values()):
        own = [each for each in wanted if holders[each] is kept]
        found = [(kept, each) for each in chosen(kept, own, hooks.ids)] if own or not wanted else []
    else:
        found = []
    found += [(file, file.here()[name]) for name, file in holders.items() if file is not kept]
    found = sorted(found, key=lambda each: wanted.index(each[1].id)) if wanted else found
    absent = [(file, each) for file, each in found if each.id not in hooks.ids]
    refuse_shared({each.id: variables(each.text) for _, each in absent}, field="webhooks")
    for file, each in absent:
        check_at_hand(client, each, file)
    for file, each in found:
        refuse_differing(client, each, hooks, file)
    return found


def check_can_come_back(
    client: StoreClient, found: WebhookDefinition, kept: KeptDefinitions, *, before: WebhookDefinition | None = None
) -> None:
    """Check that a webhook could be registered again from a file as it is now.

    :param before: the webhook before a change after which it is ``found``; None without a change.
    :raises InvalidInputError: it could not.
    """
    kept.check_free_for(found)
    entry = Kept(kept.server, kept.event_store, found.id, kept_text(found))
    absent = entry.missing()
    if absent:
        raise InvalidInputError(
            f"{found.id!r} has credentials, which go into no file. Once it is removed they are needed to bring it "
            f"back, and {', '.join(absent)} {'is' if len(absent) == 1 else 'are'} not set.",
            field="webhooks",
            hint=f"Set {', '.join(absent)} first, so that resuming cannot fail without them.",
        )
    other = [name for name, value in listed_values(found).items() if os.getenv(name) != value]
    earlier = {} if before is None else listed_values(before)
    early = [name for name in other if name in earlier and os.getenv(name) == earlier[name]]
    if early:
        raise InvalidInputError(
            f"{', '.join(early)} {'holds the value' if len(early) == 1 else 'hold the values'} that {found.id!r} has "
            "now. The webhook is registered again from this, so the value after the change is wanted there.",
            field="webhooks",
            hint=f'Take the target_url of client.webhooks.get("{found.id}") with the new host in place of the old one.',
        )
    if other:
        raise InvalidInputError(
            f"{', '.join(other)} {'holds another value' if len(other) == 1 else 'hold other values'} than {found.id!r} "
            "has at the kernel, which is the only place with it: once removed it could not come back as it is.",
            field="webhooks",
            hint=f'client.webhooks.get("{found.id}") has what belongs there, in its headers or, before a move to '
            "another host, its target_url.",
        )
    _check_valid(client, entry, "webhooks")


def _check_valid(client: StoreClient, entry: Kept, field: str) -> None:
    try:
        definition = entry.definition()
        check(definition, known_event_types={each.id for each in client.event_types()})
        check_revealed(definition)
    except InvalidDefinitionError as error:
        raise InvalidInputError(
            f"{entry.id!r} could not be registered again with this package: {error.message}",
            field=field,
            hint=error.hint,
        ) from None


def check_at_hand(client: StoreClient, entry: Kept, kept: KeptDefinitions) -> None:
    """Check that a definition of the file can be registered from here.

    :raises InvalidInputError: it cannot.
    """
    absent = entry.missing()
    if absent:
        raise InvalidInputError(
            f"{entry.id!r} needs values that are not in {kept.path}, but {', '.join(absent)} "
            f"{'is' if len(absent) == 1 else 'are'} not set. Nothing was started.",
            field="file",
            hint=f"Set {', '.join(absent)} where this runs, or name only webhooks that do not need them.",
        )
    _check_valid(client, entry, "file")


def chosen(kept: KeptDefinitions, wanted: list[str], registered: Collection[str]) -> list[Kept]:
    """The definitions of the file that are to be registered again: those that were named, else all that wait.

    :raises InvalidInputError: the file does not have them.
    """
    everything, stored = kept.everything(), kept.here()
    unknown = [each for each in wanted if each not in stored]
    others = [each for each in everything if each.id in unknown] if unknown else everything
    if not unknown and stored:
        waiting = [each for each in stored.values() if not each.resumed]
        done = [each for each in stored.values() if each.id in registered]
        return [stored[each] for each in wanted] or waiting or done
    name = repr(unknown[0]) if unknown else "webhooks"
    if others:
        places = dict.fromkeys(f"event store {each.event_store!r} on {each.server}" for each in others)
        raise InvalidInputError(
            f"{kept.path} has {name} of {', '.join(places)}, and none of event store {kept.event_store!r} on "
            f"{kept.server}, where this runs.",
            field="file",
            hint="Connect to where it was removed. If that is the same kernel under another address, write the new one "
            "into the lines server: of the file.",
        )
    if unknown and unknown[0] in registered:
        raise InvalidInputError(
            f"{unknown[0]!r} is registered, and {kept.path} has no pause of it: there is nothing to resume.",
            field="webhooks",
            hint=f"List what is paused with {kept.call('paused')}.",
        )
    raise InvalidInputError(
        f"Webhook {unknown[0]!r} is not paused: {kept.path} has no webhook of this id."
        if unknown
        else f"{kept.path} has no webhooks in it.",
        field="file",
        hint=(did_you_mean(unknown[0], stored) or f"List what is paused with {kept.call('paused')}.")
        if unknown
        else "Name the file of the pause.",
    )
