"""What is a secret by its looks, or by what stands before it: tokens, keys, headers, URLs and queries."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from chronicle_notebook.base._credential_names import parameter_looks_like_credential
from chronicle_notebook.scan._finder import Finder, values_of
from chronicle_notebook.scan._value import is_random, is_secret, is_written_out

_TOKENS = {
    "AWS access key": (("akia", "asia"), r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "GitHub token": (
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        r"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{40,}\b",
    ),
    "GitLab token": (("glpat-",), r"\bglpat-[A-Za-z0-9_-]{20,}"),
    "Google API key": (("aiza",), r"\bAIza[0-9A-Za-z_-]{35}\b"),
    "JSON Web Token": (("eyj",), r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}"),
    "Slack token": (("xox",), r"\bxox[abeoprs]-[A-Za-z0-9-]{20,}"),
    "Stripe key": (("k_live_", "whsec_"), r"\b[rs]k_live_[A-Za-z0-9]{16,}|\bwhsec_[A-Za-z0-9+/=]{24,}"),
    "package registry token": (("npm_", "pypi-"), r"\bnpm_[A-Za-z0-9]{36}\b|\bpypi-[A-Za-z0-9_-]{50,}"),
    "private key": (("private key-----",), r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----"),
    # A part of it is one too: it shows that somebody has the rest, and whose certificate opens it.
    "ciphertext of a kernel": (("crk1:",), r"\bcrk1:[0-9A-Fa-f]{8,}:[A-Za-z0-9+/=]{16,}"),
}
_AUTHORIZATION = values_of(
    r"""[Aa](?i:uthorization["']?\s*[:=,]\s*["']?(?:bearer|basic|token))\s+(?P<value>[A-Za-z0-9._~+/=-]{8,})"""
)
_BASIC = values_of(r"[Bb]asic[ \t]+(?P<value>[A-Za-z0-9+/]{8,}={0,2})(?![A-Za-z0-9+/=])")
_URL = re.compile(
    r"""\b[a-z][a-z0-9+.-]{1,20}://[^\s/?#"'<>@:\\]*:([^\s/?#"'<>@\\]+)@([^\s/?#"'<>:\\]*)""", re.IGNORECASE
)
_RESERVED = re.compile(r"(?:^|\.)(?:example(?:\.(?:com|net|org))?|invalid|test)$", re.IGNORECASE)
"""Hosts that are set aside for documentation, so that nobody has a password there (RFC 2606)."""
_OPTION = values_of(
    r"""[?&;](?:apikey|api_key|access_token|client_secret|certificatepassword|password)=(?P<value>[^&\s"'<>;\\]+)""",
    flags=re.IGNORECASE,
)
_PARAMETER = re.compile(r"""(?:\?|&(?:amp;)?)([A-Za-z][\w.-]{0,60})=([^&\s"'<>;\\)\]`]+)""")
_SURE = re.compile(r"(?:token|api[-_]?key|sig|secret)", re.IGNORECASE)
"""Names of a query whose value is a secret whatever it looks like."""


def _in_url(text: str) -> Iterator[str]:
    for word, host in _URL.findall(text):
        if not _RESERVED.search(host):
            yield word


def _in_query(text: str) -> Iterator[str]:
    """Only what follows a ``?`` or ``&``; a semicolon before a name ends a statement of code."""
    for name, value in _PARAMETER.findall(text):
        sure = _SURE.fullmatch(name)
        if is_written_out(value) if sure else is_random(value) and parameter_looks_like_credential(name):
            yield value


def _is_pair(encoded: str) -> bool:
    """Whether it is ``user:password`` in Base64."""
    try:
        decoded = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError):
        return False
    _, colon, password = decoded.partition(":")
    return bool(colon) and decoded.isprintable() and is_written_out(password)


_QUERY = "a secret in a connection string or a query"
_HEADER = "credentials in an Authorization header"
_OPTIONS = ("apikey=", "api_key=", "access_token=", "client_secret=", "certificatepassword=", "password=")
PATTERNS = (
    *(Finder(kind, words, values_of(pattern), short=True) for kind, (words, pattern) in _TOKENS.items()),
    Finder(_HEADER, ("authorization",), _AUTHORIZATION, is_secret, short=True),
    Finder(_HEADER, ("basic",), _BASIC, _is_pair, short=True),
    Finder("credentials in a URL", ("@",), _in_url, is_secret, also=("://",), short=True),
    Finder(_QUERY, _OPTIONS, _OPTION, is_secret, short=True),
    Finder(_QUERY, ("?", "&"), _in_query, also=("=",), short=True),
)
"""What is a secret wherever it stands."""
