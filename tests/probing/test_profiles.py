"""A probe of each profile of the sandbox finds exactly the defects that the profile has."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import chronicle_notebook as cn
from chronicle_notebook.contracts._defects import DEFECTS
from chronicle_notebook.probing import DEADLINE, _delivery_checks
from chronicle_notebook.probing._probe import CHECKS
from chronicle_notebook.probing._unmeasured import REASONS
from chronicle_notebook.sandbox._profile import PROFILES
from chronicle_notebook.sandbox.delivery import _watchdog
from chronicle_notebook.session._client import Client
from tests.probing.profiles import expected

SCALE = 0.05
"""Of the times of a sandbox."""
AT_ONCE = 5
"""Probes under way at one time: they wait most of it."""


def probed(name: str) -> cn.ProbeResult:
    """The result of a probe by a client of its own."""
    with cn.Sandbox(behaves_like=name, settle_delay=0.02, time_scale=SCALE) as sandbox:
        client: Client = cn.connect(sandbox.connection_string, name=f"probe-{name}")
        with client:
            result = client.probe(confirm="chronicle-probe", keep=False, progress=lambda _: None)
            assert list(client.at(event_store="chronicle-probe").webhooks.all()) == []
            return result


@pytest.fixture(scope="module")
def results() -> Iterator[dict[str, cn.ProbeResult]]:
    patch = pytest.MonkeyPatch()
    with patch.context() as patched, ThreadPoolExecutor(AT_ONCE) as pool:
        for name in ("STREAM_PERIOD", "SETTLED"):  # of a sandbox whose times are scaled
            patched.setattr(_delivery_checks, name, 0.3)
        patched.setattr(_watchdog, "EVERY", _watchdog.EVERY / SCALE)  # a minute stays a minute
        yield dict(zip(PROFILES, pool.map(probed, PROFILES), strict=True))


@pytest.mark.parametrize("name", PROFILES)
def test_a_probe_finds_exactly_the_defects_of_a_profile(name: str, results: dict[str, cn.ProbeResult]) -> None:
    result, known = results[name], expected(PROFILES[name])
    assert result.present == {key for key, there in known.items() if there}, result
    assert result.absent == {key for key, there in known.items() if there is False}, result
    assert result.not_measured == REASONS.keys() | {key for key, there in known.items() if there is None}, result
    assert result.left_behind == ()
    assert result.duration < DEADLINE


def test_each_known_defect_has_a_check_or_a_reason() -> None:
    checked = [key for check in CHECKS for key in check.keys]
    assert len(checked) == len(set(checked))
    assert {defect.key for defect in DEFECTS} == {*checked, *REASONS}
    assert not set(checked) & REASONS.keys()


def test_the_page_has_the_table_of_what_was_found(results: dict[str, cn.ProbeResult]) -> None:
    """Written by ``scripts/write_probe.py``."""
    script = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "write_probe.py"))
    assert script["table"](results) in script["FILE"].read_text(encoding="utf-8")
