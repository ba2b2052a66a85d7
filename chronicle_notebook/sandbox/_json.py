"""JSON that clients give as text."""

from __future__ import annotations

import json
from typing import Any


def json_object(text: str, what: str) -> dict[str, Any]:
    """The JSON object in a text. Raises ValueError, which says of what it is, when there is none."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ValueError(f"The {what} is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise ValueError(f"The {what} is not a JSON object.")
    return value
