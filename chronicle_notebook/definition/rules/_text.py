"""Rules for plain texts: ids, names, flags."""

from __future__ import annotations

import unicodedata

from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.definition.rules._problem import Problem

KEY_SEPARATOR = "#"
"""Kernels use this character to join the parts of a grain's key. They misread an id with it (source:
I/KeyHelper.cs)."""

UNPRINTABLE = {"Cc": "a control character", "Cs": "half a character (a lone surrogate)"}
LINE_BREAKS = {"Zl": "a line break", "Zp": "a line break"}


def unprintable(text: str) -> str:
    """The first character of a text that cannot be shown or sent, with its position; empty if there is none."""
    kinds = UNPRINTABLE | LINE_BREAKS
    for position, character in enumerate(text, start=1):
        kind = kinds.get(unicodedata.category(character))
        if kind:
            name = {"\r": "a carriage return", "\n": "a line break", "\t": "a tab", "\0": "a NUL"}.get(character, kind)
            return f"{name} (character {position})"
    return ""


def check_text(value: object, *, field: str, what: str, hint: str = "") -> list[Problem]:
    """Check a text: it must not be blank, must have no white space around it, and must have only printable characters.

    :param what: the name of the text in a sentence, for example ``The target URL``.
    """
    if not isinstance(value, str):
        return [Problem(field, f"{what} is a text, not {_kind(value)}.", hint)]
    if not value.strip():
        return [Problem(field, f"{what} is {'blank' if value else 'empty'}.", hint)]
    found = unprintable(value)
    if found:
        return [Problem(field, f"{what} holds {found}.", "Remove it.")]
    if value != value.strip():
        side = "begins" if value != value.lstrip() else "ends"
        return [Problem(field, f"{what} {side} with white space.", "Remove it.")]
    return []


def _kind(value: object) -> str:
    return "a Secret" if isinstance(value, Secret) else "None" if value is None else type(value).__name__


def _check_key(value: object, *, field: str, what: str, hint: str) -> list[Problem]:
    problems = check_text(value, field=field, what=what, hint=hint)
    if not problems and KEY_SEPARATOR in str(value):
        problems.append(
            Problem(
                field, f"{what} contains '#', which kernels use to separate the parts of a key.", "Use '-' instead."
            )
        )
    return problems


def check_id(value: object) -> list[Problem]:
    """Check the id of a webhook, which is also the id of its observer."""
    hint = "Give each webhook an id, for example 'account-events'."
    return _check_key(value, field="id", what="The id of a webhook", hint=hint)


def check_event_sequence_id(value: object) -> list[Problem]:
    """Check the id of the observed sequence. A kernel refuses an empty one (source: Core/Observation/Webhooks)."""
    hint = "Leave it out for 'event-log', or name another sequence of the event store."
    return _check_key(value, field="event_sequence_id", what="The id of the event sequence", hint=hint)


def check_flag(value: object, *, field: str) -> list[Problem]:
    """Check ``active`` or ``replayable``: only a bool is allowed, because missing and false differ on the wire."""
    if isinstance(value, bool):
        return []
    return [Problem(field, f"{field} is True or False, not {_kind(value)}.", f"Write {field}=True or {field}=False.")]
