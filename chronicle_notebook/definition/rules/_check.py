"""The rules for a definition, used by ``build``, by ``register`` and by the form.

Kernels check very little (source: Core/Observation/Webhooks, AddWebhooks). They accept and store a definition that can
never deliver, and report nothing. This module refuses such a definition before anything is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from urllib.parse import urlsplit

from chronicle_notebook.base._errors import (
    CredentialUrlWarning,
    DuplicateWebhookError,
    InvalidDefinitionError,
    UnknownEventTypeError,
    did_you_mean,
)
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.base._url import is_local
from chronicle_notebook.base._warning import warn_user
from chronicle_notebook.definition.rules._authorization import check_authorization, check_looked_up, secret_caution
from chronicle_notebook.definition.rules._header import (
    check_header,
    check_header_name,
    check_header_value,
    check_headers,
    header_caution,
    value_caution,
)
from chronicle_notebook.definition.rules._problem import Caution, Problem
from chronicle_notebook.definition.rules._text import check_event_sequence_id, check_flag, check_id, check_text
from chronicle_notebook.definition.rules._url import (
    check_authority,
    check_target_url,
    long_url_caution,
    odd_host_caution,
    target_url_caution,
)
from chronicle_notebook.model import (
    KERNEL_EVENT_TYPES,
    EventType,
    NoAuthorization,
    UndisclosedAuthorization,
    WebhookCredentials,
    WebhookDefinition,
    secrets_of,
)
from chronicle_notebook.model._authorization import Content

__all__ = [
    "Caution",
    "Problem",
    "about",
    "cautions",
    "check",
    "check_authority",
    "check_authorization",
    "check_distinct",
    "check_event_sequence_id",
    "check_event_type",
    "check_event_types",
    "check_flag",
    "check_header",
    "check_header_name",
    "check_header_value",
    "check_headers",
    "check_id",
    "check_known",
    "check_target_url",
    "header_caution",
    "long_url_caution",
    "odd_host_caution",
    "problems",
    "secret_caution",
    "target_url_caution",
    "unlisted_generations",
    "warn",
]

LARGEST_GENERATION = 2**32 - 1
"""The largest generation: on the wire it is an unsigned 32-bit number (source: K/Contracts/Events/EventType.cs)."""

GENERATION_SEPARATOR = "+"
"""Kernels put this character between the id and the generation of an event type, and misread an id that contains it: a
webhook with such an id makes every list of webhooks of its event store fail (seen on 16.37.1 and on a build of 16.38).
"""

_SHOWN_ID = 60


def problems(definition: WebhookDefinition, *, known_event_types: Collection[str] | None = None) -> list[Problem]:
    """Everything in a definition that cannot work, in the order of its fields; empty if it can be registered.

    :param known_event_types: the ids of the event store's event types; without them, every event type is accepted.
    """
    authorized = not isinstance(definition.authorization, NoAuthorization)
    return [
        *check_id(definition.id),
        *check_target_url(definition.target_url),
        *check_event_types(definition.event_types, known_event_types=known_event_types),
        *check_event_sequence_id(definition.event_sequence_id),
        *check_headers(definition.headers, authorized=authorized),
        *check_authorization(definition.authorization),
        *check_flag(definition.replayable, field="replayable"),
        *check_flag(definition.active, field="active"),
    ]


def check(definition: WebhookDefinition, *, known_event_types: Collection[str] | None = None) -> None:
    """Raise the first problem.

    :raises UnknownEventTypeError: an event type is not one of ``known_event_types``.
    :raises InvalidDefinitionError: another field cannot work; ``field`` and ``webhook`` say which.
    """
    _refuse(definition, problems(definition, known_event_types=known_event_types))


def check_known(definition: WebhookDefinition, *, known_event_types: Collection[str]) -> None:
    """Raise the first problem of the event types in a definition that has passed the other rules.

    :raises UnknownEventTypeError: an event type is not in ``known_event_types``.
    """
    _refuse(definition, check_event_types(definition.event_types, known_event_types=known_event_types))


def _refuse(definition: WebhookDefinition, found: list[Problem]) -> None:
    for problem in found:
        webhook = "" if check_id(definition.id) else definition.id
        message = f"Webhook {_shown(webhook)}: {problem.message}" if webhook else problem.message
        raise problem.error(message, field=problem.field, webhook=webhook, hint=problem.hint)


@contextmanager
def about(webhook: object) -> Iterator[None]:
    """Add the id of the webhook to a definition error of a builder, which does not know the id."""
    try:
        yield
    except InvalidDefinitionError as error:
        if not error.webhook and isinstance(webhook, str) and not check_id(webhook):
            error.webhook = webhook
            error.message = f"Webhook {_shown(webhook)}: {error.message}"
            error.args = (error.message,)
        raise


def _shown(webhook: str) -> str:
    return repr(webhook if len(webhook) <= _SHOWN_ID else f"{webhook[:_SHOWN_ID]}…")


def check_event_types(
    event_types: Collection[object], *, known_event_types: Collection[str] | None = None
) -> list[Problem]:
    """Check the event types of a webhook. It needs at least one.

    A kernel has no default: without event types an observer is disconnected and never receives anything (source:
    K/Core/Observation/States/Routing.cs). Storing two equal event types fails (source: K/Storage.MongoDB).
    """
    if not event_types:
        message = "There are no event types, so the webhook would never receive an event."
        return [Problem("event_types", message, "Name at least one with with_event_type.")]
    found: list[Problem] = []
    seen: set[tuple[object, object]] = set()
    for event_type in event_types:
        wrong = check_event_type(event_type, known_event_types=known_event_types)
        found.extend(wrong)
        if wrong or not isinstance(event_type, EventType):
            continue
        if (event_type.id, event_type.generation) in seen:
            message = f"The event type {str(event_type)!r} is named twice."
            found.append(Problem("event_types", message, "Name it only once."))
        seen.add((event_type.id, event_type.generation))
    return found


def check_event_type(event_type: object, *, known_event_types: Collection[str] | None = None) -> list[Problem]:
    """Check one event type. If the known ids are given, its id must be one of them."""
    field = "event_types"
    if not isinstance(event_type, EventType):
        message = f"An event type is an EventType, not {type(event_type).__name__}."
        return [Problem(field, message, "Use with_event_type, which takes an id or a class as well.")]
    found = check_text(event_type.id, field=field, what="The id of an event type")
    if not found and GENERATION_SEPARATOR in event_type.id:
        name = _shown(event_type.id)
        message = f"The event type id {name} contains '+', and one such id makes a kernel's lists fail."
        found.append(Problem(field, message, "Use another id. 'Id+2' as a text means generation 2 of 'Id'."))
    generation: object = event_type.generation
    if isinstance(generation, bool) or not isinstance(generation, int) or not 1 <= generation <= LARGEST_GENERATION:
        message = f"The generation of an event type is a whole number from 1 to {LARGEST_GENERATION}."
        found.append(Problem(field, message, "Leave it out for the first."))
    if not found and known_event_types is not None and event_type.id not in known_event_types:
        message = f"The event store has no event type {event_type.id!r}, so the webhook would never receive it."
        # The kernel's own event types exist too, but a client's webhook does not need them.
        offered = [name for name in known_event_types if name not in KERNEL_EVENT_TYPES]
        hint = did_you_mean(event_type.id, offered) or _known(offered)
        found.append(Problem(field, message, hint, UnknownEventTypeError))
    return found


def _known(names: Collection[str]) -> str:
    if not names:
        return "Register event types first; this event store has none."
    some = sorted(names)[:5]
    rest = f" and {len(names) - len(some)} more" if len(names) > len(some) else ""
    return f"It has {', '.join(map(repr, some))}{rest}."


def unlisted_generations(definition: WebhookDefinition, latest: Mapping[str, int], *, contract: str) -> tuple[str, ...]:
    """Remarks about event types in a generation that the event store does not know yet, each as two sentences.

    This is not an error, unlike an unknown id: a kernel matches events by the id only (source:
    K/Core/EventSequences/AppendedEventsQueue.cs). So the webhook receives its events, and the number is only shown.

    :param latest: the latest generation of each event type by its id. The listing of a kernel has no more than that.
    :param contract: the wire generation. ``classic`` kernels on MongoDB always list generation 1 (source:
        K/Storage.MongoDB/EventTypes/EventTypesStorage.cs), so a 1 from them means nothing.
    """
    return tuple(
        f"The event store knows {kind.id} up to generation {latest[kind.id]}, not {kind}. Kernels match events by the "
        "id alone, so it gets those of every generation."
        for kind in definition.event_types
        if latest.get(kind.id, kind.generation) < kind.generation
        and not (contract == "classic" and latest[kind.id] == 1)
    )


def cautions(definition: WebhookDefinition) -> list[Caution]:
    """Cautions about a definition that works: credentials in a URL, in headers or over http, values of headers that
    .NET refuses, and URLs and secrets that are too long.

    Secrets are looked up to count their bytes, unless this would ask a user.
    """
    headers = definition.headers.items()
    from_headers = [rule(name, value) for rule in (header_caution, value_caution) for name, value in headers]
    from_secrets = [secret_caution(part, value) for part, value in secrets_of(definition.authorization)]
    from_url = [rule(definition.target_url) for rule in (target_url_caution, long_url_caution, odd_host_caution)]
    found = (*from_url, *exposures(definition), *from_headers, *from_secrets)
    return [caution for caution in found if caution is not None]


def warn(definition: WebhookDefinition) -> None:
    """Give the cautions as warnings at the user's line."""
    for caution in cautions(definition):
        message = f"Webhook {_shown(definition.id)}: {caution.message} {caution.hint}".rstrip()
        warn_user(message, caution.warning)


