"""Secrets that are references are held to the rules for literals when they are looked up: before anything is sent."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator

import pytest

import chronicle_notebook as cn
from chronicle_notebook.definition._builder import DefinitionBuilder
from chronicle_notebook.session._client import Client

CANARY = "qx9canary7"
Given = Callable[[DefinitionBuilder, cn.Secret], DefinitionBuilder]
KINDS: dict[str, Given] = {
    "bearer": lambda b, secret: b.with_bearer_token(secret),
    "basic": lambda b, secret: b.with_basic_auth("ada", secret),
    "oauth": lambda b, secret: b.with_oauth("http://127.0.0.1:9/realm", "me", secret),
    "header": lambda b, secret: b.with_header("x-partner", secret),
}
pytestmark = pytest.mark.filterwarnings("ignore::chronicle_notebook.CredentialHeaderWarning")


@pytest.fixture
def not_text() -> Iterator[cn.Secret]:
    """A variable whose bytes are no UTF-8."""
    os.environb[b"NOT_TEXT"] = CANARY.encode() + b"-\xff"
    yield cn.Secret.env("NOT_TEXT")
    del os.environ["NOT_TEXT"]


def shown(error: BaseException) -> str:
    """All that an error and its traceback show, with the local variables of the package's frames."""
    text = [str(error), repr(error), str(error.args), str(vars(error))]
    seen: BaseException | None = error
    while seen is not None:
        for frame in traceback.StackSummary.extract(traceback.walk_tb(seen.__traceback__), capture_locals=True):
            if "chronicle_notebook/" in frame.filename and "/tests/" not in frame.filename:
                text += [f"{name} = {value}" for name, value in (frame.locals or {}).items()]
        text.append(repr(seen))
        seen = seen.__cause__ or seen.__context__
    return "\n".join(text)


def refused(client: Client, given: Given, secret: cn.Secret) -> cn.InvalidInputError:
    builder = given(cn.DefinitionBuilder().with_event_type("AccountOpened"), secret)
    definition = builder.build("h", "http://127.0.0.1:9/in")
    with pytest.raises(cn.InvalidInputError) as caught:
        client.webhooks.register(definition)
    assert client.webhooks.ids() == []
    assert CANARY not in shown(caught.value)
    return caught.value


@pytest.mark.parametrize("kind", KINDS)
def test_a_variable_that_is_no_text_is_told_and_nothing_is_sent(client: Client, kind: str, not_text: cn.Secret) -> None:
    error = refused(client, KINDS[kind], not_text)
    assert isinstance(error, cn.SecretUnavailableError)
    assert "NOT_TEXT" in str(error)
    assert "UTF-8" in str(error)


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        ("bearer", f"{CANARY}\n", "white space around it"),
        ("bearer", f"Bearer {CANARY}", "begins with the word Bearer"),
        ("bearer", f"{CANARY}ü", "a header cannot contain"),
        ("bearer", f"\ufeff{CANARY}", "a byte order mark around it"),
        ("bearer", f"'{CANARY}'", "quotes around it"),
        ("header", f"{CANARY}\n", "a line break"),
        ("header", f" {CANARY}", "white space around it"),
        *(
            (kind, value, why)
            for kind in ("basic", "oauth")
            for value, why in (
                (f"{CANARY}\n", "white space around it, often from reading a file"),
                (f"{CANARY}\r\n", "white space around it, often from reading a file"),
                (f" {CANARY}", "white space around it, often from reading a file"),
                (f"\ufeff{CANARY}", "a byte order mark around it"),
                (f"{CANARY}\x07b", "a control character (character 11)"),
                (f'"{CANARY}"', "quotes around it"),
            )
        ),
    ],
)
def test_a_value_that_could_not_be_given_as_it_is_cannot_be_referred_to_either(
    client: Client, kind: str, value: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBHOOK_TOKEN", value)
    error = refused(client, KINDS[kind], cn.Secret.env("WEBHOOK_TOKEN"))
    assert isinstance(error, cn.InvalidDefinitionError)
    assert (error.webhook, why in error.message) == ("h", True)
    assert "env:WEBHOOK_TOKEN" in error.hint


def test_a_password_may_hold_what_a_header_cannot(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_TOKEN", "päss word")
    builder = KINDS["basic"](cn.DefinitionBuilder().with_event_type("AccountOpened"), cn.Secret.env("WEBHOOK_TOKEN"))
    assert client.webhooks.register(builder.build("h", "http://127.0.0.1:9/in"))


def test_replacing_finds_it_before_anything_is_removed(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    builder = cn.DefinitionBuilder().with_event_type("AccountOpened")
    client.webhooks.register(builder.build("h", "http://127.0.0.1:9/in"))
    monkeypatch.setenv("WEBHOOK_TOKEN", f"{CANARY}\n")
    wanted = builder.with_bearer_token(cn.Secret.env("WEBHOOK_TOKEN")).build("h", "http://127.0.0.1:9/in")
    with pytest.raises(cn.InvalidDefinitionError):
        client.webhooks.replace(wanted)
    assert client.webhooks.ids() == ["h"]


@pytest.mark.parametrize("kind", ["bearer", "basic", "header"])
def test_a_test_request_is_not_sent_with_it_either(kind: str, not_text: cn.Secret) -> None:
    from chronicle_notebook.target_test._answer import probe

    builder = KINDS[kind](cn.DefinitionBuilder().with_event_type("A"), not_text)
    with pytest.raises(cn.SecretUnavailableError) as caught:
        probe(builder.build("h", "http://127.0.0.1:9/in"))
    assert CANARY not in shown(caught.value)


@pytest.mark.parametrize("kind", ["basic", "oauth"])
def test_quotes_around_a_text_that_was_written_down_get_a_question(client: Client, kind: str) -> None:
    builder = KINDS[kind](cn.DefinitionBuilder().with_event_type("AccountOpened"), cn.Secret(f'"{CANARY}"'))
    with pytest.warns(cn.ChronicleWarning, match="has quotes around it. Are they a part of it?") as caught:
        assert client.webhooks.register(builder.build("h", "http://127.0.0.1:9/in"))
    assert CANARY not in str(caught[0].message)


def test_a_plan_tells_of_it_before_anything_is_sent(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_TOKEN", f"{CANARY}\r\n")
    builder = KINDS["basic"](cn.DefinitionBuilder().with_event_type("AccountOpened"), cn.Secret.env("WEBHOOK_TOKEN"))
    told = str(client.webhooks.plan(builder.build("h", "http://127.0.0.1:9/in")))
    assert "Registering it would fail: what env:WEBHOOK_TOKEN holds has white space around it" in told
    assert CANARY not in told
