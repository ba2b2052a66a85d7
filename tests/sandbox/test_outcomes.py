"""Against each kernel profile the user of this package is told the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

import chronicle_notebook as cn
from chronicle_notebook.model import EventType, RegisteredEventType
from chronicle_notebook.sandbox import PROFILES, Sandbox
from chronicle_notebook.session._client import Client
from tests.sandbox.conftest import Endpoint
from tests.waiting import LONG, eventually

pytestmark = pytest.mark.usefixtures("settled")

URL = "http://127.0.0.1:9/hook"
Build = Callable[[cn.DefinitionBuilder], cn.DefinitionBuilder]
EVERY = tuple(PROFILES)
SQL = ("16.33", "16.37", "16.37-postgresql", "16.38")
MEMORY = ("16.37-inmemory", "16.38-inmemory")
DROPPING = (*SQL, "19.29")


@pytest.fixture(params=EVERY)
def connected(request: pytest.FixtureRequest) -> Iterator[tuple[str, Client]]:
    with Sandbox(behaves_like=request.param, auth=True, settle_delay=0.005, time_scale=0.001) as sandbox:
        client = cn.connect(sandbox.connection_string, event_store="shop", name="truth")
        client.ensure_event_store()
        client._kernel.register_event_types("shop", [RegisteredEventType(EventType("Opened"))])
        with client:
            yield request.param, client


def plain(builder: cn.DefinitionBuilder) -> cn.DefinitionBuilder:
    return builder.with_event_type("Opened")


def bearer(builder: cn.DefinitionBuilder) -> cn.DefinitionBuilder:
    return plain(builder).with_bearer_token("swordfish")


def basic(builder: cn.DefinitionBuilder) -> cn.DefinitionBuilder:
    return plain(builder).with_basic_auth("user", "swordfish")


def inactive(builder: cn.DefinitionBuilder) -> cn.DefinitionBuilder:
    return plain(builder).not_active()


def registered(client: Client, build: Build, url: str = URL, id_: str = "h") -> cn.Outcome:
    outcome = client.webhooks.register(id_, url, build, wait=0.1)
    assert "swordfish" not in repr(outcome) + outcome._repr_html_()
    return outcome


def fields(outcome: cn.Outcome) -> list[str]:
    assert all(item.reason and item.remedy for item in outcome.ineffective)
    assert bool(outcome) == (outcome.visible and not outcome.ineffective)
    return [item.field for item in outcome.ineffective]


def test_the_wire_generation_and_version_are_told(connected: tuple[str, Client]) -> None:
    profile, client = connected
    expected = PROFILES[profile]
    diagnosis = client.doctor()
    assert diagnosis, repr(diagnosis)
    for text in (repr(diagnosis), repr(client)):
        assert f"{expected.version}, wire generation {expected.contract}" in text


def test_credentials_of_a_new_webhook(connected: tuple[str, Client]) -> None:
    profile, client = connected
    assert fields(registered(client, bearer)) == (["authorization"] if profile in DROPPING else [])


def test_a_change_of_the_url(connected: tuple[str, Client]) -> None:
    profile, client = connected
    assert registered(client, plain)
    assert fields(registered(client, plain, URL + "/two")) == (["target_url"] if profile in DROPPING else [])
    assert client.webhooks.get("h").target_url == (URL if profile in DROPPING else URL + "/two")


def test_who_moves_a_target_is_told_that_sources_in_use_stay_with_the_old_one(connected: tuple[str, Client]) -> None:
    """In the plan, in the outcome of a change that takes effect, and after a replacement."""
    profile, client = connected
    registered(client, plain)
    for number in range(7):
        client.event_log.append(f"account-{number}", "Opened", {})
    wanted = client.webhooks.get("h").changed(target_url=URL + "/two")
    keeps = profile.startswith("16.")
    plan = client.webhooks.plan(wanted)
    outcome = client.webhooks.replace(wanted, wait=LONG)
    for notes in (plan.notes, outcome.notes):
        assert any("still go to the old URL" in note for note in notes) is keeps
        sources = "stay with the old target: account-0, account-1, account-2, account-3, account-4 and 2 more."
        assert any(note.endswith(sources) for note in notes) is keeps


def test_a_webhook_that_is_not_to_be_active(connected: tuple[str, Client]) -> None:
    profile, client = connected
    assert fields(registered(client, inactive)) == ([] if profile in {"documented", *MEMORY} else ["active"])


def test_switching_a_webhook_off(connected: tuple[str, Client]) -> None:
    _, client = connected
    assert registered(client, plain)
    assert fields(registered(client, inactive)) == ["active"], "no kernel does it"


def test_the_first_credentials_of_a_webhook(connected: tuple[str, Client]) -> None:
    profile, client = connected
    assert registered(client, plain)
    outcome = registered(client, bearer)
    assert fields(outcome) == ([] if profile in {"documented", "19.32"} else ["authorization"])


def test_credentials_of_another_kind(connected: tuple[str, Client]) -> None:
    profile, client = connected
    registered(client, bearer)
    if profile in MEMORY:
        outcome = registered(client, basic)
        assert (fields(outcome), outcome.accepted, outcome.changed) == (["authorization"], False, False)
        assert "does not match target type" in repr(outcome)
        assert "client.webhooks.replace" in outcome.ineffective[0].remedy
    else:
        assert fields(registered(client, basic)) == (["authorization"] if profile in DROPPING else [])


def test_taking_credentials_away(connected: tuple[str, Client]) -> None:
    profile, client = connected
    registered(client, bearer)
    if profile in MEMORY:
        outcome = registered(client, plain)
        assert (fields(outcome), outcome.accepted) == (["authorization"], False)
        assert "client.webhooks.replace" in outcome.ineffective[0].remedy
    elif profile in DROPPING:
        assert registered(client, plain).action == "unchanged", "they were never there"
    else:
        assert fields(registered(client, plain)) == ["authorization"]


def test_a_registration_after_the_removal_of_what_was_not_there(connected: tuple[str, Client]) -> None:
    profile, client = connected
    client._kernel.remove_webhooks("shop", ["h"])
    outcome = registered(client, plain)
    assert outcome.accepted
    assert outcome.visible is not profile.startswith("16.")
    assert bool(outcome) is outcome.visible


def test_a_webhook_of_the_system_store(connected: tuple[str, Client]) -> None:
    profile, client = connected
    system = client.at(event_store="System")
    client._kernel.register_event_types("System", [RegisteredEventType(EventType("Opened"))])
    outcome = registered(system, bearer)
    assert outcome.visible is (profile not in SQL)
    assert fields(outcome) == []


def test_no_ciphertext_is_ever_shown(connected: tuple[str, Client]) -> None:
    _, client = connected
    registered(client, bearer)
    hook = client.webhooks.get("h")
    shown = [repr(hook), repr(client.webhooks.all()), client.webhooks.to_frame().to_csv(), repr(client.describe("h"))]
    assert not [text for text in shown if "crk1" in text]


def test_what_a_target_really_gets(connected: tuple[str, Client], endpoint: Endpoint) -> None:
    profile, client = connected
    outcome = registered(client, bearer, endpoint.url())
    client.event_log.append("s", "Opened", {})
    eventually(lambda: endpoint.deliveries)
    sent = endpoint.deliveries[0].headers.get("Authorization")
    told = repr(outcome)
    if profile in MEMORY:
        assert str(sent).startswith("Bearer crk1:")
        assert "encrypted" in told
    elif profile in DROPPING:
        assert sent is None
        assert "no Authorization header" in told
    else:
        assert sent == "Bearer swordfish"
        assert outcome
        assert "encrypted" not in told
