"""What users of shells and of other magics write on a line, refused with what to write here.

Nothing is expanded on the line of a magic, so such a word would be taken as it is: ``{tenant}`` would become the id of
a webhook.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.magics._words import Word

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_QUOTES = "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb"
_DOLLAR = re.compile(r"\$(?:\{([^\W\d]\w*)\}|([^\W\d]\w*))")
_BRACES = re.compile(r"\{+\s*([^{}]*?)\s*\}+")
_VALUE = re.compile(r"--[\w-]+=")
"""A flag with its value attached."""
_CELL = "Write %%webhook ID URL on the first line of a cell, and the rest below it; %webhook form opens a form."
_LIST, _SHOW = "Write %webhooks, which lists them.", "Write %webhook show ID."
_REMOVE, _PAUSE, _RESUME = (f"Write %webhook {name} ID." for name in ("remove", "pause", "resume"))
_INSTEAD = {
    "%webhook": {
        **dict.fromkeys(("all", "list", "ls"), _LIST),
        **dict.fromkeys(("describe", "get", "info", "status"), _SHOW),
        **dict.fromkeys(("add", "create", "new", "register", "set", "update"), _CELL),
        **dict.fromkeys(("delete", "drop", "rm", "unregister"), _REMOVE),
        **dict.fromkeys(("deactivate", "disable", "stop", "suspend"), _PAUSE),
        **dict.fromkeys(("activate", "enable", "start", "unpause"), _RESUME),
        "edit": "Write %webhook form ID.",
    },
    "%webhooks": {
        **dict.fromkeys(("all", "list", "ls"), "Write %webhooks alone."),
        **dict.fromkeys(("fails", "failed", "status", "triage"), "Write %webhooks --failing."),
    },
    "%chronicle": {
        **dict.fromkeys(("info", "show", "status", "version"), "Write %chronicle alone."),
        **dict.fromkeys(("clients", "list", "ls"), "Write %chronicle use, which lists the clients."),
        "webhooks": _LIST,
    },
}
"""What to write in place of a subcommand that other tools have, by magic and word."""


def instead(magic: str, word: str) -> str:
    """What to write in place of a subcommand that other tools have; empty if none has it."""
    return _INSTEAD.get(magic, {}).get(word.lower(), "")


def check_words(words: Sequence[Word]) -> None:
    """Check the words of a line.

    :raises InvalidInputError: an unquoted word is a comment, a variable of a shell, a text in braces, or a
        continuation; or it has a typographic dash or quote, or a semicolon at the end.
    """
    for word in words:
        text = word.text
        if word.quoted:
            continue
        if text.startswith("#"):
            raise _refused("A comment cannot stand on the line of a magic.", "Put it on a line of its own.")
        if text[:1] and text[0] in _DASHES:
            plain = f"--{text.lstrip(_DASHES + '-')}"
            raise _refused(f"The dash of {text!r} is a typographic one.", f"Write {plain} with two plain hyphens.")
        if text[:1] and (text[0] in _QUOTES or text[-1] in _QUOTES):
            raise _refused("A typographic quote is no quote.", "Write ' or \" around what has spaces.")
        _check_expansion(text)
    if words and not words[-1].quoted:
        _check_end(words[-1].text)


def check_id(word: Word) -> None:
    """Check the id of a webhook on a line.

    :raises InvalidInputError: the id has braces and does not begin with ``literal:``.
    """
    if ("{" in word.text or "}" in word.text) and not word.text.startswith(("literal:", "var:", "env:")):
        raise _refused(
            "The id has braces, and nothing is put in their place.",
            f"Make the id in Python and write var:NAME; for an id that has them, write 'literal:{word.text}'.",
        )


def _check_expansion(text: str) -> None:
    flag = _VALUE.match(text)
    text = text[flag.end() :] if flag is not None else text
    if text.startswith("literal:"):
        return
    dollar, braces = _DOLLAR.match(text), _BRACES.match(text)
    if dollar is not None and dollar.end() == len(text):
        name = dollar.group(1) or dollar.group(2)
        kind = "env" if name.isupper() else "var"
        other = f"var:{name} for a variable of Python" if kind == "env" else f"env:{name} for one of the environment"
        raise _refused(f"${name} is not expanded on the line of a magic.", f"Write {kind}:{name}, or {other}.")
    if braces is not None and braces.end() == len(text) and braces.group(1).isidentifier():
        raise _refused(f"{braces.group()} is not expanded on the line of a magic.", f"Write var:{braces.group(1)}.")
    # The word is not repeated, and a URL with a name and password not looked into: it may hold a secret.
    path = text.partition("?")[0]
    if "@" not in text and (_BRACES.search(path) or _DOLLAR.search(path)):
        raise _refused(
            "A name with $ or in braces is not expanded on the line of a magic.",
            "Make the text in Python: text = f'...', and write var:text. Put a text meant as it is into quotes.",
        )


def _check_end(text: str) -> None:
    if text.endswith("\\"):
        raise _refused(
            "A backslash does not continue the first line of a cell.", "Write the whole line; the rest is the body."
        )
    if text.endswith(";"):
        raise _refused(
            "A semicolon at the end of the line of a magic is part of its last word.",
            "Leave it out; assign the result, as in x = %webhooks, to show nothing.",
        )


def _refused(message: str, hint: str) -> InvalidInputError:
    return InvalidInputError(message, field="line", hint=hint)
