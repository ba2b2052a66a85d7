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
    "base": "connecting",
    "base._errors": "errors",
    "registration._replace.ReplacementError": "errors",
    "runbook.engine._outcome.RunbookError": "errors",
    "connection": "connecting",
    "contracts": "connecting",
    "display": "stores",
    "session": "connecting",
    "session._webhooks": "webhooks",
    "session._webhook_view": "webhooks",
    "model": "webhooks",
    "model._event": "stores",
    "model._event_type": "stores",
    "model._observer": "stores",
    "model._server": "connecting",
    "definition": "webhooks",
    "reading": "webhooks",
    "registration": "webhooks",
    "target_test": "webhooks",
    "webhooks": "webhooks",
    "events": "stores",
    "receiver": "local",
    "sandbox": "local",
    "widgets": "widgets",
    "runbook": "runbooks",
}
"""The page by the file that a public name lives in, or by its room; any other goes to `more`."""


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
        if name.startswith("_") or _page(name, value) != page:
            continue
        if isinstance(value, ModuleType):
            yield from (f"{name}.{each}" for each in value.__all__)
        else:
            yield name


def _page(name: str, value: object) -> str:
    """The page of a name: that of the name itself, else of its file, else of its room."""
    homes: dict[str, str] = vars(cn)["_HOMES"]
    home = name if isinstance(value, ModuleType) else homes.get(name, "")
    for place in (f"{home}.{name}", home, home.partition(".")[0]):
        if place in _ROOMS:
            return _ROOMS[place]
    return "more"


def _uri(page: str) -> str:
    return f"reference/{page}.md"


def _text(page: str) -> str:
    title, introduction = _PAGES[page]
    parts = [f"# {title}", introduction]
    if page == "errors":
        options = ("members: false", "show_root_heading: false", "show_root_toc_entry: false")
        parts.append("\n      ".join(["::: chronicle_notebook.base._errors\n    options:", *options]))
    parts += [f"::: chronicle_notebook.{name}" for name in names(page)]
    return "\n\n".join(parts)
