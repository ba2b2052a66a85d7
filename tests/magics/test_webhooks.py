"""``%webhooks`` in a real shell: a DataFrame, and filters that can be combined."""

from __future__ import annotations

import pandas as pd
import pytest

from chronicle_notebook import Receiver, Secret, Triage
from chronicle_notebook.model import EventType
from chronicle_notebook.session._client import Client
from tests.magics.conftest import Shell
from tests.waiting import eventually


@pytest.fixture
def hooks(client: Client) -> None:
    register = client.webhooks.register
    token = Secret("qx9canary7")
    register("opened", "https://a.example.com/hooks?x=1", lambda b: b.with_event_type("AccountOpened"))
    register(
        "both",
        "https://b.example.com/hooks",
        lambda b: b.with_event_types("AccountOpened", "FundsDeposited").with_bearer_token(token),
    )
    register("silent", "https://a.example.com/other", lambda b: b.with_event_type("FundsDeposited").not_active())


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        ("", ["opened", "both", "silent"]),
        ("--active", ["opened", "both"]),
        ("--inactive", ["silent"]),
        ("--event-type AccountOpened", ["opened", "both"]),
        ("--event-type AccountOpened+1", ["opened", "both"]),
        ("--event-type AccountOpened+2", []),
        ("--event-type=FundsDeposited --active", ["both"]),
        ("--auth bearer", ["both"]),
        ("--auth none --active", ["opened"]),
        ("--url https://a.example.com/*", ["opened", "silent"]),
        ("--url *hooks", ["both"]),
        ("--url 'https://a.example.com/hooks?x=1'", ["opened"]),
        ("--url https://a.* --inactive --auth none --event-type FundsDeposited", ["silent"]),
    ],
)
def test_filters_leave_what_fits_all_of_them(connected: Shell, hooks: None, line: str, ids: list[str]) -> None:
    ran = connected.run(f"df = %webhooks {line}\ndf")
    frame = ran.value
    assert ("No webhook matches." in ran.said) is (not ids)
    assert isinstance(frame, pd.DataFrame)
    assert sorted(frame.index) == sorted(ids)
    assert list(frame.columns)[:2] == ["url", "event_types"]


def test_tidy_has_one_row_per_event_type_and_with_a_filter_only_those(connected: Shell, hooks: None) -> None:
    assert len(connected.value("%webhooks --tidy")) == 4
    frame = connected.value("%webhooks --tidy --event-type FundsDeposited")
    assert sorted(frame.index) == ["both", "silent"]
    assert set(frame["event_type"]) == {"FundsDeposited"}


def test_the_same_filters_work_in_python(connected: Shell, client: Client, hooks: None) -> None:
    from_magic = connected.value("%webhooks --active --url *hooks --event-type AccountOpened")
    from_python = client.webhooks.to_frame(active=True, url="*hooks", event_type="AccountOpened")
    pd.testing.assert_frame_equal(from_magic, from_python)


def test_no_credential_is_in_the_frame(connected: Shell, hooks: None) -> None:
    ran = connected.run("%webhooks")
    assert "qx9canary7" not in ran.said + ran.value.to_html() + ran.value.to_json()


def test_an_event_type_that_nobody_has_is_a_typing_error(connected: Shell, client: Client, hooks: None) -> None:
    what, step = connected.two_lines("%webhooks --event-type AccountOpend")
    assert what == (
        f"UnknownEventTypeError: %webhooks (kernel {client.server}): "
        "Neither a webhook nor the event store has an event type 'AccountOpend'."
    )
    assert step == "Next step: Did you mean 'AccountOpened'?"


def test_an_event_type_that_no_webhook_listens_to_gives_an_empty_frame(connected: Shell, client: Client) -> None:
    assert connected.value("%webhooks --event-type AccountOpened").empty


def test_what_fails_comes_worst_first_and_can_be_filtered_and_retried(connected: Shell, client: Client) -> None:
    with Receiver() as target:
        target.misbehave(status=410)
        client.webhooks.register("sick", target.url, lambda b: b.with_event_type("AccountOpened"))
        client.webhooks.register("calm", target.url, lambda b: b.with_event_type("FundsDeposited"))
        client.event_log.append("account-1", EventType("AccountOpened"), {})
        eventually(lambda: client.failed_partitions("sick"))
        found = connected.value("bad = %webhooks --failing\nbad")
        assert isinstance(found, Triage)
        assert [(each.webhook, str(each.cause)) for each in found] == [("sick", "HTTP 410")]
        assert list(found.to_frame().index) == ["sick"]
        assert len(connected.value("%webhooks --failing --event-type AccountOpened")) == 1
        assert len(connected.value("%webhooks --failing --inactive")) == 0
        target.behave()
        assert connected.value("%webhook retry sick --release").recovered
        assert connected.value("%webhook retry --failing").headline == "Nothing was retried"
    assert "takes the id of a webhook, or --failing" in connected.two_lines("%webhook retry")[0]
    assert "takes the id of a webhook, or --failing" in connected.two_lines("%webhook retry sick --failing")[0]
    assert "exclude each other" in connected.two_lines("%webhooks --failing --tidy")[0]
