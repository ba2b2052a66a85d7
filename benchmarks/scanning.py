"""What looking for secrets costs in executed notebooks, against reading them as JSON, which there is no way around."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

from chronicle_notebook.scan import scan

NOTEBOOKS = 60
ROUNDS = 5

LIMITS = {"scanning executed notebooks / reading them as JSON": 26.0}
"""What a figure must not be over."""


def measure() -> dict[str, float]:
    """The ratio, and milliseconds for a notebook. The best of some rounds each: they take turns."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{number}.ipynb" for number in range(NOTEBOOKS)]
        for file in files:
            file.write_text(json.dumps(_executed()))
        reading, scanning = [], []
        for _ in range(ROUNDS):
            started = time.process_time()
            for file in files:
                json.loads(file.read_bytes())
            read = time.process_time()
            assert scan(files, environment={}) == ([], NOTEBOOKS)
            scanning.append(time.process_time() - read)
            reading.append(read - started)
    return {
        "scanning executed notebooks / reading them as JSON": min(scanning) / min(reading),
        "scanning an executed notebook, ms": min(scanning) / NOTEBOOKS * 1000,
    }


def _executed() -> dict[str, Any]:
    """A notebook with four listings of webhooks."""
    rows = [{"webhook": f"hook-{n}", "state": "active", "token": "env:A_TOKEN", "note": "a b c"} for n in range(40)]
    table = "".join(f'<tr class="row"><td>hook-{n}</td><td>https://hooks.internal/in</td></tr>' for n in range(200))
    output = {"output_type": "display_data", "metadata": {}, "data": {"text/html": table, "application/json": rows}}
    cell = {"cell_type": "code", "execution_count": 1, "metadata": {}, "source": "webhooks.all()", "outputs": [output]}
    return {"cells": [cell] * 4, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
