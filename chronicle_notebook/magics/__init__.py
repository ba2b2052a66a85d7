"""The magics: ``%chronicle``, ``%webhooks``, ``%webhook`` and ``%%webhook``.

Each magic parses its line with the table in ``_table.py``, calls a function that Python code can call too, and displays
the result. Only IPython is imported before a magic runs; pandas follows in a thread, for the first frame.
"""

from __future__ import annotations

from typing import Any

from chronicle_notebook.display._pandas_ahead import load_pandas_ahead


def load(shell: Any) -> None:
    """Register the magics and their completion with a shell. Prints nothing."""
    from chronicle_notebook.magics._shell import ChronicleMagics

    if ChronicleMagics.of(shell) is None:
        ChronicleMagics(shell).register()
        load_pandas_ahead()


def unload(shell: Any) -> None:
    """Remove the magics and their completion."""
    from chronicle_notebook.magics._shell import ChronicleMagics

    loaded = ChronicleMagics.of(shell)
    if loaded is not None:
        loaded.unregister()
