"""Each profile shows the defects of its kernel and no others."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.empty_pb2 import Empty

from chronicle_notebook.base import _errors
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.sandbox import PROFILES, Behaviour, Sandbox, _main
from chronicle_notebook.sandbox._kernel_types import OTHERS
from chronicle_notebook.sandbox._seed import sow
from tests.sandbox.conftest import Endpoint, hook
from tests.sandbox.switches import SHOWN, SYSTEM, URL, faced

COMMON = {"changes_ignored"}
VISIBLE = {
    "documented": COMMON | {"status_checked", "secrets_always_differ"},
    # Authorization never reaches these stores, so what would be done wrong with it does not show there.
    "16.37": COMMON
    | {
        "authorization_lost",
        "updates_lost",
        "system_store_lost",
        "inactive_lost",
        "test_ignores_status",
        "one_circuit",
        "unknown_removal_blocks",
        "first_generation_listed",
        "tombstone_lost",
        "own_types_divided",
    },
    "16.37-inmemory": COMMON
    | {
        "secrets_always_differ",
        "authorization_miscompared",
        "ciphertext_sent",
        "ciphertext_listed",
        "test_ignores_status",
        "one_circuit",
        "unknown_removal_blocks",
        "observing_ends_together",
        "own_types_divided",
        "unregistered_accepted",
        "context_reduced",
    },
    "19.29": COMMON | {"authorization_lost", "updates_lost", "inactive_lost"},
    "19.32": COMMON | {"status_checked", "secrets_always_differ", "inactive_lost"},
}


ALIKE = {"16.33": "16.37", "16.37-postgresql": "16.37", "16.38": "16.37", "16.38-inmemory": "16.37-inmemory"}
"""Profiles whose kernels differ from another one's by their contract, their release and what ``OWN`` names alone."""
OWN: dict[str, dict[str, bool]] = {
    "16.33": {"same_partition_breaks_list": True},
    "16.37-postgresql": {"names_ordered": True, "stores_as_files": False},
}


def test_profiles_that_are_alike_have_the_same_switches() -> None:
    assert set(PROFILES) == set(VISIBLE) | set(ALIKE)
    for profile, other in ALIKE.items():
        own = OWN.get(profile, {})
        behaviour, usual = PROFILES[profile].behaviour, PROFILES[other].behaviour
        assert {switch: getattr(behaviour, switch) for switch in own} == own
        assert dataclasses.replace(behaviour, **{switch: getattr(usual, switch) for switch in own}) == usual


