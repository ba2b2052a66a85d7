"""Whether a value that stands where a secret belongs is one."""

from __future__ import annotations

import re

SHORTEST = 6
"""Characters that a value must have to be looked for; a shorter one is found in any text."""

_PLACEHOLDER = re.compile(
    r"""[•*x.…_-]+|(?:env|keyring|var|prompt)(?::|%3a).*|[<{$%\[(].*|(?:your|my|some|the|a)?[-_ ]?"""
    r"""(?:api[-_]?key|token|secret|password|passwd|pass|pwd|credentials?|value|redacted|hidden|placeholder|changeme|example|dummy|wrong)""",
    re.IGNORECASE,
)
_MADE_UP = re.compile(
    r"(?:^|[\W_])(?:example|placeholder|dummy|redacted|change-?me|made-up|fake|your)(?:$|[\W_])", re.IGNORECASE
)
"""A word of its own that says that the value is none."""
_PUBLISHED = frozenset({"chronicle-dev-secret"})
"""The secret of the kernel's development client, which Chronicle publishes."""


def is_secret(value: str) -> bool:
    """Neither a placeholder, nor a reference, nor published."""
    return value not in _PUBLISHED and not _PLACEHOLDER.fullmatch(value)


def is_written_out(value: str) -> bool:
    """A literal that is a secret. One with spaces is prose: tokens have none."""
    bare = value.strip()
    return len(bare) >= SHORTEST and not re.search(r"\s", bare) and is_secret(bare) and not _MADE_UP.search(bare)
