"""Messages of the package in the words of the command line: options and commands in place of Python."""

from __future__ import annotations

import json
import re
import shlex
import sys

from chronicle_notebook.base._errors import ChronicleError, UnknownEventStoreError
from chronicle_notebook.base._revealed import hidden

WAY_BACK = "--prune --replace --allow-removals"
"""The options with which a state of before is applied."""


def _back(found: re.Match[str]) -> str:
    return f"To go back: chronicle-notebook apply {shlex.quote(found[1])} {WAY_BACK}"


_GO_BACK = re.compile(r'To go back: cn\.DesiredState\.read\("(.*)"\)\.plan\(.*?\)\.apply\(allow_removals=True\)')
_WORDS = (
    (re.compile(r"before this process \(or Jupyter\) starts, or use %env, and"), "where this command runs, and"),
    (re.compile(r"client\.known_defects explains them\."), "chronicle-notebook doctor --probe measures them."),
    (re.compile(r"cn\.doctor\(CONNECTION\) checks"), "chronicle-notebook doctor CONNECTION checks"),
    (re.compile(r"Connect with event_store='([^']*)', or take event_store out of the file\."), r"Give --store \1."),
    (re.compile(r"Create one with (client\.ensure_event_store\()"), r"Create one in a notebook with \1"),
    (re.compile(r" The outcome of each webhook is in sys\.last_value\.outcomes\."), ""),
)


def in_commands(text: str) -> str:
    """A message for somebody who has a command line and no Python."""
    for python, command in _WORDS:
        text = python.sub(command, text)
    return _GO_BACK.sub(_back, text)


def tell(error: ChronicleError, *, as_json: bool) -> None:
    """Tell an error on the standard error, and for a program as an object too. It has references in place of their
    values."""
    message, hint = in_commands(hidden(error.message)), in_commands(hidden(error.hint))
    if isinstance(error, UnknownEventStoreError):
        hint = f"{hint} --store names the event store.".strip()
    if as_json:
        told = {"message": message, "field": getattr(error, "field", ""), "hint": hint}
        print(json.dumps({"error": told}), flush=True)
    print(f"{message}\n{hint}".strip(), file=sys.stderr, flush=True)
