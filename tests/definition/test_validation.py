from __future__ import annotations

import copy
import dataclasses
import linecache
import pickle
import sys
import types
import warnings
from typing import Any

import pytest

from chronicle_notebook.base._errors import (
    CredentialHeaderWarning,
    CredentialUrlWarning,
    DuplicateWebhookError,
    InvalidDefinitionError,
    LongSecretWarning,
    UnknownEventTypeError,
)
from chronicle_notebook.base._secrets import MASK, Secret
from chronicle_notebook.definition.rules._check import (
    cautions,
    check,
    check_authority,
    check_distinct,
    check_header,
    check_id,
    check_target_url,
    problems,
    warn,
)
from chronicle_notebook.model import (
    AuthorizationKind,
    BasicAuthorization,
    BearerAuthorization,
    EventType,
    OAuthAuthorization,
    UndisclosedAuthorization,
    WebhookDefinition,
)

URL = "https://example.com/chronicle/webhooks"
CANARY = "canary-7f3a"
GOOD = WebhookDefinition("account-events", URL, event_types=(EventType("AccountOpened"),))


def only_problem(definition: WebhookDefinition, **known: Any) -> tuple[str, str]:
    """The field and message of the one problem, which ``check`` raises with the same words."""
    found = problems(definition, **known)
    assert len(found) == 1, found
    with pytest.raises(found[0].error) as caught:
        check(definition, **known)
    assert type(caught.value) is found[0].error
    assert issubclass(found[0].error, InvalidDefinitionError)
    assert caught.value.field == found[0].field
    assert caught.value.message.endswith(found[0].message)
    assert caught.value.hint == found[0].hint
    assert CANARY not in str(caught.value)
    assert found[0].message.endswith(".")
    return found[0].field, found[0].message


