"""A secret gives itself away only when it is asked to."""

from __future__ import annotations

import copy
import getpass
import json
import logging
import pickle
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import chronicle_notebook as cn
from chronicle_notebook.base._secrets import MASK, secret

CANARY = "canary-swordfish"


def test_no_form_of_it_shows_the_value(caplog: pytest.LogCaptureFixture) -> None:
    hidden = cn.Secret(CANARY)
    logging.getLogger("x").warning("%s %r", hidden, hidden)
    forms = [repr(hidden), str(hidden), f"{hidden}", f"{hidden:>40}", "%s" % hidden, caplog.text]  # noqa: UP031
    forms += [repr([hidden]), repr({"a": hidden}), str(dir(hidden)), repr(hash(hidden))]
    assert all(CANARY not in form for form in forms)
    assert MASK in repr(hidden)
    assert len(repr(cn.Secret("a" * 50))) == len(repr(cn.Secret("b"))), "the mask must not tell the length"
    assert hidden.reveal() == CANARY


def test_it_does_not_pickle_and_does_not_become_json() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(cn.Secret(CANARY))
    with pytest.raises(TypeError):
        json.dumps(cn.Secret(CANARY))
    assert not hasattr(cn.Secret(CANARY), "__dict__")


def test_copies_are_the_same_object() -> None:
    hidden = cn.Secret(CANARY)
    assert copy.copy(hidden) is hidden
    assert copy.deepcopy([hidden])[0] is hidden


def test_equality_compares_values_or_references_and_the_hash_is_no_fingerprint() -> None:
    assert cn.Secret("a") == cn.Secret("a")
    assert cn.Secret("a") != cn.Secret("b")
    assert cn.Secret("a") != "a"
    assert hash(cn.Secret("a")) == hash(cn.Secret("b"))
    assert cn.Secret.env("X") == cn.Secret.env("X")
    assert cn.Secret.env("X") != cn.Secret.env("Y")
    assert not cn.Secret("")
    assert cn.Secret.env("X")


def test_a_reference_to_the_environment_is_looked_up_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    reference = cn.Secret.env("CN_TEST_TOKEN")
    assert repr(reference) == "Secret.env('CN_TEST_TOKEN')"
    assert reference.reference == "env:CN_TEST_TOKEN"
    monkeypatch.delenv("CN_TEST_TOKEN", raising=False)
    with pytest.raises(cn.SecretUnavailableError) as caught:
        reference.reveal()
    assert "CN_TEST_TOKEN" in str(caught.value)
    assert "not set" in str(caught.value)
    monkeypatch.setenv("CN_TEST_TOKEN", "")
    with pytest.raises(cn.SecretUnavailableError, match="empty"):
        reference.reveal()
    monkeypatch.setenv("CN_TEST_TOKEN", CANARY)
    assert reference.reveal() == CANARY


def test_a_prompted_secret_is_asked_for_once_and_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return CANARY

    monkeypatch.setattr(getpass, "getpass", answer)
    prompted = cn.Secret.prompt("Webhook token")
    assert asked == []
    assert prompted.reveal() == prompted.reveal() == CANARY
    assert asked == ["Webhook token: "]
    assert CANARY not in repr(prompted)


def test_a_prompt_that_nobody_can_answer_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr(getpass, "getpass", nobody)
    with pytest.raises(cn.SecretUnavailableError, match="Nobody answered"):
        cn.Secret.prompt("Token").reveal()


def test_a_keyring_entry_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = {("chronicle", "reader"): CANARY}
    fake = SimpleNamespace(get_password=lambda service, user: entries.get((service, user)))
    monkeypatch.setitem(sys.modules, "keyring", fake)
    assert cn.Secret.keyring("chronicle/reader").reveal() == CANARY
    with pytest.raises(cn.SecretUnavailableError, match="no entry"):
        cn.Secret.keyring("chronicle/writer").reveal()


def test_a_keyring_that_cannot_be_asked_says_so_without_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = type("NoKeyringError", (RuntimeError,), {"__module__": "keyring.errors"})

    def ask(*_: str) -> str:
        raise kind(CANARY)

    monkeypatch.setitem(sys.modules, "keyring", SimpleNamespace(get_password=ask))
    with pytest.raises(cn.SecretUnavailableError) as caught:
        cn.Secret.keyring("chronicle/reader").reveal()
    assert caught.value.message == "The system's keyring cannot be read: NoKeyringError."
    assert "or give env:NAME" in caught.value.hint
    assert CANARY not in str(caught.value)


def test_a_keyring_that_is_not_installed_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(cn.MissingDependencyError, match="keyring"):
        cn.Secret.keyring("chronicle/reader").reveal()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("env:TOKEN", "Secret.env('TOKEN')"),
        ("keyring:a/b", "Secret.keyring('a/b')"),
        ("prompt", "Secret.prompt('Secret')"),
        ("prompt:Token", "Secret.prompt('Token')"),
    ],
)
def test_references_are_parsed(text: str, shown: str) -> None:
    assert repr(cn.Secret.parse(text)) == shown


@pytest.mark.parametrize("text", [CANARY, "", "env:", "keyring:", "keyring:a", "env:A=B", "vault:/x"])
def test_what_is_no_reference_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(cn.InvalidInputError) as caught:
        cn.Secret.parse(text)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("value", [None, 7, b"bytes"])
def test_only_a_text_can_be_a_secret(value: object) -> None:
    with pytest.raises(cn.InvalidInputError):
        cn.Secret(value)  # type: ignore[arg-type]
    with pytest.raises(cn.InvalidInputError) as caught:
        secret(value, field="token")  # type: ignore[arg-type]
    assert caught.value.field == "token"


@pytest.mark.parametrize("make", [cn.Secret.parse, cn.Secret.env, cn.Secret.keyring])
@pytest.mark.parametrize("given", [5, None, b"env:X"])
def test_a_reference_to_a_secret_is_a_text(make: Any, given: Any) -> None:
    with pytest.raises(cn.InvalidInputError) as caught:
        make(given)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("content", "secret"), [("swordfish", "swordfish"), ("swordfish\n", "swordfish"), ("a\n\n", "a\n")]
)
def test_a_file_gives_its_text_without_one_line_break(tmp_path: Path, content: str, secret: str) -> None:
    path = tmp_path / "secret"
    path.write_text(content)
    found = cn.Secret.file(str(path))
    assert found.reveal() == secret
    assert cn.Secret.parse(f"file:{path}") == found
    assert repr(found) == f"Secret.file({str(path)!r})"
    path.write_text("changed")
    assert found.reveal() == "changed", "it is read when it is needed"


@pytest.mark.parametrize("content", [None, b"", b"\n", b"x" * 65_537, b"\xff"])
def test_a_file_without_a_secret_is_told_by_its_name(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(cn.SecretUnavailableError) as caught:
        cn.Secret.file(str(path)).reveal()
    assert str(path) in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("path", ["", "a\0b", 7])
def test_a_file_has_a_path(path: Any) -> None:
    with pytest.raises(cn.InvalidInputError):
        cn.Secret.file(path)
