"""An executed notebook as one static page: its texts, tables and plots, without script and without network."""

from __future__ import annotations

import base64
import re
from html import escape
from pathlib import Path
from typing import Any

from chronicle_notebook.base._errors import ChronicleError, MissingDependencyError, missing
from chronicle_notebook.runbook.engine._outcome import MIME
from chronicle_notebook.scan import scan_notebook

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; form-action 'none'"
"""What a browser may load for the page: nothing. This works even if the filter overlooks something."""
_TAGS = frozenset({"input", "main", "section", "tfoot"})
"""Elements that a notebook's page needs, in addition to those that nh3 allows by default."""
_WITH_CONTENT = frozenset(
    {"applet", "embed", "form", "iframe", "math", "noembed", "noframes", "noscript", "object", "script", "select"}
    | {"style", "svg", "template", "textarea", "title", "xmp"}
)
"""Elements that are removed together with their content. Of any other forbidden element the content stays."""
_ATTRIBUTES = {
    "*": frozenset({"aria-hidden", "aria-label", "aria-labelledby", "class", "dir", "id", "lang", "role"})
    | {"style", "tabindex", "title"},
    "details": frozenset({"open"}),
    "input": frozenset({"checked", "disabled"}),
    "table": frozenset({"border", "cellpadding"}),
}
"""Attributes in addition to those that nh3 allows by default."""
_STYLES = frozenset(
    {"background", "background-color", "color", "opacity"}
    | {"border", "border-bottom", "border-collapse", "border-left", "border-radius", "border-right", "border-top"}
    | {"display", "float", "gap", "grid-template-columns", "height", "max-height", "max-width", "min-width", "width"}
    | {"font", "font-family", "font-size", "font-style", "font-variant-numeric", "font-weight", "line-height"}
    | {"margin", "margin-bottom", "margin-left", "margin-right", "margin-top", "overflow", "overflow-x", "overflow-y"}
    | {"padding", "padding-bottom", "padding-left", "padding-right", "padding-top"}
    | {"overflow-wrap", "text-align", "text-decoration", "vertical-align", "white-space", "word-break"}
)
"""CSS properties in a ``style`` attribute. None of them moves an element out of its place on the page."""
_FUNCTIONS = frozenset({"calc", "hsl", "hsla", "max", "min", "minmax", "repeat", "rgb", "rgba", "var"})
"""Functions of CSS that load nothing."""
_CALL = re.compile(r"([\w-]*)\(")
_SHOWN = ("image/png", "image/jpeg", "image/svg+xml", "text/html", "text/markdown", "text/latex", "text/plain")
_STYLE = """
:root{color-scheme:light dark}
body{font:15px/1.55 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere}
pre{padding:.5rem .75rem;border:1px solid #8884;border-radius:4px;font:13px/1.45 ui-monospace,monospace}
table{border-collapse:collapse;font-size:13px}th,td{padding:.25rem .6rem;border:1px solid #8884;vertical-align:top}
img,svg{max-width:100%}.prompt,.jp-InputPrompt,.jp-OutputPrompt,a.anchor-link{display:none}
:root{--jp-ui-font-color2:#616161;--jp-border-color2:#e0e0e0;--jp-error-color1:#b71c1c;--jp-success-color1:#2e7d32}
:root{--jp-warn-color1:#8a5300;--chronicle-good:#e8f5e9;--chronicle-warning:#fff3e0}
@media (prefers-color-scheme:dark){
body{background:#111;color:#e6e6e6}a{color:#64b5f6}
:root{--jp-ui-font-color2:#a8a8a8;--jp-border-color2:#333;--jp-error-color1:#ef9a9a;--jp-success-color1:#81c784}
:root{--jp-warn-color1:#ffb74d;--chronicle-good:#173019;--chronicle-warning:#3a2a10}}
.summary pre,.summary table{font-size:13px}.summary .chronicle-notebook{margin-bottom:1rem}
details>summary{cursor:pointer;margin-top:1.5rem}
@media (max-width:640px){
body{margin:0 auto;padding:1rem;font-size:14px}
.summary table[cellpadding] :is(thead){display:none}
.summary table[cellpadding] :is(caption,tbody,tr,th,td){display:block;white-space:normal!important;border:0}
.summary table[cellpadding] :is(th,td){min-width:0!important;padding:.05rem 0;text-align:left!important}
.summary table[cellpadding] tr{border-top:1px solid #8884;padding:.4rem 0}}
@media print{
:root{color-scheme:light;--jp-ui-font-color2:#444;--jp-border-color2:#bbb;--jp-error-color1:#b71c1c}
:root{--jp-success-color1:#2e7d32;--jp-warn-color1:#8a5300;--chronicle-good:#fff;--chronicle-warning:#fff}
body{background:#fff;color:#000;max-width:none;margin:0;padding:0;font-size:11pt}
tr,pre,.summary h2{break-inside:avoid}.summary h2{break-after:avoid}pre{white-space:pre-wrap}
.summary :is(th,td){white-space:normal!important}
.summary+details{display:none}}
"""
SUMMARY = "summary"
"""The tag of cells whose outputs come first on a page. Everything else is then folded below them."""