def test_a_good_definition_has_no_problem_and_no_caution() -> None:
    assert problems(GOOD) == []
    assert cautions(GOOD) == []
    check(GOOD, known_event_types=["AccountOpened"])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "is empty"),
        ("  ", "is blank"),
        (" a", "begins with white space"),
        ("a ", "ends with white space"),
        ("a#b", "contains '#'"),
        ("a\x07b", "a control character (character 2)"),
        ("a\nb", "a line break (character 2)"),
        ("a\x00b", "a NUL (character 2)"),
        ("a\ud800", "half a character"),
        (None, "is a text, not None"),
        (7, "is a text, not int"),
    ],
)
@pytest.mark.parametrize("field", ["id", "event_sequence_id"])
def test_an_id_that_a_kernel_would_misread_is_a_problem(field: str, value: Any, message: str) -> None:
    found, text = only_problem(GOOD.changed(**{field: value}))
    assert found == field
    assert message in text


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (None, "is a text, not None"),
        (Secret(CANARY), "is a text, not a Secret"),
        ("", "is empty"),
        ("   ", "is blank"),
        (f" {URL}", "begins with white space"),
        ("https://example.com/a b", "contains white space"),
        ("https://example.com/a\u00a0b", "contains white space"),
        ("https://example.com/a\nb", "holds a line break (character 22)"),
        ("https://example.com/a\x01", "holds a control character"),
        ("example.com/hook", "is not an absolute http or https URL"),
        ("/hook", "is not an absolute http or https URL"),
        ("ftp://example.com/", "is not an absolute http or https URL"),
        ("http:example.com", "is not an absolute http or https URL"),
        (f"reader:{CANARY}@example.com", "is not an absolute http or https URL"),
        ("https://", "has no host"),
        ("https:///hook", "has no host"),
        ("https://:443/hook", "has no host"),
        ("https://[::1/hook", "has a host that cannot be read"),
        ("https://[nonsense]/hook", "has a host that cannot be read"),
        ("https://[v1.x]/hook", "has a host that cannot be read"),
        ("https://a..b/", "has a host that cannot be read"),
        ("https://a<b>/", "has a host that cannot be read"),
        *((f"https://a{character}b.example/", "has a host that cannot be read") for character in "*,!~$()&=+;'%"),
        ("https://a.-b.example/", "has a host that cannot be read"),
        ("https://a._b.example/", "has a host that cannot be read"),
        (f"https://reader:{CANARY}@example.com/", "contains a user name or password"),
        (f"https://{CANARY}@example.com/", "contains a user name or password"),
        ("https://@example.com/", "contains a user name or password"),
        ("https://example.com/#part", "has a fragment"),
        ("https://example.com/#", "has a fragment"),
        ("https://example.com\\@evil.example", "contains a backslash"),
        ("https://example.com:0/", "port that is not a number from 1 to 65535"),
        ("https://example.com:65536/", "port that is not a number from 1 to 65535"),
        (f"https://example.com:{CANARY}/", "port that is not a number from 1 to 65535"),
        ("https://https://example.com/hook", "has a second http:// or https://"),
        ("http://http//example.com", "has a second http:// or https://"),
        ("https://example.comhttps://example.com/hook", "has a second http:// or https://"),
        ("https://example.com/hook\u200b", "holds an invisible character (character 25)"),
        ("https://exam\u200bple.com/hook", "holds an invisible character (character 13)"),
        ("https://example.com/\u202ehook", "holds an invisible character (character 21)"),
        ("https://example.com/\ufeff", "holds an invisible character (character 21)"),
        ("https://example.com/a\u3164b", "holds an invisible character (character 22)"),
        (f"https://{'ö' * 60}.example/", "has a host that cannot be read"),
        (f"https://{'a' * 60}.{'.'.join(['b' * 60] * 4)}/", "has a host that cannot be read"),
        ("https://example.com/" + "a" * 70_000, "has 70,020 characters"),
    ],
)
def test_a_url_that_cannot_be_delivered_to_is_a_problem(url: Any, message: str) -> None:
    field, text = only_problem(GOOD.changed(target_url=url))
    assert field == "target_url"
    assert message in text


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8080",
        "https://example.com/a%20b?x=1&y=@",
        "http://[::1]:9000/hook",
        "http://my_service:80/hook",
        "HTTPS://EXAMPLE.COM/",
        "https://bücher.example/",
        "http://127.0.0.1/hook/@here",
        "https://proxy.example/https://example.com/hook",
        "http://http/hook",
        "https://example.com/%E2%80%8B",
        "https://example.com/zürich//b",
        f"https://{'a' * 63}.example/",
        "https://_a.example./",
        "https://xn--mnchen-3ya.example/",
    ],
)
def test_a_url_that_can_be_delivered_to_is_none(url: str) -> None:
    assert check_target_url(url) == []
    assert cautions(GOOD.changed(target_url=url)) == []


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("xn--", "stands for no text"),
        ("in.xn--zz-.example", "stands for no text"),
        ("-a.example", "a hyphen"),
        ("a-.example", "a hyphen"),
    ],
)
def test_a_host_that_kernels_read_and_no_public_name_is_is_a_caution(host: str, told: str) -> None:
    definition = GOOD.changed(target_url=f"http://{host}/in")
    assert problems(definition) == []
    (caution,) = cautions(definition)
    assert (caution.field, told in caution.message) == ("target_url", True)


def test_a_url_longer_than_many_servers_take_is_a_caution_and_can_be_registered() -> None:
    long = GOOD.changed(target_url="https://example.com/" + "a" * 8_000)
    assert problems(long) == []
    assert [each.field for each in cautions(long)] == ["target_url"]
    assert "8,020 characters" in cautions(long)[0].message


CONTENT = [
    "Content-Type",
    "content-length",
    "Content-Encoding",
    "Content-Language",
    "Content-Location",
    "Content-MD5",
    "Content-Range",
    "Content-Disposition",
    "Allow",
    "Expires",
    "LAST-MODIFIED",
]


@pytest.mark.parametrize("name", CONTENT)
def test_a_header_that_describes_the_body_is_a_problem(name: str) -> None:
    field, text = only_problem(GOOD.changed(headers={name: CANARY}))
    assert field == "headers"
    assert f"{name!r} describes the body" in text


