"""A new consumer: one webhook, whose target is tested before it is registered. It never replaces another webhook."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.base._url import another
from chronicle_notebook.definition._builder import DefinitionBuilder
from chronicle_notebook.definition._credentials import at_hand, why_unusable
from chronicle_notebook.model import AuthorizationKind, WebhookDefinition
from chronicle_notebook.registration._differences import FIELDS, Effect, differing, foreseen
from chronicle_notebook.registration._losses import (
    CREDENTIALS_COME_LATER,
    IN_USE_FOR_A_WHILE,
    UPDATES_DROPPED,
    drops_updates,
    refuse_new_credentials,
)
from chronicle_notebook.runbook.engine._step import Step
from chronicle_notebook.runbook.recipes._rotation import RESENT
from chronicle_notebook.runbook.recipes._target_store import answers
from chronicle_notebook.session._client import Client

FROM_THE_START = (
    "A new observer begins with the first event of the sequence: all {count} events so far that are of its types will "
    "be delivered."
)
GOES_ON = (
    "An observer of this id is there from before, and keeps its position: it goes on at number {numbers}, and what is "
    "before that is not delivered. For all events choose another id, or have it replayed."
)
FROM_NOW_ON = (
    "What it gets more of comes from now on: events of before are delivered only when its observer is replayed."
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
    accept_defects: Collection[str] = (),
    timeout: float = 10.0,
) -> list[Step]:
    """The steps that register a webhook for a new consumer.

    :param event_types: ids that the event store must know.
    :param token: a bearer token; or give ``username`` and ``password``; or neither.
    :param test_target: first test whether the target answers 2xx, with these credentials.
    :param accept_defects: the names of known bugs that do not concern this kernel.
    :param timeout: seconds for the target.
    :raises InvalidInputError: a webhook with another target has the id, a definition cannot work, credentials are
        incomplete or given twice, or the kernel would lose events or ignore the change.
    """
    known = {each.id for each in client.event_types()}
    builder = _with_credentials(DefinitionBuilder().with_event_types(*event_types), token, username, password)
    definition = builder.build(webhook, url, known_event_types=known)
    found = client.webhooks.all().find(webhook)
    changes = [] if found is None else _changes(client, definition, found, accept_defects)
    if found is None or "authorization" in changes:
        refuse_new_credentials(client, definition, accept_defects)

    def there() -> bool | None:
        now = client.webhooks.all().find(webhook)
        if now is None or differing(definition, now):
            return False
        # Nobody can know which credentials a webhook has.
        return True if definition.authorization.kind is AuthorizationKind.NONE else None

    return [
        *([answers(definition, lambda: definition, timeout=timeout)] if test_target else []),
        Step(
            webhook,
            _what(definition, found),
            do=lambda: client.webhooks.register(at_hand(definition)),
            done=there,
            note=_note(client, definition, found, token or password),
        ),
    ]


def _with_credentials(
    builder: DefinitionBuilder, token: Secret | None, username: str | None, password: Secret | None
) -> DefinitionBuilder:
    if token is not None and (username is not None or password is not None):
        raise InvalidInputError(
            "A token and also a user name or password are given, but a webhook has only one kind of credentials.",
            field="token",
            hint="Leave out one of them.",
        )
    if token is not None:
        return builder.with_bearer_token(token)
    if username is not None and password is not None:
        return builder.with_basic_auth(username, password)
    if username is not None or password is not None:
        absent = "password" if password is None else "username"
        raise InvalidInputError(
            f"A user name and a password go together, and the {absent} is not given: without it the deliveries would "
            "carry no credentials.",
            field=absent,
            hint=f"Give the parameter {absent}{' as a reference, env:NAME' if absent == 'password' else ''}.",
        )
    return builder


def _changes(
    client: Client, definition: WebhookDefinition, found: WebhookDefinition, accepted: Collection[str]
) -> list[str]:
    """The fields in which the existing webhook differs, if the kernel would change them.

    :raises InvalidInputError: the webhook belongs to somebody else, or the kernel would not change it.
    """
    if found.target_url != definition.target_url:
        raise InvalidInputError(
            f"Event store {client.event_store!r} already has a webhook {definition.id!r}, with another target.",
            field="webhook",
            hint="Choose another id. To move an existing webhook, use the runbook for that.",
        )
    names = differing(definition, found)
    ignored = [name for name in names if foreseen(name, definition, found)[0] is Effect.IGNORED]
    dropped = UPDATES_DROPPED not in accepted and drops_updates(client, client.webhooks.all())
    if ignored or (names and dropped):
        defect = "" if ignored else f" ({UPDATES_DROPPED})"
        raise InvalidInputError(
            f"Event store {client.event_store!r} has a webhook {definition.id!r} already, with another "
            f"{', '.join(ignored or names)}, which this kernel does not change{defect}.",
            field="webhook",
            hint="Choose another id; or replace it: client.webhooks.replace() removes it and registers it again.",
        )
    return names


def _what(definition: WebhookDefinition, found: WebhookDefinition | None) -> str:
    if found is None:
        return f"register it for {', '.join(map(str, definition.event_types))}"
    names = differing(definition, found)
    shows = {field.name: field.show for field in FIELDS}
    told = [
        f"{name}: {another(shows[name](found), shows[name](definition))} instead of {shows[name](found)}"
        for name in names
    ]
    if told:
        return f"change it, as it is there already: {'; '.join(told)}"
    if definition.authorization.kind is AuthorizationKind.NONE:
        return f"register it for {', '.join(map(str, definition.event_types))}"
    return f"send its {definition.authorization.kind.value} credentials again"


def _note(client: Client, definition: WebhookDefinition, found: WebhookDefinition | None, secret: Secret | None) -> str:
    told = [] if secret is None else [why_unusable(secret)]
    if found is None:
        told.append(_beginning(client, definition))
        if secret is not None:
            told.append(CREDENTIALS_COME_LATER)
    else:
        told += [FROM_NOW_ON] if "event_types" in differing(definition, found) else []
        told += [RESENT] if secret is not None else []
        told.append(IN_USE_FOR_A_WHILE)
    return " ".join(each for each in told if each)


def _beginning(client: Client, definition: WebhookDefinition) -> str:
    """Which events will come. A webhook that was removed leaves its position behind."""
    numbers = [
        f"{each.next_sequence_number} in namespace {each.namespace!r}"
        for each in client.observers()
        if each.id == definition.id and each.event_sequence_id == definition.event_sequence_id
    ]
    if numbers:
        return GOES_ON.format(numbers=", ".join(numbers))
    return FROM_THE_START.format(count=_waiting(client, definition))


def _waiting(client: Client, definition: WebhookDefinition) -> str:
    """The number of events in the sequence, in all namespaces: at most so many events are delivered at once."""
    tails = [
        each.tail
        for space in client.namespaces()
        for each in client.at(namespace=space).event_sequences()
        if each.id == definition.event_sequence_id
    ]
    return f"{sum(tail + 1 for tail in tails if tail is not None):,}"
