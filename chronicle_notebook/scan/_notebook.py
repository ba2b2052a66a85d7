"""The texts of a notebook, each with its place: cells, outputs, metadata, attachments, widgets and the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from chronicle_notebook.scan._budget import OUT_OF_TIME, Budget, OutOfTimeError
from chronicle_notebook.scan._json import entries, joined, texts as texts_of
from chronicle_notebook.scan._parameters import given_in_code, given_to_papermill, secret_names
from chronicle_notebook.scan._readings import Reading, decoded_text, readings
from chronicle_notebook.scan._rules import UNREADABLE, Leak, Rules

WIDGETS = "widgets"
METADATA = "metadata of the notebook"
OTHER = "outside of cells and metadata"
PASSWORD_FIELD = "the value of a password field"  # noqa: S105 - a kind of finding
PARAMETER = "a secret that was given for a parameter as it is"

_PLAIN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""An id in the format of notebooks. Any other id is not shown, because it may contain anything, also a secret."""

Forms = Sequence[tuple[str, Sequence[Reading]]]
"""The places of a notebook with their texts, each in all its readings."""


def scan_notebook(
    notebook: Mapping[str, Any],
    rules: Rules | None = None,
    *,
    file: str,
    environment: Mapping[str, str] | None = None,
    budget: Budget | None = None,
) -> list[Leak]:
    """Every secret of a notebook, given as its JSON.

    :param rules: the rules; by default those of :func:`rules_for`.
    :param environment: the environment variables; by default those of this process.
    :param budget: the time that is left for the file. Without it, a notebook that takes too long is reported as
        unreadable.
    :raises OutOfTimeError: it takes longer than the given budget.
    """
    if budget is None:
        try:
            return scan_notebook(notebook, rules, file=file, environment=environment, budget=Budget())
        except OutOfTimeError:
            return [Leak(file, OUT_OF_TIME, UNREADABLE)]
    forms = _forms(notebook, budget)
    if rules is None:
        rules = Rules.for_references(_one_below_the_other(forms), environment)
    return _leaks(notebook, forms, rules, file, budget)


def rules_for(notebook: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Rules:
    """The rules for a notebook, given as its JSON. They know the variables that its texts refer to.

    :param environment: the environment variables; by default those of this process.
    """
    return Rules.for_references(_one_below_the_other(_forms(notebook, Budget())), environment)


def _forms(notebook: Mapping[str, Any], budget: Budget) -> Forms:
    known: dict[str, Sequence[Reading]] = {}
    told: list[tuple[str, Sequence[Reading]]] = []
    for place, text in texts(notebook):
        if text not in known:
            budget.check()
            known[text] = tuple(readings(text))
        told.append((place, known[text]))
    return told


def _one_below_the_other(forms: Forms) -> str:
    different = {id(each): each for _, each in forms}  # many places have the same text
    return "\n".join(dict.fromkeys(form.text for each in different.values() for form in each))


def _leaks(notebook: Mapping[str, Any], forms: Forms, rules: Rules, file: str, budget: Budget) -> list[Leak]:
    narrowed = rules.within(_one_below_the_other(forms))
    known: dict[int, list[str]] = {}
    found: dict[Leak, None] = {}
    for place, each in forms:
        if id(each) not in known:
            budget.check()
            known[id(each)] = list(dict.fromkeys(kind for _, kind in narrowed.lines(each, budget)))
        for kind in known[id(each)]:
            found[Leak(file, place, kind)] = None
    for place in _filled_password_fields(notebook):
        found[Leak(file, place, PASSWORD_FIELD)] = None
    for place in _given_parameters(notebook):
        found[Leak(file, place, PARAMETER)] = None
    return list(found)


def texts(notebook: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """All texts with their places. No text of the file is left out."""
    for key, value in entries(notebook):
        if key == "cells" and isinstance(value, list):
            for number, cell in enumerate(value, start=1):
                yield from _of_cell(_cell_place(number, cell), cell)
        elif key == "metadata" and isinstance(value, Mapping):
            for name, held in entries(value):
                yield from _within("widget state" if name == WIDGETS else METADATA, {name: held})
        else:
            yield from _within(OTHER, {key: value})


def _cell_place(number: int, cell: Any) -> str:
    name = cell.get("id") if isinstance(cell, Mapping) else None
    plain = isinstance(name, str) and _PLAIN_ID.fullmatch(name) and not any(Rules().kinds(name))
    return f"cell {number} (id {name})" if plain else f"cell {number}"


def _of_cell(here: str, cell: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(cell, Mapping):
        yield from _within(here, cell)
        return
    for key, value in entries(cell):
        if key == "source" and joined(value) is not None:
            yield from _within(f"{here}, source", value)
        elif key == "outputs" and isinstance(value, list):
            for position, output in enumerate(value, start=1):
                yield from _within(f"{here}, output {position}", output)
        elif key == "attachments":
            yield from _attached(f"{here}, attachments", value)
        elif key in {"metadata", "source", "outputs"}:
            yield from _within(f"{here}, {key}", value)
        else:
            yield from _within(here, {key: value})


def _within(place: str, value: Any) -> Iterator[tuple[str, str]]:
    return ((place, text) for text in texts_of(value))


def _attached(place: str, value: Any) -> Iterator[tuple[str, str]]:
    """Attached files. They are in Base64, texts as well as pictures."""
    for text in texts_of(value):
        yield place, text
        decoded = decoded_text(text.rpartition(": ")[2])
        if decoded:
            yield place, decoded


def _given_parameters(notebook: Mapping[str, Any]) -> Iterator[str]:
    sources = [
        (f"{here}, source", joined(cell.get("source")) or "")
        for here, cell in _cells(notebook)
        if cell.get("cell_type") == "code"
    ]
    names = secret_names(source for _, source in sources)
    if names:
        yield from (place for place, source in sources if given_in_code(source, names))
        if given_to_papermill(notebook.get("metadata"), names):
            yield METADATA


def _cells(notebook: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    cells = notebook.get("cells")
    for number, cell in enumerate(cells if isinstance(cells, list) else (), start=1):
        if isinstance(cell, Mapping):
            yield _cell_place(number, cell), cell


def _filled_password_fields(notebook: Mapping[str, Any]) -> Iterator[str]:
    metadata = notebook.get("metadata")
    for state in _states(metadata.get(WIDGETS) if isinstance(metadata, Mapping) else None):
        held = state.get("state")
        if isinstance(held, Mapping) and held.get("_model_name") == "PasswordModel" and held.get("value"):
            yield "widget state"


def _states(widgets: Any) -> Iterator[Mapping[str, Any]]:
    for kind in widgets.values() if isinstance(widgets, Mapping) else ():
        models = kind.get("state") if isinstance(kind, Mapping) else None
        for model in models.values() if isinstance(models, Mapping) else ():
            if isinstance(model, Mapping):
                yield model
