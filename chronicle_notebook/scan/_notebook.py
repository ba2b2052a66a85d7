"""The texts of a notebook, each with its place: cells, outputs, metadata, attachments and the state of widgets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from chronicle_notebook.scan._parameters import given_in_code, given_to_papermill, secret_names
from chronicle_notebook.scan._rules import Leak, Rules

WIDGETS = "widgets"
METADATA = "metadata of the notebook"
PASSWORD_FIELD = "the value of a password field"  # noqa: S105 - a kind of finding
PARAMETER = "a secret that was given for a parameter as it is"

_COLOUR = re.compile(r"(?:\x1b|\\u001b|\\x1b)\[[0-9;]*m", re.IGNORECASE)


def scan_notebook(notebook: Mapping[str, Any], rules: Rules, *, file: str) -> list[Leak]:
    """Every secret of a notebook, given as its JSON."""
    told = list(texts(notebook))
    return _leaks(notebook, told, _one_below_the_other(told), rules, file)


def scan_with_own_rules(
    notebook: Mapping[str, Any], environment: Mapping[str, str] | None = None, *, file: str
) -> list[Leak]:
    """Every secret of a notebook by :func:`rules_for` it, gone through once."""
    told = list(texts(notebook))
    together = _one_below_the_other(told)
    return _leaks(notebook, told, together, Rules.for_references(together, environment), file)


def rules_for(notebook: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Rules:
    """The rules for a notebook, given as its JSON: they know the variables that any of its texts refers to.

    The texts are searched as they are. In JSON and in a ``repr`` quotes and ends of lines are escaped, so that a
    reference is not seen there.

    :param environment: where the values of variables are; that of this process unless given.
    """
    return Rules.for_references(_one_below_the_other(texts(notebook)), environment)


def _one_below_the_other(told: Iterable[tuple[str, str]]) -> str:
    return "\n".join(dict.fromkeys(text for _, text in told))


def _leaks(
    notebook: Mapping[str, Any], told: Sequence[tuple[str, str]], together: str, rules: Rules, file: str
) -> list[Leak]:
    narrowed = rules.within(together)
    known: dict[str, tuple[str, ...]] = {}
    found: dict[Leak, None] = {}
    for place, text in told:
        if text not in known:
            known[text] = tuple(narrowed.kinds(text))
        for kind in known[text]:
            found[Leak(file, place, kind)] = None
    for place in _filled_password_fields(notebook):
        found[Leak(file, place, PASSWORD_FIELD)] = None
    for place in _given_parameters(notebook):
        found[Leak(file, place, PARAMETER)] = None
    return list(found)


def texts(notebook: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each text and where it stands. A colour in the middle of a text does not part it."""
    for place, text in _texts(notebook):
        yield place, without_colours(text)


def without_colours(text: str) -> str:
    """A text without what a terminal takes for a colour, also where that is escaped."""
    return _COLOUR.sub("", text) if "[" in text else text


def _texts(notebook: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for here, cell in _cells(notebook):
        yield f"{here}, source", _joined(cell.get("source", ""))
        yield from _within(f"{here}, metadata", cell.get("metadata"))
        yield from _within(f"{here}, attachments", cell.get("attachments"))
        for position, output in enumerate(_list(cell.get("outputs")), start=1):
            yield from _within(f"{here}, output {position}", output)
    metadata = dict(notebook.get("metadata") or {})
    yield from _within("widget state", metadata.pop(WIDGETS, None))
    yield from _within(METADATA, metadata)


def _cells(notebook: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, cell in enumerate(_list(notebook.get("cells")), start=1):
        yield f"cell {number}" + (f" (id {cell['id']})" if cell.get("id") else ""), cell


def _within(place: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every text below a value, keys too. A key goes with its value, so that a header is seen whole."""
    if isinstance(value, Mapping):
        for key, held in value.items():
            if isinstance(held, str):
                yield place, f"{key}: {held}"
            else:
                yield place, str(key)
                yield from _within(place, held)
    elif isinstance(value, list):
        if value and all(isinstance(each, str) for each in value):
            yield place, "".join(value)
        else:
            for each in value:
                yield from _within(place, each)
    elif isinstance(value, str):
        yield place, value


def _given_parameters(notebook: Mapping[str, Any]) -> Iterator[str]:
    sources = [
        (f"{here}, source", _joined(cell.get("source", "")))
        for here, cell in _cells(notebook)
        if cell.get("cell_type") == "code"
    ]
    names = secret_names(source for _, source in sources)
    if names:
        yield from (place for place, source in sources if given_in_code(source, names))
        if given_to_papermill(notebook.get("metadata"), names):
            yield METADATA


def _filled_password_fields(notebook: Mapping[str, Any]) -> Iterator[str]:
    metadata = notebook.get("metadata") or {}
    for state in _states(metadata.get(WIDGETS)):
        held = state.get("state")
        if isinstance(held, Mapping) and held.get("_model_name") == "PasswordModel" and held.get("value"):
            yield "widget state"


def _states(widgets: Any) -> Iterator[Mapping[str, Any]]:
    for kind in (widgets or {}).values() if isinstance(widgets, Mapping) else ():
        models = kind.get("state") if isinstance(kind, Mapping) else None
        for model in (models or {}).values() if isinstance(models, Mapping) else ():
            if isinstance(model, Mapping):
                yield model


def _list(value: Any) -> list[Any]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _joined(source: Any) -> str:
    return "".join(source) if isinstance(source, list) else str(source)
