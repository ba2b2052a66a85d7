"""Pausing, replaying and sending again by a magic: what it means comes first, and nothing happens without a yes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chronicle_notebook import InvalidInputError, Receiver
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.magics._again import moment
from chronicle_notebook.model import BearerAuthorization, EventType, WebhookDefinition
from chronicle_notebook.pausing._redelivery import RedeliveryPlan
from chronicle_notebook.pausing._redelivery_outcome import RedeliveryOutcome
from chronicle_notebook.pausing._replay import ReplayPlan
from chronicle_notebook.pausing._replay_outcome import ReplayOutcome
from chronicle_notebook.registration._outcome import Action
from chronicle_notebook.session._client import Client
from tests.magics.conftest import Shell
from tests.waiting import eventually

CANARY = "qx9canary7"
OPENED = EventType("AccountOpened")


class Answers:
    """Answers a question, and notes it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        self.answer = "n"
        monkeypatch.setattr("builtins.input", self)

    def __call__(self, question: str) -> str:
        self.asked.append(question)
        return self.answer


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    return Answers(monkeypatch)


def fed(client: Client, receiver: Receiver, count: int = 3) -> None:
    client.webhooks.register(WebhookDefinition("a", receiver.url, (OPENED,)))
    for number in range(count):
        client.event_log.append(f"account-{number}", OPENED, {})
    receiver.wait_for(count)
    eventually(lambda: client.observers("a")[0].next_sequence_number == count)
    receiver.clear()


def test_a_pause_says_what_it_means_asks_and_is_resumed(connected: Shell, client: Client, answers: Answers) -> None:
    client.webhooks.register(WebhookDefinition("a", "http://127.0.0.1:9/in", (OPENED,)))
    eventually(lambda: len(client.observers("a")) == 1)
    ran = connected.run("%webhook pause a")
    assert (ran.value, ran.error) == (None, None)
    assert "Its position stays: number 0 in namespace 'Default'" in ran.said
    assert "Nothing was done." in ran.said
    assert answers.asked == ["Pause webhook 'a'? [y/N] "]
    assert client.webhooks.ids() == ["a"]
    answers.answer = "y"
    outcome = connected.value("%webhook pause a --reason 'target is moved'")
    assert outcome.action is Action.PAUSED
    said = connected.run("%webhooks").said
    assert "Paused, so not in this list: a." in said
    listing = connected.value("%webhook paused")
    assert [(each.id, each.reason) for each in listing] == [("a", "target is moved")]
    resumed = connected.value("%webhook resume a")
    assert resumed.action is Action.RESUMED
    assert "Paused" not in connected.run("%webhooks").said
    assert len(answers.asked) == 2


def test_a_replay_counts_and_asks(connected: Shell, client: Client, answers: Answers) -> None:
    with Receiver() as receiver:
        fed(client, receiver)
        assert isinstance(connected.value("%webhook replay a --dry-run"), ReplayPlan)
        assert answers.asked == []
        ran = connected.run("%webhook replay a")
        assert "3 events" in ran.said
        assert answers.asked == [f"Replay 'a' on {client.server}? [y/N] "]
        assert len(receiver.deliveries) == 0
        outcome = connected.value("%webhook replay a --partition account-1 --yes")
        assert isinstance(outcome, ReplayOutcome)
        receiver.wait_for(1)
        assert connected.two_lines("%webhook replay a --storage disk")[1]


def test_a_redelivery_counts_and_asks(connected: Shell, client: Client, answers: Answers) -> None:
    with Receiver() as receiver:
        fed(client, receiver)
        plan = connected.value("%webhook redeliver a --from 1 --partition account-1 --dry-run")
        assert isinstance(plan, RedeliveryPlan)
        assert plan.sequence_numbers == (1,)
        assert connected.value("%webhook redeliver a --since 1h --dry-run").sequence_numbers == (0, 1, 2)
        answers.answer = "yes"
        outcome = connected.value("%webhook redeliver a --from 1")
        assert isinstance(outcome, RedeliveryOutcome)
        assert outcome.delivered == (1, 2)
        assert answers.asked == ["Send events to 'a' again? [y/N] "]
        for line in ("", "--from x", "--since yesterday", "--from 0 --bearer literal"):
            assert connected.two_lines(f"%webhook redeliver a {line}")


def test_a_token_is_given_as_a_reference(connected: Shell, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver() as receiver:
        authorization = BearerAuthorization(Secret(CANARY))
        client.webhooks.register(WebhookDefinition("a", receiver.url, (OPENED,), authorization=authorization))
        client.event_log.append("account-1", OPENED, {})
        receiver.wait_for(1)
        eventually(lambda: client.observers("a")[0].next_sequence_number == 1)
        receiver.expect(bearer=CANARY)
        monkeypatch.setenv("A_TOKEN", CANARY)
        ran = connected.run("%webhook redeliver a --from 0 --bearer env:A_TOKEN --yes")
        assert ran.error is None
        assert ran.value
        assert CANARY not in ran.said + repr(ran.value)


def test_a_time_has_its_zone_or_says_how_long_ago() -> None:
    now = datetime.now(UTC)
    assert timedelta(hours=2) <= now - moment("2h") + timedelta(seconds=60) <= timedelta(hours=2, minutes=2)
    assert moment("2026-11-28T18:30+01:00") == datetime(2026, 11, 28, 17, 30, tzinfo=UTC)
    for text in ("2026-11-28T18:30", "soon", "2 fortnights"):
        with pytest.raises(InvalidInputError):
            moment(text)
