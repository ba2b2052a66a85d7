"""The shape of the package: no import circle, no arrow upwards, no long file, a line for each room in the map."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "chronicle_notebook"
LONGEST = 400
"""Lines of a file, at most."""
PARSED = {path: ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")}


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module(path): path for path in PARSED}


def imports() -> dict[str, set[str]]:
    """Which module of the package imports which, for type checkers only and inside of functions too."""
    found: dict[str, set[str]] = {}
    for path, tree in PARSED.items():
        wanted: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                wanted |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}:{node.lineno} imports by a relative name"
                inside = {f"{node.module}.{alias.name}" for alias in node.names}
                wanted |= {each if each in MODULES else str(node.module) for each in inside}
        found[module(path)] = {each for each in wanted if each in MODULES} - {module(path)}
    return found


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """What is left when everything that imports nothing of the rest is taken away, again and again."""
    left = {name: set(wanted) for name, wanted in graph.items()}
    while free := {name for name, wanted in left.items() if not wanted & left.keys()}:
        left = {name: wanted for name, wanted in left.items() if name not in free}
    return [sorted(left)] if left else []


def room(name: str) -> str:
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else ""


def floors() -> dict[str, int]:
    """The floor of each room, as the settings of import-linter have it; the ground floor is 0."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    rooms = next(
        contract["layers"] for contract in settings["tool"]["importlinter"]["contracts"] if contract["type"] == "layers"
    )
    return {name.strip(): floor for floor, names in enumerate(reversed(rooms)) for name in names.split("|")}


def test_no_file_imports_itself_through_others() -> None:
    assert circles({"a": {"b"}, "b": {"a"}, "c": {"a"}}) == [["a", "b", "c"]], "the counting itself"
    assert circles(imports()) == []


def test_every_arrow_between_rooms_points_down() -> None:
    known = floors()
    upward = [
        f"{name} -> {wanted}"
        for name, all_wanted in imports().items()
        for wanted in all_wanted
        if room(name) and room(name) != room(wanted) and known[room(wanted)] >= known[room(name)]
    ]
    assert upward == []


def test_the_linter_makes_no_exception() -> None:
    assert "ignore_imports" not in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_no_private_module_stands_loose_at_the_top() -> None:
    loose = {path.name for path in PACKAGE.glob("*.py")}
    assert loose == {"__init__.py", "__main__.py", "_version.py", "webhooks.py"}


def test_no_file_is_too_long() -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in PARSED
        if not path.name.endswith("_pb2.py")
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_the_map_has_a_line_for_each_room() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    folders = {path.parent.relative_to(PACKAGE).parts[0] for path in PACKAGE.glob("*/__init__.py")}
    assert {name for name in folders if f"| `{name}/` |" not in text} == set()


def test_no_two_classes_have_one_name() -> None:
    """Generated messages are left out: the contract names them."""
    places: dict[str, list[str]] = {}
    for path, tree in PARSED.items():
        if path.name.endswith("_pb2.py"):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(module(path))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