@pytest.mark.parametrize("name", ["Host", "Transfer-Encoding", "connection", "Upgrade", "TE", "Trailer", "Keep-Alive"])
def test_a_header_of_the_connection_is_a_problem(name: str) -> None:
    field, text = only_problem(GOOD.changed(headers={name: CANARY}))
    assert field == "headers"
    assert f"{name!r} is set by the HTTP client" in text


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "is empty"),
        (f"Bearer {CANARY}", "contains white space, which is not allowed (character 7 of 18)"),
        (f"x-a: {CANARY}", "contains a character, which is not allowed (character 4 of 16)"),
        ("x-ä", "contains a character"),
        ("x-a\r\nx-b", "contains white space"),
        (5, "is a text, not int"),
    ],
)
def test_a_header_name_that_is_none_is_a_problem_and_is_not_repeated(name: Any, message: str) -> None:
    field, text = only_problem(GOOD.changed(headers={name: CANARY}))
    assert field == "headers"
    assert message in text


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (f"{CANARY}\r\nx-b: 1", "a carriage return (character 12)"),
        (f"{CANARY}\n", "a line break (character 12)"),
        (f"{CANARY}\0", "a NUL (character 12)"),
        (f"{CANARY}\x7f", "a control character"),
        (f"{CANARY}ä", "a character that is not ASCII (character 12)"),
        (Secret(f"{CANARY}\n"), "a line break (character 12)"),
        (Secret(""), "has an empty secret"),
        (7, "a text or a Secret as its value, not int"),
    ],
)
def test_a_header_value_that_cannot_be_sent_is_a_problem_and_is_not_repeated(value: Any, message: str) -> None:
    field, text = only_problem(GOOD.changed(headers={"x-source": value}))
    assert field == "headers"
    assert "'x-source'" in text
    assert message in text


def test_headers_that_differ_only_in_case_are_a_problem() -> None:
    field, text = only_problem(GOOD.changed(headers={"X-Source": CANARY, "x-source": CANARY}))
    assert field == "headers"
    assert "'X-Source' and 'x-source' differ only in upper and lower case" in text


def test_an_authorization_header_beside_an_authorization_is_a_problem() -> None:
    definition = GOOD.changed(headers={"authorization": CANARY}, authorization=BearerAuthorization(Secret(CANARY)))
    field, text = only_problem(definition)
    assert field == "headers"
    assert "repeats the authorization" in text
    assert problems(GOOD.changed(headers={"authorization": CANARY})) == []


def test_a_reference_to_a_secret_is_left_to_the_moment_it_is_sent() -> None:
    missing = Secret.env("NOT_SET_ANYWHERE")
    assert check_header("x-source", missing) == []
    assert problems(GOOD.changed(authorization=BearerAuthorization(missing))) == []


@pytest.mark.parametrize(
    ("event_types", "message"),
    [
        ((), "would never receive an event"),
        ((EventType(""),), "is empty"),
        ((EventType(" "),), "is blank"),
        ((EventType(" A"),), "begins with white space"),
        ((EventType("A\x00"),), "a NUL"),
        ((EventType("A", 0),), "from 1 to 4294967295"),
        ((EventType("A", -1),), "from 1 to 4294967295"),
        ((EventType("A", 2**32),), "from 1 to 4294967295"),
        ((EventType("A", True),), "from 1 to 4294967295"),
        ((EventType("A"), EventType("A", 1, tombstone=True)), "'A' is named twice"),
        (("A",), "is an EventType, not str"),
    ],
)
def test_event_types_that_never_match_are_a_problem(event_types: Any, message: str) -> None:
    field, text = only_problem(GOOD.changed(event_types=event_types))
    assert field == "event_types"
    assert message in text


def test_an_unknown_event_type_is_told_with_the_nearest_names() -> None:
    definition = GOOD.changed(event_types=(EventType("AccountOpend"),))
    with pytest.raises(UnknownEventTypeError) as caught:
        check(definition, known_event_types={"AccountOpened", "MoneyDeposited"})
    assert caught.value.webhook == "account-events"
    assert caught.value.field == "event_types"
    assert "'AccountOpend'" in caught.value.message
    assert caught.value.hint == "Did you mean 'AccountOpened'?"


def test_an_unknown_event_type_without_a_near_name_is_told_with_some_that_exist() -> None:
    definition = GOOD.changed(event_types=(EventType("Zzz"),))
    assert problems(definition, known_event_types=[f"Name{n}" for n in range(7)])[0].hint == (
        "It has 'Name0', 'Name1', 'Name2', 'Name3', 'Name4' and 2 more."
    )
    assert "has none" in problems(definition, known_event_types=[])[0].hint


def test_generations_of_one_event_type_are_two_event_types() -> None:
    assert problems(GOOD.changed(event_types=(EventType("A"), EventType("A", 2)))) == []


AUTHORITY = "https://id.example.com"


