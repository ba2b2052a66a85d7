"""A definition that is written out comes back as it was, and no secret is on the page."""

from __future__ import annotations

import ast
import os
import re
import shlex
from typing import Any
from unittest import mock

import pytest
import yaml
from hypothesis import assume, given, settings, strategies as st

import chronicle_notebook as cn
from chronicle_notebook import InvalidInputError
from chronicle_notebook.base._secrets import MASK, Secret
from chronicle_notebook.definition._builder import DefinitionBuilder
from chronicle_notebook.definition._code import STYLES, Style, render
from chronicle_notebook.definition._references import resolve_text
from chronicle_notebook.definition.file._webhook_reader import read_body, read_document
from chronicle_notebook.definition.rules._check import problems
from chronicle_notebook.model import (
    NO_AUTHORIZATION,
    AuthorizationKind,
    BasicAuthorization,
    BearerAuthorization,
    EventType,
    OAuthAuthorization,
    UndisclosedAuthorization,
    WebhookAuthorization,
    WebhookDefinition,
)

CANARY = "qx9canary7"
HOOK = WebhookDefinition("account-events", "https://example.com/chronicle/webhooks", (EventType("AccountOpened"),))


class Recorder:
    """Stands where ``client.webhooks`` would, and builds what it is given."""

    def register(self, webhook: str, target_url: str, configure: Any = lambda b: b) -> WebhookDefinition:
        self.definition = configure(DefinitionBuilder()).build(webhook, target_url)
        return self.definition


def from_python(code: str) -> WebhookDefinition:
    recorder = Recorder()
    with mock.patch.object(cn, "client", return_value=mock.Mock(webhooks=recorder), create=True):
        exec(compile(ast.parse(code), "<written out>", "exec"), {})
    return recorder.definition


def from_cell(code: str) -> WebhookDefinition:
    line, _, body = code.partition("\n")
    magic, *words = shlex.split(line)
    assert magic == "%%webhook"
    webhook, url = (resolve_text(word, {}, field="word") for word in words if word != "--")
    return read_body(body).build(webhook, url)


def from_yaml(code: str) -> WebhookDefinition:
    document = read_document(code)
    return document.builder.build(document.id, document.target_url)


READERS = {"python": from_python, "cell": from_cell, "yaml": from_yaml}


def test_the_cell_reads_as_one_would_write_it() -> None:
    definition = HOOK.changed(
        event_types=(EventType("AccountOpened"), EventType("FundsDeposited", 2)),
        authorization=BearerAuthorization(Secret.env("WEBHOOK_TOKEN")),
        headers={"x-source": 'my app: {braces} "quotes" & it\'s = #1'},
        active=False,
    )
    assert render(definition, "cell") == (
        "%%webhook account-events https://example.com/chronicle/webhooks\n"
        "event_types:\n"
        "- AccountOpened\n"
        "- FundsDeposited+2\n"
        "headers:\n"
        "  x-source: 'my app: {braces} \"quotes\" & it''s = #1'\n"
        "authorization:\n"
        "  kind: bearer\n"
        "  token: env:WEBHOOK_TOKEN\n"
        "active: false\n"
    )


def test_the_python_reads_as_one_would_write_it() -> None:
    definition = HOOK.changed(
        authorization=BasicAuthorization("reader", Secret(CANARY)), headers={"x-source": "my-app"}, replayable=False
    )
    assert render(definition, "python") == (
        "import chronicle_notebook as cn\n"
        "\n"
        "client = cn.client()\n"
        "client.webhooks.register(\n"
        '    "account-events",\n'
        '    "https://example.com/chronicle/webhooks",\n'
        "    lambda b: (\n"
        '        b.with_event_type("AccountOpened")\n'
        '        .with_basic_auth("reader", cn.Secret.env("ACCOUNT_EVENTS_PASSWORD"))\n'
        '        .with_header("x-source", "my-app")\n'
        "        .not_replayable()\n"
        "    ),\n"
        ")\n"
    )


