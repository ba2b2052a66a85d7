"""A plan says what a registration would do, and the registration then does just that."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chronicle_notebook.base._errors import InvalidDefinitionError, UnknownWebhookError
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.contracts._kernel_defects import Measurement, by_key, known_defects
from chronicle_notebook.definition._builder import DefinitionBuilder
from chronicle_notebook.model import (
    AuthorizationKind,
    BasicAuthorization,
    BearerAuthorization,
    EventType,
    OAuthAuthorization,
    ServerVersion,
    UndisclosedAuthorization,
    WebhookDefinition,
)
from chronicle_notebook.registration._differences import Effect
from chronicle_notebook.registration._outcome import Action
from chronicle_notebook.registration._plan import Change, Plan, PlannedAction, plan_for
from chronicle_notebook.session._client import Client

CANARY = "qx9canary7"
TYPES = (EventType("AccountOpened"),)
PLAIN = WebhookDefinition("hook", "https://example.com/a", TYPES)
SECURED = PLAIN.changed(authorization=BearerAuthorization(Secret(CANARY)))
READ_BACK = PLAIN.changed(authorization=UndisclosedAuthorization(AuthorizationKind.BEARER))


def shown(plan: Plan) -> str:
    return repr(plan) + plan._repr_html_() + str([repr(each) for each in plan.changes])


def test_a_new_webhook_is_created_with_all_its_fields() -> None:
    plan = plan_for(PLAIN, None)
    assert plan.action is PlannedAction.CREATE
    assert [each.field for each in plan.changes] == [
        "target_url",
        "event_types",
        "headers",
        "authorization",
        "event_sequence_id",
        "replayable",
        "active",
    ]
    assert {each.effect for each in plan.changes} == {Effect.APPLIED}
    assert {each.before for each in plan.changes} == {""}
    assert "'hook' would be created." in repr(plan)
    assert "Nothing was sent." in repr(plan)
    assert "Changes" not in repr(plan)


def test_a_webhook_that_is_registered_like_this_is_unchanged() -> None:
    plan = plan_for(PLAIN, PLAIN)
    assert (plan.action, plan.changes, plan.effective) == (PlannedAction.UNCHANGED, (), False)
    assert "registered like this already" in plan.summary


def test_a_change_of_the_url_is_applied() -> None:
    plan = plan_for(PLAIN.changed(target_url="https://example.com/b"), PLAIN)
    (change,) = plan.changes
    assert plan.action is PlannedAction.UPDATE
    assert (change.field, change.effect) == ("target_url", Effect.APPLIED)
    assert (change.before, change.after) == ("'https://example.com/a'", "'https://example.com/b'")
    assert plan.summary == "'hook' would be updated: target_url."


@pytest.mark.parametrize(
    ("field", "value"), [("active", False), ("replayable", False), ("event_sequence_id", "other-sequence")]
)
def test_a_change_that_the_kernel_ignores_says_so_and_what_to_do(field: str, value: object) -> None:
    plan = plan_for(PLAIN.changed(**{field: value}), PLAIN)
    (change,) = plan.changes
    assert (plan.action, plan.effective) == (PlannedAction.UPDATE, False)
    assert change.effect is Effect.IGNORED
    assert change.remedy.startswith("client.webhooks.replace(...) removes it")
    assert "would stay as it is" in plan.summary
    assert change.remedy in repr(plan)
    assert "ignored by the kernel" in plan._repr_html_()


def test_an_ignored_change_beside_an_applied_one_is_named() -> None:
    plan = plan_for(PLAIN.changed(active=False, event_types=(EventType("Other"),)), PLAIN)
    assert plan.summary == "'hook' would be updated: event_types, active; the kernel ignores active."
    assert plan.effective


def test_credentials_of_the_same_kind_cannot_be_compared() -> None:
    plan = plan_for(SECURED, READ_BACK)
    (change,) = plan.changes
    assert plan.action is PlannedAction.CANNOT_TELL
    assert (change.field, change.effect, change.before, change.after) == (
        "authorization",
        Effect.UNKNOWN,
        "bearer",
        "bearer",
    )
    assert "replay" in change.reason


def test_taking_an_authorization_away_is_ignored_by_the_kernel() -> None:
    (change,) = plan_for(PLAIN, READ_BACK).changes
    assert (change.field, change.effect, change.before, change.after) == (
        "authorization",
        Effect.IGNORED,
        "bearer",
        "none",
    )


def test_a_definition_that_was_read_back_needs_its_credentials_again() -> None:
    plan = plan_for(READ_BACK, READ_BACK)
    assert plan.action is PlannedAction.CANNOT_TELL
    assert plan.changes[0].remedy == "Give them again, as references."


@pytest.mark.parametrize(
    "authorization",
    [
        BearerAuthorization(Secret(CANARY)),
        BasicAuthorization("reader", Secret(CANARY)),
        OAuthAuthorization("https://id.example.com", "me", Secret(CANARY)),
    ],
)
def test_no_secret_and_no_value_of_a_header_is_shown(authorization: BearerAuthorization) -> None:
    wanted = PLAIN.changed(authorization=authorization, headers={"x-source": CANARY, "x-key": Secret(CANARY)})
    before = PLAIN.changed(headers={"x-source": f"{CANARY}-old", "x-key": "older"})
    for found in (None, PLAIN, before, wanted):
        assert CANARY not in shown(plan_for(wanted, found))


def test_another_value_of_a_header_is_told_without_the_value() -> None:
    (change,) = plan_for(PLAIN.changed(headers={"x-source": "new"}), PLAIN.changed(headers={"x-source": "old"})).changes
    assert (change.field, change.before, change.after) == ("headers", "x-source", "x-source (another value)")


def test_added_and_removed_headers_are_named() -> None:
    (change,) = plan_for(PLAIN.changed(headers={"x-b": "1"}), PLAIN.changed(headers={"x-a": "1"})).changes
    assert (change.before, change.after, change.effect) == ("x-a", "x-b", Effect.APPLIED)


@pytest.mark.parametrize("secret", [Secret.env("NOT_SET_ANYWHERE"), Secret.prompt("Key")])
def test_a_header_whose_value_is_not_at_hand_leaves_it_open_and_asks_nobody(secret: Secret) -> None:
    plan = plan_for(PLAIN.changed(headers={"x-key": secret}), PLAIN.changed(headers={"x-key": "old"}))
    (change,) = plan.changes
    assert plan.action is PlannedAction.CANNOT_TELL
    assert (change.field, change.effect) == ("headers", Effect.UNKNOWN)


@pytest.mark.parametrize(
    "change",
    [
        {"target_url": "https://example.com/b"},
        {"event_types": (EventType("FundsDeposited"),)},
        {"headers": {"x-source": "new"}},
        {"active": False},
        {"replayable": False},
        {"event_sequence_id": "other"},
        {"authorization": BearerAuthorization(Secret("t"))},
    ],
)
def test_what_the_plan_foresees_is_what_the_registration_does(client: Client, change: dict[str, object]) -> None:
    client.webhooks.register(PLAIN)
    wanted = PLAIN.changed(**change)
    plan = plan_for(wanted, client.webhooks.get("hook"))
    outcome = client.webhooks.register(wanted)
    assert outcome.action is Action.UPDATED
    ignored = {each.field for each in plan.changes if each.effect is Effect.IGNORED}
    assert ignored == {each.field for each in outcome.ineffective}


def test_a_plan_says_what_was_measured_on_this_kernel_and_when() -> None:
    """What was measured is certain, so that a change is foreseen as dropped or as applied, and no longer as unclear."""
    taken, keys = datetime(2026, 11, 29, tzinfo=UTC), frozenset({"updates-dropped", "authorization-dropped"})
    wanted = SECURED.changed(target_url="https://example.com/b")

    def planned(measured: Measurement | None) -> dict[str, Change]:
        known = by_key(known_defects(ServerVersion("16.37.1"), "classic", measured))
        return {each.field: each for each in plan_for(wanted, PLAIN, defects=known).changes}

    assert {each.effect for each in planned(None).values()} == {Effect.UNKNOWN}
    seen = planned(Measurement(taken, present=keys, absent=frozenset({"authorization-change-fails"})))
    assert {each.effect for each in seen.values()} == {Effect.IGNORED}
    assert all("measured on 2026-11-29" in each.reason for each in seen.values())
    gone = planned(Measurement(taken, present=frozenset(), absent=keys | {"authorization-change-fails"}))
    assert {each.effect for each in gone.values()} == {Effect.APPLIED}


def test_an_unchanged_plan_means_that_nothing_is_sent(client: Client) -> None:
    client.webhooks.register(PLAIN)
    assert plan_for(PLAIN, client.webhooks.get("hook")).action is PlannedAction.UNCHANGED
    assert client.webhooks.register(PLAIN).action is Action.UNCHANGED


@pytest.mark.parametrize(
    "url", ["https://https://example.com/in", "https://example.com/in\u200b", "https://a/" + "b" * 70_000]
)
def test_neither_a_plan_nor_a_registration_takes_a_target_that_cannot_be_meant(client: Client, url: str) -> None:
    for call in (client.webhooks.plan, client.webhooks.register):
        with pytest.raises(InvalidDefinitionError) as caught:
            call("hook", url, lambda builder: builder.with_event_type("AccountOpened"))
        assert caught.value.field == "target_url"
    assert "hook" not in client.webhooks.ids()


def test_an_id_that_looks_like_a_registered_one_is_told_by_the_plan_the_registration_and_the_search(
    client: Client,
) -> None:
    composed, decomposed = "z\u00fcrich", "zu\u0308rich"

    def inactive(builder: DefinitionBuilder) -> DefinitionBuilder:
        return builder.with_event_type("AccountOpened").not_active()

    url = "http://127.0.0.1:9/in"
    assert not any("looks the same" in each for each in client.webhooks.register(composed, url, inactive).notes)
    with pytest.raises(UnknownWebhookError) as caught:
        client.webhooks.get(decomposed)
    assert caught.value.hint == r"It has 'z\xfcrich', which looks the same: your text is 'zu\u0308rich'."
    told = (client.webhooks.plan(decomposed, url, inactive), client.webhooks.register(decomposed, url, inactive))
    for each in told:
        (note,) = [note for note in each.notes if "looks the same" in note]
        assert note.startswith(r"A webhook 'z\xfcrich' is registered")
    assert not any("looks the same" in each for each in client.webhooks.plan(composed, url, inactive).notes)
