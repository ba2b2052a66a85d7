"""Credentials that are recognised by the text before them: headers, URLs, queries."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from urllib.parse import unquote

from chronicle_notebook.base._credential_names import names_a_secret, parameter_looks_like_credential
from chronicle_notebook.scan._finder import Finder, Found, looking_for
from chronicle_notebook.scan._value import is_dense, is_random, is_secret, is_written_out

QUERY = "a secret in a connection string or a query"
HEADER = "credentials in an Authorization header"
URL = "credentials in a URL"

_AUTHORIZATION = (
    r"""[Aa](?i:uthorization\\{0,8}+["']?\]?\s{0,40}+[:=,]\s{0,40}+\\{0,8}+["']?(?:bearer|basic|token|apikey|bot))"""
    r"""\s{1,40}+(?P<value>[A-Za-z0-9._~+/=-]{8,})"""
)
_BASIC = r"\b[Bb]asic[ \t]{1,40}+(?P<value>[A-Za-z0-9+/]{8,}+={0,2})(?![A-Za-z0-9+/=])"
_BEARER = r"""\b[Bb]earer[ \t]{1,4}+(?:["']\s{0,4}\+\s{0,40}["'])?(?P<value>[A-Za-z0-9._~+/=-]{16,})"""
_AUTH = r"""["']auth\\{0,8}["']\s{0,4}:\s{0,4}\\{0,8}["'](?P<value>[A-Za-z0-9+/]{8,}+={0,2})"""
"""A user and a password as container registries have them in a file."""
_URL = re.compile(
    r"""\b[a-z][a-z0-9+.-]{1,20}://[^\s/?#"'<>@:\\]{0,300}+:([^\s/?#"'<>@\\]{1,300}+)@([^\s/?#"'<>:\\]{0,300}+)""",
    re.IGNORECASE,
)
_RESERVED = re.compile(r"(?:^|\.)(?:example(?:\.(?:com|net|org))?|invalid|test)$", re.IGNORECASE)
"""Hosts that are reserved for documentation, so nobody has a password there (RFC 2606)."""
_PARAMETER = re.compile(
    r"""(?:\?|(?<!&)&(?:amp;)?|\\u0026)([A-Za-z][\w.%-]{0,60}+)=([^&=\s"'<>;\\)\]`][^&\s"'<>;\\)\]`(]{0,999}+)(?!\()"""
)
_SIGNATURES = frozenset({"sig"})
"""Names in a query whose value is always a secret, in addition to those that :func:`names_a_secret` knows."""
_SHORTEST_IN_QUERY = 4


def _is_bearer(value: str) -> bool:
    """Whether the text after the word Bearer is a token: it has letters and digits, and is not the name of a header."""
    return is_random(value) and sum(map(str.isdecimal, value)) >= 2


def _in_url(text: str) -> Iterator[Found]:
    for found in _URL.finditer(text):
        word, host = found.groups()
        if is_secret(word) and not _RESERVED.search(host):
            yield found.start(1), URL


def _in_query(text: str) -> Iterator[Found]:
    """Only after a ``?`` or ``&``, because a semicolon before a name can end a statement of code."""
    for found in _PARAMETER.finditer(text):
        name, value = unquote(found[1]), found[2]
        if names_a_secret(name) or name.lower() in _SIGNATURES:
            told = len(value) >= _SHORTEST_IN_QUERY and is_secret(value)
        else:
            told = parameter_looks_like_credential(name) and is_dense(value)
        if told:
            yield found.start(2), QUERY


def _is_pair(encoded: str) -> bool:
    """Whether it is ``user:password`` in Base64."""
    try:
        decoded = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError):
        return False
    _, colon, password = decoded.partition(":")
    return bool(colon) and decoded.isprintable() and is_written_out(password)


PATTERNS = (
    Finder(("authorization",), looking_for(HEADER, _AUTHORIZATION, accepts=is_secret)),
    Finder(("bearer ",), looking_for(HEADER, _BEARER, accepts=_is_bearer)),
    Finder(("basic",), looking_for(HEADER, _BASIC, accepts=_is_pair)),
    Finder(("auth",), looking_for(HEADER, _AUTH, accepts=_is_pair)),
    Finder(("@",), _in_url, also=("://",)),
    Finder(("?", "&", "\\u0026"), _in_query, also=("=",)),
)
"""Secrets wherever they are."""
