"""Forks, and gRPC, whose threads do not come along into a forked process.

There a call never ends, and neither does ending or dropping one (measured with grpcio 1.76). So whoever was forked from
a process that used gRPC is told so at once, and what it inherited is left alone.

gRPC has a support for forks of its own, which is off unless somebody has switched it on: with it on, ``!command`` in a
cell (a fork as well) can hang or silently not run while a stream is open. The switch is read when grpc is imported, so
import this module before.
"""

from __future__ import annotations

import os
from weakref import WeakSet

SWITCH = "GRPC_ENABLE_FORK_SUPPORT"
ADVICE = (
    "Start the process anew instead of forking it: subprocess, or multiprocessing.get_context('spawn'); or fork before "
    "anything connects."
)
"""The next step for whoever was forked."""

os.environ.setdefault(SWITCH, "0")

alive: WeakSet[object] = WeakSet()
"""What calls gRPC when it is dropped, and therefore must not be dropped in a forked process."""


class _State:
    used = False
    """Whether this process has used gRPC."""
    lost = False
    """Whether the process that this one was forked from had."""
    kept: tuple[object, ...] = ()


def note_use() -> None:
    """Say that gRPC is used from now on."""
    _State.used = True


def grpc_is_lost() -> bool:
    """Whether gRPC cannot be used any more, because this process was forked from one that used it."""
    return _State.lost


def _forked() -> None:
    _State.kept += tuple(alive)
    _State.lost = _State.lost or (_State.used and os.environ.get(SWITCH) == "0")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
