"""A new consumer: one webhook, tried before it is registered, and never in place of another one's."""

from __future__ import annotations

from collections.abc import Sequence

from chronicle_notebook._client import Client
from chronicle_notebook._errors import InvalidInputError
from chronicle_notebook._secrets import Secret
from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.runbook._step import Step
from chronicle_notebook.runbook._target import answers
from chronicle_notebook.runbook._url import shown
from chronicle_notebook.webhooks._builder import DefinitionBuilder
from chronicle_notebook.webhooks._comparison import differing

FROM_THE_START = (
    "A new observer begins with the first event of the sequence: all {count} events so far that are of its types will "
    "be delivered."
)


def onboard(  # noqa: PLR0913 - a consumer tells all of these, and all are named
    client: Client,
    webhook: str,
    url: str,
    event_types: Sequence[str],
    *,
    token: Secret | None = None,
    username: str | None = None,
    password: Secret | None = None,
    test_target: bool = True,
    timeout: float = 10.0,
) -> list[Step]:
    """The steps that register a webhook for a new consumer.

    :param event_types: ids, each of which the event store must know.
    :param token: a bearer token; or ``username`` and ``password``; or neither.
    :param test_target: first see that the target answers 2xx, with these credentials.
    :param timeout: in seconds, for the target.
    :raises InvalidInputError: the id is taken by a webhook with another target, or a definition cannot work.
    """
    known = {each.id for each in client.event_types()}
    builder = DefinitionBuilder().with_event_types(*event_types)
    if token is not None:
        builder = builder.with_bearer_token(token)
    elif password is not None:
        builder = builder.with_basic_auth(username or "", password)
    definition = builder.build(webhook, url, known_event_types=known)
    _refuse_taken(client, definition)

    def there() -> bool:
        found = client.webhooks.all().find(webhook)
        return found is not None and not differing(definition, found)

    steps = []
    if test_target:
        what = f"see that {shown(url)} takes deliveries"
        steps.append(answers(webhook, lambda: definition, what, timeout=timeout))
    what = f"register it for {', '.join(map(str, definition.event_types))}"
    return [
        *steps,
        Step(
            webhook,
            what,
            do=lambda: client.webhooks.register(definition),
            done=there,
            note=FROM_THE_START.format(count=_waiting(client, definition)),
        ),
    ]


def _refuse_taken(client: Client, definition: WebhookDefinition) -> None:
    found = client.webhooks.all().find(definition.id)
    if found is not None and found.target_url != definition.target_url:
        raise InvalidInputError(
            f"Event store {client.event_store!r} has a webhook {definition.id!r} already, with another target.",
            field="webhook",
            hint="Choose another id. To move an existing webhook, use the runbook for that.",
        )


def _waiting(client: Client, definition: WebhookDefinition) -> str:
    """How many events are in the sequence, in all namespaces: at most so many will be delivered at once."""
    tails = [
        each.tail
        for space in client.namespaces()
        for each in client.at(namespace=space).event_sequences()
        if each.id == definition.event_sequence_id
    ]
    return f"{sum(tail + 1 for tail in tails if tail is not None):,}"
