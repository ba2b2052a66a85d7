"""Texts that cannot be secrets: one rule, with the same words, for passwords, tokens, client secrets and connection
strings.

A secret that is read from a file or a variable often has additional characters. The other side compares all characters,
so it would refuse every call or delivery later, without a reason.
"""

from __future__ import annotations

from typing import NamedTuple

from chronicle_notebook.base._secrets import Secret

_BYTE_ORDER_MARK = "\ufeff"
_QUOTES = ('""', "''", "``", "“”", "‘’")
_NAMES = {"\r": "a carriage return", "\n": "a line break", "\t": "a tab", "\0": "a NUL"}
_KINDS = {"Cc": "a control character", "Cs": "half a character (a lone surrogate)", "Zl": "a line break"}
_KINDS["Zp"] = _KINDS["Zl"]


class Unfit(NamedTuple):
    """Why a text cannot be a secret. No field repeats a part of the text."""

    message: str
    """The rest of a sentence that begins with the name of the field: ``contains a tab (character 3).``"""
    hint: str
    inside: bool = False
    """Whether the reason is a character inside the text, not at its ends."""
    question: bool = False
    """Whether the text may be right: a password can begin and end with a quote."""


def unfit(secret: Secret | str) -> Unfit | None:
    """Why a text cannot be a secret; None if it can be one.

    :param secret: the text, or a Secret, which is looked up.
    :raises SecretUnavailableError: the secret of a reference was not found.
    """
    text = secret.reveal() if isinstance(secret, Secret) else secret
    if _BYTE_ORDER_MARK in (text[:1], text[-1:]):
        hint = "Write the file that it was read from as UTF-8 without a byte order mark."
        return Unfit("has a byte order mark around it, often from reading a file.", hint)
    if text != text.strip():
        return Unfit("has white space around it, often from reading a file.", "Use .strip().")
    inside = None if text.isascii() and text.isprintable() else _unfit_inside(text)
    if inside is not None:
        return inside
    if len(text) > 2 and text[0] + text[-1] in _QUOTES:
        hint = "Remove the quotes where it is set. If they belong to it, give the text itself: Secret('...')."
        return Unfit("has quotes around it, often from a file of variables.", hint, question=True)
    return None


def _unfit_inside(text: str) -> Unfit | None:
    import unicodedata

    for position, character in enumerate(text, start=1):
        kind = _KINDS.get(unicodedata.category(character))
        if kind is not None:
            what = _NAMES.get(character, kind)
            hint = "Read it again as UTF-8." if "half" in what else "Check where it comes from."
            return Unfit(f"contains {what} (character {position}).", hint, inside=True)
    return None
