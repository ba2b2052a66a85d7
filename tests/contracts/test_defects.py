"""The table of known defects: which kernel has which."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from chronicle_notebook.contracts._defects import DEFECTS
from chronicle_notebook.contracts._kernel_defects import Measurement, known_defects
from chronicle_notebook.contracts._known_defect import Storage, release_of
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


def test_what_has_no_known_fix_is_claimed_of_releases_up_to_the_last_that_was_seen_with_it() -> None:
    """By release and not by generation: a build of 16.38 speaks the other one and has the same faults."""
    seen = {defect.key for defect in DEFECTS if defect.last_seen == (16, 38, 0)}
    assert {"ciphertext-sent", "authorization-change-fails", "always-replayable", "list-made-in-part"} <= seen
    new = {defect.key for defect in DEFECTS if defect.first_seen is not None}
    assert new == {"catch-up-doubles", "flat-add-broken", "stream-goes-deaf"}
    for version, generation in (("16.33.0", "classic"), ("16.37.1", "classic")):
        assert seen - new <= keys(version, generation)
        assert not new & keys(version, generation), "seen on the commands generation alone"
    assert seen <= keys("16.38.0")
    for version in ("16.39.0", "19.29.4", "20.0.0"):
        assert not seen & keys(version)
    assert seen - new <= keys("", "classic"), "the generation bounds the release where the version does not"
    assert not seen & keys("")


def test_what_was_seen_on_16_37_alone_is_not_claimed_of_16_38() -> None:
    classic = {defect.key for defect in DEFECTS if defect.last_seen == (16, 37, 1)}
    assert classic == {"slow-registration", "start-up-limit"}
    assert classic <= keys("16.37.1", "classic")
    assert not classic & keys("16.38.0")


def test_what_is_claimed_of_16_38_was_seen_there_or_is_told_as_assumed() -> None:
    for defect in DEFECTS:
        if defect.last_seen == (16, 38, 0):
            assert ("16.38" in defect.seen) is not ("assumed of 16.38" in defect.versions), defect.key


def test_the_words_about_storage_are_those_of_the_field() -> None:
    for defect in DEFECTS:
        told = [each for each in Storage if each and each in defect.versions.replace("not with in", "NOT with in")]
        if "not with in-memory storage" in defect.versions:
            told = [Storage.DATABASE]
        assert told == ([defect.storage] if defect.storage else []), defect.key
        if defect.storage is Storage.MEMORY:
            assert "SQL" not in defect.seen, defect.key
            assert "in memory" in defect.seen, defect.key
        if defect.storage is Storage.DATABASE:
            assert "SQLite" in defect.seen, defect.key
            assert "in memory" not in defect.seen, defect.key


def test_a_measurement_outranks_the_release_and_is_dated() -> None:
    taken = datetime(2026, 11, 29, 1, 0, tzinfo=UTC)
    measured = Measurement(taken, present=frozenset({"old-target-kept"}), absent=frozenset({"updates-dropped"}))
    told = {each.key: each for each in known_defects(ServerVersion("20.0.0"), "commands", measured)}
    assert told["old-target-kept"].basis == "measured on 2026-11-29", "though it is not known of this release"
    assert told["inactive-lost"].basis == "known of this release"
    before = {each.key for each in known_defects(ServerVersion("16.37.1"), "classic")}
    after = {each.key for each in known_defects(ServerVersion("16.37.1"), "classic", measured)}
    assert before - after == {"updates-dropped"}
    sandbox = {each.key for each in known_defects(ServerVersion("19.29.4-sandbox"), "commands", measured)}
    assert sandbox == {"changes-ignored", "secrets-look-changed", "store-created", "old-target-kept"}


def test_the_storage_that_a_measurement_shows_rules_out_the_bugs_of_the_other_one() -> None:
    """They are not measured, because this would harm the kernel, and only the storage tells which kernels have them."""
    taken = datetime(2026, 11, 29, tzinfo=UTC)

    def told(*present: str) -> set[str]:
        seen = Measurement(taken, present=frozenset(present), absent=frozenset())
        return {each.key for each in known_defects(ServerVersion("16.37.1"), "classic", seen)}

    memory, database = {"replay-hangs-memory", "unknown-store-in-memory"}, {"system-store", "blank-store-stops-start"}
    assert memory | database <= told("old-target-kept"), "this one is of every storage"
    assert database <= told("updates-dropped")
    assert not memory & told("updates-dropped")
    assert memory <= told("memory-no-catch-up")
    assert not database & told("memory-no-catch-up")
    assert memory | database <= told("memory-no-catch-up", "updates-dropped"), "this is not clear"


def test_what_the_newer_generation_was_seen_without_is_not_claimed_of_it() -> None:
    gone = {"ciphertext-read-back", "test-passes-on-any-status"}
    assert gone <= keys("16.37.1", "classic")
    assert not gone & keys("16.38.0")


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
        assert defect.fixed_in is None or defect.last_seen is None
        if defect.last_seen is not None:
            assert defect.seen, "what is claimed up to a release was seen on one"
            assert re.search(r"not (?:looked at|measured)|a field for it", defect.versions), defect.key
        if defect.fixed_in is not None:
            fix = ".".join(map(str, defect.fixed_in[:2]))
            assert fix in defect.versions or f"up to 16.{defect.fixed_in[1] - 1}" in defect.versions, defect.key
