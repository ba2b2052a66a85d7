"""Runs the tests that just failed once more, alone: a busy machine fails one test of some thousands now and then.

A test that fails again is a failure. One that passes alone is named, so that somebody mends it: it depends on how fast
the machine is, or on what ran beside it. Many failures are no accident, and are not tried again.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

MOST = 5
"""Failures of one run that are tried again."""
FAILED = 1
"""The exit code of pytest after a whole run in which tests failed."""


def last_failed(folder: Path) -> list[str]:
    """The node ids of the tests that failed in the last run of pytest in this folder."""
    kept = folder / ".pytest_cache/v/cache/lastfailed"
    return sorted(json.loads(kept.read_text())) if kept.exists() else []


def main(code: int) -> int:
    """Try again what failed in a run that ended with ``code``, and return the exit code of both runs together."""
    failed = last_failed(Path.cwd())
    if code != FAILED or not 0 < len(failed) <= MOST:
        return code
    print(f"\nOnce more, alone: {', '.join(failed)}", flush=True)
    again = subprocess.run([sys.executable, "-m", "pytest", "--last-failed", "-ra"], check=False).returncode
    if again == 0:
        print(f"Failed in the whole run and passed alone, so each needs mending: {', '.join(failed)}")
    return again


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
