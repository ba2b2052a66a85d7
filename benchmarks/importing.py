"""What importing the package costs over an interpreter that does nothing."""

from __future__ import annotations

import subprocess
import sys

ROUNDS = 15

LIMITS = {"import chronicle_notebook, ms over a bare interpreter": 30.0}
"""What a figure must not be over."""


def measure() -> dict[str, float]:
    """Milliseconds of processor time, from the least disturbed runs: other work adds to some and takes from none."""
    bare, imported = [], []
    for _ in range(ROUNDS):
        bare.append(_spent("pass"))
        imported.append(_spent("import chronicle_notebook"))
    return {"import chronicle_notebook, ms over a bare interpreter": (min(imported) - min(bare)) * 1000}


def _spent(program: str) -> float:
    command = [sys.executable, "-c", f"import time; {program}; print(time.process_time())"]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
