"""The first frame in a notebook: how long a cell takes that makes it, 3 seconds after the extension was loaded.

The peer is the same cell in a kernel that has imported pandas beforehand. Each is measured in kernels of their own. A
keystroke's completion is measured while pandas is loaded.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from functools import partial
from typing import Any

from jupyter_client.manager import start_new_kernel

from benchmarks.completion import _run
from benchmarks.installed import as_installed

ROUNDS = 2
SECONDS = 120
"""The time after which this benchmark has failed."""
COUNT = 100
AFTER = 3.0
"""Seconds between the extension and the cell."""

FRAME = "cell to first frame, 3 s after %load_ext / with pandas loaded before"
KEY = "a keystroke's completion while pandas is loaded, ms (worst)"
LIMITS = {FRAME: 2.0, KEY: 100.0}
"""What a figure must not be over."""

_LOAD = """
import json
print(json.dumps(get_ipython().run_line_magic('load_ext', 'chronicle_notebook')))
"""

_FRAME = """
import json, time, chronicle_notebook as cn
started = time.perf_counter()
with cn.connect({connection!r}, event_store="banking") as client:
    assert len(client.webhooks.to_frame()) == {count}
print(json.dumps(time.perf_counter() - started))
"""

_KEYS = """
import json, sys, time
from IPython.core.completer import provisionalcompleter, rectify_completions
shell, times, line = get_ipython(), [], "%webhook show hook-0"
until = time.monotonic() + 2.0
with provisionalcompleter():
    while time.monotonic() < until:
        started = time.perf_counter()
        list(rectify_completions(line, shell.Completer.completions(line, len(line))))
        times.append(time.perf_counter() - started)
        time.sleep(0.02)
assert "pandas" in sys.modules
print(json.dumps(times[3:]))
"""


def measure() -> dict[str, float]:
    """The figures."""
    command = [sys.executable, "-m", "tests.many", str(COUNT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, as_installed() as environment:
        start = partial(_in_a_kernel, environment)
        try:
            assert server.stdout is not None
            frame = _FRAME.format(connection=server.stdout.readline().strip(), count=COUNT)
            start("import pandas", None, frame)  # compiles the modules
            before = min(start("import pandas", None, frame) for _ in range(ROUNDS))
            ahead = min(start(None, AFTER, frame) for _ in range(ROUNDS))
            keys = start(None, 0.0, _KEYS)
        finally:
            server.kill()
    return {
        "cell to first frame with pandas loaded before, ms": before * 1000,
        "cell to first frame, 3 s after %load_ext, ms": ahead * 1000,
        FRAME: ahead / before,
        "a keystroke's completion while pandas is loaded, ms (median)": statistics.median(keys) * 1000,
        KEY: max(keys) * 1000,
    }


def _in_a_kernel(environment: dict[str, str], first: str | None, wait: float | None, then: str) -> Any:
    """What a cell prints in a new kernel, in which the extension was loaded."""
    manager, client = start_new_kernel(kernel_name="python3", env=environment)
    try:
        if first is not None:
            _run(client, first, prints=False)
        _run(client, _LOAD)
        time.sleep(wait or 0.0)
        return _run(client, then)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