def export(notebook: Any, path: Path, *, title: str) -> None:
    """Write the page.

    :raises ChronicleError: the notebook contains a secret, so no page was written.
    :raises MissingDependencyError: nbconvert is not installed.
    """
    leaks = scan_notebook(notebook, file=title)
    if leaks:
        raise ChronicleError(
            f"No page was written, because of secrets: {'; '.join(f'{x.place}: {x.kind}' for x in leaks)}.",
            hint="Remove them, and change them.",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(notebook, title=title), encoding="utf-8")


def check() -> None:
    """Check that a page can be written here, by making one.

    :raises MissingDependencyError: a package is not installed, or packages are installed that do not work together.
    """
    from nbformat import v4

    form: Any = v4
    cells = [form.new_markdown_cell("# One\n\n- [two](#One)"), form.new_code_cell("three")]
    try:
        page(form.new_notebook(cells=cells), title="trial")
    except ChronicleError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever an old version raises
        raise MissingDependencyError(
            f"No page can be written here: nbconvert {_version('nbconvert')} fails with {type(error).__name__}.",
            hint="Nothing was started. Install versions that work: pip install -U 'chronicle-notebook[runbooks]'",
        ) from None


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "of unknown version"


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
    body = cleaned(exporter.from_notebook_node(_still(notebook))[0])
    summary = _summary(notebook)
    if summary:
        heading = "" if "<h1" in summary else f"<h1>{escape(title)}</h1>"
        folded = f"<details><summary>Code and all results</summary>{body}</details>"
        body = f'<main><div class="summary">{heading}{summary}</div>{folded}</main>'
    return (
        "<!DOCTYPE html>\n"
        f'<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title><style>{_STYLE}</style>'
        f"</head><body>{body}</body></html>\n"
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
                both = _pictures({kind: output.data[kind] for kind in (kept, "text/plain") if kind in output.data})
                if "text/html" in both:
                    # Each output separately, so that an element that an output leaves open does not swallow the next
                    # cells.
                    both["text/html"] = cleaned("".join(both["text/html"]))
                output.data = both
    return still


def _summary(notebook: Any) -> str:
    """The results of the cells with the tag ``summary``, the outcome of a runbook first. Empty if there are none."""
    found = [
        output.data
        for cell in notebook.cells
        if cell.cell_type == "code" and SUMMARY in cell.metadata.get("tags", [])
        for output in cell.get("outputs", [])
        if "text/html" in output.get("data", {})
    ]
    found.sort(key=lambda data: MIME not in data)
    return "".join(cleaned("".join(data["text/html"])) for data in found)


def _pictures(data: dict[str, Any]) -> dict[str, Any]:
    """An SVG as a picture, in which no script can run, instead of a part of the page."""
    if "image/svg+xml" not in data:
        return data
    drawn = data["image/svg+xml"]
    text = "".join(drawn) if isinstance(drawn, list) else str(drawn)
    encoded = base64.b64encode(text.encode()).decode()
    return {"text/html": f'<img alt="a plot" src="data:image/svg+xml;base64,{encoded}">'}


def cleaned(markup: str) -> str:
    """HTML with the elements, attributes and styles that a page of texts, tables and pictures needs, and no others.

    :raises MissingDependencyError: nh3 is not installed.
    """
    try:
        import nh3
    except ImportError as error:
        raise missing("runbooks", "A page of a runbook", error) from None
    attributes = {
        tag: {*nh3.ALLOWED_ATTRIBUTES.get(tag, ()), *_ATTRIBUTES.get(tag, ())}
        for tag in {*nh3.ALLOWED_ATTRIBUTES, *_ATTRIBUTES}
    }
    return nh3.clean(
        markup,
        tags=nh3.ALLOWED_TAGS | _TAGS,
        clean_content_tags=set(_WITH_CONTENT),
        attributes=attributes,
        # The box of a task list. A page has nothing else to fill in.
        set_tag_attribute_values={"input": {"type": "checkbox"}},
        attribute_filter=_attribute,
        filter_style_properties=set(_STYLES),
        url_schemes={"data", "http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )


def _attribute(_tag: str, name: str, value: str) -> str | None:
    """The value of an allowed attribute. None if the value would load something."""
    if name == "src":
        return value if value.startswith("data:image/") else None
    if name == "href":
        # A browser loads nothing until a person follows the link.
        return value if value.startswith(("#", "http://", "https://", "mailto:")) else None
    if name == "tabindex":  # a table that is wider than a narrow page is scrolled with the keys
        return value if value == "0" else None
    if name == "style":
        return ";".join(filter(_loads_nothing, value.split(";")))
    return value


def _loads_nothing(declaration: str) -> bool:
    # A backslash can hide the name of a function.
    return "\\" not in declaration and all(name.lower() in _FUNCTIONS for name in _CALL.findall(declaration))
