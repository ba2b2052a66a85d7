"""The form's model: fields, remarks, previews, what an edit means, and the actions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from chronicle_notebook import InvalidInputError, Receiver, Secret
from chronicle_notebook.model import (
    AuthorizationKind,
    BasicAuthorization,
    BearerAuthorization,
    EventType,
    OAuthAuthorization,
    UndisclosedAuthorization,
    WebhookDefinition,
)
from chronicle_notebook.registration._outcome import Action
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.session._client import Client
from chronicle_notebook.session._connect import connect
from chronicle_notebook.widgets._form_model import FormModel
from chronicle_notebook.widgets._form_rules import Obstacle
from chronicle_notebook.widgets._message import Level
from tests.waiting import LONG, eventually
from tests.widgets.conftest import level

Make = Callable[..., FormModel]
CANARY = "canary-value-4711"


@pytest.fixture
def make(client: Client) -> Iterator[Make]:
    made: list[FormModel] = []

    def make(definition: WebhookDefinition | None = None) -> FormModel:
        model = FormModel(client, lambda: None, definition)
        made.append(model)
        model.start()
        eventually(lambda: model.choices)
        return model

    yield make
    for model in made:
        model.close()


def filled(model: FormModel) -> FormModel:
    model.set("id", "account-events")
    model.set("target_url", "http://127.0.0.1:9/in")
    model.set("event_types", ["AccountOpened"])
    return model


def test_an_empty_form_says_what_is_missing(make: Make) -> None:
    model = make()
    assert set(model.remarks.wrong) == {"id", "target_url", "event_types"}
    assert model.obstacle == Obstacle("Fill in id, URL and event types.", "id")
    assert model.complaints(model.remarks.wrong) == {}
    model.register()
    assert model.obstacle == Obstacle("3 fields need attention, first: the id.", "id", wrong=True)


def test_only_what_was_touched_is_complained_about(make: Make) -> None:
    model = make()
    model.set("target_url", "nowhere")
    assert model.obstacle == Obstacle("1 field needs attention: the URL.", "target_url", wrong=True)
    model.set("target_url", "http://127.0.0.1:9/in")
    assert model.obstacle == Obstacle("Fill in id and event types.", "id")
    model.set("id", "audit")
    model.set("event_types", ["AccountOpened"])
    model.set("kind", "basic")
    assert model.obstacle == Obstacle("Fill in user name.", "username")
    model.set("kind", "none")
    model.add_header()
    assert model.obstacle == Obstacle("Fill in headers.", "headers.1")


def test_a_first_definition_counts_as_filled_in(make: Make) -> None:
    model = make(WebhookDefinition("audit", "nowhere", (EventType("AccountOpened"),)))
    assert model.obstacle == Obstacle("1 field needs attention: the URL.", "target_url", wrong=True)


def test_a_suggested_variable_is_a_value_that_follows_the_id_until_another_is_named(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = filled(make())
    model.set("id", "pay-in")
    assert model.fields.variable == ""
    model.set("kind", "bearer")
    assert model.fields.variable == "PAY_IN_TOKEN"
    assert model.definition.authorization == BearerAuthorization(Secret.env("PAY_IN_TOKEN"))
    assert model.remarks.doubtful["secret"].startswith("PAY_IN_TOKEN is not set in this Python kernel")
    model.set("id", "pay-out")
    assert model.fields.variable == "PAY_OUT_TOKEN"
    monkeypatch.setenv("PAY_OUT_TOKEN", CANARY)
    assert model.remarks.plain["secret"].startswith("Set in this Python kernel ✓")
    model.set("kind", "basic")
    assert model.fields.variable == "PAY_OUT_PASSWORD"
    model.set("variable", "MINE")
    model.set("id", "pay-all")
    model.set("kind", "bearer")
    assert model.fields.variable == "MINE"


def test_the_browser_gives_a_header_its_key(make: Make) -> None:
    model = filled(make())
    model.add_header(4_711)
    model.set_header(4_711, name="x-source", value="bank")
    model.add_header(4_711)
    assert [(row.key, row.name) for row in model.fields.headers] == [(4_711, "x-source")]
    model.add_header(12)
    model.set_header(12, name="x-source")
    assert set(model.remarks.wrong) == {"headers.12"}
    model.drop_header(12)
    model.add_header(12)
    assert "headers.12" not in model.touched


def test_the_rules_are_those_of_the_domain(make: Make) -> None:
    model = filled(make())
    model.set("target_url", "htps://example.com")
    assert model.remarks.wrong["target_url"].startswith("The target URL is not an absolute http or https URL.")
    model.set("event_types", ["AcountOpened"])
    assert "Did you mean 'AccountOpened'" in model.remarks.wrong["event_types"]


def test_a_complete_form_can_be_registered(make: Make) -> None:
    assert filled(make()).obstacle is None


def test_event_types_and_sequences_come_from_the_kernel(make: Make) -> None:
    model = make()
    assert model.choices is not None
    assert {kind.id for kind in model.choices.event_types} == {"AccountOpened", "FundsDeposited"}
    assert "event-log" in dict(model.choices.sequences)


def test_all_known_is_made_explicit_and_written_without_event_types(make: Make) -> None:
    model = filled(make())
    model.set("all_known", True)
    assert {kind.id for kind in model.definition.event_types} == {"AccountOpened", "FundsDeposited"}
    assert "with_event_type" not in model.previews()["python"]
    model.set("event_types", ["FundsDeposited"])
    assert not model.fields.all_known


def test_the_previews_show_references_and_never_a_secret(make: Make) -> None:
    model = filled(make())
    model.set("kind", "bearer")
    model.set("variable", "WEBHOOK_TOKEN")
    assert 'Secret.env("WEBHOOK_TOKEN")' in model.previews()["python"]
    assert "env:WEBHOOK_TOKEN" in model.previews()["yaml"]
    assert model.previews()["cell"].startswith("%%webhook account-events http://127.0.0.1:9/in")
    model.give_secret(CANARY)
    assert CANARY not in str(model.previews()) + repr(model.fields)


@pytest.mark.parametrize(
    ("kind", "texts", "expected"),
    [
        ("basic", {"username": "reader"}, BasicAuthorization("reader", Secret(CANARY))),
        ("bearer", {}, BearerAuthorization(Secret(CANARY))),
        (
            "oauth",
            {"authority": "https://login.example.com", "client_id": "writer"},
            OAuthAuthorization("https://login.example.com", "writer", Secret(CANARY)),
        ),
    ],
)
def test_each_kind_of_authorization_has_its_fields(
    make: Make, kind: str, texts: dict[str, str], expected: object
) -> None:
    model = filled(make())
    model.set("kind", kind)
    model.set("variable", "")
    assert "secret" in model.remarks.wrong
    for field, value in texts.items():
        assert field in model.remarks.wrong
        model.set(field, value)
    model.give_secret(CANARY)
    assert model.remarks.wrong == {}
    assert model.definition.authorization == expected


def test_a_variable_is_looked_for(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    model = filled(make())
    monkeypatch.setenv("WEBHOOK_TOKEN", CANARY)
    model.set("kind", "bearer")
    model.set("variable", "WEBHOOK_TOKEM")
    assert "not set in this Python kernel" in model.remarks.doubtful["secret"]
    assert "Did you mean WEBHOOK_TOKEN?" in model.remarks.doubtful["secret"]
    model.set("variable", "WEBHOOK_TOKEN")
    assert model.remarks.plain["secret"].startswith("Set in this Python kernel ✓")
    monkeypatch.setenv("WEBHOOK_TOKEN", f"{CANARY}\n")
    model.set("variable", "WEBHOOK_TOKEN")
    assert "What WEBHOOK_TOKEN holds has white space around it" in model.remarks.wrong["secret"]
    model.set("variable", "not=a name")
    assert "secret" in model.remarks.wrong


def test_a_secret_can_be_let_go_of(make: Make) -> None:
    model = filled(make())
    model.set("kind", "bearer")
    model.give_secret(CANARY)
    model.give_secret("")
    assert model.fields.secret is None
    assert "secret" in model.remarks.wrong


def test_a_header_that_looks_like_a_credential_is_held_as_a_secret_with_a_caution(make: Make) -> None:
    model = filled(make())
    model.add_header()
    key = model.fields.headers[0].key
    model.set_header(key, name="x-api-key")
    model.set_header(key, value=CANARY)
    row = model.fields.headers[0]
    assert row.masked
    assert row.shown == ""
    assert "looks like a credential" in model.remarks.doubtful[f"headers.{key}"]
    assert CANARY not in repr(row) + str(model.previews())
    assert model.definition.headers["x-api-key"] == Secret(CANARY)


def test_a_credential_in_the_target_url_is_doubtful(make: Make) -> None:
    model = filled(make())
    assert "target_url" not in model.remarks.doubtful
    model.set("target_url", f"http://127.0.0.1:9/in?token={CANARY}")
    assert "looks like a credential" in model.remarks.doubtful["target_url"]
    assert CANARY not in model.remarks.doubtful["target_url"]


def test_a_header_can_refer_to_a_variable(make: Make) -> None:
    model = filled(make())
    model.add_header()
    key = model.fields.headers[0].key
    model.set_header(key, name="x-team", value="env:TEAM")
    assert "has a Secret as its value" in model.remarks.doubtful[f"headers.{key}"]
    assert model.definition.headers["x-team"] == Secret.env("TEAM")
    assert model.fields.headers[0].shown == "env:TEAM"


def test_what_is_wrong_with_headers_stands_with_the_row(make: Make) -> None:
    model = filled(make())
    for name, value in (("", ""), ("content-type", "x"), ("X-A", "1"), ("x-a", "2"), ("same", "1"), ("same", "2")):
        model.add_header()
        model.set_header(model.fields.headers[-1].key, name=name, value=value)
    wrong = model.remarks.wrong
    assert "Fill in the header" in wrong["headers.1"]
    assert "describes the body" in wrong["headers.2"]
    assert "headers.3" not in wrong
    assert "differ only in upper and lower case" in wrong["headers.4"]
    assert "is there twice" in wrong["headers.6"]
    for row in model.fields.headers:
        model.drop_header(row.key)
    assert model.remarks.wrong == {}


def test_an_authorization_header_beside_an_authorization_is_wrong(make: Make) -> None:
    model = filled(make())
    model.set("kind", "bearer")
    model.give_secret(CANARY)
    model.add_header()
    model.set_header(1, name="Authorization", value="Bearer x")
    assert "sets this header already" in model.remarks.wrong["headers.1"]


def test_registering_gives_the_outcome(make: Make, client: Client) -> None:
    model = filled(make())
    model.register()
    model.jobs.wait(LONG)
    assert model.outcome is not None
    assert model.outcome.action is Action.CREATED
    assert model.told is not None
    assert level(model) is Level.GOOD
    assert client.webhooks.get("account-events").target_url == "http://127.0.0.1:9/in"
    assert model.plan is not None  # what is registered was read again


def test_an_incomplete_form_is_not_sent_and_every_field_then_shows_what_is_wrong(make: Make) -> None:
    model = make()
    model.register()
    assert model.jobs.current is None
    assert model.told is not None
    assert level(model) is Level.ERROR
    assert model.touched >= {"id", "target_url", "event_types"}


def test_a_failure_appears_and_what_was_filled_in_stays(make: Make) -> None:
    model = filled(make())
    model.set("kind", "bearer")
    model.set("variable", "NOT_SET_ANYWHERE")
    model.register()
    model.jobs.wait(LONG)
    assert model.told is not None
    assert level(model) is Level.ERROR
    assert "NOT_SET_ANYWHERE" in model.told.title
    assert model.fields.id == "account-events"


def test_testing_sends_a_request_with_the_credentials_of_the_form(make: Make) -> None:
    with Receiver() as endpoint:
        endpoint.expect(bearer=CANARY)
        model = filled(make())
        model.set("target_url", endpoint.url)
        model.set("kind", "bearer")
        model.give_secret(CANARY)
        model.test()
        model.jobs.wait(LONG)
        assert model.told is not None
        assert level(model) is Level.GOOD
        model.give_secret("another")
        model.test()
        model.jobs.wait(LONG)
        assert level(model) is Level.WARNING
        assert "401" in model.told.title


def test_an_edit_says_what_changes_and_what_the_kernel_ignores(make: Make, client: Client) -> None:
    hook = WebhookDefinition("account-events", "http://127.0.0.1:9/in", (EventType("AccountOpened"),))
    client.webhooks.register(hook)
    model = make(client.webhooks.get("account-events"))
    assert model.editing
    model.set("replayable", False)
    model.set("target_url", "http://127.0.0.1:9/other")
    assert model.plan is not None
    effects = {change.field: change.effect.value for change in model.plan.changes}
    assert effects["replayable"] == "ignored by the kernel"
    assert effects["target_url"] == "applied"
    model.register()
    model.jobs.wait(LONG)
    assert model.told is not None
    assert level(model) is Level.WARNING
    assert any("replayable" in line for line in model.told.lines)
    model.replace()
    model.jobs.wait(LONG)
    assert level(model) is Level.GOOD
    assert not client.webhooks.get("account-events").replayable


def test_an_edit_of_a_webhook_with_credentials_asks_for_them(make: Make, client: Client) -> None:
    hook = WebhookDefinition("account-events", "http://127.0.0.1:9/in", (EventType("AccountOpened"),))
    client.webhooks.register(hook.changed(authorization=BearerAuthorization(Secret(CANARY))))
    model = make(client.webhooks.get("account-events"))
    assert model.fields.kind is AuthorizationKind.BEARER
    assert "secret" in model.remarks.wrong


def test_a_new_form_with_a_registered_id_says_so(make: Make, client: Client) -> None:
    client.webhooks.register(
        WebhookDefinition("account-events", "http://127.0.0.1:9/in", (EventType("AccountOpened"),))
    )
    model = filled(make())
    assert "registering changes it" in model.remarks.doubtful["id"]
    assert not model.editing


def test_it_says_how_much_a_registration_sets_in_motion(make: Make, client: Client) -> None:
    assert "is empty in namespace Default" in filled(make()).reach()
    client.event_log.append("account-1", "AccountOpened", {})
    model = filled(make())
    assert "up to 1 events in namespace Default" in model.reach()
    model.set("active", False)
    assert "nothing is sent" in model.reach()


def test_a_field_that_does_not_exist_is_refused(make: Make) -> None:
    model = make()
    for field, value in (("secret", CANARY), ("id", 3), ("kind", "magic"), ("nothing", "x"), ("active", "yes")):
        with pytest.raises(InvalidInputError) as caught:
            model.set(field, value)
        assert CANARY not in str(caught.value)


def test_closing_lets_go_of_the_secret(make: Make) -> None:
    model = filled(make())
    model.give_secret(CANARY)
    model.close()
    assert model.fields.secret is None


def test_a_kernel_that_cannot_be_read_is_told(client: Client, shared_sandbox: Sandbox) -> None:
    other = connect(shared_sandbox.connection_string, event_store=client.event_store, name="closed")
    model = FormModel(other, lambda: None)
    other.close()
    model.start()
    eventually(lambda: model.told)
    assert model.told is not None
    assert level(model) is Level.ERROR
    assert model.obstacle == Obstacle("The event store is not read.")
    model.client = client
    model.read_again()
    eventually(lambda: model.choices)
    assert model.told is None
    assert model.obstacle == Obstacle("Fill in id, URL and event types.", "id")
    model.close()


def test_what_a_newer_kernel_told_has_to_be_chosen_anew(make: Make) -> None:
    read_back = WebhookDefinition(
        "account-events",
        "http://127.0.0.1:9/in",
        (EventType("AccountOpened", 0), EventType("AccountOpened")),
        UndisclosedAuthorization(AuthorizationKind.UNKNOWN),
    )
    model = make(read_back)
    assert model.fields.event_types == ("AccountOpened",)
    assert model.remarks.wrong == {"secret": "This version does not know this kind of authorization. Choose another."}
    model.set("kind", "none")
    assert not model.remarks.wrong


def test_what_was_typed_and_is_no_event_type_keeps_it_from_being_registered(make: Make) -> None:
    model = filled(make())
    assert model.remarks.wrong == {}
    model.set("typed_type", "FundsDepsited")
    assert model.remarks.wrong == {
        "event_types": "The typed text is not an event type of this event store. Did you mean 'FundsDeposited'?"
    }
    assert model.obstacle == Obstacle("1 field needs attention: the event types.", "event_types", wrong=True)
    assert "event_types" in model.touched
    model.set("typed_type", "zzz")
    assert model.remarks.wrong["event_types"].endswith("Choose an event type from the list, or clear the box.")
    model.set("all_known", True)
    assert model.remarks.wrong == {}
    model.set("all_known", False)
    model.set("typed_type", "")
    assert model.remarks.wrong == {}


def test_the_form_refuses_a_doubled_scheme_and_warns_of_a_long_url(make: Make) -> None:
    model = filled(make())
    model.set("target_url", "https://https://example.com/in")
    assert "has a second http:// or https://" in model.remarks.wrong["target_url"]
    model.set("target_url", "https://example.com/" + "a" * 8_000)
    assert "target_url" not in model.remarks.wrong
    assert "8,020 characters" in model.remarks.doubtful["target_url"]
