"""What importing the package costs over an interpreter that does nothing."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.installed import as_installed

ROUNDS = 15

LIMITS = {"import chronicle_notebook, ms over a bare interpreter": 30.0}
"""What a figure must not be over."""


def measure() -> dict[str, float]:
    """Milliseconds of processor time, from the least disturbed runs: other work adds to some and takes from none."""
    programs = ("pass", "import chronicle_notebook")
    with as_installed() as environment:
        rounds = [[_spent(environment, program) for program in programs] for _ in range(1 + ROUNDS)]
    bare, imported = (min(each) for each in zip(*rounds[1:], strict=True))  # the first round compiles
    return {"import chronicle_notebook, ms over a bare interpreter": (imported - bare) * 1000}


def _spent(environment: dict[str, str], program: str) -> float:
    command = [sys.executable, "-c", f"import time; {program}; print(time.process_time())"]
    return float(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)
