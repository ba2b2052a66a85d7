"""Connections by name, in one file without secrets."""

from __future__ import annotations

from pathlib import Path

import pytest
from platformdirs.macos import MacOS
from platformdirs.unix import Unix
from platformdirs.windows import Windows

import chronicle_notebook as cn
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.session import _connect
from chronicle_notebook.session._client import Client
from chronicle_notebook.session._profiles import CONFIG, config_file, profile
from chronicle_notebook.session._server_choice import PROFILE

CANARY = "canary-9f2b-swordfish"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "profiles.toml"
    monkeypatch.setenv(CONFIG, str(path))
    monkeypatch.delenv(PROFILE, raising=False)
    return path


def test_a_profile_says_where_and_how(file: Path) -> None:
    file.write_text(
        """
        [profiles.staging]
        connection = "chronicle://reader:env%3ASTAGING_SECRET@staging.example.com:35001"
        event_store = "banking"
        namespace = "Tenant-B"
        protected = true
        """
    )
    found = profile("staging")
    assert (found.event_store, found.namespace, found.protected) == ("banking", "Tenant-B", True)
    assert found.connection is not None
    assert "staging.example.com:35001" in str(found.connection)
    assert found.connection.password == cn.Secret.env("STAGING_SECRET")


def test_a_whole_connection_string_can_be_a_reference(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERNEL", f"chronicle://reader:{CANARY}@host.example.com")
    file.write_text('[profiles.a]\nconnection = "env:KERNEL"\n')
    found = profile("a")
    assert found.connection is not None
    assert CANARY not in repr(found)
    assert "host.example.com" in str(found.connection)


def test_a_byte_order_mark_of_the_file_is_no_obstacle(file: Path) -> None:
    file.write_bytes(b'\xef\xbb\xbf[profiles.a]\nconnection = "chronicle://host.example.com"\n')
    assert "host.example.com" in str(profile("a").connection)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("chronicle://host.example.com\n", "white space around it"),
        ("\ufeffchronicle://host.example.com", "a byte order mark around it"),
        ("'chronicle://host.example.com'", "quotes around it"),
        (f"chronicle://reader:{CANARY}%0A@host.example.com", "password has white space around it"),
    ],
)
def test_a_reference_to_what_cannot_be_a_connection_string_is_told_as_that(
    text: str, why: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERNEL", text)
    file.write_text('[profiles.a]\nconnection = "env:KERNEL"\n')
    with pytest.raises(cn.InvalidConnectionStringError, match=why) as caught:
        profile("a")
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("connection", "named"),
    [
        (f"chronicle://reader:{CANARY}@host", "the secret of the client"),
        (f"chronicle://host/?apiKey={CANARY}", "apiKey"),
        (f"chronicle://host/?auth=none&certificatePath=a.pfx&certificatePassword={CANARY}", "certificatePassword"),
    ],
)
def test_a_secret_in_the_file_is_refused_by_name(file: Path, connection: str, named: str) -> None:
    file.write_text(f'[profiles.staging]\nconnection = "{connection}"\n')
    with pytest.raises(cn.InvalidInputError) as caught:
        profile("staging")
    assert f"contains {named} in plain text" in str(caught.value)
    assert "'staging'" in str(caught.value)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[profiles.staging]\nconection = "x"\n', "Did you mean 'connection'?"),
        ("[profiles.staging]\nevent_store = 3\n", "event_store of"),
        ('[profiles.staging]\nprotected = "yes"\n', "must be true or false"),
        ("[profiles]\nstaging = 3\n", "is not a table"),
        ("[other]\nx = 1\n", "something other than profiles"),
        (f'[profiles.staging]\nconnection = "{CANARY}\n', "is not TOML"),
        ("[profiles.stagin]\n", "Did you mean 'stagin'?"),
        ("", "It has none."),
    ],
)
def test_what_is_wrong_with_the_file_is_said_without_repeating_it(file: Path, text: str, said: str) -> None:
    file.write_text(text)
    with pytest.raises(cn.InvalidInputError) as caught:
        profile("staging")
    assert said in str(caught.value)
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_file_that_is_not_there_is_named(file: Path) -> None:
    with pytest.raises(cn.InvalidInputError, match="cannot be read") as caught:
        cn.connect(profile="staging")
    assert str(file) in str(caught.value)


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        (Unix, {"XDG_CONFIG_HOME": "/x"}, "/x/chronicle-notebook/config.toml"),
        (Unix, {}, "{home}/.config/chronicle-notebook/config.toml"),
        (MacOS, {}, "{home}/Library/Application Support/chronicle-notebook/config.toml"),
        (Windows, {}, "/CSIDL_APPDATA/chronicle-notebook/config.toml"),
    ],
)
def test_the_file_is_in_the_users_folder_for_configuration(
    platform: type, variables: dict[str, str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (CONFIG, "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("platformdirs.PlatformDirs", platform)
    # What Windows is asked for, which only Windows can answer.
    monkeypatch.setattr("platformdirs.windows.get_win_folder", lambda folder: f"/{folder}")
    assert str(config_file()) == expected.format(home=tmp_path)


# -- what wins ------------------------------------------------------------------------------------------------------


@pytest.fixture
def two(file: Path, client: Client, shared_sandbox: Sandbox) -> Path:
    """A profile of a kernel that runs, and one of a kernel that does not."""
    address = shared_sandbox.connection_string
    file.write_text(
        f'[profiles.here]\nconnection = "{address}"\nevent_store = "{client.event_store}"\nprotected = true\n'
        '[profiles.nowhere]\nconnection = "chronicle://127.0.0.1:9/?auth=none"\nevent_store = "nowhere"\n'
        'namespace = "Elsewhere"\n'
    )
    return file


def test_a_profile_that_is_named_wins_over_the_environment(
    two: Path, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHRONICLE_CONNECTION_STRING", "chronicle://127.0.0.1:9/?auth=none")
    monkeypatch.setenv(PROFILE, "nowhere")
    with cn.connect(profile="here", name="p") as opened:
        assert opened.server == client.server
        assert opened.event_store == client.event_store
        assert opened.namespace == "Default"
        assert opened.protected
        assert "PROTECTED (profile here)" in repr(opened)


def test_an_environment_that_names_a_kernel_and_a_profile_of_another_is_refused(
    two: Path, shared_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHRONICLE_CONNECTION_STRING", shared_sandbox.connection_string)
    monkeypatch.setenv(PROFILE, "nowhere")
    for act in (lambda: cn.connect(name="p"), cn.doctor):
        monkeypatch.setattr(_connect, "clients", dict)  # the doctor would look at the current one
        with pytest.raises(cn.InvalidInputError) as caught:
            act()
        assert f"leads to {shared_sandbox.address}, and profile 'nowhere'" in caught.value.message
        assert "to 127.0.0.1:9: either could be the right one" in caught.value.message
        assert "profile='nowhere'" in caught.value.hint
    assert "p" not in cn.clients()


def test_a_profile_of_the_environment_says_how_the_kernel_of_the_environment_is_used(
    two: Path, client: Client, shared_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHRONICLE_CONNECTION_STRING", shared_sandbox.connection_string)
    monkeypatch.setenv(PROFILE, "here")
    with cn.connect(name="p") as opened:
        assert (opened.server, opened.event_store, opened.protected) == (client.server, client.event_store, True)
    two.write_text(f'[profiles.here]\nevent_store = "{client.event_store}"\n')  # of no kernel
    with cn.connect(name="p") as opened:
        assert (opened.server, opened.event_store) == (client.server, client.event_store)


def test_the_doctor_walks_to_the_kernel_of_a_profile(
    two: Path, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_connect, "clients", dict)  # the doctor would look at the current one
    assert cn.doctor(profile="here")
    assert cn.doctor(profile="here")["event store"].detail
    assert cn.doctor(profile="nowhere").server == "127.0.0.1:9"
    monkeypatch.setenv(PROFILE, "here")
    assert cn.doctor().server == client.server
    assert not cn.doctor(event_store="no-such-store")
    monkeypatch.setenv(PROFILE, "nowhere")
    assert cn.doctor(profile="here"), "a profile that is named wins"


def test_the_doctor_looks_for_no_namespace_without_its_event_store(shared_sandbox: Sandbox) -> None:
    with pytest.raises(cn.InvalidInputError, match="Namespace 'Nope' needs an event store, but none"):
        cn.doctor(shared_sandbox.connection_string, namespace="Nope")


def test_a_profile_of_the_environment_is_used_where_nothing_else_is_said(
    two: Path, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PROFILE, "here")
    with cn.connect(name="p") as opened:
        assert (opened.server, opened.event_store) == (client.server, client.event_store)


def test_what_is_given_wins_over_a_profile(two: Path, client: Client, shared_sandbox: Sandbox) -> None:
    with cn.connect(
        shared_sandbox.connection_string,
        profile="nowhere",
        event_store=client.event_store,
        namespace="Default",
        protected=False,
        name="p",
    ) as opened:
        assert (opened.server, opened.event_store, opened.namespace) == (client.server, client.event_store, "Default")
    with cn.connect(profile="here", protected=False, name="p") as opened:
        assert not opened.protected


def test_an_unprotected_profile_can_be_protected_for_once(two: Path, shared_sandbox: Sandbox) -> None:
    with cn.connect(shared_sandbox.connection_string, profile="nowhere", protected=True, name="p") as opened:
        assert opened.protected
