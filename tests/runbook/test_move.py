"""URLs on another host, how URLs are shown, and a whole move."""

from __future__ import annotations

from typing import Any

import pytest

from chronicle_notebook import InvalidInputError, Receiver, RunbookError, Secret
from chronicle_notebook.base._url import host_of, shown
from chronicle_notebook.model import OAuthAuthorization
from chronicle_notebook.pausing._kept import listed_values
from chronicle_notebook.runbook.engine._outcome import RunStatus
from chronicle_notebook.runbook.recipes._move import moved
from chronicle_notebook.session._client import Client
from tests.runbook.books import Desk, Ran
from tests.runbook.test_books import OLD, hook, written


@pytest.mark.parametrize(
    ("url", "from_host", "new"),
    [
        ("https://old.example.com/a/b?c=d", "old.example.com", "https://new.example.com/a/b?c=d"),
        ("https://OLD.example.com:8443/a", "old.example.com", "https://new.example.com:8443/a"),
        ("https://old.example.com:8443/a", "old.example.com:8443", "https://new.example.com/a"),
        ("https://old.example.com/a", "old.example.com:8443", None),
        ("https://not-old.example.com/a", "old.example.com", None),
        ("https://reader:pw@old.example.com:1/a", "old.example.com:1", "https://reader:pw@new.example.com/a"),
        ("http://[::1]:9/in", "::1", "http://new.example.com:9/in"),
        ("http://[::1]:9/in", "[::1]:9", "http://new.example.com/in"),
    ],
)
def test_only_the_host_changes(url: str, from_host: str, new: str | None) -> None:
    assert moved(url, from_host, "new.example.com") == new


@pytest.mark.parametrize(
    "host", ["", "https://new.example.com", "new.example.com/x", "a b", "reader:pw@new", "new:port"]
)
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        moved("https://old.example.com/a", "old.example.com", host)
    assert caught.value.field == "to_host"


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://a.example.com:1/b", "https://a.example.com:1/b"),
        (
            "https://reader:canary@a.example.com/b?key=canary&x=canary#canary",
            "https://••••••@a.example.com/b?key=••••••&x=••••••",
        ),
    ],
)
def test_a_url_is_shown_without_what_may_be_a_secret(url: str, text: str) -> None:
    assert shown(url) == text
    assert "canary" not in host_of(url)


# -- a whole move --------------------------------------------------------------------------------------------------


def moving(desk: Desk, client: Client, to: Receiver | str, **more: Any) -> Ran:
    host = to if isinstance(to, str) else to.url.split("/")[2]
    told = {"from_host": "127.0.0.1:9", "to_host": host, "event_store": client.event_store, **more}
    return desk.run("move-host", **told)


def test_all_targets_are_tried_before_the_first_webhook_is_moved(
    desk: Desk, client: Client, endpoint: Receiver
) -> None:
    for name in ("a", "b", "c"):
        client.webhooks.register(hook(name, f"{OLD}/webhooks/{name}"))
    endpoint.misbehave(status=503, when=lambda delivery: delivery.path == "/webhooks/b")
    before, hooks = written(client), client.webhooks.all()
    ran = moving(desk, client, endpoint, apply=True)
    assert isinstance(ran.error, RunbookError)
    assert ran.outcome is not None
    assert [each["state"] for each in ran.outcome.steps] == ["done", "failed", *["not done"] * 4]
    assert client.webhooks.all() == hooks
    assert written(client) == before


def test_credentials_that_are_not_at_hand_are_found_before_the_first_webhook_is_moved(
    desk: Desk, client: Client, endpoint: Receiver
) -> None:
    client.webhooks.register(hook("a", f"{OLD}/webhooks/a"))
    told = OAuthAuthorization("http://127.0.0.1:9/realm", "client", Secret("x"))
    client.webhooks.register(hook("b", f"{OLD}/webhooks/b", authorization=told))
    before = written(client)
    ran = moving(desk, client, endpoint, apply=True, test_targets=False)
    assert isinstance(ran.error, RunbookError)
    assert "B_CLIENT_SECRET" in str(ran.error)
    assert written(client) == before


