"""``make bench``: every module beside this one that has ``measure()``; names on the command line choose among them.

A module may have ``LIMITS``: figures by name and what they must not be over. One that is over makes this exit with 1.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys

import benchmarks


def main(chosen: list[str]) -> int:
    """Measure, print one figure a line, and say which are over their limit."""
    over = []
    for found in pkgutil.iter_modules(benchmarks.__path__):
        if found.name.startswith("_") or (chosen and found.name not in chosen):
            continue
        module = importlib.import_module(f"benchmarks.{found.name}")
        if not hasattr(module, "measure"):
            continue
        print(found.name, flush=True)
        limits: dict[str, float] = getattr(module, "LIMITS", {})
        for name, figure in module.measure().items():
            limit = limits.get(name)
            print(f"  {figure:10.2f}  {name}{'' if limit is None else f'  (limit {limit:g})'}", flush=True)
            if limit is not None and figure > limit:
                over.append(name)
    for name in over:
        print(f"over its limit: {name}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
