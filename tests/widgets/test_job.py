"""Calls on a thread of their own: one at a time, cancellable, with nothing lost."""

from __future__ import annotations

import threading

import pytest

from chronicle_notebook import CallCancelledError
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.session._client import Client
from chronicle_notebook.session._connect import connect
from chronicle_notebook.widgets._job import Jobs
from tests.scripted import ScriptedKernel
from tests.waiting import LONG, Hold, eventually


def test_a_call_runs_on_another_thread_and_its_result_is_handed_over() -> None:
    results: list[str] = []
    changes: list[bool] = []
    jobs = Jobs(lambda: changes.append(jobs.current is not None))
    assert jobs.start("Working", lambda: threading.current_thread().name, results.append, lambda _: None)
    assert jobs.wait(LONG)
    assert results[0].startswith("job-")
    assert changes == [True, False]


def test_a_second_call_is_not_started_while_one_runs() -> None:
    release = threading.Event()
    jobs = Jobs(lambda: None)
    assert jobs.start("First", release.wait, lambda _: None, lambda _: None)
    assert jobs.current is not None
    assert jobs.current.label == "First"
    assert not jobs.start("Second", lambda: None, lambda _: None, lambda _: None)
    release.set()
    assert jobs.wait(LONG)


def test_an_error_is_handed_over() -> None:
    failures: list[Exception] = []
    jobs = Jobs(lambda: None)
    jobs.start("Failing", lambda: 1 // 0, lambda _: None, failures.append)
    jobs.wait(LONG)
    assert isinstance(failures[0], ZeroDivisionError)


def test_an_error_in_what_takes_the_result_does_not_end_the_jobs(caplog: pytest.LogCaptureFixture) -> None:
    jobs = Jobs(lambda: None)
    jobs.start("First", lambda: 1, lambda result: result // 0, lambda _: None)  # type: ignore[arg-type]
    jobs.wait(LONG)
    assert "'First' could not be told" in caplog.text
    assert jobs.start("Second", lambda: 1, lambda _: None, lambda _: None)
    jobs.wait(LONG)


def test_a_result_that_comes_after_cancelling_is_a_cancelled_call() -> None:
    release = threading.Event()
    results: list[object] = []
    failures: list[Exception] = []
    jobs = Jobs(lambda: None)
    jobs.start("Slow", release.wait, results.append, failures.append)
    jobs.cancel()
    release.set()
    jobs.wait(LONG)
    assert results == []
    assert isinstance(failures[0], CallCancelledError)


def test_cancelling_ends_a_call_to_a_kernel_that_does_not_answer(kernel: ScriptedKernel) -> None:
    hold = Hold()

    def hang(_request: object, _context: object) -> object:
        hold.wait()
        return methods.GET_VERSION_INFO.response()

    client = _connected(kernel)
    kernel.on(methods.ALL_EVENT_STORES, hang)
    failures: list[Exception] = []
    jobs = Jobs(lambda: None)
    jobs.start("Reading", client.event_stores, lambda _: None, failures.append)
    assert hold.entered.wait(LONG)
    jobs.cancel()
    assert jobs.wait(LONG)
    assert not hold.in_vain
    assert isinstance(failures[0], CallCancelledError)
    hold.release()
    client.close()


def test_closing_cancels_what_runs_and_starts_nothing_more(kernel: ScriptedKernel) -> None:
    release = threading.Event()
    client = _connected(kernel)
    kernel.on(methods.ALL_EVENT_STORES, lambda _request, _context: release.wait(LONG))
    told: list[object] = []
    jobs = Jobs(lambda: None)
    jobs.start("Reading", client.event_stores, told.append, told.append)
    eventually(lambda: kernel.count(methods.ALL_EVENT_STORES))
    jobs.close()
    assert jobs.wait(LONG)
    assert told == []
    assert not jobs.start("More", lambda: None, told.append, told.append)
    release.set()
    client.close()


def _connected(kernel: ScriptedKernel) -> Client:
    kernel.on(methods.GET_VERSION_INFO, methods.GET_VERSION_INFO.response(Version="1.2.3"))
    return connect(kernel.connection_string, event_store="bank", name="hanging")
