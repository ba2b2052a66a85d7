"""The site builds without a warning, is whole, and needs and tells nothing from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Browser, expect

import chronicle_notebook as cn
from chronicle_notebook.contracts._defects import DEFECTS
from chronicle_notebook.magics._table import MAGICS
from chronicle_notebook.probing._unmeasured import REASONS
from tests.tracked import ROOT, tracked

NOTEBOOKS = [path for path in tracked("notebooks/*.ipynb") if path.parent.name == "notebooks"]
CANARY = "canary-4d1c-swordfish"
FIRST = "01-first-steps"
NOT_RUN = " ".join(f"*/{path.name}" for path in NOTEBOOKS if path.stem != FIRST)
"""Of the tutorials, the first alone runs here: tests/notebooks runs them all."""
SPHINX = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "-c", "docs"]
# What a browser loads by itself; everything else is a link that a reader may follow.
LOADED = {"audio": "src", "embed": "src", "iframe": "src", "img": "src", "link": "href", "script": "src"}
LOADED |= {"source": "src", "video": "src", "object": "data"}


@dataclass
class Content(HTMLParser):
    """What a page refers to, where it can be referred to, and what it says."""

    loaded: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids |= {value for name in ("id", "name") if (value := given.get(name))}
        if tag in LOADED and (target := given.get(LOADED[tag])):
            self.loaded.append(target)
        if tag == "a" and (target := given.get("href")):
            self.links.append(target)

    def handle_data(self, data: str) -> None:
        self.text += data


@cache
def content(page: Path) -> Content:
    found = Content()
    found.feed(page.read_text())
    return found


def words(page: Path) -> str:
    """What a page says, on one line."""
    return " ".join(content(page).text.split())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CHRONICLE_")}
    built = subprocess.run(
        [*SPHINX, "-d", str(folder / "doctrees"), ".", str(folder / "site")],
        cwd=ROOT,
        env={**kept, "WEBHOOK_TOKEN": CANARY, "DOCS_NOT_RUN": NOT_RUN},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return folder / "site"


@pytest.fixture(scope="module")
def pages(site: Path) -> list[Path]:
    # In _static is what the theme brings: also a template, which is no page.
    return sorted(page for page in site.rglob("*.html") if page.parent.name != "_static")


def test_each_link_leads_to_a_page_and_to_a_place_on_it(site: Path, pages: list[Path]) -> None:
    broken = []
    for page in pages:
        for link in content(page).links + content(page).loaded:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            if not target.is_file():
                broken.append(f"{page.relative_to(site)} -> {link}")
            elif parts.fragment and target.suffix == ".html" and unquote(parts.fragment) not in content(target).ids:
                broken.append(f"{page.relative_to(site)} -> {link} (no such place)")
    assert broken == []
    assert sum(len(content(page).links) for page in pages) > 500


def test_nothing_is_loaded_from_elsewhere(site: Path, pages: list[Path]) -> None:
    loaded = [
        f"{page.relative_to(site)}: {target}"
        for page in pages
        for target in content(page).loaded
        if urlsplit(target).netloc or urlsplit(target).scheme not in {"", "data"}
    ]
    for sheet in site.rglob("*.css"):
        named = re.findall(r"""url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""", sheet.read_text())
        loaded += [f"{sheet.relative_to(site)}: {each}" for each in named if re.match(r"([a-z]+:)?//", "".join(each))]
    assert loaded == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_asks_for_nothing_from_elsewhere_and_takes_the_colours_of_the_system(
    chromium: Browser, site: Path, scheme: Literal["light", "dark"]
) -> None:
    asked: list[str] = []
    faults: list[str] = []
    with chromium.new_context(color_scheme=scheme) as context:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        for name in ("README.html", "notebooks/05-watch-deliveries.html", "docs/reference/webhooks.html"):
            page.goto(f"{site.as_uri()}/{name}")
            expect(page.locator("html")).to_have_attribute("data-theme", scheme)
        assert faults == []
        page.goto(f"{site.as_uri()}/search.html?q=recover")
        page.locator("#search-results a", has_text="Watch deliveries arrive, fail and recover").first.wait_for()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert len(asked) > 20


def test_no_page_tells_a_secret_or_a_path_of_this_machine(site: Path) -> None:
    texts = {path: path.read_text(errors="replace") for path in site.rglob("*") if path.is_file()}
    assert len(texts) > 40
    for path, text in texts.items():
        for told in (CANARY, str(ROOT), f"{Path.home()}/", "site-packages"):
            assert told not in text, f"{path.relative_to(site)} has {told}"
        assert not re.search(r"crk1:\w+:\w", text), path


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_tutorial_has_a_page_with_its_cells(site: Path, notebook: Path) -> None:
    page = (site / "notebooks" / f"{notebook.stem}.html").read_text()
    assert page.count('<div class="cell_input ') >= 4


def test_the_first_steps_show_what_their_cells_gave_and_tell_the_whole_story(site: Path) -> None:
    page = (site / "notebooks" / f"{FIRST}.html").read_text()
    assert page.count('<div class="output ') >= 4
    assert "Error: " not in page
    said = words(site / "notebooks" / f"{FIRST}.html")
    for part in ("'loan-desk' was created", "200 OK", "bicycle", "did not take effect: active"):
        assert part in said


def test_each_public_name_is_in_the_reference_with_its_words(site: Path) -> None:
    places: set[str] = set().union(*(content(page).ids for page in (site / "docs" / "reference").glob("*.html")))
    said = " ".join(words(page) for page in (site / "docs" / "reference").glob("*.html"))
    for name in public_names():
        assert any(place.endswith(f".{name}") for place in places), f"{name} is on no page of docs/reference"
    # A docstring says in its first line what the thing is; the site must say it too.
    for value in (cn.connect, cn.KernelFaultError, cn.Outcome, cn.Receiver):
        first = (value.__doc__ or "").partition("\n")[0].replace("`", "")
        assert first in said, first
    assert ":class:" not in said
    assert "::" not in said.replace("::1", "")


def public_names() -> Iterator[str]:
    for name in set(dir(cn)) - {"__version__"}:
        value: Any = getattr(cn, name)
        yield from getattr(value, "__all__", [name])


def test_each_form_of_each_magic_is_listed(site: Path) -> None:
    said = words(site / "docs" / "magics.html")
    for magic in MAGICS:
        for command in magic.commands:
            assert " ".join(magic.usage(command).split()) in said


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.key)
def test_each_known_defect_has_a_page_with_what_is_known_and_what_to_do(site: Path, defect: Any) -> None:
    said = words(site / "docs" / "defects" / f"{defect.key}.html")
    probed = "does not measure it. " + REASONS[defect.key] if defect.key in REASONS else "measures it"
    known = (defect.what, defect.versions, defect.remedy, defect.source, defect.seen, probed)
    for part in (*known, "How to notice it", "What to do"):
        assert " ".join(part.replace("`", "").split()) in said
    assert " ".join(defect.what.split()) in words(site / "docs" / "defects" / "index.html")


def test_each_page_of_a_defect_says_how_to_notice_it_and_what_to_do() -> None:
    written = [path for path in (ROOT / "docs" / "defects").glob("*.md") if path.stem != "index"]
    assert len(written) >= len(DEFECTS)
    for path in written:
        headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
        assert headings[1:] == ["How to notice it", "What to do"], path.name


def test_each_public_error_is_in_the_troubleshooting(site: Path) -> None:
    said = (ROOT / "docs" / "troubleshooting.md").read_text()
    kinds = [name for name in dir(cn) if name.endswith(("Error", "Warning"))]
    assert [name for name in kinds if f"`{name}`" not in said] == []
    assert len(kinds) > 30
    assert "Troubleshooting" in words(site / "docs" / "troubleshooting.html")