@pytest.mark.parametrize(
    ("authorization", "field", "message"),
    [
        (BasicAuthorization("", Secret(CANARY)), "username", "is empty"),
        (BasicAuthorization("  ", Secret(CANARY)), "username", "is blank"),
        (BasicAuthorization("a:b", Secret(CANARY)), "username", "contains ':'"),
        (BasicAuthorization("a\r\nb", Secret(CANARY)), "username", "a carriage return (character 2)"),
        (BasicAuthorization("reader", Secret("")), "password", "is empty"),
        (BasicAuthorization("reader", Secret("\ud800")), "password", "half a character"),
        (BasicAuthorization("reader", CANARY), "password", "must be a Secret, not str"),  # type: ignore[arg-type]
        (BearerAuthorization(Secret("")), "token", "is empty"),
        (BearerAuthorization(Secret(f"{CANARY}\n")), "token", "white space around it"),
        (BearerAuthorization(Secret(f"{CANARY}\nx")), "token", "a header cannot contain"),
        (BearerAuthorization(Secret(f"{CANARY}ä")), "token", "a header cannot contain"),
        (BearerAuthorization(Secret(f"Bearer {CANARY}")), "token", "begins with the word Bearer"),
        (BearerAuthorization(None), "token", "must be a Secret, not NoneType"),  # type: ignore[arg-type]
        (OAuthAuthorization("id.example.com", "c", Secret(CANARY)), "authority", "is not an absolute http or https"),
        (OAuthAuthorization(f"https://a:{CANARY}@b", "c", Secret(CANARY)), "authority", "a user name or password"),
        (OAuthAuthorization(AUTHORITY, "", Secret(CANARY)), "client_id", "is empty"),
        (OAuthAuthorization(AUTHORITY, " ", Secret(CANARY)), "client_id", "is blank"),
        (OAuthAuthorization(AUTHORITY, "c", Secret("")), "client_secret", "is empty"),
        (UndisclosedAuthorization(AuthorizationKind.BASIC), "authorization", "did not return the credentials"),
        (CANARY, "authorization", "does not know this kind of authorization: str"),
    ],
)
def test_an_authorization_that_cannot_work_is_a_problem(authorization: Any, field: str, message: str) -> None:
    found, text = only_problem(GOOD.changed(authorization=authorization))
    assert found == field
    assert message in text


@pytest.mark.parametrize("given", ["", "id.example.com", "https://", "https://a:x"])
def test_what_is_no_authority_is_answered_with_an_authority_and_no_webhook(given: str) -> None:
    (problem,) = check_authority(given)
    assert problem.hint == "Write, for example, https://login.example.com/realms/bank."
    (problem,) = check_target_url(given)
    assert problem.hint == "Write, for example, https://example.com/chronicle/webhooks."


def test_a_definition_that_was_read_back_says_how_to_give_the_credentials_again() -> None:
    definition = GOOD.changed(authorization=UndisclosedAuthorization(AuthorizationKind.BEARER))
    assert "with_bearer_token" in problems(definition)[0].hint


@pytest.mark.parametrize("field", ["active", "replayable"])
@pytest.mark.parametrize("value", [None, 0, 1, "yes"])
def test_a_flag_is_a_bool(field: str, value: Any) -> None:
    found, text = only_problem(GOOD.changed(**{field: value}))
    assert found == field
    assert f"{field} is True or False" in text


def test_all_problems_are_told_in_the_order_of_the_fields() -> None:
    definition = WebhookDefinition("", "", headers={"host": "a"}, event_sequence_id="#", active=None)  # type: ignore[arg-type]
    assert [problem.field for problem in problems(definition)] == [
        "id",
        "target_url",
        "event_types",
        "event_sequence_id",
        "headers",
        "active",
    ]
    with pytest.raises(InvalidDefinitionError) as caught:
        check(definition)
    assert (caught.value.field, caught.value.webhook) == ("id", "")


def test_the_message_names_the_webhook_shortened_when_it_is_long() -> None:
    with pytest.raises(InvalidDefinitionError, match=r"^Webhook 'account-events': The target URL is empty\."):
        check(GOOD.changed(target_url=""))
    with pytest.raises(InvalidDefinitionError) as caught:
        check(GOOD.changed(id="x" * 5000, target_url=""))
    assert len(caught.value.message) < 120


