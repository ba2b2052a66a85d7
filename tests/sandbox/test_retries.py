"""How long is waited for a target, and before the next attempt."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from chronicle_notebook.contracts.wire import observation_pb2 as wire
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.sandbox.delivery._sender import _seconds
from tests.sandbox.conftest import Client, Delivery, Endpoint, hook
from tests.waiting import FOR_EVER, eventually


def test_the_target_says_how_long_to_wait_before_the_next_attempt(tmp_path: Path, endpoint: Endpoint) -> None:
    past = "Wed, 21 Oct 2015 07:28:00 GMT"
    answers = iter(["0", past, past.removesuffix(" GMT")])

    def answer(_delivery: Delivery) -> web.StreamResponse | int:
        wait = next(answers, None)
        return 200 if wait is None else web.Response(status=503, headers={"Retry-After": wait})

    endpoint.answer = answer  # type: ignore[method-assign, assignment]
    # By itself it would wait for many hours.
    with Sandbox(data=tmp_path / "slow", settle_delay=0, time_scale=FOR_EVER) as sandbox:
        caller = Client(sandbox.port)
        caller.register_types("One")
        caller.settle(hook("h", endpoint.url(), "One"))
        caller.append("a", "One")
        endpoint.expect([0, 0, 0, 0])
        eventually(lambda: caller.observer("h").HandledEventCount == 1)
        caller.close()


@pytest.mark.parametrize("zone", [" GMT", " -0000", ""])
def test_a_date_to_wait_for_is_in_universal_time_even_when_it_names_no_zone(zone: str) -> None:
    moment = datetime.now(UTC) + timedelta(minutes=1)
    seconds = _seconds(f"{moment:%a, %d %b %Y %H:%M:%S}{zone}")
    assert seconds is not None
    assert 40 < seconds <= 60


@pytest.mark.parametrize("text", [f"Mon, 01 Jan {'9' * 20} 00:00:00 GMT", "Mon, 01 Jan 2024 00:00:00 +9999999999999"])
def test_a_date_out_of_range_is_no_time_to_wait(text: str) -> None:
    assert _seconds(text) is None


@pytest.mark.parametrize(
    ("text", "seconds"), [("3", 3.0), ("9" * 400, 100.0), ("inf", None), ("-4", None), ("soon", None), (None, None)]
)
def test_no_target_can_ask_for_an_endless_wait(text: str | None, seconds: float | None) -> None:
    assert _seconds(text) == seconds


def test_an_attempt_without_an_answer_times_out(
    tmp_path: Path, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chronicle_notebook.sandbox.delivery._sender.ATTEMPT_LIMIT", 0.05)
    with socket.socket() as silent, Sandbox(data=tmp_path / "brief", settle_delay=0, time_scale=0.001) as sandbox:
        silent.bind(("127.0.0.1", 0))
        silent.listen()  # connections are made, and nobody reads
        caller = Client(sandbox.port)
        caller.register_types("One")
        caller.settle(hook("h", f"http://127.0.0.1:{silent.getsockname()[1]}/", "One"))
        caller.append("a", "One")
        (failed,) = eventually(caller.failed)
        assert failed.Attempts[0].Kind == wire.Timeout
        assert "within the allowed timeout" in failed.Attempts[0].Messages[0]
        caller.close()


def test_many_failures_open_the_circuit_of_that_target_and_of_no_other(tmp_path: Path, endpoint: Endpoint) -> None:
    with Sandbox(data=tmp_path / "slower", settle_delay=0, time_scale=0.05) as sandbox:
        caller = Client(sandbox.port)
        caller.register_types("One")
        caller.settle(
            *[hook(f"bad-{number}", "http://127.0.0.1:9/", "One") for number in range(12)],
            hook("good", endpoint.url(), "One"),
        )
        caller.append("a", "One")
        eventually(lambda: any("The circuit is now open" in entry.Attempts[0].Messages[0] for entry in caller.failed()))
        caller.append("b", "One")
        endpoint.expect([0, 1])
        assert "good" not in {entry.ObserverId for entry in caller.failed()}
        caller.close()
