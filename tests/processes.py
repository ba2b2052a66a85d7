"""How ``pytest -n`` divides the tests among its processes."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

TOGETHER = ("tests/browser",)
"""Folders whose files share what is expensive: one JupyterLab and one Chromium. The tests of any other file share the
fixtures of their module, so that they stay together too, and each file goes to whichever process is free."""
LONGEST = (
    "tests/browser",
    "tests/sandbox/test_held.py",
    "tests/docs/test_site.py",
    "tests/notebooks/test_notebooks.py",
    "tests/runbook/test_papermill.py",
    "tests/test_binder.py",
    "tests/cli/test_lab.py",
    "tests/base/test_fork.py",
)
"""The groups that take longest, longest first."""


def group(test: str) -> str:
    """The tests of one group run in one process, in their order; ``test`` is the node id of one of them."""
    file = test.partition("::")[0]
    folder = str(PurePosixPath(file).parent)
    return folder if folder in TOGETHER else file


def rank(test: str) -> int:
    """Where the group of a test stands in the order in which groups are begun."""
    return LONGEST.index(name) if (name := group(test)) in LONGEST else len(LONGEST)


class Groups(LoadScopeScheduling):  # type: ignore[misc] # pytest-xdist has no types
    """Hands out the groups of tests in the order in which they were collected."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # by the number of tests, which says nothing about how long they take

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)
