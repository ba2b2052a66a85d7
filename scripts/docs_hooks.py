"""What mkdocs calls: the pages that are made, not written, and where they stand in the navigation."""

from __future__ import annotations

from typing import Any

from docs_site import api, defects, pages, tutorials
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

_outputs: dict[str, str] = {}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Lay out the navigation."""
    config.nav = [
        {"Home": "index.md"},
        {"Tutorials": [{tutorials.title(path): tutorials.uri(path)} for path in tutorials.paths()]},
        {"Guides": pages.guides()},
        {"Reference": [{"Magics": "magics.md"}, *api.navigation()]},
        {"Help": pages.help_pages()},
        {"Defects": defects.navigation()},
        {"Project": [{"Contributing": "contributing.md"}, {"Changelog": "changelog.md"}]},
    ]
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Make the pages."""
    made = {**pages.texts(), **api.texts()}
    for tutorial in tutorials.build():
        made[tutorial.uri] = tutorial.markdown
        _outputs.update(tutorial.outputs)
    for uri, text in made.items():
        files.append(File.generated(config, uri, content=text))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_more: Any) -> str:
    """Put what is known of a defect above the words about it."""
    return defects.completed(page.file.src_uri, markdown)


def on_page_content(html: str, **_more: Any) -> str:
    """Put the outputs of the tutorials where their marks are."""
    for mark, output in _outputs.items():
        html = html.replace(f'<div id="{mark}"></div>', output)
    return html
