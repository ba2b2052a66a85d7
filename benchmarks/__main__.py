"""``make bench``: every module beside this one that has ``measure()``; names on the command line choose among them."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import benchmarks


def main(chosen: list[str]) -> None:
    """Measure, and print one figure a line."""
    for module in pkgutil.iter_modules(benchmarks.__path__):
        if module.name.startswith("_") or (chosen and module.name not in chosen):
            continue
        measure = getattr(importlib.import_module(f"benchmarks.{module.name}"), "measure", None)
        if measure is None:
            continue
        print(f"{module.name}")
        for name, figure in measure().items():
            print(f"  {figure:10.2f}  {name}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
