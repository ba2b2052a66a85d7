"""A process without a home directory, or without a folder for temporary files, as containers have them."""

from __future__ import annotations

import pwd
import tempfile
from pathlib import Path

import pytest

import chronicle_notebook as cn
from chronicle_notebook.base._user_folders import expanded, user_folder
from chronicle_notebook.pausing._place import PAUSED, paused_file
from chronicle_notebook.probing._kept import PROBES
from chronicle_notebook.session._client import Client
from chronicle_notebook.session._profiles import CONFIG
from chronicle_notebook.session._server_choice import PROFILE


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing names a home directory: no variable, and no entry of the user in the system's list."""

    def unknown(_: int) -> pwd.struct_passwd:
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", PAUSED, PROBES, CONFIG, PROFILE):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def without_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No temporary file can be made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))


@pytest.mark.usefixtures("homeless")
def test_a_client_works_without_a_home_and_a_pause_says_what_it_needs(client: Client, tmp_path: Path) -> None:
    client.webhooks.register("a", "http://127.0.0.1:9/in", lambda b: b.with_event_type("AccountOpened"))
    assert client.triage()["a"].condition == "healthy"
    assert client.probed is None
    assert client.forget_probe() is False
    with pytest.raises(cn.InvalidInputError) as caught:
        client.webhooks.pause("a")
    assert caught.value.message == "There is no home directory, so the record of a pause has no place."
    assert caught.value.hint == f"Set HOME, or name a place in {PAUSED}."
    assert client.webhooks.ids() == ["a"], "nothing was removed"
    file = tmp_path / "paused.yaml"
    assert client.webhooks.pause("a", file=file)
    assert [each.id for each in client.webhooks.paused(file=file)] == ["a"]
    assert client.webhooks.resume("a", file=file)


@pytest.mark.usefixtures("homeless")
def test_a_place_in_a_home_that_nobody_knows_is_refused_and_made_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(cn.InvalidInputError) as caught:
        cn.connect(profile="staging")
    assert (caught.value.field, caught.value.hint) == ("profile", f"Set HOME, or name a place in {CONFIG}.")
    monkeypatch.setenv(PAUSED, "~/paused")
    with pytest.raises(cn.InvalidInputError, match="home directory is not known") as unknown:
        paused_file("127.0.0.1:1", "shop")
    assert PAUSED in unknown.value.hint
    with pytest.raises(cn.SecretUnavailableError, match="the home directory is not known"):
        cn.Secret.file("~/token").reveal()
    with pytest.raises(cn.SandboxError, match="the home directory is not known"):
        cn.Sandbox(data="~/sandbox")
    with pytest.raises(OSError, match="the home directory is not known"):
        expanded("~/anything")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert user_folder("data", "it", variable=PROBES, field="keep") == tmp_path / "data" / "chronicle-notebook"
    assert list(tmp_path.iterdir()) == []


def test_a_record_that_cannot_be_written_says_where_else_it_could_be(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(PAUSED, str(tmp_path / "file"))
    client.webhooks.register("a", "http://127.0.0.1:9/in", lambda b: b.with_event_type("AccountOpened"))
    with pytest.raises(cn.InvalidInputError, match="cannot be") as caught:
        client.webhooks.pause("a")
    assert caught.value.hint == f"Name another file with file=, or another folder in {PAUSED}."
    assert client.webhooks.ids() == ["a"]


@pytest.mark.usefixtures("without_room")
def test_a_sandbox_without_room_for_its_files_says_what_to_set() -> None:
    with pytest.raises(cn.SandboxError, match="No temporary folder can be made: ") as caught:
        cn.Sandbox().start()
    assert "TMPDIR" in caught.value.hint
