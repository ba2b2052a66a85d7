"""``client.webhooks`` against the sandbox: list, register, remove, and what the outcome says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

import chronicle_notebook as cn
from chronicle_notebook.base._call import Method
from chronicle_notebook.connection._channel import Channel
from chronicle_notebook.model import AuthorizationKind, EventType, RegisteredEventType
from chronicle_notebook.registration._outcome import Action
from chronicle_notebook.registration._send import INACTIVE, RESENT
from chronicle_notebook.session._client import Client
from tests.waiting import LONG, eventually

URL = "http://127.0.0.1:9/webhooks"


def opened(builder: cn.DefinitionBuilder) -> cn.DefinitionBuilder:
    return builder.with_event_type("AccountOpened")


def test_a_webhook_is_registered_listed_and_removed(client: Client) -> None:
    outcome = client.webhooks.register(
        "account-events", URL, lambda b: opened(b).with_header("x-source", "my-app").with_bearer_token("swordfish")
    )
    assert outcome
    assert (outcome.action, outcome.accepted, outcome.visible) == (Action.CREATED, True, True)
    assert outcome.waited > 0
    found = client.webhooks.all()
    assert found.ids == ["account-events"]
    assert found[0].event_types == (EventType("AccountOpened"),)
    assert found[0].headers == {"x-source": "my-app"}
    assert found[0].authorization.kind is AuthorizationKind.BEARER
    removed = client.webhooks.remove("account-events")
    assert removed
    assert removed.action is Action.REMOVED
    assert client.webhooks.all().ids == []


def test_registering_the_same_again_says_unchanged_and_sends_nothing(client: Client) -> None:
    client.webhooks.register("same", URL, opened)
    outcome = client.webhooks.register("same", URL, opened)
    assert outcome.action is Action.UNCHANGED
    assert "unchanged" in outcome.summary
    assert "nothing had to be sent" in outcome.summary


@pytest.mark.parametrize(
    "configure",
    [
        lambda b: b.with_event_type(7),
        lambda b: b.with_header("X-A", "1").with_header("x-a", "2"),
        lambda b: b.with_headers("x-a"),
        lambda b: b.with_event_type("AccountOpened+2", 3),
        lambda b: b.with_event_type("Unheard"),
        lambda b: b.with_event_type("AccountOpened").with_header("x a", "1"),
    ],
)
def test_every_definition_error_says_of_which_webhook_it_is(client: Client, configure: Callable[[Any], Any]) -> None:
    for call in (client.webhooks.register, client.webhooks.plan):
        with pytest.raises(cn.InvalidDefinitionError, match=r"^Webhook 'hook': ") as caught:
            call("hook", URL, configure)
        assert caught.value.webhook == "hook"
        assert str(caught.value).count("Webhook 'hook'") == 1


def test_a_generation_that_the_store_does_not_know_is_said_and_the_events_come_all_the_same(client: Client) -> None:
    note = (
        "The event store knows AccountOpened up to generation 1, not AccountOpened+9. Kernels match events by the id "
        "alone, so it gets those of every generation."
    )
    plan = client.webhooks.plan("newer", URL, lambda b: b.with_event_types("AccountOpened+9", "FundsDeposited"))
    assert plan.notes == (note,)
    assert note in repr(plan)
    assert "up to generation 1" in plan._repr_html_()
    with cn.Receiver() as endpoint:
        outcome = client.webhooks.register("newer", endpoint.url, lambda b: b.with_event_type("AccountOpened+9"))
        assert outcome, "it works as asked"
        assert outcome.notes == (note,)
        client.event_log.append("account-1", "AccountOpened", {"owner": "customer-1"})
        endpoint.wait_for(1)
        again = client.webhooks.register("newer", endpoint.url, lambda b: b.with_event_type("AccountOpened+9"))
        assert (again.action, again.notes) == (Action.UNCHANGED, (note,))


def test_a_generation_that_is_known_or_is_declared_with_it_needs_no_note(client: Client) -> None:
    store = client.event_store
    client._kernel.register_event_types(store, [RegisteredEventType(EventType("AccountOpened", 2), {"type": "object"})])

    @cn.event_type(id="AccountOpened", generation=3)
    @dataclass
    class Opened:
        owner: str

    builder = cn.DefinitionBuilder()
    for given in ("AccountOpened", "AccountOpened+2"):
        assert client.webhooks.plan(builder.with_event_type(given).build("known", URL)).notes == ()
    assert client.webhooks.plan("known", URL, lambda b: b.with_event_type(Opened)).notes == ()
    client.register_event_types(Opened)
    outcome = client.webhooks.register("known", URL, lambda b: b.with_event_type(Opened))
    assert outcome.notes == ()


def test_a_generation_that_the_list_does_not_show_is_not_registered_unasked(client: Client) -> None:
    """It may be there already, and registering it again would replace the schema of a running application."""

    @cn.event_type(id="AccountOpened", generation=2)
    @dataclass
    class Opened:
        owner: str

    outcome = client.webhooks.register("known", URL, lambda b: b.with_event_type(Opened))
    assert outcome, "the webhook gets every generation of the id"
    assert any("was not registered" in note and "register_event_types" in note for note in outcome.notes)
    client.event_log.append("account-1", Opened("somebody"))
    (listed,) = [each for each in client.event_types() if each.id == "AccountOpened"]
    assert (listed.generation, dict(listed.schema)) == (1, {"type": "object"})
    client.register_event_types(Opened)
    (listed,) = [each for each in client.event_types() if each.id == "AccountOpened"]
    assert listed.generation == 2


def test_a_classic_kernel_that_may_list_the_first_generation_alone_gives_no_reason_for_a_note() -> None:
    kinds = [RegisteredEventType(EventType("AccountOpened", number), {"type": "object"}) for number in (1, 2)]
    for kernel, notes in (("16.37", 0), ("16.37-inmemory", 1)):
        with (
            cn.Sandbox(behaves_like=kernel, settle_delay=0.02) as sandbox,
            cn.connect(sandbox.connection_string, event_store="shop", name="classic") as client,
        ):
            client.ensure_event_store()
            client._kernel.register_event_types("shop", kinds)
            plan = client.webhooks.plan("hook", URL, lambda b: b.with_event_type("AccountOpened+3"))
            assert len(plan.notes) == notes, kernel


def test_a_change_of_url_types_and_headers_takes_effect(client: Client) -> None:
    client.webhooks.register("moving", URL, opened)
    outcome = client.webhooks.register(
        "moving", "http://127.0.0.1:9/other", lambda b: b.with_event_type("FundsDeposited").with_header("x-a", "1")
    )
    assert outcome
    assert outcome.action is Action.UPDATED
    hook = client.webhooks.get("moving")
    assert hook.target_url.endswith("/other")
    assert hook.event_types == (EventType("FundsDeposited"),)


def test_each_field_that_a_kernel_ignores_is_named_with_reason_and_remedy(client: Client) -> None:
    client.webhooks.register("stuck", URL, opened)
    outcome = client.webhooks.register(
        "stuck", URL, lambda b: opened(b).not_active().not_replayable().on_event_sequence("outbox")
    )
    assert not outcome
    assert outcome.visible
    assert [item.field for item in outcome.ineffective] == ["event_sequence_id", "replayable", "active"]
    for item in outcome.ineffective:
        assert "ignore" in item.reason
        assert "client.webhooks.replace(...)" in item.remedy
    assert (outcome.ineffective[2].requested, outcome.ineffective[2].found) == ("no", "yes")
    assert "active" in repr(outcome)
    assert "active" in outcome._repr_html_()


def test_an_authorization_cannot_be_taken_away_and_the_outcome_says_so(client: Client) -> None:
    client.webhooks.register("locked", URL, lambda b: opened(b).with_basic_auth("reader", "swordfish"))
    outcome = client.webhooks.register("locked", URL, opened)
    assert not outcome
    (item,) = outcome.ineffective
    assert (item.field, item.requested, item.found) == ("authorization", "none", "basic")


def test_credentials_that_are_sent_again_are_noted(client: Client) -> None:
    client.webhooks.register("again", URL, lambda b: opened(b).with_bearer_token("swordfish"))
    outcome = client.webhooks.register("again", URL, lambda b: opened(b).with_bearer_token("swordfish"))
    assert outcome.action is Action.UPDATED
    assert outcome.notes == (RESENT,)


def test_an_inactive_webhook_is_noted_as_such(client: Client) -> None:
    outcome = client.webhooks.register("quiet", URL, lambda b: opened(b).not_active())
    assert outcome
    assert outcome.notes == (INACTIVE,)
    assert not client.webhooks.get("quiet").active


def test_no_event_types_means_all_that_are_known(client: Client) -> None:
    client.webhooks.register("everything", URL)
    kinds = {kind.id for kind in client.webhooks.get("everything").event_types}
    assert {"AccountOpened", "FundsDeposited"} <= kinds
    assert "WebhookAdded" not in kinds, "the kernel's own event types are not meant"


def test_an_unknown_event_type_is_refused_with_the_nearest_name_and_nothing_is_sent(client: Client) -> None:
    with pytest.raises(cn.UnknownEventTypeError) as caught:
        client.webhooks.register("typo", URL, lambda b: b.with_event_type("AccountOpend"))
    assert "AccountOpened" in caught.value.hint
    assert client.webhooks.all().ids == []


def test_an_unknown_event_store_is_refused_before_the_kernel_would_create_it(client: Client) -> None:
    with cn.connect(client._channel.target, event_store=client.event_store[:-1], name="other") as other:
        with pytest.raises(cn.UnknownEventStoreError) as caught:
            other.webhooks.all()
        assert client.event_store in caught.value.hint
        assert other.event_store not in client.event_stores()


def test_removing_an_unknown_webhook_is_an_error_with_the_nearest_id(client: Client) -> None:
    client.webhooks.register("account-events", URL, opened)
    with pytest.raises(cn.UnknownWebhookError) as caught:
        client.webhooks.remove("acount-events")
    assert "account-events" in caught.value.hint


def test_a_definition_that_was_read_back_with_credentials_is_not_registered_without_them(client: Client) -> None:
    client.webhooks.register("secretive", URL, lambda b: opened(b).with_bearer_token("swordfish"))
    definition = client.webhooks.get("secretive").changed(target_url="http://127.0.0.1:9/other")
    with pytest.raises(cn.InvalidDefinitionError) as caught:
        client.webhooks.register(definition)
    assert caught.value.field == "authorization"


def test_a_definition_that_was_read_back_without_credentials_can_be_changed_and_registered(client: Client) -> None:
    client.webhooks.register("open", URL, opened)
    assert client.webhooks.register(client.webhooks.get("open").changed(headers={"x-a": "1"}))
    assert client.webhooks.get("open").headers == {"x-a": "1"}


def test_a_call_that_names_no_target_tells_how_it_is_written(client: Client) -> None:
    with pytest.raises(cn.InvalidInputError) as caught:
        client.webhooks.register("account-events")  # type: ignore[arg-type]
    assert 'register("account-events"' in caught.value.hint


def declare(suffix: str) -> type:
    @cn.event_type(id=f"CardIssued{suffix}")
    @dataclass
    class CardIssued:
        owner: str
        limit: float = 0.0

    @cn.webhook(target_url=URL, id=f"cards{suffix}")
    class Cards:
        def define(self, builder: cn.DefinitionBuilder) -> cn.DefinitionBuilder:
            return builder.with_event_type(CardIssued)

    return Cards


def test_a_declared_class_brings_its_event_types_with_their_schemas(client: Client) -> None:
    outcome = client.webhooks.register(declare("-a"))
    assert outcome.webhook == "cards-a"
    (registered,) = [each for each in client.event_types() if each.id == "CardIssued-a"]
    assert registered.schema["properties"]["owner"] == {"type": "string"}
    assert client.webhooks.get("cards-a").event_types == (EventType("CardIssued-a"),)
    assert client.webhooks.remove(declare("-a"))


def test_a_schema_that_other_clients_rely_on_is_kept_and_noted(client: Client) -> None:
    client.webhooks.register(declare("-b"))

    @cn.event_type(id="CardIssued-b")
    @dataclass
    class CardIssued:
        holder: int

    outcome = client.webhooks.register("cards-b2", URL, lambda b: b.with_event_type(CardIssued))
    assert any("another schema" in note for note in outcome.notes)
    (registered,) = [each for each in client.event_types() if each.id == "CardIssued-b"]
    assert "owner" in registered.schema["properties"]


def test_a_thousand_declared_webhooks_go_in_a_few_calls(
    shared_sandbox: cn.Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: Counter[str] = Counter()
    call = Channel.call

    def counted(channel: Channel, method: Method[Any, Any], request: Any, **options: Any) -> Any:
        calls[method.short] += 1
        return call(channel, method, request, **options)

    classes: list[type] = [cn.webhook(target_url=URL, id=f"hook-{n:04}")(type(f"Hook{n}", (), {})) for n in range(1000)]
    with cn.connect(shared_sandbox.connection_string, event_store="thousand", name="t", declared=classes) as client:
        client.ensure_event_store()
        client._kernel.register_event_types("thousand", [RegisteredEventType(EventType("AccountOpened"))])
        monkeypatch.setattr(Channel, "call", counted)
        outcomes = client.webhooks.register_discovered()
        monkeypatch.undo()
        assert len(outcomes) == len(client.webhooks.all()) == 1000
        assert outcomes, outcomes.failed[:3]
    assert 1 < calls["Webhooks/AddWebhooks"] < 20
    assert "1,000 declared webhooks" in repr(outcomes)


def test_two_classes_with_one_id_are_an_error_that_names_both(client: Client) -> None:
    first: type = cn.webhook(target_url=URL, id="twin")(type("First", (), {}))
    second: type = cn.webhook(target_url=URL, id="twin")(type("Second", (), {}))
    with (
        cn.connect(client._channel.target, event_store=client.event_store, name="twins", declared=[first, second]) as c,
        pytest.raises(cn.DuplicateWebhookError) as caught,
    ):
        c.webhooks.register_discovered()
    assert "First" in str(caught.value)
    assert "Second" in str(caught.value)


def test_the_functions_by_name_of_a_client_do_the_same(client: Client) -> None:
    name = client.name
    assert cn.webhooks.register("by-name", URL, opened, client=name, namespace="has no effect")
    assert cn.webhooks.all(name, "has no effect").ids == ["by-name"]
    assert list(cn.webhooks.to_frame(name).index) == ["by-name"]
    assert cn.webhooks.test("by-name", client=client).status is None
    with cn.webhooks.observe(client=name) as changes:
        first = changes.next(LONG)
        assert first is not None
        assert first.ids == ["by-name"]
    assert cn.webhooks.discover(name).declared
    assert cn.webhooks.remove("by-name", client=client)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: c.webhooks.get(5), "The id of a webhook is a text, not int."),
        (lambda c: c.describe(5), "The id of a webhook is a text, not int."),
        (lambda c: c.webhooks.test(5), "test() takes an id, a declared class or a definition, not int."),
        (lambda c: c.webhooks.code(5), "code() takes an id, a declared class or a definition, not int."),
        (lambda c: c.webhooks.replace("a"), "replace() takes a declared class or a definition, not str."),
        (lambda c: c.webhooks.plan("a"), "plan() takes a declared class, a definition, or an id with a target URL."),
        (lambda c: c.webhooks.remove(5), "remove() takes an id, a declared class, or a list of them, not int."),
        (lambda c: c.webhooks.observe(5), "on_change is a function, not int."),
        (lambda c: c.webhooks.observe(on_state="a"), "on_state is a function, not str."),
    ],
)
def test_an_argument_of_a_wrong_type_is_told_with_the_method_that_was_called(
    client: Client, call: Callable[[Client], object], message: str
) -> None:
    client.webhooks.register("account-events", URL, opened)
    with pytest.raises(cn.InvalidInputError) as caught:
        call(client)
    assert caught.value.message == message
    assert caught.value.hint


def test_a_secret_in_a_header_is_warned_about_when_it_is_registered(client: Client) -> None:
    with pytest.warns(cn.CredentialHeaderWarning, match="'x-source' has a Secret as its value"):
        client.webhooks.register("a", URL, lambda b: opened(b).with_header("x-source", cn.Secret("canary-9f2b")))
    assert "canary-9f2b" not in repr(client.webhooks.get("a").headers)


def test_a_class_whose_define_fails_is_named_by_discover(client: Client) -> None:
    def fails(self: object, builder: cn.DefinitionBuilder) -> cn.DefinitionBuilder:
        raise ZeroDivisionError

    cls: type = type("Failing", (), {"define": fails, "__module__": "not.loaded"})
    cn.webhook(target_url=URL)(cls)
    client.webhooks._declared = (cls,)
    with pytest.raises(cn.InvalidDeclarationError, match=r"not\.loaded\.Failing raised ZeroDivisionError"):
        client.webhooks.discover()


def test_declared_classes_are_found_without_a_kernel_with_the_event_types_of_the_process(client: Client) -> None:
    @cn.event_type
    class OfThisProcess:
        pass

    @cn.webhook(target_url=URL, id="declared-here")
    class Everything:
        pass

    alone = cn.discover([Everything])
    assert [str(kind) for kind in alone["declared-here"].event_types] == ["OfThisProcess"]
    assert "No kernel was asked" in repr(alone)
    assert "event store" not in repr(alone).partition("\n")[0]
    kernel = cn.Sandbox(settle_delay=0.01).start()
    with cn.connect(kernel.connection_string, event_store="shop", name="asked", declared=[Everything]) as asked:
        asked.ensure_event_store()
        assert "No kernel was asked" not in repr(asked.webhooks.discover())
        kernel.stop()
        found = asked.webhooks.discover()
        assert found.ids == ["declared-here"]
        assert "No kernel was asked" in repr(found)
        planned = asked.webhooks.plan(Everything)
    assert planned.action.value == "not known"
    assert [str(kind) for kind in planned.definition.event_types] == ["OfThisProcess"]
    assert not planned.effective
    assert "the kernel did not answer" in planned.summary


def test_a_plan_for_a_webhook_as_it_is_takes_event_types_that_the_store_does_not_have(client: Client) -> None:
    """Another client may have registered a webhook for an event type that nobody has registered."""
    definition = cn.WebhookDefinition(id="foreign", target_url=URL, event_types=(EventType("NeverRegistered"),))
    client._kernel.add_webhooks(client.event_store, [definition])
    eventually(lambda: "foreign" in client.webhooks.ids())
    planned = client.webhooks.plan(client.webhooks.get("foreign"))
    assert planned.action.value == "unchanged"
    assert any("no event type 'NeverRegistered'" in note for note in planned.notes)
    assert client.webhooks.register(client.webhooks.get("foreign")).action is Action.UNCHANGED
    with pytest.raises(cn.UnknownEventTypeError):
        client.webhooks.plan(definition.changed(id="another"))