def check_distinct(definitions: Iterable[WebhookDefinition]) -> None:
    """Refuse two definitions with the same id in one call: a kernel would make two webhooks with one name from them.

    :raises DuplicateWebhookError: two definitions have the same id. The message names the id, and both by position and
        host.
    """
    seen: dict[str, tuple[int, WebhookDefinition]] = {}
    for position, definition in enumerate(definitions, start=1):
        first = seen.setdefault(definition.id, (position, definition))
        if first[0] != position:
            both = f"{_place(*first)} and {_place(position, definition)}"
            raise DuplicateWebhookError(
                f"Two definitions have the id {_shown(definition.id)}: {both}.",
                field="id",
                hint="Give each webhook an id of its own.",
            )


def _place(position: int, definition: WebhookDefinition) -> str:
    # Only the host: the rest of a URL may contain a token.
    host = "" if check_target_url(definition.target_url) else urlsplit(definition.target_url).hostname
    return f"number {position} (to {host})" if host else f"number {position}"


def check_revealed(definition: WebhookDefinition) -> None:
    """Look every secret up, and refuse a secret that cannot be sent. A prompt asks the user.

    :raises SecretUnavailableError: the secret of a reference was not found.
    :raises InvalidDefinitionError: the value cannot work. The error does not repeat it.
    """
    for part, secret in secrets_of(definition.authorization):
        _check(definition, secret, partial(check_looked_up, part))
    for name, value in definition.headers.items():
        if isinstance(value, Secret):
            _check(definition, value, partial(check_header_value, name))


