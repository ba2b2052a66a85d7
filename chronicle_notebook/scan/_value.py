"""Whether a value that stands where a secret belongs is one."""

from __future__ import annotations

import re

SHORTEST = 6
"""Characters that a value must have to be looked for; a shorter one is found in any text."""
SHORTEST_RANDOM = 8
"""Characters that a value must have to be taken for a secret by its looks."""

_PLACEHOLDER = re.compile(
    r"""[•*x.…_-]+|prompt|(?:env|keyring|var|prompt)(?::|%3a).*|[<{$%\[(].*|(?:your|my|some|the|a)?[-_ ]?"""
    r"""(?:api[-_]?key|token|secret|password|passwd|pass|pwd|credentials?|value|redacted|hidden|placeholder|changeme|example|dummy|wrong)""",
    re.IGNORECASE,
)
_MADE_UP = re.compile(
    r"(?:^|[\W_])(?:example|placeholder|dummy|redacted|change-?me|made-up|fake|your)(?:$|[\W_])", re.IGNORECASE
)
"""A word of its own that says that the value is none."""
_PUBLISHED = frozenset({"chronicle-dev-secret"})
"""The secret of the kernel's development client, which Chronicle publishes."""
_MIXED = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w.~+/=!@#%^&*:-]+")
_ADDRESS = re.compile(r"://|^[./~]|^\w:\\")


def is_secret(value: str) -> bool:
    """Neither a placeholder, nor a reference, nor published."""
    return value not in _PUBLISHED and not _PLACEHOLDER.fullmatch(value)


def is_given(value: str) -> bool:
    """What was given for a secret and is one, also where it has spaces or few characters."""
    bare = value.strip()
    return bool(bare) and is_secret(bare) and not _MADE_UP.search(bare)


def is_written_out(value: str) -> bool:
    """A literal that is a secret. One with spaces is prose: tokens have none."""
    bare = value.strip()
    return len(bare) >= SHORTEST and not re.search(r"\s", bare) and is_given(bare)


def is_random(value: str) -> bool:
    """A literal that looks like a secret by itself, where its name alone does not tell: letters with digits."""
    bare = value.strip()
    return (
        len(bare) >= SHORTEST_RANDOM
        and _MIXED.fullmatch(bare) is not None
        and not _ADDRESS.search(bare)
        and is_written_out(bare)
    )
