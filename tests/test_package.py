"""What is built is what is needed: types, proto files, front-end files, and nothing of the tests."""

from __future__ import annotations

import lzma
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from chronicle_notebook.sandbox import Sandbox
from tests.tracked import ROOT, held, tracked

PACKAGE = ROOT / "chronicle_notebook"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (found,) = target.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def wheel(built: Path) -> list[str]:
    with zipfile.ZipFile(built) as archive:
        return archive.namelist()


class Elsewhere:
    """The wheel, unpacked far from the checkout; what it needs besides is what is installed here."""

    def __init__(self, folder: Path) -> None:
        self.site = folder / "site"
        self._work = folder / "work"
        self._work.mkdir()

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self._work,
            env={**os.environ, "PYTHONPATH": str(self.site), "IPYTHONDIR": str(self._work), **environment},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def elsewhere(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Elsewhere:
    place = Elsewhere(tmp_path_factory.mktemp("elsewhere"))
    with zipfile.ZipFile(built) as archive:
        archive.extractall(place.site)
    told = place.run("-c", "import chronicle_notebook; print(chronicle_notebook.__file__)")
    assert told.stdout.strip() == str(place.site / "chronicle_notebook" / "__init__.py")
    return place


def test_the_wheel_holds_each_runbook_as_it_stands_in_the_checkout_and_no_other_notebook(built: Path) -> None:
    with zipfile.ZipFile(built) as archive:
        held = {name: archive.read(name) for name in archive.namelist() if name.endswith(".ipynb")}
    books = {path.name: path.read_bytes() for path in tracked("notebooks/runbooks/*.ipynb")}
    assert held == {f"chronicle_notebook/runbook/books/{name}": content for name, content in books.items()}
    assert len(books) >= 7


def test_what_a_wheel_installs_runs_the_runbooks_by_name(elsewhere: Elsewhere, shared_sandbox: Sandbox) -> None:
    program = ("-m", "chronicle_notebook.cli", "run")
    helped = elsewhere.run(*program, "--help")
    assert helped.returncode == 0, helped.stderr
    assert "RUNBOOK" in helped.stdout
    wrong = elsewhere.run(*program, "audit-webhook")
    assert wrong.returncode == 1
    assert "Did you mean 'audit-webhooks'" in wrong.stderr
    audited = elsewhere.run(
        *program,
        "audit-webhooks",
        "-p",
        "event_store=System",
        CHRONICLE_CONNECTION_STRING=shared_sandbox.connection_string,
    )
    assert audited.returncode == 0, audited.stderr
    assert "audit-webhooks: done. 0 findings." in audited.stdout


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
    words = ["pypi" + ".org", "pythonhosted" + ".org", "registry.npmjs" + ".org", "/ro" + "ot/", "/wo" + "rk/"]
    listed = [path for path in tracked() if path.suffix not in {".png", ".ico"}]
    assert len(listed) > 500
    for path, content in held(listed).items():
        text = (lzma.decompress(content) if path.suffix == ".xz" else content).decode()
        assert [word for word in words if word in text] == [], path
