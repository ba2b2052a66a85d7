"""The file is read strictly: what is wrong is told with the line, the nearest known key, and never a value."""

from __future__ import annotations

from pathlib import Path

import pytest

import chronicle_notebook as cn

GOOD = """\
version: 1
event_store: banking
owned_by: {ids: ["*"]}
webhooks:
  - id: one
    url: https://one.example.com/in
    event_types: [AccountOpened+2, {id: AccountClosed, generation: 3, tombstone: true}]
"""


def test_everything_of_a_definition_is_read() -> None:
    state = cn.DesiredState.parse(GOOD)
    (only,) = state.webhooks
    assert only.event_types == (cn.EventType("AccountOpened", 2), cn.EventType("AccountClosed", 3, True))
    assert (state.event_store, state.lines) == ("banking", {"one": 5})


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("version: 1", "version: 2", 1, "the file has another version. This package reads version 1"),
        ("version: 1\n", "", 1, "the key 'version' is missing"),
        ("event_store: banking", "event_stor: banking", 2, "has no key 'event_stor'. Did you mean 'event_store'?"),
        ("event_store: banking", "event_store: ''", 2, "event_store is empty"),
        ('owned_by: {ids: ["*"]}', "owned_by: {id: a}", 3, "has no key 'id'. Did you mean 'ids'?"),
        ('owned_by: {ids: ["*"]}', "owned_by: {ids: []}", 3, "ids has nothing"),
        ('owned_by: {ids: ["*"]}', "owned_by: {header: x-a}", 3, "a header with its value, or patterns of ids"),
        ('ids: ["*"]', 'ids: ["team-*"]', 5, "'one' is not what the file owns (ids like team-*)"),
        ("    url:", "    ulr:", 6, "a webhook has no key 'ulr'. Did you mean 'url'?"),
        ("    url: https://one.example.com/in\n", "", 5, "The key 'url' is missing"),
        ("https://one.example.com/in", "ftp://one.example.com/in", 6, "The target URL"),
        ("https://one.example.com/in", "https://${host}/in", 6, "The file has no variable 'host'"),
        ("https://one.example.com/in", "https://${ho st}/in", 6, "begins a variable"),
        ("AccountOpened+2", "AccountOpened+99999999999", 7, "event type"),
        ("generation: 3", "generation: three", 7, "the generation is not a whole number"),
        ("webhooks:\n", "webhooks: 1\nrest:\n", 5, "has no key 'rest'"),
        ("webhooks:", "unmanaged: [one]\nwebhooks:", 6, "is in the file, and unmanaged too"),
        ("event_types: [", "event_types: [[", 8, "is not closed"),
        ("webhooks:", "<<<<<<< HEAD\nwebhooks:", 4, "an unresolved merge conflict of git. Decide for one"),
        ("    url:", ">>>>>>> branch\r\n    url:", 6, "an unresolved merge conflict of git"),
        ("    url:", "    # a\x0bb\n    url:", 6, "a character that YAML does not allow, U+000B"),
        ("webhooks:", "---\nwebhooks:", 4, "a second document begins here"),
        ("  - id: one", "  - *one", 5, "refers to something that no '&' names"),
        ("[AccountOpened+2, {id: AccountClosed, generation: 3, tombstone: true}]", "", 7, "Name at least one."),
        ("https://one", "https://canary:x@one", 6, "Write authorization: {kind: basic, username: NAME"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(old: str, new: str, line: int, told: str) -> None:
    assert old in GOOD
    with pytest.raises(cn.StateFileError) as caught:
        cn.DesiredState.parse(GOOD.replace(old, new), path="webhooks.yaml")
    assert caught.value.message.startswith(f"webhooks.yaml, line {line}: "), caught.value.message
    assert told in str(caught.value)
    assert caught.value.path == "webhooks.yaml"


def test_every_problem_is_told_at_once() -> None:
    more = GOOD + "  - {id: two, url: nowhere, event_types: [A]}\n  - {id: one, url: https://x.example.com/}\n"
    more = more.replace("AccountOpened+2", "AccountOpened+2, AccountOpened+2", 1).replace("one.example.com/in", "[", 1)
    with pytest.raises(cn.StateFileError) as caught:
        cn.DesiredState.parse(more)
    assert [each.partition(":")[0] for each in caught.value.problems] == ["line 6", "line 8", "line 9"]
    assert "2 more problems" in str(caught.value)


def test_one_id_twice_is_refused_with_both_lines() -> None:
    with pytest.raises(cn.StateFileError, match="line 8: the webhook 'one' is there twice, first in line 5") as caught:
        cn.DesiredState.parse(GOOD + "  - {id: one, url: https://x.example.com/, event_types: [A]}\n")
    assert caught.value.field == "id"


@pytest.mark.parametrize(
    "secret", ["canary-in-clear", "var:TOKEN", "prompt:token", "literal:canary-in-clear"], ids=lambda each: each[:4]
)
def test_a_secret_is_a_reference_and_its_value_is_never_repeated(secret: str) -> None:
    with pytest.raises(cn.StateFileError, match="line 8: ") as caught:
        cn.DesiredState.parse(f"{GOOD}    authorization: {{kind: bearer, token: '{secret}'}}\n")
    assert "env:NAME" in str(caught.value)
    assert "canary" not in str(caught.value)
    assert "notebook" not in str(caught.value)


VARIABLES = """\
version: 1
event_store: ${store}
variables:
  staging: {host: hooks.staging.example.com, store: bank-2, env: STAGING}
  production: {host: hooks.example.com, store: bank, env: PRODUCTION}
webhooks:
  - id: ledger-${store}
    url: https://${host}/$${host}
    event_types: [AccountOpened]
    headers: {x-env: "${env}"}
    authorization: {kind: bearer, token: "env:${env}_TOKEN"}
"""


def test_variables_have_the_values_of_the_profile() -> None:
    state = cn.DesiredState.parse(VARIABLES, profile="staging")
    (only,) = state.webhooks
    assert (only.id, only.target_url) == ("ledger-bank-2", "https://hooks.staging.example.com/${host}")
    assert (state.event_store, state.profile) == ("bank-2", "staging")
    assert only.headers == {"x-env": "STAGING"}
    assert only.authorization == cn.BearerAuthorization(cn.Secret.env("STAGING_TOKEN"))


def test_a_profile_that_the_file_does_not_have_is_refused() -> None:
    with pytest.raises(cn.StateFileError, match=r"line 4: .*for the profile .stagin.\. Did you mean .staging."):
        cn.DesiredState.parse(VARIABLES, profile="stagin")
    with pytest.raises(cn.StateFileError, match=r"line 2: .*Give profile= \(--profile\): staging"):
        cn.DesiredState.parse(VARIABLES)


def test_credentials_without_a_value_here_can_be_read_and_planned_but_not_sent(
    client: cn.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = GOOD.replace("[AccountOpened+2, {id: AccountClosed, generation: 3, tombstone: true}]", "[AccountOpened]")
    text = text.replace("event_store: banking\n", "")
    text += "    authorization: {kind: basic, username: env:USER_OF_ONE, password: file:/nowhere/at/all}\n"
    path = tmp_path / "webhooks.yaml"
    path.write_text(text)
    state = cn.DesiredState.read(path)
    assert cn.DesiredState.parse(str(state.to_yaml())) == state
    assert "username: env:USER_OF_ONE" in state.to_yaml()
    plan = state.plan(client)
    assert plan["one"].action is cn.StateAction.CREATE
    assert "'one': Some of its credentials have no value here: env:USER_OF_ONE" in repr(plan)
    with pytest.raises(cn.InvalidInputError, match="env:USER_OF_ONE"):
        plan.apply()
    monkeypatch.setenv("USER_OF_ONE", "alice")
    with pytest.raises(cn.SecretUnavailableError, match=r"Nothing was sent.*'one': The file '/nowhere/at/all'"):
        cn.DesiredState.read(path).plan(client).apply()
    assert client.webhooks.ids() == []
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("text", ["", "a: [", "- 1", "\x00", "version: 1\nwebhooks: {a: 1}"], ids=repr)
def test_what_is_no_such_file_is_refused(text: str) -> None:
    with pytest.raises(cn.StateFileError):
        cn.DesiredState.parse(text)


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(cn.StateFileError, match="No such file"):
        cn.DesiredState.read(tmp_path / "none.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(cn.StateFileError, match="it is not text in UTF-8"):
        cn.DesiredState.read(tmp_path / "bytes.yaml")


def test_credentials_without_a_value_here_are_judged_like_any_others(client: cn.Client) -> None:
    client.webhooks.register("one", "https://one.example.com/in", lambda b: b.with_event_type("AccountOpened"))
    text = "version: 1\nwebhooks:\n  - {id: one, url: 'https://one.example.com/in', event_types: [AccountOpened],\n"
    state = cn.DesiredState.parse(
        f"{text}     authorization: {{kind: basic, username: env:NOBODY, password: env:NOTHING}}}}\n"
    )
    plan = state.plan(client)
    assert [(each.field, each.effect) for each in plan["one"].fields] == [("authorization", cn.FieldEffect.APPLIED)]


@pytest.mark.parametrize(
    ("old", "new", "line", "field"),
    [
        (
            "    event_types",
            "    headers: {x-source: a, Authorization: Bearer canary-7}\n    event_types",
            7,
            "headers",
        ),
        ("    event_types", "    headers: {x-api-key: canary-7}\n    event_types", 7, "headers"),
        ("https://one.example.com/in", "https://one.example.com/in?a=1&api_key=canary-7", 6, "url"),
        ("    event_types", "    authorization: {kind: bearer, Canary-7x91: }\n    event_types", 7, "authorization"),
    ],
)
def test_a_secret_in_a_header_a_query_or_a_key_is_refused_with_its_line(
    old: str, new: str, line: int, field: str
) -> None:
    with pytest.raises(cn.StateFileError) as caught:
        cn.DesiredState.parse(GOOD.replace(old, new), path="webhooks.yaml")
    assert caught.value.message.startswith(f"webhooks.yaml, line {line}: "), caught.value.message
    assert caught.value.field == field
    assert "canary-7" not in str(caught.value).lower()


def test_headers_and_queries_without_credentials_and_references_stay_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARTNER_KEY", "canary")
    monkeypatch.setenv("PARTNER_URL", "https://one.example.com/in?api_key=canary")
    headers = "    headers: {x-source: billing, x-api-key: env:PARTNER_KEY}\n    event_types"
    text = GOOD.replace("https://one.example.com/in", "https://one.example.com/in?region=eu")
    (plain,) = cn.DesiredState.parse(text.replace("    event_types", headers)).webhooks
    assert sorted(plain.headers) == ["x-api-key", "x-source"]
    (referenced,) = cn.DesiredState.parse(GOOD.replace("https://one.example.com/in", "env:PARTNER_URL")).webhooks
    assert referenced.target_url.endswith("api_key=canary")
