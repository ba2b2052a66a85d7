"""Pausing a webhook and resuming it.

Kernels ignore a change of "active" of an existing webhook. So pausing removes the webhook, and resuming registers it
again from a file. Its observer keeps its position (source: K/Core/Observation/Observer.cs), so events of the time in
between are delivered afterwards, in order. The file has the definition, with references instead of credentials.

The order makes a crash at any point harmless: the definition is on the disk before the webhook is removed, and is
marked as resumed only when the webhook was seen again. Whoever calls again finishes what was begun.
"""

from __future__ import annotations

import getpass
import os
import platform
import warnings
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from chronicle_notebook.base._errors import (
    ChronicleError,
    ChronicleWarning,
    InvalidInputError,
    KernelError,
    did_you_mean,
)
from chronicle_notebook.base._user_folders import named_folder
from chronicle_notebook.model import WebhookAuthorization, WebhookDefinition
from chronicle_notebook.pausing._checks import pausable, resumable
from chronicle_notebook.pausing._client import StoreClient
from chronicle_notebook.pausing._elsewhere import OtherFiles
from chronicle_notebook.pausing._kept import Asked, Kept, KeptDefinitions, kept_text, references
from chronicle_notebook.pausing._outlook import outlook, positions_of
from chronicle_notebook.pausing._paused import PausedWebhook, paused_of
from chronicle_notebook.pausing._place import paused_file
from chronicle_notebook.pausing._records import Record, records, records_elsewhere
from chronicle_notebook.pausing._restore import register_kept
from chronicle_notebook.registration._losses import CREDENTIALS_COME_LATER
from chronicle_notebook.registration._outcome import Action, Outcome
from chronicle_notebook.registration._parts import changed_nothing

_LONGEST_REASON = 200


def kept_of(client: StoreClient, file: str | Path | None = None) -> KeptDefinitions:
    """The file with the paused webhooks of a client's event store.

    :param file: another file than the usual one.
    :raises InvalidInputError: no file is given, and there is no home directory for the usual one.
    """
    usual: Path | None = None
    try:
        usual = path = paused_file(client.server, client.event_store, embedded=client.embedded)
    except InvalidInputError:
        if not file:
            raise
    if file:
        path = named_folder(os.fspath(file), variable="file", field="file")
    return KeptDefinitions.of(client, path, usual=usual is not None and path.absolute() == usual.absolute())


def paused_ids(server: str, event_store: str, *, embedded: bool) -> list[str]:
    """The ids that wait to be resumed, whatever file has them. They may be registered again by somebody else.

    A file that cannot be read gives a warning: whoever looks for failures must see those. Without a home directory
    there is no usual file, so nothing can have been paused.
    """
    try:
        place = paused_file(server, event_store, embedded=embedded)
    except InvalidInputError:
        return []
    kept = KeptDefinitions(place, server, event_store, others=OtherFiles(place))
    try:
        return [each.webhook for each in records(kept)]
    except InvalidInputError as error:
        warnings.warn(f"Which webhooks are paused is not known: {error.message}", ChronicleWarning, stacklevel=4)
        return []


def asked_now(reason: str = "", positions: dict[str, int] | None = None) -> Asked:
    """That the user of this process asks for a pause now.

    :param reason: why, in a few words.
    :raises InvalidInputError: the reason is no short text of one line.
    """
    if not isinstance(reason, str) or len(reason) > _LONGEST_REASON or not reason.isprintable():
        raise InvalidInputError(
            f"The reason is a line of at most {_LONGEST_REASON} characters.",
            field="reason",
            hint='Write, for example, reason="target is down until 09:00".',
        )
    return Asked(datetime.now(UTC), _who(), reason.strip(), positions or {})


def _who() -> str:
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container can have a user without a name
        user = "unknown user"
    return f"{user}@{platform.node() or 'unknown machine'}"


def pause(
    client: StoreClient,
    webhooks: Iterable[str],
    kept: KeptDefinitions,
    *,
    reason: str = "",
    accept_defects: Collection[str] = (),
    authorization: WebhookAuthorization | None = None,
    dry_run: bool = False,
) -> list[Outcome]:
    """Write the definition of each webhook into the file, and then remove the webhook. Everything is checked before.

    :param dry_run: check everything and change nothing.

    :raises UnknownWebhookError: a webhook is neither registered nor paused.
    :raises InvalidInputError: a webhook could not be restored as it is.
    """
    asked = asked_now(reason)
    hooks = client.webhooks.all()
    found = pausable(client, webhooks, kept, hooks, accept_defects=accept_defects, authorization=authorization)
    do = _foreseen if dry_run else _paused
    known = {each.webhook: each for each in [*records_elsewhere(kept), *records(kept)]}
    return [
        _already(client, known.get(webhook) or Record(webhook, kept, kept.here()[webhook]))
        if definition is None
        else do(client, kept, definition, asked)
        for webhook, definition in found.items()
    ]


def _foreseen(client: StoreClient, kept: KeptDefinitions, definition: WebhookDefinition, _: Asked) -> Outcome:
    """The outcome of a dry run: what a pause would mean."""
    positions = positions_of(client.observers(), definition.id)
    told = outlook(client, definition.id, positions, active=definition.active)
    needs = references(kept_text(definition))
    needed = (f"Resuming it looks up {', '.join(needs)}.",) if needs else ()
    return _unchanged(client, definition.id, f"A pause would write {kept.path}.", *needed, *told)


