"""The client, led through every step of every recording: what it says is what the recording shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

import chronicle_notebook as cn
from chronicle_notebook.registration import _wait
from tests.recorded.kernel import RecordedKernel, playing
from tests.recorded.recording import Recording, names, recording
from tests.recorded.steps import STEPS, Led

STORES = {"night": "night"}
"""The event store of a recording, by the end of its name; of all others it is ``recorded``."""


class Clock:
    """A clock that only goes on when somebody sleeps: a wait of seconds is over at once, with all its looks."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture(scope="module")
def playing_of() -> Iterator[Callable[[str], RecordedKernel]]:
    """One kernel for each recording, which plays all of its steps."""
    with ExitStack() as open_ones:
        yield cache(lambda name: open_ones.enter_context(playing(recording(name))))


def store_of(told: Recording) -> str:
    return next((store for end, store in STORES.items() if told.name.endswith(end)), "recorded")


@pytest.mark.parametrize(("name", "step"), [(name, step) for name in names() for step in recording(name).names])
def test_what_the_client_says_in_a_step_is_what_the_recording_shows(
    playing_of: Callable[[str], RecordedKernel], name: str, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_wait, "time", Clock())
    played = playing_of(name)
    told = played.recording
    played.unanswered.clear()
    entered = played.step(step)
    with cn.connect(played.connection_string, event_store=store_of(told), name="recorded") as client:
        STEPS[step](Led(played, client, told, entered))
    assert played.unanswered == []
