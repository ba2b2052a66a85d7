"""``make bench``: every module beside this one that has ``measure()``; names on the command line choose among them.

Each benchmark runs in a process of its own, and fails if it has not ended after its time: ``SECONDS`` of the module, or
:data:`SECONDS` here. A module may have ``LIMITS``: figures by name and what they must not be over; ``LEAST`` has the
figures that must not be under their limit. A figure on the wrong side of its limit, or a benchmark that fails, makes
this exit with 1.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import benchmarks

SECONDS = 60
"""The time after which a benchmark has failed, unless its module has another one."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure, and the limit that it must keep."""

    benchmark: str
    name: str
    figure: float
    limit: float | None = None
    least: bool = False
    """Whether the limit is the smallest allowed figure, not the largest."""

    @property
    def margin(self) -> float | None:
        """The part of the limit that is left; negative if the figure is on the wrong side of it."""
        if self.limit is None:
            return None
        return (self.figure / self.limit - 1) if self.least else (1 - self.figure / self.limit)

    def cells(self) -> tuple[str, str, str, str]:
        """The cells of a table."""
        if self.limit is None or self.margin is None:
            return self.name, f"{self.figure:.2f}", "", ""
        bound = f"{'≥' if self.least else '≤'} {self.limit:g}"
        return self.name, f"{self.figure:.2f}", bound, f"{self.margin:.0%}"


def main(chosen: list[str]) -> int:
    """Measure, print one table, and say which figures do not keep their limit and which benchmarks failed."""
    found = [each.name for each in pkgutil.iter_modules(benchmarks.__path__) if not each.name.startswith("_")]
    names = [name for name in found if hasattr(importlib.import_module(f"benchmarks.{name}"), "measure")]
    unknown = sorted(set(chosen) - set(names))
    if unknown:
        print(f"No benchmark is called {', '.join(unknown)}. There are: {', '.join(names)}.")
        return 2
    rows: list[Row] = []
    failed: list[str] = []
    for name in [name for name in names if not chosen or name in chosen]:
        started = time.monotonic()
        print(f"{name} ", end="", file=sys.stderr, flush=True)
        measured = _measured(name)
        print(f"{time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
        if isinstance(measured, str):
            failed.append(f"{name} {measured}")
        else:
            rows += measured
    _print(rows)
    failed += [f"{row.name}: {row.figure:.2f}" for row in rows if row.margin is not None and row.margin < 0]
    for each in failed:
        print(f"FAILED  {each}")
    return 1 if failed else 0


def _measured(name: str) -> list[Row] | str:
    """The figures of one benchmark, or how it failed."""
    module = importlib.import_module(f"benchmarks.{name}")
    seconds: float = getattr(module, "SECONDS", SECONDS)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "figures.json")
        program = (
            "import importlib, json, pathlib, sys; module = importlib.import_module(sys.argv[1]); "
            "pathlib.Path(sys.argv[2]).write_text(json.dumps(module.measure()))"
        )
        # A session of its own: what the benchmark has started ends with it, also after its time.
        process = subprocess.Popen([sys.executable, "-c", program, module.__name__, file], start_new_session=True)
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            return f"did not end in {seconds:g} seconds"
        finally:
            _end(process)
        if code:
            return f"ended with exit code {code}"
        figures: dict[str, float] = json.loads(file.read_text())
    limits, least = getattr(module, "LIMITS", {}), getattr(module, "LEAST", {})
    missing = [each for each in [*limits, *least] if each not in figures]
    if missing:
        return f"did not measure {', '.join(missing)}"
    return [
        Row(name, each, figure, least.get(each, limits.get(each)), least=each in least)
        for each, figure in figures.items()
    ]


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a benchmark and every process that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _print(rows: list[Row]) -> None:
    """One table: the figure, its limit, and the margin."""
    title = ("", "figure", "limit", "margin")
    cells = [(row.benchmark, row.cells()) for row in rows]
    widths = [max(map(len, column)) for column in zip(title, *(row for _, row in cells), strict=True)]
    last = ""
    print(_line(title, widths))
    for benchmark, row in cells:
        if benchmark != last:
            print(benchmark)
            last = benchmark
        print(_line(row, widths), flush=True)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    name, *others = (
        cell.ljust(width) if at == 0 else cell.rjust(width)
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join(("", name, *others)).rstrip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
