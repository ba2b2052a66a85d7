"""The garbage collector runs again after a block without it, in a child that was forked meanwhile too."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from chronicle_notebook.base._uncollected import uncollected

FORKED = """
import gc, os, threading
from chronicle_notebook.base._uncollected import uncollected

entered, leave = threading.Event(), threading.Event()

def load():
    with uncollected():
        entered.set()
        leave.wait()

thread = threading.Thread(target=load)
thread.start()
entered.wait()
assert not gc.isenabled()
child = os.fork()
if child == 0:
    os._exit(0 if gc.isenabled() else 1)
print(os.waitpid(child, 0)[1])
leave.set()
thread.join()
print(gc.isenabled())
"""


def test_it_runs_again_after_the_outermost_block_and_after_an_error() -> None:
    with uncollected():
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(KeyError), uncollected():
        raise KeyError
    assert gc.isenabled()


def test_it_runs_in_a_child_that_was_forked_meanwhile() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKED], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.stdout.split() == ["0", "True"], done.stderr
