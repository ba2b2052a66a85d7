"""An executed notebook as one static page: its texts, tables and plots, without script and without network."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from chronicle_notebook.base._errors import ChronicleError, missing
from chronicle_notebook.scan import rules_for, scan_notebook

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; form-action 'none'"
"""What a browser may load for the page: nothing. This works even if the filter overlooks something."""
_DROPPED = frozenset(
    {"script", "noscript", "iframe", "frame", "object", "embed", "link", "meta", "base", "form", "foreignobject"}
)
_VOID = frozenset(
    {"area", "br", "col", "hr", "img", "input", "source", "track", "wbr", "link", "meta", "base", "embed"}
)
_ADDRESSES = frozenset({"href", "src", "xlink:href", "action", "formaction", "srcset", "poster", "background", "data"})
_SHOWN = ("image/png", "image/jpeg", "image/svg+xml", "text/html", "text/markdown", "text/latex", "text/plain")
_STYLE = """
:root{color-scheme:light dark}
body{font:15px/1.55 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
pre{overflow-x:auto;padding:.5rem .75rem;border:1px solid #8884;border-radius:4px;font:13px/1.45 ui-monospace,monospace}
table{border-collapse:collapse;font-size:13px}th,td{padding:.25rem .6rem;border:1px solid #8884;vertical-align:top}
img,svg{max-width:100%}.prompt,.jp-InputPrompt,.jp-OutputPrompt,a.anchor-link{display:none}
"""


def export(notebook: Any, path: Path, *, title: str) -> None:
    """Write the page.

    :raises ChronicleError: the notebook contains a secret, so no page was written.
    :raises MissingDependencyError: nbconvert is not installed.
    """
    leaks = scan_notebook(notebook, rules_for(notebook), file=title)
    if leaks:
        raise ChronicleError(
            f"No page was written, as the notebook holds secrets: {'; '.join(f'{x.place}: {x.kind}' for x in leaks)}.",
            hint="Take them out, and change them.",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(notebook, title=title), encoding="utf-8")


def page(notebook: Any, *, title: str) -> str:
    """The whole page.

    :raises MissingDependencyError: nbconvert is not installed.
    """
    try:
        from nbconvert import HTMLExporter
    except ImportError as error:
        raise missing("runbooks", "A page of a runbook", error) from None
    exporter: Any = HTMLExporter(  # type: ignore[no-untyped-call]
        template_name="basic", exclude_anchor_links=True, embed_images=True
    )
    body, _ = exporter.from_notebook_node(_still(notebook))
    return (
        "<!DOCTYPE html>\n"
        f'<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title><style>{_STYLE}</style>'
        f"</head><body>{cleaned(body)}</body></html>\n"
    )


def _still(notebook: Any) -> Any:
    """A copy in which each output has only its richest form that needs no script."""
    import copy

    still = copy.deepcopy(notebook)
    still.metadata.pop("widgets", None)
    for cell in still.cells:
        for output in cell.get("outputs", []):
            if "data" in output:
                kept = next((kind for kind in _SHOWN if kind in output.data), "text/plain")
                both = {kind: output.data[kind] for kind in (kept, "text/plain") if kind in output.data}
                output.data = _pictures(both)
    return still


def _pictures(data: dict[str, Any]) -> dict[str, Any]:
    """An SVG as a picture, in which no script can run, instead of a part of the page."""
    if "image/svg+xml" not in data:
        return data
    drawn = data["image/svg+xml"]
    text = "".join(drawn) if isinstance(drawn, list) else str(drawn)
    encoded = base64.b64encode(text.encode()).decode()
    return {"text/html": f'<img alt="a plot" src="data:image/svg+xml;base64,{encoded}">'}


def cleaned(markup: str) -> str:
    """HTML without everything that runs or loads: scripts, frames, event handlers, addresses other than data and
    anchors."""
    cleaner = _Cleaner()
    cleaner.feed(markup)
    cleaner.close()
    return "".join(cleaner.kept)


class _Cleaner(HTMLParser):
    """Writes a document again, element by element, without the forbidden parts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.kept: list[str] = []
        self._inside = 0

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        if tag in _DROPPED:
            self._inside += tag not in _VOID
        elif not self._inside:
            told = "".join(_attribute(name, value) for name, value in attrs if _harmless(tag, name, value))
            self.kept.append(f"<{tag}{told}>")

    def handle_startendtag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        if tag not in _DROPPED:
            self.handle_starttag(tag, attrs)
            if tag not in _VOID and not self._inside:
                self.kept.append(f"</{tag}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in _DROPPED:
            self._inside = max(0, self._inside - (tag not in _VOID))
        elif not self._inside and tag not in _VOID:
            self.kept.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._inside:
            # The parser reports the content of raw-text elements, and unparsed text at the end, as data too. A browser
            # may parse these differently, and a "<" in them would then start an element.
            self.kept.append(data.replace("<", "&lt;"))

    def handle_entityref(self, name: str) -> None:
        if not self._inside:
            self.kept.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        if not self._inside:
            self.kept.append(f"&#{name};")


def _harmless(tag: str, name: str, value: str | None) -> bool:
    if name.startswith("on") or name in {"srcdoc", "ping"}:
        return False
    address = (value or "").strip().lower()
    if name in _ADDRESSES:
        # Only a person follows a link. Everything else would be loaded at once.
        return address.startswith(("data:image/", "#")) or (tag == "a" and address.startswith(("https:", "http:")))
    return not (name == "style" and ("url(" in address or "expression(" in address))


def _attribute(name: str, value: str | None) -> str:
    return f" {name}" if value is None else f' {name}="{escape(value)}"'