def test_yaml_has_the_id_and_the_url() -> None:
    assert render(HOOK, "yaml").startswith(
        "id: account-events\nurl: https://example.com/chronicle/webhooks\nevent_types:\n- AccountOpened\n"
    )


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    ("authorization", "references"),
    [
        (BasicAuthorization("reader", Secret(CANARY)), ["ACCOUNT_EVENTS_PASSWORD"]),
        (BearerAuthorization(Secret(CANARY)), ["ACCOUNT_EVENTS_TOKEN"]),
        (OAuthAuthorization("https://id.example.com", "me", Secret(CANARY)), ["ACCOUNT_EVENTS_CLIENT_SECRET"]),
        (
            UndisclosedAuthorization(AuthorizationKind.BASIC),
            ["ACCOUNT_EVENTS_USERNAME", "ACCOUNT_EVENTS_PASSWORD", "does not return credentials"],
        ),
        (UndisclosedAuthorization(AuthorizationKind.BEARER), ["ACCOUNT_EVENTS_TOKEN"]),
        (
            UndisclosedAuthorization(AuthorizationKind.OAUTH),
            ["ACCOUNT_EVENTS_AUTHORITY", "ACCOUNT_EVENTS_CLIENT_ID", "ACCOUNT_EVENTS_CLIENT_SECRET"],
        ),
    ],
)
def test_credentials_become_references_and_never_show(
    style: Style, authorization: WebhookAuthorization, references: list[str]
) -> None:
    code = render(HOOK.changed(authorization=authorization), style)
    assert CANARY not in code
    assert [reference for reference in references if reference in code] == references


