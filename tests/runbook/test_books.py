"""Each runbook: dry, applied, again, with wrong parameters, and with a kernel that fails half-way."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

from chronicle_notebook import InvalidInputError, KernelFaultError, RunbookError
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.contracts.negotiated import NegotiatedGateway
from chronicle_notebook.model import (
    AuthorizationKind,
    BasicAuthorization,
    BearerAuthorization,
    EventType,
    WebhookDefinition,
)
from chronicle_notebook.receiver import Receiver
from chronicle_notebook.runbook.engine._outcome import RunStatus
from chronicle_notebook.runbook.engine._source import schema_of
from chronicle_notebook.session._client import Client
from tests.runbook.books import BOOKS, CANARY, Desk, Ran
from tests.waiting import eventually

OLD = "http://127.0.0.1:9"
OPENED = EventType("AccountOpened")


def hook(name: str, url: str = f"{OLD}/in", **changes: Any) -> WebhookDefinition:
    return WebhookDefinition(name, url, (OPENED,), active=False).changed(**changes)


@dataclass(frozen=True)
class Case:
    """A runbook, what it needs, and how to see that it did what it is for."""

    name: str
    prepare: Callable[[Client, Receiver, Path], dict[str, Any]]
    reached: Callable[[Client, Receiver], bool]
    writes: int
    """How many calls of the kernel change something."""


def _hosts(endpoint: Receiver) -> str:
    return endpoint.url.split("/")[2]


def _move(client: Client, endpoint: Receiver, _: Path) -> dict[str, Any]:
    for name in ("a", "b", "c"):
        client.webhooks.register(hook(name, f"{OLD}/webhooks/{name}"))
    return {"from_host": "127.0.0.1:9", "to_host": _hosts(endpoint)}


def _moved(client: Client, endpoint: Receiver) -> bool:
    targets = {each.id: each.target_url for each in client.webhooks.all()}
    return targets == {name: endpoint.url_for(name) for name in ("a", "b", "c")}


def _rotate(client: Client, endpoint: Receiver, _: Path) -> dict[str, Any]:
    endpoint.expect(bearer=Secret("old-token"))
    old = hook("a", endpoint.url, authorization=BearerAuthorization(Secret("old-token")), active=True)
    client.webhooks.register(old)
    client.event_log.append("account-1", OPENED, {})
    endpoint.wait_for(1, where=lambda delivery: delivery.status == 200 and bool(delivery.events))
    endpoint.expect(bearer=Secret(CANARY))
    return {"webhook": "a", "secret": "env:NEW_TOKEN"}


def _rotated(client: Client, endpoint: Receiver) -> bool:
    client.event_log.append("account-1", OPENED, {})
    endpoint.wait_for(2, where=lambda delivery: delivery.status == 200 and bool(delivery.events))
    return not client.failed_partitions("a")


def _pause(client: Client, _: Receiver, folder: Path) -> dict[str, Any]:
    client.webhooks.register(hook("a"))
    client.webhooks.register(hook("b"))
    return {"action": "pause", "webhooks": ["a", "b"], "file": str(folder / "paused.yaml")}


def _resume(client: Client, endpoint: Receiver, folder: Path) -> dict[str, Any]:
    from chronicle_notebook.pausing._kept import KeptDefinitions

    _pause(client, endpoint, folder)
    for name in ("a", "b"):
        KeptDefinitions.of(client, folder / "paused.yaml").keep(client.webhooks.get(name))
        client.webhooks.remove(name)
    return {"action": "resume", "webhooks": [], "file": str(folder / "paused.yaml")}


def _recover(client: Client, endpoint: Receiver, _: Path) -> dict[str, Any]:
    client.webhooks.register(hook("a", active=True))
    client.event_log.append("account-1", OPENED, {})
    eventually(lambda: bool(client.failed_partitions("a")))
    return {"webhook": "a", "url": endpoint.url, "deadline": 20.0}


def _recovered(client: Client, endpoint: Receiver) -> bool:
    endpoint.wait_for(1, where=lambda delivery: bool(delivery.events))
    return not client.failed_partitions("a")


def _onboard(_: Client, endpoint: Receiver, __: Path) -> dict[str, Any]:
    endpoint.expect(bearer=Secret(CANARY))
    return {"webhook": "a", "url": endpoint.url, "event_types": ["AccountOpened"], "token": "env:NEW_TOKEN"}


def _onboarded(client: Client, endpoint: Receiver) -> bool:
    client.event_log.append("account-1", OPENED, {})
    endpoint.wait_for(1, where=lambda delivery: delivery.status == 200 and bool(delivery.events))
    return client.webhooks.get("a").authorization.kind is AuthorizationKind.BEARER


CASES = (
    Case("move-host", _move, _moved, 3),
    Case("rotate-secret", _rotate, _rotated, 1),
    Case("pause-and-resume", _pause, lambda client, _: not client.webhooks.all().ids, 2),
    Case("pause-and-resume", _resume, lambda client, _: client.webhooks.all().ids == ["a", "b"], 2),
    Case("recover-webhook", _recover, _recovered, 1),
    Case("onboard-consumer", _onboard, _onboarded, 1),
)
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{case.prepare.__name__.strip('_')}")


def taken(endpoint: Receiver, last: int) -> list[int]:
    """The numbers of the events that the endpoint took, in order, once the last has come; several can come at once."""
    seen: list[int] = []

    def came(delivery: Any) -> bool:
        if delivery.status == 200:
            seen.extend(event["content"].get("number", 0) for event in delivery.events)
        return last in seen

    endpoint.wait_for(1, where=came)
    return seen


def written(client: Client) -> int | None:
    """The number of the last event of the system sequence: whatever a kernel is told to change appends one there."""
    return client.event_sequence("system").tail()


def applied(desk: Desk, client: Client, case: Case, parameters: dict[str, Any]) -> Ran:
    return desk.run(case.name, event_store=client.event_store, apply=True, **parameters)


@each_case
def test_dry_it_shows_the_plan_and_changes_nothing(
    case: Case, desk: Desk, client: Client, endpoint: Receiver, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parameters = case.prepare(client, endpoint, tmp_path)
    before, hooks, files = written(client), client.webhooks.all(), sorted(tmp_path.iterdir())
    requests = len(endpoint.deliveries)
    ran = desk.run(case.name, event_store=client.event_store, **parameters)
    assert ran.error is None
    assert ran.outcome is not None
    assert ran.outcome.status is RunStatus.PLANNED
    assert {each["state"] for each in ran.outcome.steps} <= {"to do", "cannot tell"}
    assert written(client) == before
    assert client.webhooks.all() == hooks
    assert sorted(tmp_path.iterdir()) == files
    shown = capsys.readouterr().out
    assert "Plan of" in shown
    assert "Dry run: nothing was changed." in shown
    assert CANARY not in shown + json.dumps(ran.outcome.to_dict())
    if case.name != "recover-webhook":  # its diagnosis asks the target, and says so
        assert len(endpoint.deliveries) == requests


@each_case
def test_applied_it_reaches_what_it_is_for_and_a_second_time_finds_nothing_amiss(
    case: Case, desk: Desk, client: Client, endpoint: Receiver, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parameters = case.prepare(client, endpoint, tmp_path)
    first = applied(desk, client, case, {**parameters, "outcome_file": str(tmp_path / "outcome.json")})
    assert first.error is None
    assert first.outcome is not None
    assert first.outcome.status is RunStatus.DONE
    assert {each["state"] for each in first.outcome.steps} == {"done"}
    assert case.reached(client, endpoint)
    kept = json.loads((tmp_path / "outcome.json").read_text())
    assert kept == first.outcome.to_dict()
    assert kept["ok"] is True
    again = applied(desk, client, case, parameters)
    assert again.error is None
    assert again.outcome is not None
    # Nobody can read back which secret a webhook has, so it is sent once more.
    sent = case.name in {"rotate-secret", "onboard-consumer"}
    assert again.outcome.status is (RunStatus.DONE if sent else RunStatus.NOTHING_TO_DO)
    everything = capsys.readouterr().out + "".join(each.read_text() for each in tmp_path.iterdir() if each.is_file())
    assert CANARY not in everything


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch, lost: threading.Event) -> Callable[[int], None]:
    """Let the n-th call that changes something fail as if the kernel had lost its storage."""
    count, at = [0], [0]

    def breaking(name: str) -> None:
        real = getattr(NegotiatedGateway, name)

        def call(self: NegotiatedGateway, *arguments: Any, **named: Any) -> Any:
            count[0] += 1
            if count[0] == at[0]:
                lost.set()
                raise KernelFaultError("The storage was lost.", server=self.server)
            return real(self, *arguments, **named)

        monkeypatch.setattr(NegotiatedGateway, name, call)

    for name in ("add_webhooks", "remove_webhooks", "retry_partition"):
        breaking(name)

    def fail_at(number: int) -> None:
        count[0], at[0] = 0, number
        lost.clear()

    return fail_at


@each_case
def test_when_the_kernel_fails_half_way_the_outcome_says_what_was_done_and_the_next_run_finishes(
    case: Case,
    desk: Desk,
    client: Client,
    endpoint: Receiver,
    tmp_path: Path,
    failing: Callable[[int], None],
) -> None:
    parameters = case.prepare(client, endpoint, tmp_path)
    failing(case.writes)  # its last write
    ran = applied(desk, client, case, parameters)
    assert isinstance(ran.error, RunbookError)
    assert ran.outcome is not None
    assert ran.outcome.status is RunStatus.INCOMPLETE
    states = [each["state"] for each in ran.outcome.steps]
    assert states.count("failed") == 1
    first = states.index("failed")
    assert set(states[:first]) <= {"done"}
    assert set(states[first + 1 :]) <= {"not done"}
    assert states.count("done") == len(states) - 1 - states.count("not done")
    assert "The storage was lost." in ran.outcome.problems[0]
    failing(0)
    again = applied(desk, client, case, parameters)
    assert again.error is None
    assert again.outcome is not None
    assert again.outcome.status is RunStatus.DONE
    assert case.reached(client, endpoint)


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_a_parameter_that_there_is_not_fails_before_anything_happens(path: Path, desk: Desk, client: Client) -> None:
    before = written(client)
    ran = desk.run(path.stem, event_store=client.event_store, aply=True)
    assert isinstance(ran.error, InvalidInputError)
    assert ran.error.field == "aply"
    assert ran.error.hint == "Did you mean 'apply'?"
    assert ran.outcome is None
    assert ran.cells == 3, "the cell after the parameters"
    assert written(client) == before


def wrong_ones() -> Iterator[Any]:
    for path in BOOKS:
        notebook = nbformat.read(path, as_version=4)
        schema = schema_of([cell.source for cell in notebook.cells if cell.cell_type == "code"])
        assert schema is not None
        for name, kind in schema.items():
            assert kind is not None, f"{path.stem}: {name} cannot be read from the source"
            wrong = CANARY if kind.secret else ["x"] if kind.words != "a list of texts" else "x"
            yield pytest.param(path.stem, name, wrong, id=f"{path.stem}-{name}")


@pytest.mark.parametrize(("book", "name", "wrong"), list(wrong_ones()))
def test_a_parameter_of_another_type_fails_before_anything_happens(
    book: str, name: str, wrong: Any, bare_desk: Desk
) -> None:
    ran = bare_desk.run(book, **{name: wrong})
    assert isinstance(ran.error, InvalidInputError)
    assert ran.error.field == name
    assert ran.cells == 3
    assert CANARY not in str(ran.error)


# -- what each does besides ----------------------------------------------------------------------------------------


def test_a_host_without_webhooks_is_told_with_the_nearest(desk: Desk, client: Client) -> None:
    client.webhooks.register(hook("a", "https://old.example.com/in"))
    ran = desk.run("move-host", event_store=client.event_store, from_host="odl.example.com", to_host="x.example.com")
    assert isinstance(ran.error, InvalidInputError)
    assert ran.error.hint == "Did you mean 'old.example.com'?"
    assert ran.outcome is not None
    assert ran.outcome.status is RunStatus.FAILED
    assert "before anything was changed" in ran.outcome.summary


def test_nothing_moves_to_a_target_that_refuses(desk: Desk, client: Client, endpoint: Receiver) -> None:
    endpoint.misbehave(status=503)
    parameters = _move(client, endpoint, Path())
    before = client.webhooks.all()
    ran = desk.run("move-host", event_store=client.event_store, apply=True, **parameters)
    assert isinstance(ran.error, RunbookError)
    assert ran.outcome is not None
    assert "503" in ran.outcome.problems[0]
    assert client.webhooks.all() == before


def test_a_move_sends_credentials_from_the_environment_and_names_the_variable(
    desk: Desk, client: Client, endpoint: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.webhooks.register(hook("money", f"{OLD}/webhooks", authorization=BasicAuthorization("reader", Secret("x"))))
    parameters = {"from_host": "127.0.0.1:9", "to_host": _hosts(endpoint), "apply": True}
    endpoint.expect(basic=("reader", CANARY))
    ran = desk.run("move-host", event_store=client.event_store, **parameters)
    assert ran.outcome is not None
    assert "MONEY_USERNAME, MONEY_PASSWORD are not set" in ran.outcome.problems[0]
    assert client.webhooks.get("money").target_url.startswith(OLD)
    monkeypatch.setenv("MONEY_USERNAME", "reader")
    monkeypatch.setenv("MONEY_PASSWORD", CANARY)
    ran = desk.run("move-host", event_store=client.event_store, **parameters)
    assert ran.error is None
    assert client.webhooks.get("money").target_url == endpoint.url
    assert client.webhooks.get("money").authorization.kind is AuthorizationKind.BASIC


def test_no_event_is_lost_when_the_receiver_changes_first(desk: Desk, client: Client, endpoint: Receiver) -> None:
    parameters = _rotate(client, endpoint, Path())
    client.event_log.append("account-1", OPENED, {"number": 1})  # meets a receiver that no longer takes the old token
    endpoint.wait_for(1, where=lambda delivery: delivery.status == 401 and bool(delivery.events))
    ran = desk.run("rotate-secret", event_store=client.event_store, apply=True, **parameters)
    assert ran.error is None
    client.event_log.append("account-1", OPENED, {"number": 2})
    assert list(dict.fromkeys(taken(endpoint, 2))) == [0, 1, 2]


def test_a_secret_that_the_target_refuses_is_not_given_to_the_webhook(
    desk: Desk, client: Client, endpoint: Receiver
) -> None:
    parameters = _rotate(client, endpoint, Path())
    endpoint.expect(bearer=Secret("old-token"))
    before = written(client)
    ran = desk.run("rotate-secret", event_store=client.event_store, apply=True, **parameters)
    assert isinstance(ran.error, RunbookError)
    assert ran.outcome is not None
    assert "401" in ran.outcome.problems[0]
    assert written(client) == before


def test_a_webhook_without_authorization_has_no_secret_to_rotate(desk: Desk, client: Client) -> None:
    client.webhooks.register(hook("a"))
    ran = desk.run("rotate-secret", event_store=client.event_store, webhook="a", secret="env:NEW_TOKEN")
    assert isinstance(ran.error, InvalidInputError)
    assert ran.error.field == "webhook"


def test_a_pause_refuses_what_could_not_be_resumed(desk: Desk, client: Client, tmp_path: Path) -> None:
    client.webhooks.register(hook("a", authorization=BearerAuthorization(Secret("x"))))
    parameters = {"action": "pause", "webhooks": ["a"], "file": str(tmp_path / "paused.yaml"), "apply": True}
    ran = desk.run("pause-and-resume", event_store=client.event_store, **parameters)
    assert isinstance(ran.error, InvalidInputError)
    assert "A_TOKEN is not set" in str(ran.error)
    assert client.webhooks.all().ids == ["a"]
    assert not (tmp_path / "paused.yaml").exists()


def test_what_is_appended_during_a_pause_is_delivered_after_it_once(
    desk: Desk, client: Client, endpoint: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_TOKEN", CANARY)
    endpoint.expect(bearer=Secret(CANARY))
    authorization = BearerAuthorization(Secret.env("A_TOKEN"))
    client.webhooks.register(hook("a", endpoint.url, active=True, authorization=authorization))
    client.event_log.append("account-1", OPENED, {"number": 1})
    endpoint.wait_for(1)
    told = {"webhooks": ["a"], "file": str(tmp_path / "paused.yaml"), "apply": True, "event_store": client.event_store}
    assert desk.run("pause-and-resume", action="pause", **told).error is None
    client.event_log.append("account-1", OPENED, {"number": 2})
    assert CANARY not in (tmp_path / "paused.yaml").read_text()
    assert "env:A_TOKEN" in (tmp_path / "paused.yaml").read_text()
    assert len(endpoint.deliveries) == 1
    assert desk.run("pause-and-resume", action="resume", **told).error is None
    client.event_log.append("account-1", OPENED, {"number": 3})
    # A kernel adds the credentials in a step of its own, so the first delivery may come without them, and again.
    assert taken(endpoint, 3) == [1, 2, 3]


def test_a_recovery_that_does_not_come_ends_at_its_deadline(desk: Desk, client: Client, endpoint: Receiver) -> None:
    parameters = _recover(client, endpoint, Path())
    endpoint.misbehave(status=500, when=lambda delivery: bool(delivery.events))
    ran = desk.run("recover-webhook", event_store=client.event_store, apply=True, **{**parameters, "deadline": 0.3})
    assert isinstance(ran.error, RunbookError)
    assert ran.outcome is not None
    assert "After 0.3 s 1 still fail." in ran.outcome.problems[0]
    assert [each["state"] for each in ran.outcome.steps] == ["done", "done", "failed"]


def test_a_new_consumer_never_takes_the_place_of_another(desk: Desk, client: Client, endpoint: Receiver) -> None:
    client.webhooks.register(hook("a"))
    parameters = _onboard(client, endpoint, Path())
    ran = desk.run("onboard-consumer", event_store=client.event_store, apply=True, **parameters)
    assert isinstance(ran.error, InvalidInputError)
    assert client.webhooks.get("a").target_url == f"{OLD}/in"


def test_an_audit_fails_from_the_grade_on_that_it_was_told(desk: Desk, client: Client) -> None:
    client.webhooks.register(hook("a", "http://plain.example.com/in"))
    before = written(client)
    assert desk.run("audit-webhooks", event_store=client.event_store).error is None
    ran = desk.run("audit-webhooks", event_store=client.event_store, fail_on="high")
    assert isinstance(ran.error, RunbookError)
    assert ran.outcome is not None
    assert ran.outcome.status is RunStatus.REJECTED
    assert "plain-http" in {each["rule"] for each in ran.outcome.findings}
    assert written(client) == before


def test_a_comparison_finds_what_differs_and_fails_if_it_must_match(
    desk: Desk, client: Client, shared_sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.webhooks.register(hook("a"))
    monkeypatch.setenv("OTHER", shared_sandbox.connection_string)
    other = client.event_store + "-other"
    client.ensure_event_store(other)
    told = {"event_store": client.event_store, "other_connection": "env:OTHER", "other_event_store": other}
    ran = desk.run("compare-environments", **told)
    assert ran.error is None
    assert ran.outcome is not None
    assert ran.outcome.findings == [{"webhook": "a", "field": "", "left": "yes", "right": "no"}]
    ran = desk.run("compare-environments", must_match=True, **told)
    assert isinstance(ran.error, RunbookError)
    client.webhooks.remove("a")
    assert desk.run("compare-environments", must_match=True, **told).error is None
