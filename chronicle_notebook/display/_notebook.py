"""Whether a notebook shows what this process displays, and whether a person can act on it there."""

from __future__ import annotations

import sys
from typing import Any


def _shell() -> Any:
    """The shell of IPython that runs this process; None outside of IPython, which is not loaded for this."""
    module = sys.modules.get("IPython.core.getipython")
    return None if module is None else module.get_ipython()


def in_notebook() -> bool:
    """Whether the outputs of this process go to a notebook."""
    shell = _shell()
    return shell is not None and hasattr(shell, "kernel")


def front_end_answers() -> bool:
    """Whether a front end that shows widgets asked for what runs now.

    Programs that run notebooks (nbclient, papermill, nbconvert) say with each cell that nobody can be asked for input.
    A message of a widget comes from a front end in any case.
    """
    shell = _shell()
    if shell is None or not hasattr(shell, "get_parent") or not hasattr(shell.display_pub, "register_hook"):
        return False
    content = (shell.get_parent() or {}).get("content") or {}
    return bool(content.get("allow_stdin", True))
