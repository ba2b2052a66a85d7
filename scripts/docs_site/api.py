"""The reference of the Python names: which page each public name is on. The words are those of the docstrings."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import chronicle_notebook as cn

_PAGES = {
    "connecting": ("Connecting", "Reach a kernel, and find the clients of this process by name."),
    "webhooks": ("Webhooks", "Definitions, registration and what became of it."),
    "stores": ("Event types, sequences and observers", "What a webhook can refer to, and how its deliveries go."),
    "local": ("Receiver and sandbox", "An endpoint and a kernel on this machine, to try things out."),
    "widgets": ("Widgets", "Forms and views for JupyterLab."),
    "runbooks": ("Runbooks", "What a runbook is made of, as a notebook or in Python."),
    "more": ("More", "What stands by itself."),
    "errors": ("Errors and warnings", ""),
}
_ROOMS = {
    "_client": "connecting",
    "_connect": "connecting",
    "_secrets": "connecting",
    "_status": "connecting",
    "connection": "connecting",
    "contracts": "connecting",
    "model": "webhooks",
    "model._event": "stores",
    "model._event_type": "stores",
    "model._observer": "stores",
    "model._server": "connecting",
    "webhooks": "webhooks",
    "stores": "stores",
    "observers": "stores",
    "_listing": "stores",
    "receiver": "local",
    "sandbox": "local",
    "_errors": "errors",
    "widgets": "widgets",
    "runbook": "runbooks",
}
"""The page by the module that a public name lives in, or by its folder; any other goes to `more`."""


def navigation() -> list[dict[str, str]]:
    """The pages under their titles."""
    return [{title: _uri(page)} for page, (title, _) in _PAGES.items() if any(names(page))]


def texts() -> dict[str, str]:
    """Text by page."""
    return {_uri(page): _text(page) for page in _PAGES if any(names(page))}


def names(page: str) -> Iterator[str]:
    """The public names on a page."""
    for name in dir(cn):
        value = getattr(cn, name)
        room = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", "")
        if not room or _page(room) != page:
            continue
        if isinstance(value, ModuleType):
            yield from (f"{name}.{each}" for each in value.__all__)
        else:
            yield name


def _page(room: str) -> str:
    inner = room.partition(".")[2]
    return _ROOMS.get(inner) or _ROOMS.get(inner.partition(".")[0], "more")


def _uri(page: str) -> str:
    return f"reference/{page}.md"


def _text(page: str) -> str:
    title, introduction = _PAGES[page]
    parts = [f"# {title}", introduction]
    if page == "errors":
        options = ("members: false", "show_root_heading: false", "show_root_toc_entry: false")
        parts.append("\n      ".join(["::: chronicle_notebook._errors\n    options:", *options]))
    parts += [f"::: chronicle_notebook.{name}" for name in names(page)]
    return "\n\n".join(parts)