def test_each_profile_says_what_it_was_held_against(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        _main.main(["--help"])
    told = capsys.readouterr().out
    page = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text()
    for name, profile in PROFILES.items():
        assert profile.held_against in told
        assert f"| `{name}` | {profile.held_against} |" in page
    assert "more tolerant than any kernel" in PROFILES["documented"].held_against
    assert {name for name, profile in PROFILES.items() if "alone" in profile.held_against} == {"19.29", "19.32"}


@pytest.mark.parametrize("check", SHOWN)
@pytest.mark.parametrize("profile", VISIBLE)
def test_a_profile_shows_what_its_kernel_does(profile: str, check: str, tmp_path: Path, endpoint: Endpoint) -> None:
    with faced(tmp_path / "data", endpoint, behaves_like=profile) as face:
        assert SHOWN[check](face) is (check in VISIBLE[profile])


@pytest.mark.parametrize(
    ("profile", "version", "protocol", "contract"),
    [
        ("documented", "19.29.4-sandbox", "19.29.4", "commands"),
        ("16.33", "16.33.0", "", "classic"),
        ("16.37", "16.37.1", "", "classic"),
        ("16.37-postgresql", "16.37.1", "", "classic"),
        ("16.38", "16.38.0", "16.38.0", "commands"),
        ("16.38-inmemory", "16.38.0", "16.38.0", "commands"),
        ("16.37-inmemory", "16.37.1", "", "classic"),
        ("19.29", "19.29.4", "19.29.4", "commands"),
        ("19.32", "19.32.3", "19.32.3", "commands"),
    ],
)
def test_version_and_contract_follow_the_profile(
    profile: str, version: str, protocol: str, contract: str, tmp_path: Path, endpoint: Endpoint
) -> None:
    with faced(tmp_path / "data", endpoint, behaves_like=profile) as face:
        told = face.client.call(methods.GET_VERSION_INFO, Empty())
        assert (told.Version, told.ProtocolVersion, told.CommitSha) == (version, protocol, "sandbox")
        assert (face.sandbox.version, face.sandbox.contract) == (version, contract)


def test_the_first_authorization_of_a_webhook_goes_unnoticed_unless_something_else_changes(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    with faced(tmp_path / "data", endpoint, behaves_like="16.37-inmemory") as face:
        face.add(hook("h", URL))
        assert face.add(hook("h", URL, bearer=("token",))) == ""
        assert face.rows()["h"].kind == 0
        face.add(hook("h", URL + "/two", bearer=("token",)))
        assert (face.rows()["h"].kind, face.rows()["h"].url) == (2, URL + "/two")
        assert "does not match" in face.add(hook("h", URL))


def test_an_inactive_webhook_delivers_after_a_restart_where_the_flag_is_lost(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    for profile, expected in (("16.37", True), ("16.37-inmemory", False)):
        with faced(tmp_path / profile, endpoint, behaves_like=profile) as face:
            face.add(hook("h", endpoint.url(), "T", active=False))
            face.append()
        with faced(tmp_path / profile, endpoint, behaves_like=profile) as face:
            subscribed = [observer.webhook.id for observer in face.engine.observers() if observer.subscribed]
            assert (subscribed == ["h"]) is expected


def test_which_types_the_kernel_has_itself_follows_the_kernel_that_runs_now(tmp_path: Path, endpoint: Endpoint) -> None:
    both = {"WebhookAdded", "WebhookRemoved"}
    for profile in ("documented", "16.37", "19.29", "documented"):
        with faced(tmp_path / "data", endpoint, behaves_like=profile) as face:
            others = len(OTHERS) if profile == "16.37" else 0
            assert len(face.own_types()) == others + (8 if profile == "documented" else 2)
            assert both <= face.own_types()
            assert len(face.own_types(SYSTEM)) == others + (6 if profile == "16.37" else 8)


def test_a_change_that_is_not_ignored_is_in_effect_with_its_authorization(tmp_path: Path, endpoint: Endpoint) -> None:
    with faced(tmp_path / "data", endpoint, behaviour=Behaviour(changes_ignored=False)) as face:
        face.add(hook("h", endpoint.url(), "T", bearer=("token",)))
        face.append()
        face.delivered(1)
        face.add(hook("h", endpoint.url(), "T", active=False, bearer=("token",)))
        assert (face.rows()["h"].active, face.rows()["h"].kind) == (False, 2)
        assert [observer.subscribed for observer in face.engine.observers()] == [False]
        face.add(hook("h", endpoint.url(), "T"))
        assert (face.rows()["h"].active, face.rows()["h"].kind) == (True, 0)


def test_what_a_removal_blocks_is_blocked_after_a_restart_too(tmp_path: Path, endpoint: Endpoint) -> None:
    for restart in range(2):
        with faced(tmp_path / "data", endpoint, behaves_like="16.37") as face:
            if not restart:
                face.remove("ghost")
                face.add(hook("ghost", URL))
            face.settle()
            face.add(hook(f"other{restart}", URL))
            assert "ghost" not in face.rows()
            assert f"other{restart}" in face.rows()


def test_a_removal_of_a_webhook_that_is_there_blocks_nothing(tmp_path: Path, endpoint: Endpoint) -> None:
    with faced(tmp_path / "data", endpoint, behaves_like="16.37") as face:
        for _ in range(2):
            face.add(hook("h", URL))
            assert "h" in face.rows()
            face.remove("h")
            assert face.rows() == {}


def test_the_examples_leave_this_machine_in_no_profile(tmp_path: Path, endpoint: Endpoint) -> None:
    for profile in PROFILES:
        with faced(tmp_path / profile, endpoint, behaves_like=profile) as face:
            assert face.sandbox._kernel is not None
            sow(face.sandbox._kernel)
            rows = face.rows("banking").values()
            assert len(rows) == 6
            assert all(not row.active or row.url.startswith("http://127.0.0.1:9/") for row in rows)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"contract": "modern"}, "There is no contract 'modern'. Give commands or classic."),
        ({"behaves_like": "16.73"}, "There is no kernel profile '16.73'. Did you mean .*'16.37'"),
        ({"behaves_like": "16.37", "contract": "commands"}, "speaks the contract 'classic', not 'commands'"),
        ({"behaves_like": "16.37", "behaviour": Behaviour()}, "separate switches"),
    ],
)
def test_what_does_not_go_together_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(_errors.InvalidInputError, match=message):
        Sandbox(**options)


def test_the_command_line_refuses_it_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert _main.main(["--behaves-like", "16.37", "--contract", "commands"]) == 2
    assert "speaks the contract 'classic'" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        _main.main(["--behaves-like", "15"])
    assert "invalid choice: '15'" in capsys.readouterr().err
