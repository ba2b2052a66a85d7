"""Pausing webhooks and resuming them.

Kernels ignore a change of "active" of a webhook that exists, so pausing removes it, and resuming registers it again
from a file. Its observer keeps its position meanwhile (source: K/Core/Observation/Observer.cs), so that events which
come during the pause are delivered after it, in order. What was kept is the definition: the credentials are not in the
file, they are references in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from chronicle_notebook._client import Client
from chronicle_notebook._errors import InvalidInputError, UnknownWebhookError, did_you_mean
from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.runbook._credentials import missing_variables, needs
from chronicle_notebook.runbook._kept import KeptDefinitions
from chronicle_notebook.runbook._step import Step
from chronicle_notebook.webhooks._body import read_document
from chronicle_notebook.webhooks._comparison import differing


def pause(client: Client, webhooks: Iterable[str], file: str | Path) -> list[Step]:
    """The steps that keep each webhook's definition in a file and then remove it.

    :raises UnknownWebhookError: one is neither registered nor in the file.
    :raises InvalidInputError: the credentials of one could not be given again later: their variables are not set.
    """
    kept, hooks = KeptDefinitions(file), client.webhooks.all()
    stored = kept.documents()
    steps: list[Step] = []
    for webhook in webhooks:
        found = hooks.find(webhook)
        if found is not None:
            steps += _pausing(client, kept, found)
        elif webhook in stored:
            steps.append(_gone(client, webhook))
        else:
            raise UnknownWebhookError(
                f"{webhook!r} is neither registered in event store {client.event_store!r} nor in {kept.path}.",
                field="webhooks",
                hint=did_you_mean(webhook, hooks.ids) or "List them with client.webhooks.all().",
            )
    return steps


def resume(client: Client, webhooks: Iterable[str], file: str | Path) -> list[Step]:
    """The steps that register each webhook again as the file has it, all of the file when none is named.

    :raises InvalidInputError: one is not in the file, or the file is not there.
    """
    kept = KeptDefinitions(file)
    stored = kept.documents()
    chosen = list(webhooks) or list(stored)
    unknown = [each for each in chosen if each not in stored]
    if unknown or not stored:
        raise InvalidInputError(
            f"{kept.path} has no webhook {unknown[0]!r}." if unknown else f"{kept.path} has no webhooks in it.",
            field="file",
            hint=did_you_mean(unknown[0], stored) if unknown else "Name the file that pausing wrote.",
        )
    return [_resuming(client, webhook, stored[webhook]) for webhook in chosen]


def _pausing(client: Client, kept: KeptDefinitions, found: WebhookDefinition) -> list[Step]:
    absent = missing_variables(found)
    if absent:
        raise InvalidInputError(
            f"{found.id!r} has credentials, which kernels do not give back. Once it is removed they are needed to "
            f"bring it back, and {', '.join(absent)} {'is' if len(absent) == 1 else 'are'} not set.",
            field="webhooks",
            hint=f"Set {', '.join(absent)} first, so that resuming cannot fail for want of them.",
        )
    return [
        Step(
            found.id,
            f"keep its definition in {kept.path.name}",
            do=lambda: kept.keep(found),
            done=lambda: kept.holds(found),
            note=needs(found),
        ),
        _gone(client, found.id),
    ]


def _gone(client: Client, webhook: str) -> Step:
    return Step(
        webhook,
        "remove it: nothing is delivered from then on",
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
    where = f": number {', '.join(numbers)}" if numbers else ""
    return f"It goes on from where it is when it comes back{where}; what is appended meanwhile is delivered then."


def _resuming(client: Client, webhook: str, text: str) -> Step:
    def definition() -> WebhookDefinition:
        document = read_document(text)
        return document.builder.build(document.id, document.target_url)

    def there() -> bool | None:
        found = client.webhooks.all().find(webhook)
        if found is None:
            return False
        try:
            wanted = definition()
        except InvalidInputError:  # a variable of its credentials is not set here, so it cannot be compared
            return None
        return not set(differing(wanted, found)) - {"authorization", "headers"}

    references = sorted({word for word in text.replace("'", " ").split() if word.startswith("env:")})
    return Step(
        webhook,
        "register it again as it was",
        do=lambda: client.webhooks.register(definition()),
        done=there,
        note=f"It needs {', '.join(references)}." if references else "",
    )
