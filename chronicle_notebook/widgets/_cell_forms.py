"""The static forms of the widgets that a cell has shown, alone or inside containers, displayed when the cell ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

from IPython.core.getipython import get_ipython as _get_ipython
from ipywidgets.widgets import widget as ipywidgets_widget

VIEW = "application/vnd.jupyter.widget-view+json"
"""The kind of content by which a front end shows a widget."""


@runtime_checkable
class Standing(Protocol):
    """A widget with a static form."""

    def show_still(self) -> None:
        """Display the static form."""


class CellForms:
    """Notes which widgets a cell shows, and displays their static forms below them when the cell ends.

    ``display``, ``display_id`` and ``Output`` only ask a widget for its data, and no front end asks for the children of
    a container. So a widget cannot display its static form at the time when it is shown.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._models: dict[str, None] = {}
        self._threads = threading.local()
        shell.events.register("pre_run_cell", self._begin)
        shell.events.register("post_run_cell", self._finish)

    def listen(self) -> None:
        """Listen to what the current thread displays. The kernel keeps such listeners by thread."""
        if not getattr(self._threads, "listens", False):
            self._threads.listens = True
            self._shell.display_pub.register_hook(self._note)

    def _note(self, message: dict[str, Any]) -> dict[str, Any]:
        self._models.update(dict.fromkeys(_shown_by(message["content"].get("data"))))
        return message

    def _begin(self, _info: object) -> None:
        self._models.clear()  # shown by a callback between two cells

    def _finish(self, result: Any) -> None:
        models, self._models = list(self._models), {}
        if not self._shell.displayhook.quiet() and isinstance(result.result, ipywidgets_widget.Widget):
            models.append(result.result.model_id)
        for widget in list(_inside(models, set())):
            widget.show_still()


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
