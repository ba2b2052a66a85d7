"""The texts of a notebook, each with its place: cells, outputs, metadata, attachments and the state of widgets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chronicle_notebook.scan._rules import Leak, Rules

WIDGETS = "widgets"
PASSWORD_FIELD = "the value of a password field"  # noqa: S105 - a kind of finding


def scan_notebook(notebook: Mapping[str, Any], rules: Rules, *, file: str) -> list[Leak]:
    """Every secret of a notebook, given as its JSON."""
    found: dict[Leak, None] = {}
    for place, text in texts(notebook):
        for kind in rules.kinds(text):
            found[Leak(file, place, kind)] = None
    for place in _filled_password_fields(notebook):
        found[Leak(file, place, PASSWORD_FIELD)] = None
    return list(found)


def rules_for(notebook: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Rules:
    """The rules for a notebook, given as its JSON: they know the variables that any of its texts refers to.

    The texts are searched as they are. In JSON and in a ``repr`` quotes and ends of lines are escaped, so that a
    reference is not seen there.

    :param environment: where the values of variables are; ``os.environ`` unless given.
    """
    return Rules.for_references("\n".join(text for _, text in texts(notebook)), environment)


def texts(notebook: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each text and where it stands."""
    for number, cell in enumerate(_list(notebook.get("cells")), start=1):
        here = f"cell {number}" + (f" (id {cell['id']})" if cell.get("id") else "")
        yield f"{here}, source", _joined(cell.get("source", ""))
        yield from _within(f"{here}, metadata", cell.get("metadata"))
        yield from _within(f"{here}, attachments", cell.get("attachments"))
        for position, output in enumerate(_list(cell.get("outputs")), start=1):
            yield from _within(f"{here}, output {position}", output)
    metadata = dict(notebook.get("metadata") or {})
    yield from _within("widget state", metadata.pop(WIDGETS, None))
    yield from _within("metadata of the notebook", metadata)


def _within(place: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every text below a value. A key goes with its value, so that a header is seen whole."""
    if isinstance(value, Mapping):
        for key, held in value.items():
            if isinstance(held, str):
                yield place, f"{key}: {held}"
            else:
                yield from _within(place, held)
    elif isinstance(value, list):
        if value and all(isinstance(each, str) for each in value):
            yield place, "".join(value)
        else:
            for each in value:
                yield from _within(place, each)
    elif isinstance(value, str):
        yield place, value


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
