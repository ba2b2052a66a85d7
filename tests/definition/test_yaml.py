"""The body of a cell: what it takes, and how it says no."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given, settings, strategies as st

from chronicle_notebook import InvalidDefinitionError, InvalidInputError, SecretUnavailableError
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.definition.file._webhook_reader import read_body, read_document
from chronicle_notebook.model import (
    BasicAuthorization,
    BearerAuthorization,
    EventType,
    NoAuthorization,
    OAuthAuthorization,
    WebhookDefinition,
)

CANARY = "qx9canary7"
URL = "https://example.com/hook"


def read(text: str, **options: object) -> WebhookDefinition:
    builder = read_body(text, **options)  # type: ignore[arg-type]
    return (builder if builder.event_types else builder.with_event_type("Any")).build("hook", URL)


def test_a_whole_body_is_read() -> None:
    definition = read("""
event_types: [AccountOpened, FundsDeposited+2]
headers:
  x-source: my-app
  x-braces: '{"a": "b"}'
  x-key: env:HOOK_KEY
authorization:
  kind: bearer
  token: env:WEBHOOK_TOKEN
event_sequence: audit
replayable: no
active: false
""")
    assert definition == WebhookDefinition(
        "hook",
        URL,
        (EventType("AccountOpened"), EventType("FundsDeposited", 2)),
        BearerAuthorization(Secret.env("WEBHOOK_TOKEN")),
        {"x-source": "my-app", "x-braces": '{"a": "b"}', "x-key": Secret.env("HOOK_KEY")},
        "audit",
        replayable=False,
        active=False,
    )


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing but a comment", "headers:\nauthorization:", "---\n"])
def test_an_empty_body_leaves_everything_as_usual(text: str) -> None:
    assert read(text) == WebhookDefinition("hook", URL, (EventType("Any"),))


@pytest.mark.parametrize("value", ["no", "1.10", "0x1F", "2024-01-01", "null", "~", "1_000", "'quoted'", "a: b"[:1]])
def test_a_value_of_a_header_is_the_text_that_was_written(value: str) -> None:
    assert read(f"headers:\n  x-a: {value}").headers["x-a"] == value.strip("'")


def test_the_kind_of_authorization_can_be_left_out() -> None:
    assert isinstance(read("authorization: {token: env:T}").authorization, BearerAuthorization)
    basic = read("authorization: {username: reader, password: env:P}").authorization
    assert basic == BasicAuthorization("reader", Secret.env("P"))
    oauth = read("authorization: {authority: 'https://id.example.com', client_id: me, client_secret: env:S}")
    assert oauth.authorization == OAuthAuthorization("https://id.example.com", "me", Secret.env("S"))
    assert isinstance(read("authorization: none").authorization, NoAuthorization)
    assert isinstance(read("authorization: {kind: none}").authorization, NoAuthorization)


def test_a_variable_of_the_notebook_is_taken_as_a_text_or_a_secret() -> None:
    variables = {"source": "my-app", "token": Secret.env("T"), "pw": CANARY, "who": "reader"}
    definition = read(
        "headers: {x-source: var:source, x-other: var:token}\nauthorization: {username: var:who, password: var:pw}",
        variables=variables,
    )
    assert definition.headers == {"x-source": "my-app", "x-other": Secret.env("T")}
    assert definition.authorization == BasicAuthorization("reader", Secret(CANARY))


def test_a_text_that_looks_like_a_reference_can_be_meant_literally() -> None:
    assert read("headers: {x-a: 'literal:env:A'}").headers["x-a"] == "env:A"


def test_nothing_is_put_into_text() -> None:
    variables = {"token": CANARY, "x": CANARY}
    for written in ("{token}", "{{token}}", "$token", "${token}", "%(token)s", "a var:token"):
        assert read(f"headers: {{x-a: '{written}'}}", variables=variables).headers["x-a"] == written


@pytest.mark.parametrize("field", ["token", "password", "client_secret"])
def test_a_secret_that_is_written_out_is_refused_with_the_reason(field: str) -> None:
    others = {
        "token": "",
        "password": "username: reader, ",
        "client_secret": "authority: 'https://a.b', client_id: c, ",
    }
    body = f"event_types: [A]\nauthorization: {{{others[field]}{field}: {CANARY}}}"
    with pytest.raises(InvalidDefinitionError) as caught:
        read(body, first_line=2)
    assert caught.value.message == (
        f"line 3: {field} is in plain text, so it would stay in the notebook, its history and every copy of it."
    )
    assert caught.value.hint == "Write env:NAME or var:NAME; for a sandbox kernel, --allow-literal accepts it."
    assert caught.value.field == field
    assert read(body, allow_literal=True).authorization != NoAuthorization()


@pytest.mark.parametrize(
    ("body", "message", "hint"),
    [
        (
            "evnt_types: [A]",
            "line 1: the body has no key 'evnt_types'.",
            "Did you mean 'event_types' or 'event_sequence'?",
        ),
        (
            "zzz: 1",
            "line 1: the body has no key 'zzz'.",
            "It has event_types, headers, authorization, event_sequence, replayable, active.",
        ),
        ("active: true\ntoken: env:T", "line 2: the body has no key 'token'.", "It belongs under authorization."),
        (
            "authorization:\n  toknen: env:T",
            "line 2: authorization has no key 'toknen'.",
            "Did you mean 'token'?",
        ),
        ("active: true\nactive: no", "line 2: the key 'active' is there twice.", "Keep one."),
        ("active: maybe", "line 1: active is neither true nor false.", "Write active: false."),
        ("event_types: []", "line 1: event_types is empty.", "Leave it out for all event types."),
        (
            "authorization: {kind: bearer}",
            "line 1: kind bearer needs token.",
            "Add token: env:NAME under authorization.",
        ),
        (
            "authorization: {kind: bearer, token: env:T, username: reader}",
            "line 1: username does not go with kind bearer.",
            "It takes token.",
        ),
        (
            "authorization: {kind: berer, token: env:T}",
            "line 1: 'berer' is not a kind of authorization.",
            "Did you mean 'bearer'?",
        ),
        (
            "authorization: {}",
            "line 1: it does not name the kind of authorization.",
            "Add kind: basic, bearer or oauth.",
        ),
        ("headers: {x-a: }", "line 1: a header has no value.", "Write '' for an empty one."),
        ("headers: [x-a]", "line 1: headers is not a mapping.", "Write lines of key: value."),
        (
            "headers: {x-a: '1', X-A: '2'}",
            "line 1: The headers 'x-a' and 'X-A' differ only in upper and lower case.",
            "Keep one.",
        ),
        (
            "headers: {x-a: var:nope}",
            "line 1: headers: there is no variable 'nope'.",
            "Assign a text or a cn.Secret to it in a cell before this one.",
        ),
        (
            "headers: {x-a: var:tokn}",
            "line 1: headers: there is no variable 'tokn'.",
            "Did you mean 'token'?",
        ),
        (
            "headers: {x-a: var:number}",
            "line 1: headers: the variable 'number' holds int, which is neither a text nor a Secret.",
            "Assign a text or a cn.Secret to it in a cell before this one.",
        ),
        (
            "authorization: {token: 'keyring:a/b'}",
            "line 1: token: keyring: is not a reference that a magic accepts.",
            "Write env:NAME, or make a Secret.keyring(...) in Python and write var:NAME.",
        ),
        (
            "headers: {x-a: !!binary aGk=}",
            "line 1: headers has a YAML tag or '<<', which have no meaning here.",
            "Leave it out.",
        ),
    ],
)
def test_what_is_wrong_is_told_with_line_key_and_next_step(body: str, message: str, hint: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read(body, variables={"token": "t", "number": 1})
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_what_is_no_yaml_is_told_by_its_line_alone() -> None:
    with pytest.raises(InvalidDefinitionError) as caught:
        read(f"active: true\nheaders:\n  x-a: *{CANARY}")
    assert caught.value.message.startswith("line 3: the body is not YAML: ")
    assert CANARY not in f"{caught.value}"


@pytest.mark.parametrize("nested", ["[" * 3000, "{" * 3000, "- " * 3000, "headers: " + "{a: " * 3000, "? " * 3000])
def test_what_is_nested_too_deeply_is_refused_like_anything_else(nested: str) -> None:
    for reader in (read_body, read_document):
        with pytest.raises(InvalidDefinitionError, match="nested too deeply") as caught:
            reader(nested)
        assert caught.value.field == "body"
        assert caught.value.__context__ is None


def test_a_variable_of_the_environment_that_names_a_user_must_be_set() -> None:
    with pytest.raises(SecretUnavailableError, match="'NOT_SET_ANYWHERE' is not set"):
        read("authorization: {username: env:NOT_SET_ANYWHERE, password: env:P}")


def test_a_document_needs_an_id_and_a_url() -> None:
    with pytest.raises(InvalidDefinitionError, match=r"^The key 'id' is missing"):
        read_document("url: https://example.com")
    with pytest.raises(InvalidDefinitionError, match=r"^Webhook 'a': The key 'url' is missing") as caught:
        read_document("id: a")
    assert caught.value.webhook == "a"
    with pytest.raises(InvalidDefinitionError, match=r"^Webhook 'a': line 3: active is neither true nor false"):
        read_document("id: a\nurl: https://example.com\nactive: maybe")


pieces = st.sampled_from(
    ["event_types", "headers", "authorization", "token", "kind", ":", " ", "\n", "  ", "- ", "[", "]", "{", "}", ",",
     "'", '"', "*", "&", "!", "!!str", "|", ">", "#", "env:", "var:", "%", "@", "<<", "\t", "\x00", "é", CANARY]
)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.lists(pieces, max_size=14).map("".join) | st.text(max_size=30))
def test_whatever_is_written_is_read_or_refused_without_repeating_a_value(text: str) -> None:
    said = ""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            read_body(text)
        except InvalidInputError as error:
            said = f"{error}"
    # A canary that stands where a key does is named as one; as a value it never is.
    as_key = f"no key {CANARY!r}"
    assert CANARY not in said.replace(as_key, "") or f"{CANARY}" in said.partition("no key")[2]
