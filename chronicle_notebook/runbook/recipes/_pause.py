"""Pausing webhooks and resuming them, step by step: see ``pausing/_pause.py``."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.pausing._checks import pausable, resumable
from chronicle_notebook.pausing._kept import Asked, Kept, KeptDefinitions, kept_text
from chronicle_notebook.pausing._outlook import outlook, positions_of
from chronicle_notebook.pausing._pause import asked_now, kept_of
from chronicle_notebook.pausing._restore import register_kept, restored
from chronicle_notebook.registration._losses import CREDENTIALS_COME_LATER
from chronicle_notebook.runbook.engine._step import Step
from chronicle_notebook.session._client import Client


def pause(
    client: Client,
    webhooks: Iterable[str],
    file: str | Path | None = None,
    *,
    reason: str = "",
    accept_defects: Collection[str] = (),
) -> list[Step]:
    """The steps that save the definition of each webhook in a file and then remove the webhook.

    :param file: another file than that of ``client.webhooks.pause()``.
    :param reason: why, in a few words.
    :param accept_defects: the names of known bugs that do not concern this kernel.
    :raises UnknownWebhookError: a webhook is neither registered nor in the file.
    :raises InvalidInputError: a webhook could not be restored as it is: a required variable is not set, or has a
        different value than the kernel; the webhook was registered as inactive, and would become active; this package
        would refuse to register it; the file has a different definition that waits; or the kernel would lose events.
    """
    kept, hooks, asked = kept_of(client, file), client.webhooks.all(), asked_now(reason)
    chosen = pausable(client, webhooks, kept, hooks, accept_defects=accept_defects)
    return [step for each, found in chosen.items() for step in _pausing(client, kept, found, each, asked)]


def resume(client: Client, webhooks: Iterable[str], file: str | Path | None = None) -> list[Step]:
    """The steps that register each webhook again from the file. Without names: all paused webhooks of this event store.

    :param file: another file than that of ``client.webhooks.pause()``.
    :raises InvalidInputError: a webhook is not in the file or belongs to another event store, a required variable is
        not set, or the webhook was registered differently in the meantime.
    """
    found = resumable(client, webhooks, kept_of(client, file), client.webhooks.all())
    return [_resuming(client, kept, each) for kept, each in found]


def _pausing(
    client: Client, kept: KeptDefinitions, found: WebhookDefinition | None, webhook: str, asked: Asked
) -> list[Step]:
    positions = positions_of(client.observers(), webhook)
    told = outlook(client, webhook, positions, active=found is None or found.active)
    gone = _gone(client, kept, webhook, " ".join(told))
    return [gone] if found is None else [keeping(kept, found, asked=replace(asked, positions=positions)), gone]


def keeping(
    kept: KeptDefinitions, definition: WebhookDefinition, *, moving: bool = False, asked: Asked | None = None
) -> Step:
    """The step that puts a definition into the file, where it waits to be registered.

    :param moving: whether the next step registers it, so that it does not wait there at the end.
    :param asked: who asked for a pause, if it is one.
    """
    entry = Kept(kept.server, kept.event_store, definition.id, kept_text(definition))
    return Step(
        definition.id,
        f"save its definition in {kept.path.name}",
        do=lambda: kept.keep(definition, moving=moving, asked=asked),
        done=lambda: kept.holds(definition, moving=moving),
        lasting=not moving,
        note=f"Registering it again needs {', '.join(entry.secrets)}." if entry.secrets else "",
    )


def _gone(client: Client, kept: KeptDefinitions, webhook: str, note: str) -> Step:
    def remove() -> None:
        kept.note(webhook)  # an earlier run may have ended before this
        client.webhooks.remove(webhook)

    return Step(
        webhook,
        "remove it: nothing is delivered after that",
        do=remove,
        done=lambda: client.webhooks.all().find(webhook) is None,
        note=note,
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
