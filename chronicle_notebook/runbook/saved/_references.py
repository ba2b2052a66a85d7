"""The credentials of a webhook that was read back, as references with names that follow a rule: no kernel returns
credentials.

A webhook ``fraud-watch`` with a bearer token has the token in ``FRAUD_WATCH_TOKEN``. ``%webhook code`` and
``webhooks.code()`` use the same names.
"""

from __future__ import annotations

from chronicle_notebook.base._errors import ChronicleError, SecretUnavailableError
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.definition._references import VariableNames
from chronicle_notebook.definition.rules._authorization import secrets_of
from chronicle_notebook.model import (
    AuthorizationKind,
    BasicAuthorization,
    BearerAuthorization,
    OAuthAuthorization,
    UndisclosedAuthorization,
    WebhookDefinition,
)

_NEEDED = {
    AuthorizationKind.NONE: (),
    AuthorizationKind.BASIC: ("username", "password"),
    AuthorizationKind.BEARER: ("token",),
    AuthorizationKind.OAUTH: ("authority", "client_id", "client_secret"),
    AuthorizationKind.UNKNOWN: (),
}
_SECRET = frozenset({"password", "token", "client_secret"})
"""The secret ones among these fields. A plan shows them as ``env:NAME``, so that the scan looks for their values."""


def required_variables(definition: WebhookDefinition) -> list[str]:
    """The environment variables for everything that a kernel does not return of this webhook."""
    return [(secret.reference or "").removeprefix("env:") for secret in _references(definition).values()]


def missing_variables(definition: WebhookDefinition) -> list[str]:
    """The required variables that are not set."""
    references = _references(definition).values()
    return [(secret.reference or "").removeprefix("env:") for secret in references if not is_set(secret)]


def is_set(secret: Secret) -> bool:
    """Whether a reference has a value, as far as this can be known without asking a user."""
    return not why_unusable(secret)


def why_unusable(secret: Secret) -> str:
    """Why a reference has no value, as a sentence; empty if it has one, or if a user would have to be asked."""
    if secret.reference is not None and secret.reference.startswith("prompt"):
        return ""
    try:
        secret.reveal()
    except ChronicleError as error:
        return error.message
    return ""


def at_hand(definition: WebhookDefinition) -> WebhookDefinition:
    """The definition, after its secrets were looked up. A prompt asks for its secret here.

    :raises SecretUnavailableError: a secret was not found; nothing was sent.
    """
    for _, secret in secrets_of(definition.authorization):
        secret.reveal()
    return definition


def with_credentials(definition: WebhookDefinition) -> WebhookDefinition:
    """The definition with its credentials as references, so that it can be registered again.

    :raises SecretUnavailableError: a variable is not set; nothing was sent.
    """
    absent = missing_variables(definition)
    if absent:
        raise SecretUnavailableError(
            f"The kernel does not give the credentials of {definition.id!r} back, and {', '.join(absent)} "
            f"{'is' if len(absent) == 1 else 'are'} not set.",
            field=absent[0],
            hint=f"Set {', '.join(absent)} where this runs, and run it again.",
        )
    found = _references(definition)
    match definition.authorization:
        case UndisclosedAuthorization(AuthorizationKind.BASIC):
            return definition.changed(authorization=BasicAuthorization(found["username"].reveal(), found["password"]))
        case UndisclosedAuthorization(AuthorizationKind.BEARER):
            return definition.changed(authorization=BearerAuthorization(found["token"]))
        case UndisclosedAuthorization(AuthorizationKind.OAUTH):
            told = OAuthAuthorization(found["authority"].reveal(), found["client_id"].reveal(), found["client_secret"])
            return definition.changed(authorization=told)
    return definition


def needs(definition: WebhookDefinition) -> str:
    """The needed variables and the missing ones, for a plan."""
    references, absent = _references(definition), missing_variables(definition)
    if not references:
        return ""
    told = [
        str(secret.reference).removeprefix("" if purpose in _SECRET else "env:")
        for purpose, secret in references.items()
    ]
    rest = f"; not set: {', '.join(absent)}" if absent else ""
    return f"Its credentials are sent again from {', '.join(told)}{rest}."


def _references(definition: WebhookDefinition) -> dict[str, Secret]:
    if not isinstance(definition.authorization, UndisclosedAuthorization):
        return {}
    names = VariableNames(definition.id, set())
    return {purpose: names.secret(purpose) for purpose in _NEEDED[definition.authorization.kind]}
