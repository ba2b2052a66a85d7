"""Every planted secret of the set is found, none of the look-alikes, and no report repeats a value."""

from __future__ import annotations

from pathlib import Path

import pytest

from chronicle_notebook.scan import scan
from tests.scan.corpus import ALIKE, PLANTED, Sample, alike, planted, write


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Sample]]:
    folder = tmp_path_factory.mktemp("set")
    written = {
        f"{kind}/{path.name}": (path, sample)
        for kind, made in (("planted", planted()), ("alike", alike()))
        for path, sample in write(folder / kind, made)
    }
    assert len(PLANTED) >= 40
    assert len(ALIKE) >= 40
    return written


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_secret_is_found_and_not_repeated(name: str, samples: dict[str, tuple[Path, Sample]]) -> None:
    path, sample = samples[f"planted/{name}"]
    leaks = [leak for leak in scan([path], environment={})[0] if not leak.unreadable]
    assert leaks
    assert all(sample.secret not in str(leak) for leak in leaks)


@pytest.mark.parametrize("name", ALIKE)
def test_what_only_looks_like_a_secret_is_left_alone(name: str, samples: dict[str, tuple[Path, Sample]]) -> None:
    assert scan([samples[f"alike/{name}"][0]], environment={}) == ([], 1)
