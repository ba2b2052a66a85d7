#!/usr/bin/env python3
"""Write ``binder/requirements.txt``: what the notebooks need on Binder, with the versions and hashes of the lock.

    python scripts/lock_binder.py             write it
    python scripts/lock_binder.py --check     change nothing, exit 1 and name what differs

The lock has all that development needs, and does not say what needs what. So the requirements of the package, of its
extras and of its build are followed through the metadata of what is installed, as it would be on Binder's machines.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "binder" / "requirements.txt"
LEFT_OUT = frozenset({"keyring"})
"""Extras that a container has no use for."""
HEAD = "# Written by scripts/lock_binder.py from requirements.lock.\n"
# binder/runtime.txt names the Python; the image is an Ubuntu.
MACHINE = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.11.13",
    "python_version": "3.11",
    "sys_platform": "linux",
}


def pins() -> dict[str, list[str]]:
    """The lines of each package in the lock, its version and its hashes, as far as it concerns Binder's machines."""
    found: dict[str, list[str]] = {}
    wanted = ""
    for line in (ROOT / "requirements.lock").read_text().splitlines():
        if re.match(r"[A-Za-z0-9]", line):
            pin = Requirement(line.removesuffix("\\").strip())
            wanted = canonicalize_name(pin.name) if pin.marker is None or pin.marker.evaluate(MACHINE) else ""
            if wanted:
                found[wanted] = [f"{wanted}=={str(pin.specifier).removeprefix('==')} \\"]
        elif wanted and line.lstrip().startswith("--hash="):
            found[wanted].append(line)
    return found


def roots() -> Iterator[Requirement]:
    """What the package, its extras and its build ask for."""
    described = tomllib.loads((ROOT / "pyproject.toml").read_text())
    own = canonicalize_name(described["project"]["name"])
    extras = described["project"].get("optional-dependencies", {})
    asked = [*described["project"]["dependencies"], *described["build-system"]["requires"]]
    for extra in extras.keys() - LEFT_OUT:
        asked += extras[extra]
    yield from (each for each in map(Requirement, asked) if canonicalize_name(each.name) != own)


def closure(asked: Iterable[Requirement]) -> set[str]:
    """The names of all that is asked for, and of what that needs."""
    waiting, seen = list(asked), set[tuple[str, str]]()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        for extra in {"", *requirement.extras}:
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            waiting += _needed(name, extra)
    return {name for name, _ in seen}


def _needed(name: str, extra: str) -> Iterator[Requirement]:
    try:
        needed = requires(name) or []
    except PackageNotFoundError:
        sys.exit(f"{name} is not installed: run make test, which installs the lock, and then this again")
    for each in map(Requirement, needed):
        if each.marker is None or each.marker.evaluate({**MACHINE, "extra": extra}):
            yield each


def text() -> str:
    """The file as it should be."""
    lines = pins()
    names = sorted(closure(roots()))
    absent = [name for name in names if name not in lines]
    if absent:
        sys.exit(f"not in requirements.lock: {', '.join(absent)}; run make lock")
    return HEAD + "".join(f"{line}\n" for name in names for line in lines[name])


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 and name what differs")
    wanted, kept = text(), TARGET.read_text() if TARGET.exists() else ""
    if not parser.parse_args().check:
        TARGET.write_text(wanted)
        return 0
    changed = sorted(set(wanted.splitlines()) ^ set(kept.splitlines()))
    if changed:
        print("binder/requirements.txt is not what the lock gives:", ", ".join(changed))
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