def test_rules_of_one_field_serve_a_form() -> None:
    assert [problem.field for problem in check_id("")] == ["id"]
    assert check_id("account-events") == []
    assert check_authority("https://id.example.com/realms/a") == []
    assert [problem.message for problem in check_header("x-a", "\n")] == [
        "The header 'x-a' has a value with a line break (character 1)."
    ]


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("Authorization", f"Bearer {CANARY}", "Use with_bearer_token instead."),
        ("authorization", f"basic {CANARY}", "Use with_basic_auth instead."),
        ("Authorization", Secret(f"Bearer {CANARY}"), "Use with_bearer_token instead."),
        ("Authorization", Secret.env("NOT_SET_ANYWHERE"), "Use with_bearer_token or with_basic_auth instead."),
        ("X-Api-Key", CANARY, "they are encrypted"),
        ("x-webhook-token", CANARY, "they are encrypted"),
        ("client_secret", CANARY, "they are encrypted"),
        ("X-Password", CANARY, "they are encrypted"),
        ("Cookie", CANARY, "they are encrypted"),
        ("Proxy-Authorization", CANARY, "they are encrypted"),
        ("x-auth", Secret(CANARY), "they are encrypted"),
    ],
)
def test_a_header_that_looks_like_a_credential_is_a_caution(name: str, value: Any, hint: str) -> None:
    definition = GOOD.changed(headers={name: value})
    assert problems(definition) == []
    (caution,) = cautions(definition)
    assert (caution.field, caution.warning) == ("headers", CredentialHeaderWarning)
    assert f"{name!r} looks like a credential" in caution.message
    assert "in clear" in caution.message
    assert hint in caution.hint
    assert CANARY not in f"{caution}"


@pytest.mark.parametrize("name", ["x-source", "x-author", "x-accept", "x-correlation-id", "x-key-figures"])
def test_a_header_that_looks_like_no_credential_is_none(name: str) -> None:
    assert cautions(GOOD.changed(headers={name: "a"})) == []


@pytest.mark.parametrize("value", [Secret(CANARY), Secret.env("NOT_SET_ANYWHERE"), Secret.prompt("X")])
def test_a_secret_under_a_neutral_header_name_is_a_caution(value: Secret) -> None:
    definition = GOOD.changed(headers={"x-source": value, "x-other": "shown"})
    assert problems(definition) == []
    (caution,) = cautions(definition)
    assert (caution.field, caution.warning) == ("headers", CredentialHeaderWarning)
    assert caution.message.startswith("The header 'x-source' has a Secret as its value, and kernels store and list")
    assert CANARY not in f"{caution}"


@pytest.mark.parametrize(
    "name",
    ["token", "apikey", "api_key", "apiKey", "API-KEY", "access_token", "sig", "signature", "code", "password", "key"],
)
def test_a_credential_in_the_query_of_the_target_url_is_a_caution_that_does_not_repeat_it(name: str) -> None:
    definition = GOOD.changed(target_url=f"{URL}?x=1&{name}={CANARY}")
    assert problems(definition) == []
    (caution,) = cautions(definition)
    assert (caution.field, caution.warning) == ("target_url", CredentialUrlWarning)
    assert "looks like a credential" in caution.message
    assert CANARY not in f"{caution}"
    with pytest.warns(CredentialUrlWarning, match="Webhook 'account-events': The query of the target URL") as caught:
        warn(definition)
    assert CANARY not in str(caught[0].message)


@pytest.mark.parametrize("query", ["x=1", "keyword=a", "token", "code=", "country_code=no", "a=token"])
def test_a_query_that_looks_like_no_credential_is_none(query: str) -> None:
    assert cautions(GOOD.changed(target_url=f"{URL}?{query}")) == []


def test_headers_of_a_definition_show_names_only_and_are_still_a_mapping() -> None:
    given = {"x-source": CANARY, "x-other": "b"}
    headers = GOOD.changed(headers=given).headers
    assert CANARY not in f"{headers!r} {headers}"
    assert "'x-source'" in repr(headers)
    assert headers == given
    assert given == headers
    assert headers != {"x-source": CANARY}
    assert dict(headers) == {**headers} == given
    assert copy.deepcopy(headers) == given
    with pytest.raises(TypeError):
        headers["x-source"] = "c"  # type: ignore[index]