def _paused(client: StoreClient, kept: KeptDefinitions, definition: WebhookDefinition, asked: Asked) -> Outcome:
    webhook = definition.id
    positions = positions_of(client.observers(), webhook)
    told = outlook(client, webhook, positions, active=definition.active)
    new = not kept.holds(definition)  # else an earlier call came this far, and what it wrote stays
    if new:
        kept.keep(definition, asked=replace(asked, positions=positions))
    else:
        kept.note(webhook)
    where = f"The definition is kept in {kept.path}."
    try:
        outcome = client.webhooks.remove(webhook)
    except ChronicleError as error:
        if new and changed_nothing(error):
            kept.drop(webhook)
        else:
            error.hint = f"{error.hint} {where} {_finish(kept, 'pause', webhook)}".strip()
        raise
    except BaseException as error:
        error.add_note(f"{webhook!r} may be removed. {where} {_finish(kept, 'pause', webhook)}")
        raise
    needs = kept.here()[webhook].secrets
    needed = (f"Resuming it looks up {', '.join(needs)}.",) if needs else ()
    back = f"{kept.call('resume', repr(webhook))} registers it again. {where}"
    return replace(outcome, action=Action.PAUSED, notes=(back, *needed, *told, *outcome.notes))


def _finish(kept: KeptDefinitions, call: str, webhook: str) -> str:
    return f"{kept.call(call, repr(webhook))} again finishes this, however far it came."


def _already(client: StoreClient, record: Record) -> Outcome:
    asked = None if record.entry is None else record.entry.asked
    since = "" if asked is None else f" since {asked.at.isoformat(sep=' ', timespec='minutes')}, by {asked.by}"
    kept = f"The definition is kept in {record.kept.path}." if record.entry is not None else record.error.message
    return _unchanged(client, record.webhook, f"It is paused{since}. {kept}")


def resume(client: StoreClient, webhooks: Iterable[str], kept: KeptDefinitions) -> list[Outcome]:
    """Register each webhook again from its file. Without names: all paused webhooks of the event store.

    A webhook that is registered, and of which no file has a pause, stays as it is.

    :raises InvalidInputError: a webhook is not in the file or belongs to another event store, a required variable is
        not set, or the webhook was registered differently in the meantime.
    """
    hooks, wanted = client.webhooks.all(), list(dict.fromkeys(webhooks))
    running = [each for each in wanted if each in hooks.ids and _is_unknown(kept, each)]
    rest = [each for each in wanted if each not in running]
    outcomes = {
        each: _unchanged(client, each, "It is registered, and no pause of it is known here.") for each in running
    }
    if rest or not wanted:
        for file, each in resumable(client, rest, kept, hooks):
            do = _closed if each.id in hooks.ids else _resumed
            outcomes[each.id] = do(client, file, each)
    return [outcomes[each] for each in wanted or outcomes]


def _is_unknown(kept: KeptDefinitions, webhook: str) -> bool:
    """Whether no file has a pause of a webhook. The record of a pause that is over goes, if it was in another file."""
    if not kept.usual or (kept.others is not None and webhook in kept.others.read()):
        return False
    return all(each.id != webhook for each in kept.everything())


def _resumed(client: StoreClient, kept: KeptDefinitions, entry: Kept) -> Outcome:
    positions, active = positions_of(client.observers(), entry.id), entry.definition().active
    told = outlook(client, entry.id, positions, resumed=True, active=active)
    try:
        outcome = register_kept(client, kept, entry.id)
    except KernelError as error:
        error.hint = f"{error.hint} {_finish(kept, 'resume', entry.id)}".strip()
        raise
    except BaseException as error:
        error.add_note(f"{entry.id!r} may be registered again. {_finish(kept, 'resume', entry.id)}")
        raise
    later = (CREDENTIALS_COME_LATER,) if entry.authorized else ()
    return replace(outcome, action=Action.RESUMED, notes=(*told, *later, *outcome.notes))


def _closed(client: StoreClient, kept: KeptDefinitions, entry: Kept) -> Outcome:
    """The webhook is registered as the file has it: an earlier call registered it, and its answer was lost."""
    if entry.resumed:
        kept.over(entry.id)
    else:
        kept.mark_resumed(entry.id)
    note = "It is registered as it was before the pause, which is over."
    return _unchanged(client, entry.id, note)


def forget(client: StoreClient, webhook: str, kept: KeptDefinitions) -> PausedWebhook:
    """Take the record of a pause out of its file, also one of a webhook that somebody has registered again.

    :raises InvalidInputError: the webhook is not paused.
    """
    known = records(kept)
    record = next((each for each in known if each.webhook == webhook), None)
    if record is None:
        raise InvalidInputError(
            f"{webhook!r} is not paused in event store {client.event_store!r}.",
            field="webhook",
            hint=did_you_mean(webhook, [each.webhook for each in known]) or f"{kept.call('paused')} lists what is.",
        )
    found = paused_of(record, [each.observer_id for each in client.failed_partitions()])
    if record.entry is not None:
        record.kept.drop(webhook)
    elif kept.others is not None:  # there is no file to take it out of
        kept.others.note(webhook, None)
    return found


def _unchanged(client: StoreClient, webhook: str, *notes: str) -> Outcome:
    return Outcome(
        webhook=webhook,
        action=Action.UNCHANGED,
        accepted=True,
        visible=True,
        waited=0.0,
        origin=client.origin,
        notes=notes,
        changed=False,
    )
