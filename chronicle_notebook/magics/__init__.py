"""The magics: ``%chronicle``, ``%webhooks``, ``%webhook`` and ``%%webhook``.

Each parses its line by the one table in ``_table.py``, calls a function that can be called from Python too, and
displays what it returns. Nothing but IPython is imported before a magic runs.
"""

from __future__ import annotations

from typing import Any


def load(shell: Any) -> None:
    """Register the magics and their completion with a shell; silent."""
    from chronicle_notebook.magics._shell import ChronicleMagics

    if ChronicleMagics.of(shell) is None:
        ChronicleMagics(shell).register()


def unload(shell: Any) -> None:
    """Take the magics and their completion away again."""
    from chronicle_notebook.magics._shell import ChronicleMagics

    loaded = ChronicleMagics.of(shell)
    if loaded is not None:
        loaded.unregister()
