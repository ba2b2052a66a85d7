"""Loading pandas before somebody needs it, where a person works.

Importing pandas takes about as long as ten listings. In a notebook that person would wait for it at the first frame. So
it is imported in a thread soon after the extension was loaded or a client connected in an interactive shell.
"""

from __future__ import annotations

import importlib
import sys
import threading
import time
from contextlib import suppress

PAUSE = 0.3
"""Seconds before the import begins: the cell that loaded the extension, and its output, come first."""

_begun = threading.Lock()


def load_pandas_ahead() -> None:
    """Begin to import pandas in a thread, in an interactive shell only, and once in a process."""
    if "pandas" in sys.modules or not _in_a_shell() or not _begun.acquire(blocking=False):
        return
    threading.Thread(target=_load, name="chronicle-pandas", daemon=True).start()


def _in_a_shell() -> bool:
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None


def _load() -> None:
    time.sleep(PAUSE)
    with suppress(Exception):  # whoever makes a frame imports it again, and has the error
        importlib.import_module("pandas")
