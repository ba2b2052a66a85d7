"""The browser's half: joined into one module of each widget, with nothing from elsewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from chronicle_notebook.widgets import _view
from chronicle_notebook.widgets._explorer import WebhookExplorer
from chronicle_notebook.widgets._form import WebhookForm
from chronicle_notebook.widgets._inspector import DeliveryInspector
from chronicle_notebook.widgets._plan_card import PlanCard

STATIC = Path(_view.__file__).parent / "static"
VIEWS = (WebhookExplorer, WebhookForm, DeliveryInspector, PlanCard)


@pytest.mark.parametrize("view", VIEWS)
def test_a_module_imports_nothing_and_has_one_default_export(view: type) -> None:
    text = str(view._esm)  # type: ignore[attr-defined]
    assert not re.search(r"^import ", text, re.MULTILINE)
    assert len(re.findall(r"^export default ", text, re.MULTILINE)) == 1


@pytest.mark.parametrize("view", VIEWS)
def test_a_module_holds_all_that_its_parts_import(view: type) -> None:
    text = str(view._esm)  # type: ignore[attr-defined]
    names = re.findall(r"^export (?:async )?(?:function|const) (\w+)", text, re.MULTILINE)
    assert len(names) == len(set(names))
    for path in STATIC.glob("*.js"):
        source = path.read_text()
        if source.split("\n", 1)[0] not in text:
            continue
        for imported in re.findall(r"^import \{([^}]*)\} from \"\./", source, re.MULTILINE):
            assert set(re.findall(r"\w+", imported)) <= set(names)


def test_nothing_comes_from_another_host() -> None:
    for path in STATIC.iterdir():
        addresses = re.findall(r"https?://[^\s\"'`]+", path.read_text())
        assert all("example.com" in each or "www.w3.org/2000/svg" in each for each in addresses), path.name


def test_every_file_is_small() -> None:
    assert all(path.stat().st_size < 24_000 for path in STATIC.iterdir())


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@pytest.mark.parametrize("view", VIEWS)
def test_node_can_read_the_module(view: type, tmp_path: Path) -> None:
    module = tmp_path / "module.mjs"
    module.write_text(str(view._esm))  # type: ignore[attr-defined]
    subprocess.run(["node", "--check", str(module)], check=True, capture_output=True)
