"""Pages made of what the project has already: README, CONTRIBUTING, CHANGELOG, the table of the magics."""

from __future__ import annotations

import re
from pathlib import Path

from pygments.formatters import HtmlFormatter

from chronicle_notebook.magics._help import reference

ROOT = Path(__file__).resolve().parents[2]
HELP = ("troubleshooting.md", "security.md")
_HOMES = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
_MAGICS = re.compile(r"<!-- magics -->.*?<!-- /magics -->", re.DOTALL)
_CODE = re.compile(r"`[^`\n]+`")
_LINK = re.compile(r"\]\((?![a-z]+:|#)([^)\s]+)\)")


def guides() -> list[dict[str, str]]:
    """Written pages about how to do something, each under its heading: all but those for help."""
    written = sorted(path for path in (ROOT / "docs").glob("*.md") if path.name not in HELP)
    return [{_heading(path): path.name} for path in written]


def help_pages() -> list[dict[str, str]]:
    """Written pages to look something up in."""
    return [{_heading(ROOT / "docs" / name): name} for name in HELP]


def texts() -> dict[str, str]:
    """Text by page."""
    shown = "The magics are listed [on a page of their own](magics.md)."
    magics = reference().replace("### ", "## ")
    return {
        "index.md": _relinked(_MAGICS.sub(shown, _read("README.md"))),
        "contributing.md": _relinked(_read("CONTRIBUTING.md")),
        "changelog.md": _relinked(_read("CHANGELOG.md")),
        "magics.md": _relinked(f"# Magics\n\n`%load_ext chronicle_notebook` loads them.\n\n{magics}\n"),
        "assets/code.css": "\n".join([_colours("light", "default"), _colours("dark", "github-dark")]),
    }


def _heading(path: Path) -> str:
    found = re.match(r"# (.+)", path.read_text())
    return found[1] if found else path.stem


def _read(name: str) -> str:
    return (ROOT / name).read_text()


def _relinked(text: str) -> str:
    """Links between files of the repository as links between pages.

    Within a table other renderers want a bar in code to be escaped; here it would show the backslash.
    """
    text = _CODE.sub(lambda found: found[0].replace("\\|", "|"), text)
    return _LINK.sub(lambda found: f"]({_page(found[1])})", text)


def _page(target: str) -> str:
    path, hash_, anchor = target.partition("#")
    if path in _HOMES:
        path = _HOMES[path]
    elif found := re.fullmatch(r"notebooks/([\w-]+)\.ipynb", path):
        path = f"tutorials/{found[1]}.md"
    else:
        path = path.removeprefix("docs/")
    return f"{path}{hash_}{anchor}"


def _colours(mode: str, style: str) -> str:
    prefix = f"[data-bs-theme={mode}] .codehilite"
    return str(HtmlFormatter(style=style).get_style_defs(prefix))
