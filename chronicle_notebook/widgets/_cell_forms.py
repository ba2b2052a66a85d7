"""The static forms of the widgets that a cell has shown, alone or inside containers, displayed when the cell ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from IPython.core.getipython import get_ipython as _get_ipython
from ipywidgets import Output
from ipywidgets.widgets import widget as ipywidgets_widget

VIEW = "application/vnd.jupyter.widget-view+json"
"""The kind of content by which a front end shows a widget."""


@runtime_checkable
class Standing(Protocol):
    """A widget with a static form."""

    def show_still(self) -> None:
        """Display the static form."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a widget is displayed."""

    area: tuple[str, ...]
    """The Output widgets around it, outermost first."""
    name: str | None
    """The ``display_id``, by which something else can take its place."""


class CellForms:
    """Notes which widgets a cell shows, and displays their static forms below them when the cell ends.

    ``display``, ``display_id`` and ``Output`` only ask a widget for its data, and no front end asks for the children of
    a container. So a widget cannot display its static form at the time when it is shown.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._models: dict[str, _Place] = {}
        self._instead: list[tuple[object, str]] = []
        self._clearing: set[tuple[str, ...]] = set()
        """The areas that will be cleared as soon as something else is displayed in them."""
        self._threads = threading.local()
        shell.events.register("pre_run_cell", self._begin)
        shell.events.register("post_run_cell", self._finish)

    def listen(self) -> None:
        """Listen to what the current thread displays. The kernel keeps such listeners by thread."""
        if not getattr(self._threads, "listens", False):
            self._threads.listens = True
            self._shell.display_pub.register_hook(self._note)

    def stand_in(self, value: object, model: str) -> None:
        """Note that a widget shows a value that is no widget: if the value is the result of the cell, it was shown."""
        self._instead.append((value, model))

    def _note(self, message: dict[str, Any]) -> dict[str, Any]:
        content = message["content"]
        kind, area = message["header"]["msg_type"], _capturing()
        if kind == "clear_output":
            self._clearing.add(area)
        if kind == "display_data" or not content.get("wait", True):
            self._clear(area)
        name = (content.get("transient") or {}).get("display_id")
        shown = _shown_by(content.get("data"))
        if name is not None:  # what stood there is replaced
            self._models = {each: place for each, place in self._models.items() if place.name != name or each in shown}
        self._models.update(dict.fromkeys(shown, _Place(area, name)))
        return message

    def _clear(self, area: tuple[str, ...]) -> None:
        if area in self._clearing:
            self._clearing.discard(area)
            self._models = {each: place for each, place in self._models.items() if place.area != area}

    def _begin(self, _info: object) -> None:
        self._models.clear()  # shown by a callback between two cells
        self._instead.clear()
        self._clearing.clear()

    def _finish(self, result: Any) -> None:
        models, self._models = list(self._models), {}
        instead, self._instead = self._instead, []
        if not self._shell.displayhook.quiet():
            if isinstance(result.result, ipywidgets_widget.Widget):
                models.append(result.result.model_id)
            models += [model for value, model in instead[-1:] if value is result.result]
        for widget in list(_inside(models, set())):
            widget.show_still()


def _capturing() -> tuple[str, ...]:
    """The Output widgets that take what is displayed at this moment; none for the output of the cell itself."""
    # The type and not isinstance, which would look behind a weak reference to a widget that is gone.
    widgets = list(ipywidgets_widget._instances.values())  # noqa: SLF001 - it has no other door
    return tuple(each.model_id for each in widgets if issubclass(type(each), Output) and each.msg_id)


def _shown_by(data: object) -> tuple[str, ...]:
    view = data.get(VIEW) if isinstance(data, Mapping) else None
    return (str(view["model_id"]),) if isinstance(view, Mapping) and "model_id" in view else ()


def _inside(models: list[str], seen: set[str]) -> Iterator[Standing]:
    """The widgets with a static form among these and inside their containers and outputs."""
    for model in models:
        widget = ipywidgets_widget._instances.get(model)  # noqa: SLF001 - it has no other door
        if widget is None or model in seen:
            continue
        seen.add(model)
        if isinstance(widget, Standing):
            yield widget
            continue
        children = [each.model_id for each in getattr(widget, "children", ())]
        outputs = [shown for each in getattr(widget, "outputs", ()) for shown in _shown_by(each.get("data"))]
        yield from _inside([*children, *outputs], seen)


def cell_forms() -> CellForms | None:
    """Those of the current shell, listening in the current thread; None where no kernel displays anything."""
    shell = _get_ipython()
    if shell is None or not hasattr(shell.display_pub, "register_hook"):
        return None
    forms: CellForms | None = getattr(shell, _NAME, None)
    if forms is None:
        forms = CellForms(shell)
        setattr(shell, _NAME, forms)
    forms.listen()
    return forms


_NAME = "_chronicle_cell_forms"
"""Where a shell keeps its own, so that they end with it."""
