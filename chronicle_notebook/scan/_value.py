"""Whether a value in the place of a secret is a secret."""

from __future__ import annotations

import re

SHORTEST = 6
"""The least length of a value that is searched. A shorter value occurs in any text."""
SHORTEST_RANDOM = 8
"""The least length of a value that counts as a secret because of its form."""
LONGEST = 1_000
"""The number of characters of a value that are checked."""

_WORDS = (
    r"api|access|auth|client|token|key|secret|password|passwd|passphrase|pass|pwd|bearer|credentials?|value|redacted|"
    r"hidden|masked|placeholder|change|changed|changeme|changeit|this|me|it|here|example|sample|dummy|fake|demo|test|tests|testing|"
    r"wrong|your|my|some|any|the|an?|new|old|other|another|plain|text|string|str|required|optional|missing|unset|set|not|"
    r"none|null|nil|true|false|empty|unknown|undefined|default|todo|tbd|insert|enter|replace|fill|in|with|of|webhook|user|"
    r"basic|oauth|oauth2|digest|sent|given|read|from|environment"
)
_PLACEHOLDER = re.compile(
    rf"""[•*xX.…_#?0-]+|prompt|(?:env|keyring|var|prompt)(?::|%3a).*|[<{{$%\[(].*|"""
    r"""(?:your|my|some|the|a)(?:api[-_]?key|token|secret|password)|"""
    rf"""(?:{_WORDS})(?:[-_ ](?:{_WORDS}|x+|\d{{1,2}}))*+""",
    re.IGNORECASE | re.DOTALL,
)
"""Placeholders: dots, a reference, a field of a template, or words that say that a secret belongs here."""
_TEMPLATE = re.compile(r"\$\{|\{\{|\{[A-Za-z_][\w.\[\]()'\"!:]*\}|%[({]|\$\(|<[A-Za-z][\w -]*>|%s")
_MADE_UP = re.compile(
    r"(?:^|[\W_])(?:example|placeholder|dummy|redacted|change-?me|made-up|fake|your)(?:$|[\W_])", re.IGNORECASE
)
"""A separate word that says that the value is not a secret."""
_PUBLISHED = frozenset({"chronicle-dev-secret"})
"""The secret of the kernel's development client, which Chronicle publishes."""
_ADDRESS = re.compile(r"://|^[./~](?!.*=$)|^\w:\\|^\\\\")
_DIGEST = re.compile(
    r"(?:sha-?\d{1,3}|md5|blake\w{1,3})[:=-]|\$2[aby]\$|\$argon2|pbkdf2[_:$]|scrypt[:$]", re.IGNORECASE
)
"""The beginning of the digest of a secret. A digest does not reveal the secret."""
_CHANGE = re.compile(r"(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")


_NUMBERED = re.compile(r"[A-Za-z]+(?:[-_][A-Za-z]+)*[-_]?\d{1,2}")
"""A word with a short number is a name. A token never has this form, but a password may."""


def is_secret(value: str) -> bool:
    """Whether a value is neither a placeholder, nor a reference, nor published."""
    return (
        value not in _PUBLISHED
        and any(map(str.isalnum, value))
        and not _PLACEHOLDER.fullmatch(value)
        and not _TEMPLATE.search(value)
    )


def is_given(value: str) -> bool:
    """Whether a value that was given as a secret is one, also if it has spaces or few characters."""
    bare = value.strip()
    return bool(bare) and is_secret(bare) and not _MADE_UP.search(bare)


def is_written_out(value: str) -> bool:
    """Whether a literal is a secret. A literal with spaces is prose: tokens have no spaces."""
    bare = value.strip()
    return len(bare) >= SHORTEST and not any(map(str.isspace, bare)) and is_given(bare)


def is_random(value: str, *, shortest: int = SHORTEST_RANDOM) -> bool:
    """Whether a literal looks like a secret by itself, if its name does not decide: letters with digits."""
    bare = value.strip()
    return (
        len(bare) >= shortest
        and _is_mixed(bare)
        and not _ADDRESS.search(bare)
        and not _DIGEST.match(bare)
        and (shortest < SHORTEST_RANDOM or not _NUMBERED.fullmatch(bare))
        and is_written_out(bare)
    )


def is_dense(value: str) -> bool:
    """Whether a text without quotes looks like a secret in a place where code is possible too: letters and digits
    alternate often."""
    return len(_CHANGE.findall(value)) >= 3 and is_random(value)


def is_password(value: str) -> bool:
    """Whether a literal can be a password: shorter than a token, or only digits, or letters and signs."""
    bare = value.strip()
    if bare.isdecimal():
        return len(bare) >= SHORTEST and len(set(bare)) > 1
    return is_random(bare, shortest=SHORTEST)


def _is_mixed(value: str) -> bool:
    letters = any(map(str.isalpha, value))
    if any(map(str.isdecimal, value)):
        return letters
    # Without a digit: capitals, small letters and signs, as rules for passwords require.
    signs = any(sign in "!@#$%^&*+=?~" for sign in value)
    return signs and any(map(str.isupper, value)) and any(map(str.islower, value))