def _check(definition: WebhookDefinition, secret: Secret, rule: Callable[[Secret], list[Problem]]) -> None:
    if secret.reference is None:
        return
    for problem in rule(Secret(secret.reveal())):
        raise problem.error(
            f"Webhook {definition.id!r}: {problem.message}",
            field=problem.field,
            webhook=definition.id,
            hint=f"It comes from {secret.reference}: check how this is set. {problem.hint}".rstrip(),
        )


def exposures(definition: WebhookDefinition) -> list[Caution]:
    """A caution for each http URL to which credentials are sent, except on this machine. It repeats nothing of the
    URL."""
    authorization = definition.authorization
    found = []
    if isinstance(authorization, WebhookCredentials | UndisclosedAuthorization) and _is_open(definition.target_url):
        found.append(
            Caution(
                "target_url",
                "The target is http, so the credentials go over the network in clear with each delivery.",
                "Use https, unless nobody else can read the traffic.",
                CredentialUrlWarning,
            )
        )
    parts = authorization.parts() if isinstance(authorization, WebhookCredentials) else ()
    found += [
        Caution(
            part.name,
            f"The {part.label} is http, so the client's secret and the token go over the network in clear.",
            "Use https, unless nobody else can read the traffic.",
            CredentialUrlWarning,
        )
        for part in parts
        if part.content is Content.URL and _is_open(getattr(authorization, part.name))
    ]
    return found


def _is_open(url: object) -> bool:
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
        return parts is not None and parts.scheme == "http" and not is_local(parts.hostname or "")
    except ValueError:  # another rule reports a text that is not a URL
        return False
