"""What counts as a secret in a text. Only what is one with high confidence: a scan that cries wolf gets switched off.

No finding repeats a value, or a part of it.
"""

from __future__ import annotations

import html
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from chronicle_notebook.scan._literals import literals
from chronicle_notebook.scan._value import SHORTEST, is_secret, is_written_out

REFERENCE = re.compile(
    r"""\benv:([A-Za-z_][A-Za-z0-9_]*)"""
    r"""|Secret\.env\(\s*["']([A-Za-z_][A-Za-z0-9_]*)["']"""
    r"""|environ(?:\.get\(\s*|\[\s*)["']([A-Za-z_][A-Za-z0-9_]*)["']"""
)
"""How a notebook refers to a variable of the environment."""

_TOKENS = {
    "AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "GitHub token": r"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{40,}\b",
    "GitLab token": r"\bglpat-[A-Za-z0-9_-]{20,}",
    "Google API key": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "JSON Web Token": r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}",
    "Slack token": r"\bxox[abeoprs]-[A-Za-z0-9-]{20,}",
    "Stripe key": r"\b[rs]k_live_[A-Za-z0-9]{16,}|\bwhsec_[A-Za-z0-9+/=]{24,}",
    "package registry token": r"\bnpm_[A-Za-z0-9]{36}\b|\bpypi-[A-Za-z0-9_-]{50,}",
    "private key": r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----",
}
_PATTERNS = {
    **{kind: re.compile(pattern) for kind, pattern in _TOKENS.items()},
    "ciphertext of a kernel": re.compile(r"\bcrk1:[0-9A-Fa-f]{8,}:[A-Za-z0-9+/=]{32,}"),
}
_AUTHORIZATION = re.compile(
    r"""\b(?:proxy-)?authorization["']?\s*[:=,]\s*["']?(?:bearer|basic|token)\s+([A-Za-z0-9._~+/=-]{8,})""",
    re.IGNORECASE,
)
_URL = re.compile(
    r"""\b[a-z][a-z0-9+.-]{1,20}://[^\s/?#"'<>@:\\]*:([^\s/?#"'<>@\\]+)@([^\s/?#"'<>:\\]*)""", re.IGNORECASE
)
_QUERY = re.compile(
    r"""[?&;](?:apikey|api_key|access_token|client_secret|certificatepassword|password)=([^&\s"'<>;\\]+)""",
    re.IGNORECASE,
)
_QUERY_WORD = re.compile(
    r"""(?:[?&]|&amp;)(?:token|api[-_]?key|sig|secret)=([^&\s"'<>;\\)\]`]+)""",
    re.IGNORECASE,
)
"""Names that have a meaning in a query alone; a semicolon before one ends a statement of code."""
_RESERVED = re.compile(r"(?:^|\.)(?:example(?:\.(?:com|net|org))?|invalid|test)$", re.IGNORECASE)
"""Hosts that are set aside for documentation, so that nobody has a password there (RFC 2606)."""


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """A secret, and where it stands. The value itself is not here."""

    file: str
    place: str
    """For people: ``cell 3 (id setup), output 1``, or ``line 12``."""
    kind: str

    def __str__(self) -> str:
        return f"{self.file}: {self.place}: {self.kind}"


class Rules:
    """What to look for in the texts of one file."""

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        """Look for the values of these variables, besides what looks like a secret by itself."""
        self._values = {
            name: _forms(value) for name, value in (variables or {}).items() if len(value.strip()) >= SHORTEST
        }

    @classmethod
    def for_references(cls, text: str, environment: Mapping[str, str] | None = None) -> Rules:
        """Rules that know the values of the variables which a text refers to, as far as they are set."""
        known = os.environ if environment is None else environment
        names = {name for found in REFERENCE.findall(text) for name in found if name}
        return cls({name: known[name] for name in names if known.get(name)})

    def kinds(self, text: str) -> Iterator[str]:
        """What a text gives away, each kind once."""
        for name, forms in self._values.items():
            if any(form in text for form in forms):
                yield f"the value of the environment variable {name}"
        for kind, pattern in _PATTERNS.items():
            if pattern.search(text):
                yield kind
        if any(is_secret(value) for value in _AUTHORIZATION.findall(text)):
            yield "credentials in an Authorization header"
        if any(is_secret(word) and not _RESERVED.search(host) for word, host in _URL.findall(text)):
            yield "credentials in a URL"
        if any(map(is_secret, _QUERY.findall(text))) or any(map(is_written_out, _QUERY_WORD.findall(text))):
            yield "a secret in a connection string or a query"
        yield from literals(text)


def _forms(value: str) -> tuple[str, ...]:
    """A value as it can stand in a notebook: as it is, in HTML, in JSON, in a URL."""
    bare = value.strip()
    forms: Iterable[str] = (bare, html.escape(bare), json.dumps(bare)[1:-1], quote(bare, safe=""))
    return tuple(dict.fromkeys(forms))
