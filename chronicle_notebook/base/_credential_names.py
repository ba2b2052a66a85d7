"""Names of headers and parameters that tell of a credential: one list, for what is masked, warned of and left out."""

from __future__ import annotations

import re

_CREDENTIAL = re.compile(
    r"token|secret|passw|passphrase|pwd|credential|cookie|bearer|session|signature|jwt|authori[sz]|authentic|oauth"
    r"|api[-_]?key|access[-_]?key|private[-_]?key"
    # Words that are also a part of others: an author and a keyword are no secrets.
    r"|(^|[-_])(auth|authn|authz|hmac|otp|pass|pin|sig)($|[-_\d])|auth$|(^|[-_])key[-_]id$|key$"
)
_OTHER_KEYS = re.compile(
    r"(^|[-_])(cache|correlation|dedup|group|idempotency|message|partition|primary|routing|sort)[-_]?key$"
)
"""Keys that find something and open nothing."""

_PARAMETERS = frozenset({"code"})
"""Names that address a credential in a query alone: hosts of functions know theirs by ``code``."""

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
"""Headers whose values say what nobody hides. Of any other one a value that was read back may have been a secret."""


def looks_like_credential(name: str) -> bool:
    """Whether a header of this name is likely to carry a secret."""
    lowered = name.lower()
    return bool(_CREDENTIAL.search(lowered)) and not _OTHER_KEYS.search(lowered)


def parameter_looks_like_credential(name: str) -> bool:
    """Whether a parameter of a query, whose name is decoded, is likely to carry a secret."""
    return looks_like_credential(name) or name.lower() in _PARAMETERS
