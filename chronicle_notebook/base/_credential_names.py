"""Names of headers and parameters that look like credentials. Masking, warnings and generated code use this one
list."""

from __future__ import annotations

import re

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
