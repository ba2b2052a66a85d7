"""The table of known defects: which kernel has which."""

from __future__ import annotations

import pytest

from chronicle_notebook.contracts._defects import DEFECTS, known_defects, release_of
from chronicle_notebook.model import ServerVersion


def keys(version: str, generation: str = "commands") -> set[str]:
    return {defect.key for defect in known_defects(ServerVersion(version), generation)}


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("19.32.3", (19, 32, 3)),
        ("v19.32.3", (19, 32, 3)),
        ("19.32.3-development", (19, 32, 3)),
        ("19.32.3+e72af7e", (19, 32, 3)),
        ("19.32.3-preview.1", (19, 32, 2)),
        ("20.0.0-rc1", (20, 0, -1)),
        ("19.32", None),
        ("sandbox", None),
        ("", None),
    ],
)
def test_a_version_stands_for_a_release(text: str, release: tuple[int, int, int] | None) -> None:
    assert release_of(text) == release


@pytest.mark.parametrize(
    ("version", "dropped"),
    [
        ("16.37.1", True),
        ("19.29.4", True),
        ("19.30.0", True),
        ("19.32.2", True),
        ("19.32.3", False),
        ("19.32.3-development", False),
        ("19.32.3-preview.2", True),
        ("20.0.0-beta", False),
        ("20.1.0", False),
        ("", True),
        ("unreadable", True),
    ],
)
def test_a_kernel_counts_as_lacking_a_fix_unless_its_version_has_it(version: str, dropped: bool) -> None:
    assert ("authorization-dropped" in keys(version)) == dropped
    assert ("updates-dropped" in keys(version)) == dropped


def test_what_no_release_is_known_to_fix_is_in_every_kernel() -> None:
    for version in ("16.37.1", "19.32.3", "99.0.0"):
        assert {"inactive-lost", "changes-ignored", "secrets-look-changed", "store-created"} <= keys(version)


def test_what_was_seen_in_the_classic_generation_alone_is_limited_to_it() -> None:
    limited = {defect.key for defect in DEFECTS if defect.generation == "classic"}
    assert limited <= keys("16.37.1", "classic")
    assert not limited & keys("19.29.4")
    assert {"ciphertext-sent", "ciphertext-read-back", "test-passes-on-any-status"} <= limited


def test_the_status_of_an_answer_is_not_looked_at_up_to_19_30() -> None:
    assert "status-not-checked" in keys("16.37.1", "classic")
    assert "status-not-checked" in keys("19.29.4")
    assert "status-not-checked" not in keys("19.30.0")


def test_a_sandbox_that_behaves_as_documented_is_blamed_for_no_release() -> None:
    assert keys("19.29.4-sandbox") == keys("16.37.1-sandbox", "classic")
    assert keys("19.29.4-sandbox") == {"changes-ignored", "secrets-look-changed", "store-created"}


def test_each_says_what_happens_what_is_done_and_where_it_is_known_from() -> None:
    assert len({defect.key for defect in DEFECTS}) == len(DEFECTS)
    for defect in DEFECTS:
        assert defect.what.endswith(".")
        assert defect.remedy.endswith(".")
        assert defect.versions
        assert defect.source
