"""Pausing webhooks and resuming them.

Kernels ignore a change of "active" of an existing webhook. So pausing removes the webhook, and resuming registers it
again from a file. Its observer keeps its position (source: K/Core/Observation/Observer.cs), so events of the time in
between are delivered afterwards, in order. The file has the definition, with references instead of credentials.

During a pause only the file has the definition. So everything that could prevent resuming is checked before anything is
removed.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from pathlib import Path

from chronicle_notebook.base._errors import InvalidDefinitionError, InvalidInputError, UnknownWebhookError, did_you_mean
from chronicle_notebook.definition.rules._check import check, check_revealed
from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.runbook.engine._step import Step
from chronicle_notebook.runbook.recipes._defects import CREDENTIALS_COME_LATER, refuse_interruption
from chronicle_notebook.runbook.saved._pause_record import refuse_waking
from chronicle_notebook.runbook.saved._references import refuse_shared
from chronicle_notebook.runbook.saved._restore import refuse_differing, register_kept, restored
from chronicle_notebook.runbook.saved._store_file import Kept, KeptDefinitions, kept_text, listed_values, variables
from chronicle_notebook.session._client import Client


def pause(
    client: Client, webhooks: Iterable[str], file: str | Path, *, accept_defects: Collection[str] = ()
) -> list[Step]:
    """The steps that save the definition of each webhook in a file and then remove the webhook.

    :param accept_defects: the names of known bugs that do not concern this kernel.
    :raises UnknownWebhookError: a webhook is neither registered nor in the file.
    :raises InvalidInputError: a webhook could not be restored as it is: a required variable is not set, or has a
        different value than the kernel; the webhook was registered as inactive, and would become active; this package
        would refuse to register it; the file has a different definition that waits; or the kernel would lose events.
    """
    kept, hooks = KeptDefinitions.of(client, file), client.webhooks.all()
    stored = kept.here()
    chosen = list(dict.fromkeys(webhooks))
    unknown = [each for each in chosen if each not in hooks.ids and each not in stored]
    if unknown:
        raise UnknownWebhookError(
            f"{unknown[0]!r} is neither registered in event store {client.event_store!r} nor in {kept.path}.",
            field="webhooks",
            hint=did_you_mean(unknown[0], hooks.ids) or "List them with client.webhooks.all().",
        )
    pausing = [hooks[each] for each in chosen if each in hooks.ids]
    refuse_waking(client, pausing, field="webhooks")
    texts = {each.id: each.text for each in kept.waiting()} | {each.id: kept_text(each) for each in pausing}
    refuse_shared({name: variables(text) for name, text in texts.items() if name in chosen}, field="webhooks")
    for each in pausing:
        check_can_come_back(client, each, kept)
        refuse_interruption(client, each, accept_defects)
    return [step for each in chosen for step in _pausing(client, kept, hooks.find(each), each)]


def resume(client: Client, webhooks: Iterable[str], file: str | Path) -> list[Step]:
    """The steps that register each webhook again from the file. Without names: all paused webhooks of this event store.

    :raises InvalidInputError: a webhook is not in the file or belongs to another event store, a required variable is
        not set, or the webhook was registered differently in the meantime.
    """
    kept, hooks = KeptDefinitions.of(client, file), client.webhooks.all()
    chosen = _chosen(kept, list(dict.fromkeys(webhooks)), hooks.ids)
    absent = [each for each in chosen if each.id not in hooks.ids]
    refuse_shared({each.id: variables(each.text) for each in absent}, field="webhooks")
    for each in absent:
        check_at_hand(client, each, kept)
    refuse_differing(client, chosen, hooks, kept.path)
    return [_resuming(client, kept, each) for each in chosen]


def check_can_come_back(
    client: Client, found: WebhookDefinition, kept: KeptDefinitions, *, before: WebhookDefinition | None = None
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


def _check_valid(client: Client, entry: Kept, field: str) -> None:
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


def check_at_hand(client: Client, entry: Kept, kept: KeptDefinitions) -> None:
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


def _chosen(kept: KeptDefinitions, wanted: list[str], registered: Collection[str]) -> list[Kept]:
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
    raise InvalidInputError(
        f"{kept.path} has no webhook {unknown[0]!r}." if unknown else f"{kept.path} has no webhooks in it.",
        field="file",
        hint=did_you_mean(unknown[0], stored) if unknown else "Name the file of the pause.",
    )


def _pausing(client: Client, kept: KeptDefinitions, found: WebhookDefinition | None, webhook: str) -> list[Step]:
    return [_gone(client, webhook)] if found is None else [keeping(kept, found), _gone(client, webhook)]


def keeping(kept: KeptDefinitions, definition: WebhookDefinition, *, moving: bool = False) -> Step:
    """The step that puts a definition into the file, where it waits to be registered.

    :param moving: whether the next step registers it, so that it does not wait there at the end.
    """
    entry = Kept(kept.server, kept.event_store, definition.id, kept_text(definition))
    return Step(
        definition.id,
        f"save its definition in {kept.path.name}",
        do=lambda: kept.keep(definition, moving=moving),
        done=lambda: kept.holds(definition, moving=moving),
        lasting=not moving,
        note=f"Registering it again needs {', '.join(entry.secrets)}." if entry.secrets else "",
    )


def _gone(client: Client, webhook: str) -> Step:
    return Step(
        webhook,
        "remove it: nothing is delivered after that",
        do=lambda: client.webhooks.remove(webhook),
        done=lambda: client.webhooks.all().find(webhook) is None,
        note=_position(client, webhook),
    )


def _position(client: Client, webhook: str) -> str:
    numbers = [
        f"{each.next_sequence_number} in namespace {each.namespace!r}"
        for each in client.observers()
        if each.id == webhook
    ]
    if not numbers:
        return "It is inactive and has no observer: nothing was delivered before either. It stays inactive."
    return (
        f"It goes on from where it is when it comes back: number {', '.join(numbers)}; what is appended meanwhile is "
        "delivered then."
    )


def _resuming(client: Client, kept: KeptDefinitions, entry: Kept) -> Step:
    told = [f"It needs {', '.join(entry.secrets)}."] if entry.secrets else []
    if entry.authorized:
        told.append(CREDENTIALS_COME_LATER)
    return Step(
        entry.id,
        "register it again as before",
        do=lambda: register_kept(client, kept, entry.id),
        done=lambda: restored(client, entry),
        note=" ".join(told),
    )
