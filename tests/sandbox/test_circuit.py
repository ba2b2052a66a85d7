"""The circuit breaker, and what the sender does with it."""

from __future__ import annotations

from chronicle_notebook.sandbox.delivery._circuit import Circuit


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def fail(circuit: Circuit, times: int) -> None:
    for _ in range(times):
        assert circuit.admits()
        circuit.record(circuit.breaks, failed=True)


def test_it_opens_at_half_of_ten_attempts_and_lets_one_through_after_the_break() -> None:
    clock = Clock()
    circuit = Circuit(clock, 1.0)
    for _ in range(5):
        circuit.record(circuit.breaks, failed=False)
    fail(circuit, 4)
    assert circuit.admits()
    circuit.record(circuit.breaks, failed=True)
    assert not circuit.admits()
    clock.now = 14.9
    assert not circuit.admits()
    clock.now = 15.0
    assert circuit.admits()
    assert not circuit.admits()  # one at a time
    circuit.record(circuit.breaks, failed=True)
    clock.now = 29.9
    assert not circuit.admits()
    clock.now = 30.0
    assert circuit.admits()
    circuit.abandon(circuit.breaks)  # given up without an outcome, so another may look
    assert circuit.admits()
    circuit.record(circuit.breaks, failed=False)
    assert circuit.admits()
    fail(circuit, 9)
    assert circuit.admits()


def test_attempts_of_more_than_half_a_minute_ago_do_not_count() -> None:
    clock = Clock()
    circuit = Circuit(clock, 1.0)
    fail(circuit, 9)
    clock.now = 31.0
    fail(circuit, 9)
    assert circuit.admits()
    circuit.record(circuit.breaks, failed=True)
    assert not circuit.admits()


def test_the_time_scale_shortens_its_windows() -> None:
    clock = Clock()
    circuit = Circuit(clock, 0.1)
    fail(circuit, 10)
    clock.now = 1.4
    assert not circuit.admits()
    clock.now = 1.5
    assert circuit.admits()


def test_an_attempt_from_before_the_break_tells_nothing_about_the_probe() -> None:
    clock = Clock()
    circuit = Circuit(clock, 1.0)
    assert circuit.admits()
    slow = circuit.breaks
    fail(circuit, 10)
    clock.now = 15.0
    assert circuit.admits()
    probe = circuit.breaks
    circuit.record(slow, failed=False)
    assert not circuit.admits()  # still waiting for the probe
    circuit.abandon(slow)
    assert not circuit.admits()
    circuit.record(slow, failed=True)
    circuit.record(probe, failed=False)
    assert circuit.admits()
    assert circuit.admits()  # closed


def test_the_outcome_of_an_earlier_probe_tells_nothing_about_a_later_one() -> None:
    clock = Clock()
    circuit = Circuit(clock, 1.0)
    fail(circuit, 10)
    clock.now = 15.0
    assert circuit.admits()
    earlier = circuit.breaks
    circuit.record(earlier, failed=True)
    clock.now = 30.0
    assert circuit.admits()
    circuit.record(earlier, failed=False)
    assert not circuit.admits()
