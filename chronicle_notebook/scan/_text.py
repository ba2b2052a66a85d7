"""Texts that are not notebooks: scripts, pages, settings, and broken notebooks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any

from chronicle_notebook.scan import _json
from chronicle_notebook.scan._budget import Budget
from chronicle_notebook.scan._notebook import PARAMETER, scan_notebook
from chronicle_notebook.scan._parameters import given_in_code, secret_names
from chronicle_notebook.scan._readings import Reading, readings, strings_of_json
from chronicle_notebook.scan._rules import Leak, Rules, without_doubles

_MARKUP = frozenset({".html", ".htm", ".xhtml", ".xml", ".svg"})
_SETTINGS = frozenset(
    {".yaml", ".yml", ".env", ".ini", ".cfg", ".conf", ".properties", ".toml", ".netrc", ".npmrc", ".pypirc"}
)
_SCRIPT = re.compile(r"<script\b[^<>]{0,300}\bjson\b[^<>]{0,300}>([^<]*+(?:<(?!/script)[^<]*+)*+)", re.IGNORECASE)
"""Data in an HTML page, such as the state of widgets."""


def scan_text(
    text: str, environment: Mapping[str, str] | None, *, file: str, broken: bool, budget: Budget
) -> list[Leak]:
    """Every secret of a text, by line.

    :param broken: whether the text was meant to be JSON.
    :raises OutOfTimeError: it takes too long.
    """
    path = PurePath(file)
    forms = list(
        readings(
            text,
            settings=path.suffix.lower() in _SETTINGS or path.name.lower().startswith(".env"),
            markup=path.suffix.lower() in _MARKUP or None,
        )
    )
    if broken or '"cell_type"' in text:
        forms += [form for each in strings_of_json(text) for form in _again(each)]
    budget.check()
    told = [Leak(file, f"line {line}", kind) for line, kind in _by_line(forms, environment, budget)]
    known = {leak.kind for leak in told}
    for notebook, line in _data(text):
        budget.check()
        leaks = scan_notebook(notebook, file=file, environment=environment, budget=budget)
        told += [Leak(file, f"line {line}", leak.kind) for leak in leaks if leak.kind not in known]
    return list(dict.fromkeys(told))


def _by_line(forms: list[Reading], environment: Mapping[str, str] | None, budget: Budget) -> Iterable[tuple[int, str]]:
    together = "\n".join(dict.fromkeys(form.text for form in forms))
    rules = Rules.for_references(together, environment).within(together)
    told: list[tuple[int, str]] = []
    for form in forms:
        budget.check()
        told += rules.lines((form,), budget)
    names = secret_names(form.text for form in forms)
    if names:
        told += [(form.line, PARAMETER) for form in forms if given_in_code(form.text, names)]
    return without_doubles(told)


def _again(part: Reading) -> Iterator[Reading]:
    """A string of a JSON file in all its readings. A finding names the first line of the string."""
    for form in readings(part.text):
        yield Reading(form.text, part.line, inside=False, settings=form.settings)


def _data(text: str) -> Iterator[tuple[Mapping[str, Any], int]]:
    """The JSON in an HTML page, in the form of a notebook's metadata."""
    if "<script" not in text.lower():
        return
    for script in _SCRIPT.finditer(text):
        try:
            value = _json.read(script[1])
        except (ValueError, RecursionError):
            continue
        line = text.count("\n", 0, script.start()) + 1
        yield {"metadata": {"widgets": {"page": value}}}, line