def test_a_pickle_and_asdict_hold_nothing_that_can_be_secret() -> None:
    hook = GOOD.changed(
        target_url=f"https://user:{CANARY}@example.com/in?code={CANARY}",
        headers={"x-source": "billing", "x-api-key": CANARY, "x-secret": Secret(CANARY)},
        authorization=BearerAuthorization(Secret(CANARY)),
    )
    sent = pickle.dumps(hook)
    assert CANARY.encode() not in sent
    again = pickle.loads(sent)
    assert again.target_url == f"https://{MASK}@example.com/in?code={MASK}"
    assert again.headers == {"x-source": "billing", "x-api-key": MASK, "x-secret": MASK}
    assert again.authorization == UndisclosedAuthorization(AuthorizationKind.BEARER)
    assert CANARY not in repr(dataclasses.asdict(hook))
    assert CANARY not in repr(vars(type(hook))) + repr([getattr(hook, name) for name in hook.__slots__])
    assert copy.deepcopy(hook) == hook, "a copy in this process is the same"
    assert hook.target_url.endswith(f"?code={CANARY}"), "the URL itself is there for those who ask for it"


def test_a_kind_that_was_read_back_is_shown_by_its_value() -> None:
    authorization = UndisclosedAuthorization(AuthorizationKind.BEARER)
    assert repr(authorization) == "UndisclosedAuthorization(kind='bearer')"
    assert "authorization=UndisclosedAuthorization(kind='bearer')" in repr(GOOD.changed(authorization=authorization))


def test_a_warning_points_at_the_line_of_the_caller() -> None:
    definition = GOOD.changed(headers={"Cookie": CANARY})
    with pytest.warns(CredentialHeaderWarning, match="Webhook 'account-events': The header 'Cookie'") as caught:
        warn(definition)
    assert caught[0].filename == __file__
    assert linecache.getline(__file__, caught[0].lineno).strip() == "warn(definition)"
    assert CANARY not in str(caught[0].message)


@pytest.mark.parametrize(
    ("field", "make"),
    [
        ("password", lambda secret: BasicAuthorization("reader", secret)),
        ("token", BearerAuthorization),
        ("client_secret", lambda secret: OAuthAuthorization(AUTHORITY, "c", secret)),
    ],
)
def test_a_secret_over_190_bytes_is_a_caution(field: str, make: Any) -> None:
    assert cautions(GOOD.changed(authorization=make(Secret("x" * 190)))) == []
    (caution,) = cautions(GOOD.changed(authorization=make(Secret("x" * 191))))
    assert (caution.field, caution.warning) == (field, LongSecretWarning)
    assert "over 190 bytes" in caution.message


def test_bytes_are_counted_and_not_characters() -> None:
    assert cautions(GOOD.changed(authorization=BasicAuthorization("reader", Secret("ä" * 95)))) == []
    assert cautions(GOOD.changed(authorization=BasicAuthorization("reader", Secret("ä" * 96)))) != []


def test_a_reference_is_looked_up_to_count_and_passed_over_when_it_leads_nowhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    definition = GOOD.changed(authorization=BearerAuthorization(Secret.env("LONG_TOKEN")))
    assert cautions(definition) == []
    monkeypatch.setenv("LONG_TOKEN", CANARY * 30)
    with pytest.warns(LongSecretWarning) as caught:
        warn(definition)
    assert CANARY not in str(caught[0].message)


def test_nobody_is_asked_at_a_prompt_to_count(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return "x" * 200

    monkeypatch.setattr("getpass.getpass", answer)
    assert cautions(GOOD.changed(authorization=BearerAuthorization(Secret.prompt("Token")))) == []
    assert asked == []


def test_a_keyring_that_fails_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(service: str, user: str) -> str:
        raise RecursionError("the keyring is locked")

    keyring = types.ModuleType("keyring")
    keyring.get_password = locked  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    assert cautions(GOOD.changed(authorization=BearerAuthorization(Secret.keyring("a/b")))) == []


def test_a_definition_without_cautions_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn(GOOD)


def test_two_definitions_of_one_id_are_refused_and_both_are_named() -> None:
    other = GOOD.changed(target_url=f"https://other.example/{CANARY}")
    with pytest.raises(DuplicateWebhookError) as caught:
        check_distinct([GOOD, GOOD.changed(id="b"), other])
    assert caught.value.field == "id"
    assert caught.value.message == (
        "Two definitions have the id 'account-events': number 1 (to example.com) and number 3 (to other.example)."
    )


def test_the_very_same_definition_twice_is_refused_too() -> None:
    with pytest.raises(DuplicateWebhookError, match=r"number 1 \(to example\.com\) and number 2"):
        check_distinct([GOOD, GOOD])
    check_distinct([GOOD, GOOD.changed(id="ACCOUNT-EVENTS")])