@pytest.mark.parametrize("style", STYLES)
def test_credentials_of_a_webhook_that_was_read_back_come_from_the_environment(
    style: Style, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCOUNT_EVENTS_USERNAME", "reader")
    code = render(HOOK.changed(authorization=UndisclosedAuthorization(AuthorizationKind.BASIC)), style)
    assert READERS[style](code).authorization == BasicAuthorization("reader", Secret.env("ACCOUNT_EVENTS_PASSWORD"))


@pytest.mark.parametrize("style", STYLES)
def test_a_header_that_looks_like_a_credential_becomes_a_reference(style: Style) -> None:
    headers = {"X-Api-Key": CANARY, "X-Functions-Key": CANARY, "x-literal": Secret(CANARY), "x-source": "shown"}
    code = render(HOOK.changed(headers=headers), style)
    assert CANARY not in code
    assert "ACCOUNT_EVENTS_X_API_KEY" in code
    assert "ACCOUNT_EVENTS_X_LITERAL" in code
    assert "shown" in code


@pytest.mark.parametrize("style", STYLES)
def test_a_header_that_may_have_been_a_secret_becomes_a_reference_and_the_code_says_so(style: Style) -> None:
    # A kernel gives back a plain text, whatever it was when it was registered.
    code = render(HOOK.changed(headers={"x-partner": CANARY, "User-Agent": "shown"}), style)
    assert CANARY not in code
    assert "# Values that may be secret are left out: set these variables before you run this. " in code
    assert 'webhooks.get("account-events") has them while it is registered.\n' in code
    assert READERS[style](code).headers == {"x-partner": Secret.env("ACCOUNT_EVENTS_X_PARTNER"), "User-Agent": "shown"}


@pytest.mark.parametrize("style", STYLES)
def test_of_one_that_somebody_is_writing_only_credentials_are_left_out(style: Style) -> None:
    definition = HOOK.changed(target_url=f"{HOOK.target_url}?version=2", headers={"x-partner": "42", "x-sig": CANARY})
    code = render(definition, style, only_credentials=True)
    assert CANARY not in code
    found = READERS[style](code)
    assert found.target_url == definition.target_url
    assert found.headers == {"x-partner": "42", "x-sig": Secret.env("ACCOUNT_EVENTS_X_SIG")}


@pytest.mark.parametrize("only_credentials", [False, True])
@pytest.mark.parametrize("style", STYLES)
def test_a_url_with_a_credential_comes_from_the_environment_and_the_code_says_which_it_is(
    style: Style, only_credentials: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    definition = HOOK.changed(target_url=f"https://example.com/api?code={CANARY}&x=1")
    code = render(definition, style, only_credentials=only_credentials)
    assert CANARY not in code
    assert f"# ACCOUNT_EVENTS_TARGET_URL is the whole of https://example.com/api?code={MASK}&x={MASK}\n" in code
    monkeypatch.setenv("ACCOUNT_EVENTS_TARGET_URL", definition.target_url)
    assert READERS[style](code).target_url == definition.target_url


@pytest.mark.parametrize(
    "definition",
    [
        HOOK.changed(target_url="https://example.com/?a=b"),
        HOOK.changed(authorization=UndisclosedAuthorization(AuthorizationKind.BASIC)),
    ],
)
def test_python_does_not_name_the_whole_environment_which_a_traceback_would_show(definition: WebhookDefinition) -> None:
    assert "environ" not in render(definition, "python")


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("breaks", ["\n", "\r", "\x85", "\u2028"])
def test_nothing_in_a_url_that_was_read_back_becomes_code(style: Style, breaks: str) -> None:
    definition = HOOK.changed(target_url=f"https://example.com/{breaks}import_me: now\n?a=b")
    lines = str(render(definition, style)).splitlines()
    assert not [line for line in lines if "import_me" in line and not line.startswith("# ACCOUNT_EVENTS_TARGET_URL")]


@pytest.mark.parametrize("style", STYLES)
def test_two_secrets_never_share_a_variable(style: Style) -> None:
    definition = HOOK.changed(
        headers={"token": Secret("a"), "to-ken": Secret.env("ACCOUNT_EVENTS_TO_KEN"), "to.ken": Secret("c")},
        authorization=BearerAuthorization(Secret("b")),
    )
    found = READERS[style](render(definition, style))
    assert isinstance(found.authorization, BearerAuthorization)
    secrets = [found.authorization.token, *found.headers.values()]
    references = [value.reference for value in secrets if isinstance(value, Secret)]
    assert len(references) == len(set(references)) == 4


def test_python_keeps_a_keyring_and_a_cell_says_that_it_cannot() -> None:
    definition = HOOK.changed(authorization=BearerAuthorization(Secret.keyring("chronicle/hook")))
    assert 'cn.Secret.keyring("chronicle/hook")' in render(definition, "python")
    cell = render(definition, "cell")
    assert "token: env:ACCOUNT_EVENTS_TOKEN" in cell
    assert '# token was "keyring:chronicle/hook"; a cell accepts only env: and var:.' in cell


def test_a_webhook_without_event_types_says_what_registering_it_does() -> None:
    for style in STYLES:
        assert "gets all event types that are known" in render(HOOK.changed(event_types=()), style)


def test_an_unknown_style_offers_the_nearest() -> None:
    with pytest.raises(InvalidInputError, match="Did you mean 'python'"):
        render(HOOK, "pyton")  # type: ignore[arg-type]
    others: list[Any] = ["perl", 5, []]
    for other in others:
        with pytest.raises(InvalidInputError, match=r"Choose among python, cell, yaml\."):
            render(HOOK, other)


@pytest.mark.parametrize(
    ("webhook", "prefix"),
    [
        ("account-events", "ACCOUNT_EVENTS"),
        ("accountEvents", "ACCOUNT_EVENTS_[0-9A-F]{12}"),
        ("HTTPHook", "HTTP_HOOK_[0-9A-F]{12}"),
        ("a b.c", "A_B_C_[0-9A-F]{12}"),
        ("2nd", "WEBHOOK_2ND_[0-9A-F]{12}"),
        ("ä", "WEBHOOK_[0-9A-F]{12}"),
    ],
)
def test_variables_are_named_after_the_webhook(webhook: str, prefix: str) -> None:
    code = render(HOOK.changed(id=webhook, authorization=BearerAuthorization(Secret("x"))), "cell")
    assert re.search(rf"token: env:{prefix}_TOKEN\n", code)


words = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=10
) | st.sampled_from(["env:A", "var:B", "literal:c", "A+2", "no", "null", "~", "1e3", "- x", "{a}", "'", '"', "--x"])
printable = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12) | st.sampled_from(
    ["env:A", "literal:env:A", "keyring:a/b", "yes", "#", ": ", "{{x}}", "a\tb", "%s", "$HOME", "\\n", "-"]
)
names = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
references = st.builds(Secret.env, st.from_regex(r"[A-Z][A-Z_ -]{0,8}", fullmatch=True))
authorizations = st.one_of(
    st.just(NO_AUTHORIZATION),
    st.builds(BearerAuthorization, references),
    st.builds(BasicAuthorization, words, references),
    st.builds(OAuthAuthorization, st.just("https://id.example.com/?a=b&c={d}"), words, references),
)
definitions = st.builds(
    WebhookDefinition,
    id=words,
    target_url=st.builds(lambda tail: f"https://example.com/{tail}", words),
    event_types=st.lists(
        st.builds(EventType, words, st.integers(1, 3), st.booleans()),
        min_size=1,
        max_size=3,
        unique_by=lambda kind: (kind.id, kind.generation),
    ).map(tuple),
    authorization=authorizations,
    headers=st.dictionaries(names, printable | references, max_size=3),
    event_sequence_id=words,
    replayable=st.booleans(),
    active=st.booleans(),
)


