"""Runs the tests of the core at both ends of what pyproject.toml allows.

These are the lowest version of each direct dependency, on the oldest Python that the package supports, and the newest
versions, on the newest Python of this machine. The lock pins one version of each package, so without this nobody would
notice that a bound is too low, or that a new release breaks something.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "bounds"
EXTRAS = "sandbox,runbooks,srv"
CORE = (
    *("tests/connection", "tests/contracts", "tests/display", "tests/events", "tests/magics", "tests/model"),
    *("tests/reading", "tests/session", "tests/widgets"),
)
"""What runs: the tests of the rooms that stand on other packages: gRPC, pandas, IPython, ipywidgets and aiohttp."""
TOOLS = (
    "dnspython",
    "hypothesis",
    "jsonschema",
    "nbclient",
    "pydantic",
    "pytest",
    "pytest-timeout",
    "pytest-xdist",
    "uv",
)
OLD = ("-W", "ignore::DeprecationWarning")
"""Old releases of other packages use what newer ones of yet others deprecate. That is not an error of this package."""
OLDEST = (3, 11)
NEWEST = (3, 14)
"""The newest Python that is looked for."""
UV = str(Path(sys.executable).parent / "uv")


def python(version: str) -> str | None:
    """The program of this version of Python, if it is on this machine and runs."""
    folders = sorted(Path(os.getenv("PYENV_ROOT", Path.home() / ".pyenv")).glob(f"versions/{version}.*/bin"))
    for folder in (None, *map(str, folders)):  # a shim of pyenv runs only the versions that are switched on
        found = shutil.which(f"python{version}", path=folder)
        if found and subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0:
            return found
    return None


def pythons() -> tuple[str, str]:
    """The oldest supported Python and the newest one, as far as this machine has them."""
    known = [each for minor in range(OLDEST[1], NEWEST[1] + 1) if (each := python(f"{OLDEST[0]}.{minor}"))]
    known = known or [sys.executable]
    return known[0], known[-1]


def environment(name: str, interpreter: str, *resolution: str) -> Path:
    """A new environment with the package, its extras and what the tests need."""
    folder = FOLDER / name
    run(UV, "venv", "--quiet", "--clear", "--python", interpreter, str(folder))
    install = (UV, "pip", "install", "--quiet", "--python", str(folder))
    run(*install, *resolution, "--editable", f"{ROOT}[{EXTRAS}]")
    run(*install, *TOOLS)  # what is installed already, stays as it is
    return folder / "bin" / "python"


def run(*command: str) -> None:
    """Run a command in the checkout; an error ends everything."""
    subprocess.run(command, check=True, cwd=ROOT)


def main() -> int:
    """Run the tests at both ends, and return the exit code of the first run that fails."""
    oldest, newest = pythons()
    for name, interpreter, resolution in (
        ("lowest", oldest, ("--resolution", "lowest-direct")),
        ("newest", newest, ("--upgrade",)),
    ):
        program = environment(name, interpreter, *resolution)
        versions = subprocess.run(
            [UV, "pip", "list", "--python", str(program), "--format", "freeze"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        direct = ("grpcio", "protobuf", "pandas", "ipywidgets", "ipython", "anywidget", "aiohttp", "nbconvert")
        told = ", ".join(each for each in versions if each.partition("==")[0] in direct)
        print(f"{name} on {interpreter}: {told}", flush=True)
        done = subprocess.run(
            [program, "-m", "pytest", "-q", "-n", "auto", "-p", "no:cacheprovider", *OLD, *CORE], cwd=ROOT, check=False
        )
        if done.returncode != 0:
            print(f"The tests of the core fail at the {name} versions.", file=sys.stderr)
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
