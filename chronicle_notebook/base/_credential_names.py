"""Names that look like credentials. Masking, warnings, generated code and the scan use this one list.

There are two questions. A header or a parameter *may* carry a credential (:func:`looks_like_credential`): its value is
masked. A name in a text *says* that its value is a secret (:func:`names_a_secret`): the scan looks at the value.
"""

from __future__ import annotations

import re
from functools import lru_cache

_CREDENTIAL = re.compile(
    r"token|secret|passw|passphrase|pwd|credential|cookie|bearer|session|signature|jwt|authori[sz]|authentic|oauth"
    r"|api[-_]?key|access[-_]?key|private[-_]?key"
    # Short words that are also part of harmless words such as author and keyword.
    r"|(^|[-_])(auth|authn|authz|hmac|otp|pass|pin|sig)($|[-_\d])|auth$|(^|[-_])key[-_]id$|key$"
)
_OTHER_KEYS = re.compile(
    r"(^|[-_])(cache|correlation|dedup|group|idempotency|message|partition|primary|routing|sort)[-_]?key$"
)
"""Keys that identify something but give no access."""

_PARAMETERS = frozenset({"code"})
"""Names that are a credential only in a query: hosts of functions call their key ``code``."""

HARMLESS_HEADERS = frozenset(
    {
        "accept",
        "accept-charset",
        "accept-encoding",
        "accept-language",
        "api-version",
        "cache-control",
        "prefer",
        "traceparent",
        "user-agent",
        "x-api-version",
        "x-app",
        "x-application",
        "x-env",
        "x-environment",
        "x-event-store",
        "x-origin",
        "x-region",
        "x-service",
        "x-source",
        "x-stage",
        "x-team",
        "x-tenant",
        "x-version",
    }
)
"""Headers whose values are never secret. The value of any other header may be a secret."""


def looks_like_credential(name: str) -> bool:
    """Whether a header of this name is likely to carry a secret."""
    lowered = name.lower()
    return bool(_CREDENTIAL.search(lowered)) and not _OTHER_KEYS.search(lowered)


def parameter_looks_like_credential(name: str) -> bool:
    """Whether a parameter of a query is likely to carry a secret. The name must be decoded."""
    return looks_like_credential(name) or name.lower() in _PARAMETERS


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SECRET_WORD = re.compile(
    r"(?:token|secrets?|passw(?:or)?d|passwort|passphrase|passcode|pwd|credentials?|bearer|jwt|authorization"
    r"|(?:api|access|account|auth|private|secret|shared|signing|encryption|master)key)$|pass$(?<!bypass)(?<!compass)"
)
"""The endings of a word that names a secret: ``token``, ``clientsecret``, ``apikey``."""
_KEYS = re.compile(
    r"access|account|admin|api|app|auth|deploy|encryption|fernet|function|functions|gpg|hmac|jwt|license|master"
    r"|private|root|secret|security|server|service|session|shared|signing|ssh|storage|subscription|webhook"
)
"""Words that, before ``key``, make the name of a secret."""
_ABOUT = re.compile(
    r"age|algorithm|arn|class|column|count|data|digest|dir|directory|endpoint|env|environment|expiration|expires"
    r"|expiry|field|file|filename|fingerprint|folder|format|function|generator|group|hash|header|help|hint|host"
    r"|id|ids|in|index|kind|label|length|lifetime|limit|manager|md5|message|method|mode|name|names|page|path"
    r"|pattern|placeholder|policy|prefix|prompt|provider|ref|reference|regex|request|required|rotation|rule"
    r"|rules|schema|scope|service|sha|size|source|state|status|store|suffix|thumbprint|timeout|ttl|type|types"
    r"|uri|url|usage|user|username|validator|variable|version"
)
"""Endings of names that describe a secret: where it is, its kind, how long it lives."""
_NUMBERS = re.compile(r"count|has|is|max|min|n|no|num|number|require|requires|show|total|use|with")
_HARMLESS_TOKENS = re.compile(
    r"authenticity|bos|cancel|cancellation|change|cls|completion|concurrency|continuation|correlation|csrf"
    r"|cursor|design|eos|etag|event|idempotency|mask|next|pad|page|paging|partition|position|prompt|resume|row"
    r"|sep|sequence|stop|sync|tracking|unk|version|watermark|xsrf"
)
"""Words that, before ``token``, mean something other than a secret: a page, a place in a sequence, a piece of text."""


@lru_cache(maxsize=4096)
def names_a_secret(name: str) -> bool:
    """Whether a name is the name of a secret itself.

    ``db_password``, ``clientSecret`` and ``X-Api-Key`` are; ``token_url``, ``secret_name`` and ``next_token`` are not.
    """
    words = [word.lower() for word in _WORD.findall(name) if not word.isdigit()]
    for index in range(len(words) - 1, -1, -1):
        word, before = words[index], words[index - 1] if index else ""
        if not (_SECRET_WORD.search(word) or (word == "key" and _KEYS.fullmatch(before))):
            continue
        after = words[index + 1 :]
        if after and _ABOUT.fullmatch(after[-1]):
            return False
        if "public" in words or _NUMBERS.fullmatch(words[0]):
            return False
        return word != "token" or not _HARMLESS_TOKENS.fullmatch(before)
    return False


@lru_cache(maxsize=4096)
def names_a_password(name: str) -> bool:
    """Whether a name is the name of a password. People make passwords up, so a password may be short, or a word."""
    return names_a_secret(name) and re.search(r"pass|pwd", name, re.IGNORECASE) is not None


@lru_cache(maxsize=4096)
def variable_may_hold_secret(name: str) -> bool:
    """Whether an environment variable of this name is likely to contain a secret, also one with a secret inside."""
    return names_a_secret(name) or re.search(r"(?:^|_)(?:CONNECTION_?STRING|DSN)$", name, re.IGNORECASE) is not None
