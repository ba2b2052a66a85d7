"""Rules for the authorization of deliveries. A reference to a secret is looked up when it is sent, not here."""

from __future__ import annotations

import re
from collections.abc import Callable

from chronicle_notebook.base._errors import LongSecretWarning
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.definition.rules._problem import Caution, Problem
from chronicle_notebook.definition.rules._text import check_text
from chronicle_notebook.definition.rules._url import check_authority
from chronicle_notebook.model import Credentials, NoAuthorization, UndisclosedAuthorization
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
    if isinstance(authorization, Credentials):
        values = authorization.values()
        return [problem for part in authorization.parts() for problem in check_field(part, values[part.name])]
    if isinstance(authorization, UndisclosedAuthorization):
        return [
            Problem(
                "authorization",
                "The kernel did not return the credentials, so registering this would lose them.",
                "Give them again with with_basic_auth, with_bearer_token or with_oauth.",
            )
        ]
    message = f"A kernel does not know this kind of authorization: {type(authorization).__name__}."
    return [Problem("authorization", message, "Use with_basic_auth, with_bearer_token or with_oauth.")]


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


def _check_secret(
    part: CredentialField, value: object, more: Callable[[CredentialField, str], list[Problem]] = lambda _, __: []
) -> list[Problem]:
    """Check a password or client secret: it must not be empty, and must be possible to send.

    :param more: further rules for a literal, which is looked up once.
    """
    field, what = part.name, f"The {part.label}"
    if not isinstance(value, Secret):
        return [Problem(field, f"{what} must be a Secret, not {type(value).__name__}.", _REFERENCE)]
    if value.reference is not None:
        return []
    literal = value.reveal()
    if not literal:
        return [Problem(field, f"{what} is empty.", _REFERENCE)]
    if any("\ud800" <= character <= "\udfff" for character in literal):
        return [Problem(field, f"{what} contains half a character (a lone surrogate).", "Read it again as UTF-8.")]
    return more(part, literal)


def _token_problems(part: CredentialField, token: str) -> list[Problem]:
    """Check a bearer token. A kernel puts it into a header as it is."""
    field, what = part.name, f"The {part.label}"
    if token != token.strip():
        return [Problem(field, f"{what} has white space around it, often from reading a file.", "Use .strip().")]
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
    Content.TOKEN: lambda part, value: _check_secret(part, value, _token_problems),
}


def secret_caution(part: CredentialField, value: Secret) -> Caution | None:
    """A caution if a secret is too long for a kernel with a 2048-bit certificate to encrypt.

    Literals, ``env:`` and ``keyring:`` are looked up to count the bytes. A secret that is not found is ignored here;
    the error comes when the secret is needed. A prompt is never shown for this.
    """
    if value.reference is not None and value.reference.startswith("prompt"):
        return None
    try:
        length = len(value.reveal().encode("utf-8", "surrogatepass"))
    except Exception:  # noqa: BLE001 - a keyring raises what it likes, and this is only a caution
        return None
    if length <= LONGEST_SECRET:
        return None
    return Caution(
        part.name,
        f"The {part.label} is over {LONGEST_SECRET} bytes; a kernel with a 2048-bit certificate cannot "
        "encrypt that, and registering fails.",
        "Use a shorter one, or OAuth, where the kernel fetches the token itself.",
        LongSecretWarning,
    )
