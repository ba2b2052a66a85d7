"""Forks and gRPC: the threads of gRPC do not exist in a forked process.

In a forked process a call never ends, and ending or dropping a call never ends either (measured with grpcio 1.76). So a
process that was forked from a user of gRPC gets an error at once, and leaves the inherited objects alone.

gRPC has its own support for forks. This module switches it off unless somebody has switched it on: with this support,
``!command`` in a cell (a fork too) can hang or silently not run while a stream is open. grpc reads the switch when it
is imported, so import this module before grpc.
"""

from __future__ import annotations

import os
from weakref import WeakSet

SWITCH = "GRPC_ENABLE_FORK_SUPPORT"
ADVICE = (
    "Start a new process instead of a fork: subprocess, or multiprocessing.get_context('spawn'); or fork before "
    "anything connects."
)
"""The next step for a forked process."""

os.environ.setdefault(SWITCH, "0")
# gRPC writes failed handshakes to the standard error, in words for its authors. Each failure is raised as an error of
# this package. gRPC reads the variable when it is imported; another value switches its log on again.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

alive: WeakSet[object] = WeakSet()
"""Objects that call gRPC when they are dropped. They must not be dropped in a forked process."""


class _State:
    used = False
    """Whether this process has used gRPC."""
    lost = False
    """Whether the process that this process was forked from has used gRPC."""
    kept: tuple[object, ...] = ()


def note_use() -> None:
    """Record that this process uses gRPC from now on."""
    _State.used = True


def grpc_is_lost() -> bool:
    """Whether gRPC cannot be used, because this process was forked from a process that used gRPC."""
    return _State.lost


def _forked() -> None:
    _State.kept += tuple(alive)
    _State.lost = _State.lost or (_State.used and os.environ.get(SWITCH) == "0")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
