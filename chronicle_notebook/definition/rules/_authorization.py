"""Rules for the authorization of deliveries. A reference to a secret is looked up when it is sent, not here."""

from __future__ import annotations

import re

from chronicle_notebook.base._errors import LongSecretWarning
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.definition.rules._problem import Caution, Problem
from chronicle_notebook.definition.rules._text import check_text
from chronicle_notebook.definition.rules._url import check_authority
from chronicle_notebook.model import (
    BasicAuthorization,
    BearerAuthorization,
    NoAuthorization,
    OAuthAuthorization,
    UndisclosedAuthorization,
)

LONGEST_SECRET = 190
"""The largest number of UTF-8 bytes that RSA-OAEP-SHA256 can encrypt with a 2048-bit key (source:
K/Core/Security/Encryption.cs)."""

_REFERENCE = "Write, for example, Secret.env('NAME')."
_NOT_IN_TOKEN = re.compile(r"[^\x20-\x7e]")


def check_authorization(authorization: object) -> list[Problem]:
    """Check an authorization of any kind and all its fields."""
    if isinstance(authorization, NoAuthorization):
        return []
    if isinstance(authorization, BasicAuthorization):
        return [*check_username(authorization.username), *check_secret(authorization.password, field="password")]
    if isinstance(authorization, BearerAuthorization):
        return check_token(authorization.token)
    if isinstance(authorization, OAuthAuthorization):
        return [
            *check_authority(authorization.authority),
            *check_text(authorization.client_id, field="client_id", what="The OAuth client id"),
            *check_secret(authorization.client_secret, field="client_secret"),
        ]
    if isinstance(authorization, UndisclosedAuthorization):
        return [
            Problem(
                "authorization",
                "The credentials were not given back by the kernel, so registering this would lose them.",
                "Give them again with with_basic_auth, with_bearer_token or with_oauth.",
            )
        ]
    message = f"The authorization is of no kind that a kernel knows: {type(authorization).__name__}."
    return [Problem("authorization", message, "Use with_basic_auth, with_bearer_token or with_oauth.")]


def check_username(value: object) -> list[Problem]:
    """Check a user name. RFC 7617 ends it at the first ``:``."""
    problems = check_text(value, field="username", what="The user name")
    if not problems and ":" in str(value):
        problems.append(Problem("username", "The user name holds ':', where a receiver would end it.", "Use another."))
    return problems


def check_secret(value: object, *, field: str) -> list[Problem]:
    """Check a password or client secret: it must not be empty, and must be possible to send."""
    what = f"The {field.replace('_', ' ')}"
    if not isinstance(value, Secret):
        return [Problem(field, f"{what} is not a Secret, but {type(value).__name__}.", _REFERENCE)]
    if value.reference is not None:
        return []
    literal = value.reveal()
    if not literal:
        return [Problem(field, f"{what} is empty.", _REFERENCE)]
    if any("\ud800" <= character <= "\udfff" for character in literal):
        return [Problem(field, f"{what} holds half a character (a lone surrogate).", "Read it again as UTF-8.")]
    return []


def check_token(value: object) -> list[Problem]:
    """Check a bearer token. A kernel puts it into a header as it is."""
    problems = check_secret(value, field="token")
    if problems or not isinstance(value, Secret) or value.reference is not None:
        return problems
    token = value.reveal()
    if token != token.strip():
        return [Problem("token", "The token has white space around it, often from reading a file.", "Use .strip().")]
    if _NOT_IN_TOKEN.search(token):
        return [Problem("token", "The token holds a character that no header can carry.", "Check where it comes from.")]
    if token.lower().startswith("bearer "):
        return [Problem("token", "The token begins with the word Bearer, which the kernel adds.", "Take it away.")]
    return []


def secrets_of(authorization: object) -> list[tuple[str, Secret]]:
    """The secrets of an authorization, with the names of their fields."""
    candidates: list[tuple[str, object]] = []
    if isinstance(authorization, BasicAuthorization):
        candidates.append(("password", authorization.password))
    if isinstance(authorization, BearerAuthorization):
        candidates.append(("token", authorization.token))
    if isinstance(authorization, OAuthAuthorization):
        candidates.append(("client_secret", authorization.client_secret))
    return [(field, value) for field, value in candidates if isinstance(value, Secret)]


def secret_caution(field: str, value: Secret) -> Caution | None:
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
        field,
        f"The {field.replace('_', ' ')} is over {LONGEST_SECRET} bytes; a kernel with a 2048-bit certificate cannot "
        "encrypt that, and registering fails.",
        "Use a shorter one, or OAuth, where the kernel fetches the token itself.",
        LongSecretWarning,
    )
