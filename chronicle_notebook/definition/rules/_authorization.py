"""Rules for the authorization of deliveries. A reference to a secret is looked up when it is sent, not here."""

from __future__ import annotations

import re
from collections.abc import Callable

from chronicle_notebook.base._errors import ChronicleWarning, LongSecretWarning
from chronicle_notebook.base._secret_rules import unfit
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.definition.rules._problem import Caution, Problem
from chronicle_notebook.definition.rules._text import check_text
from chronicle_notebook.definition.rules._url import check_authority
from chronicle_notebook.model import NoAuthorization, UndisclosedAuthorization, WebhookCredentials
from chronicle_notebook.model._authorization import Content, CredentialField

LONGEST_SECRET = 190
"""The largest number of UTF-8 bytes that RSA-OAEP-SHA256 can encrypt with a 2048-bit key (source:
K/Core/Security/Encryption.cs)."""

_REFERENCE = "Write, for example, Secret.env('NAME')."
_NOT_IN_TOKEN = re.compile(r"[^\x20-\x7e]")


def check_authorization(authorization: object) -> list[Problem]:
    """Check an authorization of any kind and all its fields."""
    if isinstance(authorization, NoAuthorization):
        return []
    if isinstance(authorization, WebhookCredentials):
        values = authorization.values()
        return [problem for part in authorization.parts() for problem in check_field(part, values[part.name])]
    if isinstance(authorization, UndisclosedAuthorization):
        names = ", ".join(text for _, text in authorization.references)
        if names:
            message = f"Some of its credentials have no value here: {names}."
            return [Problem("authorization", message, "Set them where this process starts, and read the file again.")]
        return [
            Problem(
                "authorization",
                "The kernel did not return the credentials, so registering this would lose them.",
                "Give them again with with_basic_auth, with_bearer_token or with_oauth.",
            )
        ]
    message = f"A kernel does not know this kind of authorization: {type(authorization).__name__}."
    return [Problem("authorization", message, "Use with_basic_auth, with_bearer_token or with_oauth.")]


def check_looked_up(part: CredentialField, value: Secret) -> list[Problem]:
    """Check a secret that was looked up. Nobody sees whether quotes around it are meant, so they are refused."""
    return _secret_problems(part, value.reveal(), looked_up=True)


def check_field(part: CredentialField, value: object) -> list[Problem]:
    """Check one field of credentials by its content."""
    return _CHECKS[part.content](part, value)


def _check_username(part: CredentialField, value: object) -> list[Problem]:
    """Check a user name. RFC 7617 ends it at the first ``:``."""
    problems = check_text(value, field=part.name, what=f"The {part.label}")
    if not problems and ":" in str(value):
        message = f"The {part.label} contains ':', where a receiver would end it."
        problems.append(Problem(part.name, message, "Use another."))
    return problems


def _check_secret(part: CredentialField, value: object) -> list[Problem]:
    """Check a secret. A reference is looked up when it is sent, not here."""
    if not isinstance(value, Secret):
        message = f"The {part.label} must be a Secret, not {type(value).__name__}."
        return [Problem(part.name, message, _REFERENCE)]
    return [] if value.reference is not None else _secret_problems(part, value.reveal(), looked_up=False)


def _secret_problems(part: CredentialField, literal: str, *, looked_up: bool) -> list[Problem]:
    """Check the text of a secret: it must not be empty, and must be possible to send.

    :param looked_up: whether it comes from a variable or a keyring. Quotes around a password that somebody wrote down
        may be meant: :func:`secret_caution` asks.
    """
    field, what, token = part.name, f"The {part.label}", part.content is Content.TOKEN
    if not literal:
        return [Problem(field, f"{what} is empty.", _REFERENCE)]
    fault = unfit(literal)
    if fault is not None and fault.question and (looked_up or token):
        return [
            Problem(field, f"{what} {fault.message}", "Remove the quotes: a token has none." if token else fault.hint)
        ]
    if fault is not None and not fault.question and not (fault.inside and token):
        return [Problem(field, f"{what} {fault.message}", fault.hint)]
    return _token_problems(part, literal) if token else []


def _token_problems(part: CredentialField, token: str) -> list[Problem]:
    """Check a bearer token. A kernel puts it into a header as it is."""
    field, what = part.name, f"The {part.label}"
    if _NOT_IN_TOKEN.search(token):
        return [
            Problem(field, f"{what} contains a character that a header cannot contain.", "Check where it comes from.")
        ]
    if token.lower().startswith("bearer "):
        return [Problem(field, f"{what} begins with the word Bearer, which the kernel adds.", "Remove it.")]
    return []


_CHECKS: dict[Content, Callable[[CredentialField, object], list[Problem]]] = {
    Content.TEXT: lambda part, value: check_text(value, field=part.name, what=f"The {part.label}"),
    Content.USER_NAME: _check_username,
    Content.URL: lambda part, value: check_authority(value, field=part.name, what=f"The {part.label}"),
    Content.SECRET: _check_secret,
    Content.TOKEN: _check_secret,
}


def secret_caution(part: CredentialField, value: Secret) -> Caution | None:
    """A caution if a secret has quotes around it, which may be meant, or is too long for a kernel with a 2048-bit
    certificate to encrypt.

    Literals, ``env:`` and ``keyring:`` are looked up to count the bytes. A secret that is not found is ignored here;
    the error comes when the secret is needed. A prompt is never shown for this.
    """
    if value.reference is not None and value.reference.startswith("prompt"):
        return None
    try:
        quoted, length = _looks(value.reveal())
    except Exception:  # noqa: BLE001 - a keyring raises what it likes, and this is only a caution
        return None
    if quoted and value.reference is None:
        message = f"The {part.label} has quotes around it. Are they a part of it?"
        return Caution(part.name, message, "Remove them unless they are.", ChronicleWarning)
    if length <= LONGEST_SECRET:
        return None
    return Caution(
        part.name,
        f"The {part.label} is over {LONGEST_SECRET} bytes; a kernel with a 2048-bit certificate cannot "
        "encrypt that, and registering fails.",
        "Use a shorter one, or OAuth, where the kernel fetches the token itself.",
        LongSecretWarning,
    )


def _looks(secret: str) -> tuple[bool, int]:
    """Whether a secret has quotes around it, and how many bytes it has."""
    fault = unfit(secret)
    return fault is not None and fault.question, len(secret.encode("utf-8", "surrogatepass"))