def named_in(code: str, definition: WebhookDefinition) -> dict[str, str]:
    """The variables for the id and the URL that a comment of the code asks for."""
    found = dict.fromkeys(
        re.findall(r"^# (\w+_TARGET_URL\w*) is the whole of", code, re.MULTILINE), definition.target_url
    )
    return found | dict.fromkeys(re.findall(r"^# (\w+_ID\w*) is the whole of", code, re.MULTILINE), definition.id)


UNSEEN = "\u202e \u2066 \u200b \u200d \u00ad \ufeff \u00a0 \u3164 \u2800 \ufe0f \u034f \U000e0041".split(" ")  # noqa: SIM905
CONTROLS = ("\n", "\r", "\x85", "\u2028", "\x0b", "\x0c", "\x1b", "\x7f", "\x00", "\ud800")


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
def test_what_nobody_sees_is_written_as_an_escape_and_comes_back(unseen: str, style: Style) -> None:
    definition = WebhookDefinition(
        f"a{unseen}b",
        f"https://example.com/a{unseen}b" if unseen != "\u00a0" else "https://example.com/in",
        (EventType(f"A{unseen}b"),),
        event_sequence_id=f"a{unseen}b",
        authorization=BasicAuthorization(f"a{unseen}b", Secret.env("A")),
    )
    if problems(definition):
        definition = definition.changed(target_url="https://example.com/in")
    assert not problems(definition)
    code = render(definition, style)
    assert unseen not in code
    assert all(line.isprintable() for line in code.split("\n"))
    with mock.patch.dict(os.environ, named_in(code, definition)):
        assert READERS[style](code) == definition


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("control", CONTROLS, ids=ascii)
def test_a_text_of_others_never_breaks_a_line(control: str, style: Style) -> None:
    """Other clients can register such texts. This one refuses to register them again, by name and not by accident."""
    text = f"a{control}import os{control}# b"
    definition = WebhookDefinition(
        text, f"https://example.com/{text}", (EventType(text),), headers={text: text, "x-source": text}
    )
    code = render(definition, style)
    assert all(line.isprintable() for line in code.split("\n"))
    assert not [line for line in code.split("\n") if line.startswith("import os")]
    if style == "python":
        call = ast.parse(code).body[-1].value  # type: ignore[attr-defined]
        assert [each.value for each in call.args[:1]] == [text]
    if style == "yaml" and control != "\ud800":
        assert yaml.safe_load(code)["id"] == text


@pytest.mark.parametrize("style", STYLES)
@settings(deadline=None, max_examples=80)
@given(definition=definitions)
def test_whatever_can_be_registered_comes_back_as_it_was(style: Style, definition: WebhookDefinition) -> None:
    assume(not problems(definition))
    code = render(definition, style)
    with mock.patch.dict(os.environ, named_in(code, definition)):
        found = READERS[style](code)
    kept = {name: value for name, value in definition.headers.items() if found.headers.get(name) == value}
    # What differs is a header that may have been a secret, and that became a reference.
    changed = {name: value for name, value in found.headers.items() if name not in kept}
    assert all(isinstance(value, Secret) and value.reference for value in changed.values())
    assert list(found.headers) == list(definition.headers)
    assert found.changed(headers={}) == definition.changed(headers={})


@pytest.mark.parametrize("style", STYLES)
@settings(deadline=None, max_examples=40)
@given(
    header=st.sampled_from(["x-api-key", "Cookie", "x-token", "Authorization"]),
    kind=st.sampled_from(["bearer", "basic", "oauth", "none"]),
    webhook=words,
)
def test_no_literal_secret_is_ever_written_out(style: Style, header: str, kind: str, webhook: str) -> None:
    secret = Secret(CANARY)
    kinds: dict[str, WebhookAuthorization] = {
        "bearer": BearerAuthorization(secret),
        "basic": BasicAuthorization("reader", secret),
        "oauth": OAuthAuthorization("https://id.example.com", "me", secret),
        "none": NO_AUTHORIZATION,
    }
    authorization = kinds[kind]
    definition = HOOK.changed(id=webhook, authorization=authorization, headers={header: CANARY, "x-b": secret})
    assert CANARY not in render(definition, style)
