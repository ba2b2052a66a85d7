"""The threads that answer calls."""

from __future__ import annotations

import threading

import pytest

from chronicle_notebook.sandbox._pool import DaemonPool
from tests.waiting import LONG, eventually


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "test-pool"]


def test_it_grows_while_all_threads_are_busy_and_shrinks_afterwards() -> None:
    pool = DaemonPool("test-pool")
    gate = threading.Barrier(41)
    waiting = [pool.submit(gate.wait, LONG) for _ in range(40)]
    gate.wait(LONG)  # passes only when all forty wait at the same time
    for future in waiting:
        future.result(LONG)
    eventually(lambda: len(threads()) <= 8)
    assert all(thread.daemon for thread in threads())
    assert pool.submit(pow, 2, 10).result(LONG) == 1024
    pool.shutdown()
    assert threads() == []
    with pytest.raises(RuntimeError, match="after shutdown"):
        pool.submit(pow, 2, 10)


def test_an_exception_goes_to_the_one_who_asked_and_the_thread_lives_on() -> None:
    pool = DaemonPool("test-pool")
    with pytest.raises(ZeroDivisionError):
        pool.submit(divmod, 1, 0).result(LONG)
    assert pool.submit(divmod, 7, 2).result(LONG) == (3, 1)
    pool.shutdown()


def test_shutting_down_waits_for_the_work_under_way() -> None:
    pool = DaemonPool("test-pool")
    gate = threading.Event()
    futures = [pool.submit(gate.wait, LONG) for _ in range(3)]
    pool.shutdown(wait=False)
    assert not any(future.done() for future in futures)
    gate.set()
    pool.shutdown()
    assert [future.result(0) for future in futures] == [True] * 3