def test_a_target_that_wants_a_token_which_only_the_kernel_fetches_is_moved_to(
    desk: Desk, client: Client, endpoint: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AUTHORITY", "CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.setenv(f"A_{name}", "http://127.0.0.1:9/realm")
    told = OAuthAuthorization("http://127.0.0.1:9/realm", "client", Secret("x"))
    client.webhooks.register(hook("a", f"{OLD}/webhooks/a", authorization=told))
    endpoint.expect(bearer=Secret("a token of the authority"))
    ran = moving(desk, client, endpoint, apply=True)
    assert ran.error is None
    assert ran.outcome is not None
    assert "401" in ran.outcome.steps[0]["note"]
    assert client.webhooks.get("a").target_url == endpoint.url_for("a")


def test_but_not_where_nothing_is(desk: Desk, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AUTHORITY", "CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.setenv(f"A_{name}", "http://127.0.0.1:9/realm")
    told = OAuthAuthorization("http://127.0.0.1:9/realm", "client", Secret("x"))
    client.webhooks.register(hook("a", f"{OLD}/webhooks/a", authorization=told))
    with Receiver() as other:
        other.misbehave(status=404)
        ran = moving(desk, client, other, apply=True)
    assert isinstance(ran.error, RunbookError)
    assert "404" in str(ran.error)


def test_ports_stay_where_none_is_named(desk: Desk, client: Client) -> None:
    client.webhooks.register(hook("a", "http://old.example.com:9/in"))
    client.webhooks.register(hook("b", "http://old.example.com:47811/in"))
    client.webhooks.register(hook("c", "http://old.example.com/in"))
    parameters = {"from_host": "old.example.com", "apply": True, "test_targets": False}
    ran = moving(desk, client, "new.example.com:81", **parameters)
    assert isinstance(ran.error, InvalidInputError)
    assert ran.error.field == "to_host"
    assert "9, 80 and 47811" in ran.error.message, "three targets would become one"
    assert moving(desk, client, "new.example.com", **parameters).error is None
    assert {each.id: each.target_url for each in client.webhooks.all()} == {
        "a": "http://new.example.com:9/in",
        "b": "http://new.example.com:47811/in",
        "c": "http://new.example.com/in",
    }


def test_a_misspelt_host_is_not_taken_for_a_move_that_is_done(desk: Desk, client: Client) -> None:
    client.webhooks.register(hook("a", "https://archive.example.com/in"))
    client.webhooks.register(hook("b", "https://other.example.org/in"))
    ran = moving(desk, client, "other.example.org", from_host="arhcive.example.com")
    assert isinstance(ran.error, InvalidInputError)
    assert ran.error.hint == "Did you mean 'archive.example.com'?"


def test_a_move_that_is_done_shows_what_is_there(desk: Desk, client: Client) -> None:
    client.webhooks.register(hook("a", "https://new.example.com/in"))
    client.webhooks.register(hook("b", "https://quite.different.org/in"))
    ran = moving(desk, client, "new.example.com", from_host="old-archive.example.net")
    assert ran.error is None
    assert ran.outcome is not None
    assert ran.outcome.status is RunStatus.NOTHING_TO_DO
    assert [(each["subject"], each["state"]) for each in ran.outcome.steps] == [("a", "already so")]


def test_a_move_tells_that_the_old_host_is_in_use_for_a_while(desk: Desk, client: Client, endpoint: Receiver) -> None:
    client.webhooks.register(hook("a"))
    ran = moving(desk, client, endpoint)
    assert ran.outcome is not None
    assert "for an hour" in ran.outcome.steps[-1]["note"]
    assert "replay" in ran.outcome.steps[-1]["note"]


@pytest.mark.filterwarnings("ignore::chronicle_notebook.CredentialUrlWarning")
def test_a_key_in_a_url_is_wanted_as_it_is_after_the_move(
    desk: Desk, client: Client, endpoint: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable that holds exactly what the kernel has is not called another value."""
    client.webhooks.register(hook("keyed", f"{OLD}/webhooks/keyed?key=canary-of-a-url"))
    settings = {"replace": True, "apply": True, "test_targets": False}
    (name,) = listed_values(client.webhooks.get("keyed"))
    monkeypatch.setenv(name, client.webhooks.get("keyed").target_url)
    ran = moving(desk, client, endpoint, **settings)
    assert ran.error is not None
    told = str(ran.error)
    assert "another value" not in told
    assert "the value after the change is wanted" in told
    assert "canary-of-a-url" not in told
    host = endpoint.url.split("/")[2]
    after = client.webhooks.get("keyed").target_url.replace("127.0.0.1:9", host)
    monkeypatch.setenv(name, after)
    ran = moving(desk, client, endpoint, **settings)
    assert ran.error is None
    assert client.webhooks.get("keyed").target_url == after
