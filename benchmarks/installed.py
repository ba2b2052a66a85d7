"""How processes start that are measured: with compiled modules, as for whoever has installed the packages.

``pip install`` compiles every module. A checkout, or a machine with ``PYTHONDONTWRITEBYTECODE``, may compile them at
each start, and then the figure would be that of Python's compiler. So the processes that are compared share one folder
of compiled modules. Run each of them once before it is measured: this run fills the folder.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def as_installed() -> Iterator[dict[str, str]]:
    """The environment for processes that keep their compiled modules in a folder of their own, while the block runs."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        others = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        yield {**others, "PYTHONPYCACHEPREFIX": folder}
