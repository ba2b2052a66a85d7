"""What is built is what is needed: types, proto files, front-end files, and nothing of the tests."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "chronicle_notebook"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = target.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return archive.namelist()


def test_every_file_of_the_package_is_in_the_wheel(wheel: list[str]) -> None:
    files = {
        str(path.relative_to(ROOT)) for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }
    assert files <= set(wheel)
    assert {"chronicle_notebook/py.typed", "chronicle_notebook/contracts/wire/webhooks.proto"} <= files
    assert any(name.endswith(".js") for name in files)


def test_nothing_else_is_in_the_wheel(wheel: list[str]) -> None:
    assert {name.partition("/")[0].partition("-")[0] for name in wheel} == {"chronicle_notebook"}


def test_the_project_speaks_of_itself_alone() -> None:
    """No address of a package registry, and no path of a machine, in any file that git keeps."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    words = ["pypi" + ".org", "pythonhosted" + ".org", "registry.npmjs" + ".org", "/ro" + "ot/", "/wo" + "rk/"]
    for name in listed:
        path = ROOT / name
        if path.suffix in {".png", ".ico"} or not path.is_file():
            continue
        text = path.read_text()
        assert [word for word in words if word in text] == [], name
