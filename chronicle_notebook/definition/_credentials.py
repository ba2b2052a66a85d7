"""The credentials of a webhook that was read back, as references with names that follow a rule: no kernel returns
credentials.

A webhook ``fraud-watch`` with a bearer token has the token in ``FRAUD_WATCH_TOKEN``. ``%webhook code`` and
``webhooks.code()`` use the same names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from chronicle_notebook.base._errors import ChronicleError, InvalidInputError, SecretUnavailableError
from chronicle_notebook.base._secret_rules import unfit
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.base._url import ReferencedText
from chronicle_notebook.definition._references import VariableNames
from chronicle_notebook.model import UndisclosedAuthorization, WebhookCredentials, WebhookDefinition, secrets_of


def required_variables(definition: WebhookDefinition) -> list[str]:
    """The environment variables for everything that a kernel does not return of this webhook."""
    return [(secret.reference or "").removeprefix("env:") for secret in _references(definition).values()]


def refuse_shared(variables: Mapping[str, Iterable[str]], *, field: str) -> None:
    """Refuse a run that would read one environment variable for two webhooks: the credential of one party would be sent
    to another party.

    :param variables: the names of the variables of each webhook, by its id.
    :raises InvalidInputError: two webhooks share a variable. The error names both.
    """
    owners: dict[str, str] = {}
    for webhook, names in variables.items():
        for name in names:
            owner = owners.setdefault(name, webhook)
            if owner != webhook:
                raise InvalidInputError(
                    f"{name} would be read for {owner!r} and for {webhook!r}: what one party gave would be sent to the "
                    "other party.",
                    field=field,
                    hint="Run them one after the other, and set the variable anew in between; or give each its own "
                    "variable in the file.",
                )


def missing_variables(definition: WebhookDefinition) -> list[str]:
    """The required variables that are not set."""
    references = _references(definition).values()
    return [(secret.reference or "").removeprefix("env:") for secret in references if not is_set(secret)]


def is_set(secret: Secret) -> bool:
    """Whether a reference has a value, as far as this can be known without asking a user."""
    try:
        return _asks(secret) or bool(secret.reveal())
    except ChronicleError:
        return False


def why_unusable(secret: Secret) -> str:
    """Why a reference cannot be used, as a sentence: it has no value, or one that cannot be a secret. Empty if it can
    be used, or if a user would have to be asked."""
    if _asks(secret):
        return ""
    try:
        fault = unfit(secret)
    except ChronicleError as error:
        return error.message
    return "" if fault is None else f"What {secret.reference} holds {fault.message}"


def _asks(secret: Secret) -> bool:
    return (secret.reference or "").startswith("prompt")


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
    kind = _undisclosed(definition)
    if kind is None:
        return definition
    secret = kind.secret_part().name
    values = {name: each if name == secret else each.reveal() for name, each in found.items()}
    return definition.changed(authorization=kind.of(_listed(definition) | values))


def with_references(definition: WebhookDefinition) -> WebhookDefinition:
    """The definition with its credentials as the references that the rule gives them, whether they have a value or not.

    It is what a file has, and equal to it after it was read again.
    """
    kind, found = _undisclosed(definition), _references(definition)
    if kind is None:
        return definition
    listed = _listed(definition)
    texts = [part.name for part in kind.parts() if not part.secret and part.name not in listed]
    if not all(is_set(found[name]) for name in texts):
        told = tuple((listed | {name: secret.reference or "" for name, secret in found.items()}).items())
        return definition.changed(authorization=UndisclosedAuthorization(kind.kind, told))
    values = {name: ReferencedText.of(found[name].reveal(), found[name].reference or "") for name in texts}
    return definition.changed(authorization=kind.of(listed | found | values))


def needs(definition: WebhookDefinition) -> str:
    """The needed variables and the missing ones, for a plan."""
    references, absent = _references(definition), missing_variables(definition)
    if not references:
        return ""
    kind = _undisclosed(definition)
    secret_name = "" if kind is None else kind.secret_part().name
    # A plan names the secret as ``env:NAME``, so that its value is searched in what is saved.
    told = [
        str(secret.reference).removeprefix("" if purpose == secret_name else "env:")
        for purpose, secret in references.items()
    ]
    rest = f"; not set: {', '.join(absent)}" if absent else ""
    return f"Its credentials are sent again from {', '.join(told)}{rest}."


def _undisclosed(definition: WebhookDefinition) -> type[WebhookCredentials] | None:
    """The kind of the credentials that a kernel did not return; None if there are none, or the kind is not known."""
    authorization = definition.authorization
    return authorization.credentials if isinstance(authorization, UndisclosedAuthorization) else None


def _listed(definition: WebhookDefinition) -> dict[str, str]:
    """What the kernel lists of the credentials, so that nobody is asked for it."""
    authorization = definition.authorization
    return authorization.listed if isinstance(authorization, UndisclosedAuthorization) else {}


def _references(definition: WebhookDefinition) -> dict[str, Secret]:
    kind, names, listed = _undisclosed(definition), VariableNames(definition.id, set()), _listed(definition)
    return (
        {} if kind is None else {part.name: names.secret(part.name) for part in kind.parts() if part.name not in listed}
    )
