"""Completion inside ``%%webhook``: keys, kinds, flags, event types, and variables for references."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.definition.file._keys import KEYS
from chronicle_notebook.magics._names import Names
from chronicle_notebook.model._authorization import authorization_keys, kind_names, secret_keys

MOST = 200

_KEY = re.compile(r"(\s*)(\w*)\Z")
_ITEM = re.compile(r"\s*-\s+(.*)\Z")
_PAIR = re.compile(r"(\s*)([\w-]+):\s+(.*)\Z")
_FLOW = re.compile(r"[\[,]\s*([^\[\],]*)\Z")
_PARENT = re.compile(r"(\w+):\s*\Z")
_ENTRY = re.compile(r"(\s*)([\w-]+):")


def complete_body(
    earlier: Sequence[str], before: str, names: Names, variables: Mapping[str, object]
) -> tuple[str, Sequence[str]] | None:
    """The completions at the end of ``before``, a line of the body below the lines of ``earlier``."""
    key = _KEY.match(before)
    if key is not None:
        return _keys(earlier, key.group(1), key.group(2))
    item = _ITEM.match(before)
    if item is not None:
        fragment = item.group(1)
        return (fragment, _starting(names.get("event_types"), fragment)) if _parent(earlier) == "event_types" else None
    pair = _PAIR.match(before)
    return None if pair is None else _value(pair.group(2), pair.group(3), names, variables)


def _keys(earlier: Sequence[str], indent: str, prefix: str) -> tuple[str, Sequence[str]] | None:
    known: Sequence[str] = KEYS
    if indent:
        if _parent(earlier) != "authorization":
            return None
        known = authorization_keys()
    there = {
        found.group(2) for line in earlier if (found := _ENTRY.match(line)) and bool(found.group(1)) == bool(indent)
    }
    return prefix, [f"{key}: " for key in known if key.startswith(prefix) and key not in there]


def _parent(earlier: Sequence[str]) -> str:
    """The key without indentation that the line belongs to."""
    for line in reversed(earlier):
        found = _PARENT.match(line)
        if found is not None:
            return found.group(1)
        if line.strip() and not line.startswith((" ", "-", "#")):
            return ""
    return ""


def _value(key: str, written: str, names: Names, variables: Mapping[str, object]) -> tuple[str, Sequence[str]] | None:
    if key == "event_types":
        flow = _FLOW.search(written)
        fragment = flow.group(1) if flow is not None else written
        return fragment, _starting(names.get("event_types"), fragment)
    if key == "event_sequence":
        return written, _starting(names.get("sequences"), written)
    if key in {"replayable", "active"}:
        return written, _starting(("true", "false"), written)
    if key == "kind":
        return written, _starting(kind_names(), written)
    if key in secret_keys() or written.startswith("var:"):
        held = [name for name, value in variables.items() if isinstance(value, (str, Secret))]
        references = [f"var:{name}" for name in sorted(held) if not name.startswith("_")]
        return written, _starting(["env:", *references], written)
    return None


def _starting(candidates: Sequence[str], prefix: str) -> list[str]:
    return [each for each in candidates if each.lower().startswith(prefix.lower())][:MOST]
