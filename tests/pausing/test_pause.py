"""Pausing and resuming by the client: the record, who asked, and what is left after a crash at any step."""

from __future__ import annotations

import contextlib
import getpass
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import chronicle_notebook as cn
from chronicle_notebook import InvalidInputError, Receiver, Secret, UnknownWebhookError
from chronicle_notebook.model import (
    BasicAuthorization,
    BearerAuthorization,
    EventType,
    RegisteredEventType,
    WebhookDefinition,
)
from chronicle_notebook.pausing._elsewhere import OtherFiles
from chronicle_notebook.pausing._kept import KeptDefinitions
from chronicle_notebook.pausing._place import paused_file
from chronicle_notebook.registration import _interrupted
from chronicle_notebook.registration._outcome import Action
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.session._client import Client
from tests.waiting import LONG, eventually

CANARY = "qx9canary7"
OPENED = EventType("AccountOpened")


def hook(webhook: str = "a", url: str = "http://127.0.0.1:9/in", **more: Any) -> WebhookDefinition:
    return WebhookDefinition(webhook, url, (OPENED,), **more)


def record(client: Client) -> Path:
    return paused_file(client.server, client.event_store)


def pause_soon(client: Client, webhook: str, **more: Any) -> None:
    """Pause a webhook that was registered a moment ago: before its observer is connected this is refused."""

    def pause() -> bool:
        try:
            return bool(client.webhooks.pause(webhook, **more))
        except InvalidInputError as error:
            if "was just registered" not in error.hint:
                raise
            return False

    eventually(pause)


def test_a_pause_stops_deliveries_and_a_resumption_brings_those_of_meanwhile_in_order(client: Client) -> None:
    with Receiver() as receiver:
        client.webhooks.register(hook(url=receiver.url))
        client.event_log.append("account-1", OPENED, {"n": 0})
        receiver.wait_for(1)
        eventually(lambda: client.observers("a")[0].next_sequence_number == 1)
        paused = client.webhooks.pause("a", reason="target is moved")
        assert paused
        assert paused.action is Action.PAUSED
        assert "'a' was paused in" in paused.summary
        assert "number 1 in namespace 'Default'" in " ".join(paused.notes)
        for number in (1, 2):
            client.event_log.append("account-1", OPENED, {"n": number})
        assert client.webhooks.ids() == []
        resumed = client.webhooks.resume("a")
        assert resumed
        assert resumed.action is Action.RESUMED
        eventually(lambda: len(receiver.events) == 3)
        assert [event["content"]["n"] for event in receiver.events] == [0, 1, 2]
        assert len(client.webhooks.paused()) == 0


def test_the_record_says_who_paused_it_when_why_and_where_it_stood(client: Client) -> None:
    client.webhooks.register([hook("a"), hook("b")])
    eventually(lambda: len(client.observers("a")) == 1)
    outcomes = client.webhooks.pause(["a", "b"], reason="target is moved")
    assert [each.action for each in outcomes] == [Action.PAUSED, Action.PAUSED]
    listing = client.webhooks.paused()
    first = listing[0]
    assert [each.id for each in listing] == ["a", "b"]
    assert first.paused_by.partition("@")[0] == getpass.getuser()
    assert first.reason == "target is moved"
    assert first.paused_at is not None
    assert first.paused_at.tzinfo is not None
    assert dict(first.positions) == {"Default": 0}
    assert first.event_types == ("AccountOpened",)
    assert first.file == record(client)
    assert record(client).stat().st_mode & 0o777 == 0o600
    assert record(client).parent.stat().st_mode & 0o777 == 0o700
    shown = repr(listing)
    assert str(record(client)) in shown
    assert "target is moved" in shown
    assert "<script" not in listing._repr_html_()
    frame = listing.to_frame()
    assert list(frame.index) == ["a", "b"]
    assert str(frame.dtypes["paused_at"]).startswith("datetime64")
    again = client.webhooks.pause("a")
    assert again.action is Action.UNCHANGED
    assert "It is paused since" in again.notes[0]
    assert client.webhooks.resume()  # all
    assert client.webhooks.ids() == ["a", "b"]


def test_what_is_neither_registered_nor_paused_cannot_be_paused_or_resumed(client: Client) -> None:
    client.webhooks.register(hook("orders"))
    with pytest.raises(UnknownWebhookError, match="order"):
        client.webhooks.pause("order")
    with pytest.raises(InvalidInputError, match="'order' is not paused"):
        client.webhooks.resume("order")
    resumed = client.webhooks.resume("orders")
    assert resumed.action is Action.UNCHANGED
    assert resumed.notes == ("It is registered, and no pause of it is known here.",)
    assert len(client.webhooks.resume([])) == 0
    assert client.webhooks.ids() == ["orders"]
    with pytest.raises(InvalidInputError, match="reason"):
        client.webhooks.pause("orders", reason="two\nlines")
    assert not record(client).exists()


def test_whoever_looks_for_a_paused_webhook_is_told_so(client: Client) -> None:
    client.webhooks.register(hook())
    client.webhooks.pause("a")
    for look in (client.webhooks.get, client.describe, client.webhooks.replay):
        with pytest.raises(UnknownWebhookError) as caught:
            look("a")
        assert "It is paused: client.webhooks.resume('a')" in caught.value.hint
    with pytest.raises(UnknownWebhookError) as caught:
        client.webhooks.get("b")
    assert "paused" not in caught.value.hint


def test_credentials_are_kept_as_references_alone(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver() as receiver:
        client.webhooks.register(hook("crm-sync", receiver.url, authorization=BearerAuthorization(Secret(CANARY))))
        with pytest.raises(InvalidInputError, match="CRM_SYNC_TOKEN"):
            client.webhooks.pause("crm-sync")
        monkeypatch.setenv("CRM_SYNC_TOKEN", CANARY)
        outcome = client.webhooks.pause("crm-sync")
        assert CANARY not in record(client).read_text()
        assert "env:CRM_SYNC_TOKEN" in " ".join(outcome.notes)
        assert client.webhooks.paused()[0].secrets == ("env:CRM_SYNC_TOKEN",)
        monkeypatch.delenv("CRM_SYNC_TOKEN")
        assert client.webhooks.paused()[0].missing == ("CRM_SYNC_TOKEN",)
        with pytest.raises(InvalidInputError, match="CRM_SYNC_TOKEN is not set"):
            client.webhooks.resume("crm-sync")
        assert len(client.webhooks.paused()) == 1
        monkeypatch.setenv("CRM_SYNC_TOKEN", CANARY)
        assert client.webhooks.resume("crm-sync")
        client.event_log.append("account-1", OPENED, {})
        eventually(lambda: any(each.status == 200 for each in receiver.deliveries))
        receiver.expect(bearer=CANARY)


def test_the_caller_says_where_the_credentials_come_from(client: Client, tmp_path: Path) -> None:
    place = tmp_path / "token"
    place.write_text(CANARY)
    client.webhooks.register([hook("a", authorization=BearerAuthorization(Secret(CANARY))), hook("b")])
    given = BearerAuthorization(Secret.file(str(place)))
    for wrong in (BearerAuthorization(Secret(CANARY)), BasicAuthorization("user", Secret.file(str(place)))):
        with pytest.raises(InvalidInputError) as caught:
            client.webhooks.pause("a", authorization=wrong)
        assert CANARY not in str(caught.value)
    with pytest.raises(InvalidInputError, match="one webhook at a time"):
        client.webhooks.pause(["a", "b"], authorization=given)  # type: ignore[call-overload]
    assert client.webhooks.pause("a", authorization=given)
    assert client.webhooks.paused()[0].secrets == (f"file:{place}",)
    place.unlink()
    assert client.webhooks.paused()[0].missing == (f"file:{place}",)
    with pytest.raises(InvalidInputError, match="not set"):
        client.webhooks.resume("a")
    place.write_text(CANARY)
    assert client.webhooks.resume("a")
    assert client.webhooks.get("a").authorization.kind is given.kind


def test_a_pause_is_refused_where_a_resumed_webhook_would_get_nothing() -> None:
    with Sandbox(behaves_like="16.37-inmemory", settle_delay=0.02, time_scale=0.01) as kernel:
        client = cn.connect(kernel.connection_string, event_store="shop", name="paused-in-memory")
        client.ensure_event_store()
        client._kernel.register_event_types("shop", [RegisteredEventType(OPENED, {"type": "object"})])
        client.webhooks.register(hook())
        assert client.in_memory() is None
        client.event_log.append("account-1", OPENED, {})
        assert client.in_memory() is True
        with pytest.raises(InvalidInputError, match="memory-no-catch-up") as caught:
            client.webhooks.pause("a")
        assert client.webhooks.ids() == ["a"]
        assert "accept_defects=memory-no-catch-up" in caught.value.hint
        assert client.webhooks.pause("a", accept_defects=["memory-no-catch-up"])
        client.close()


class CrashError(BaseException):
    """The process ends here."""


@pytest.fixture
def restarted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What this process remembers of calls that did not end is gone, as after a crash."""
    monkeypatch.setattr(_interrupted, "note", lambda *_, **__: None)
    yield
    _interrupted._unfinished.clear()


def crash(*_: object, **__: object) -> None:
    raise CrashError


def after(call: Any) -> Any:
    def called(*arguments: Any, **more: Any) -> None:
        call(*arguments, **more)
        raise CrashError

    return called


@pytest.mark.parametrize("lost", ["before the removal", "after the removal", "after the record"])
@pytest.mark.usefixtures("restarted")
def test_a_pause_that_ends_half_way_is_finished_by_the_next_call(
    lost: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.webhooks.register(hook())
    gateway = client._kernel
    with monkeypatch.context() as patch:
        if lost == "before the removal":
            patch.setattr(gateway, "remove_webhooks", crash)
        elif lost == "after the removal":
            patch.setattr(gateway, "remove_webhooks", after(gateway.remove_webhooks))
        else:
            patch.setattr(KeptDefinitions, "_write", after(KeptDefinitions._write))
        with pytest.raises(CrashError):
            client.webhooks.pause("a", reason="first")
    eventually(lambda: bool(client.webhooks.ids()) is (lost != "after the removal"))
    assert [each.id for each in client.webhooks.paused()] == (["a"] if lost == "after the removal" else [])
    assert client.webhooks.pause("a", reason="second")
    assert client.webhooks.ids() == []
    assert client.webhooks.paused()[0].reason == "first", "who began it stays"
    assert client.webhooks.resume("a")
    assert client.webhooks.get("a") == hook()


@pytest.mark.parametrize("lost", ["before the registration", "after the registration", "after it was seen"])
@pytest.mark.usefixtures("restarted")
def test_a_resumption_that_ends_half_way_is_finished_by_the_next_call(
    lost: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.webhooks.register(hook())
    client.webhooks.pause("a")
    gateway = client._kernel
    with monkeypatch.context() as patch:
        if lost == "before the registration":
            patch.setattr(gateway, "add_webhooks", crash)
        elif lost == "after the registration":
            patch.setattr(gateway, "add_webhooks", after(gateway.add_webhooks))
        else:
            patch.setattr(KeptDefinitions, "_write", crash)
        with pytest.raises(CrashError) as caught:
            client.webhooks.resume("a")
    assert "resume" in " ".join(caught.value.__notes__)
    eventually(lambda: client.webhooks.ids() == ([] if lost == "before the registration" else ["a"]))
    assert client.webhooks.resume("a")
    assert client.webhooks.ids() == ["a"]
    assert len(client.webhooks.paused()) == 0
    with contextlib.suppress(InvalidInputError):  # nothing waits any more, so nothing is registered a second time
        client.webhooks.resume()
    assert client.webhooks.ids() == ["a"]


KILLED = """
import os, signal, sys
import chronicle_notebook as cn

target, store, call, place = sys.argv[1:]
client = cn.connect(target, event_store=store)
gateway = client._kernel
original = getattr(gateway, place)

def killed(*arguments):
    if call == "resume":
        original(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(gateway, place, killed)
getattr(client.webhooks, call)("a")
"""


def test_a_process_that_is_killed_leaves_what_the_next_one_needs(client: Client, shared_sandbox: Sandbox) -> None:
    client.webhooks.register(hook())
    target = shared_sandbox.connection_string

    def kill(call: str, place: str) -> None:
        command = [sys.executable, "-c", KILLED, target, client.event_store, call, place]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=LONG, check=False)
        assert ended.returncode == -signal.SIGKILL, ended.stderr

    kill("pause", "remove_webhooks")  # the record is written, the removal was not sent
    assert client.webhooks.ids() == ["a"]
    assert "paused_by" in record(client).read_text()
    assert client.webhooks.pause("a")
    kill("resume", "add_webhooks")  # the registration was sent, its answer is lost
    eventually(lambda: client.webhooks.ids() == ["a"])
    assert len(client.webhooks.paused()) == 0
    assert client.webhooks.resume("a")
    assert client.webhooks.get("a") == hook()


def test_two_writers_lose_no_record(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    file = tmp_path / "paused.yaml"

    def keep(number: int) -> None:
        KeptDefinitions(file, "127.0.0.1:9", "shop").keep(hook(f"hook-{number}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(keep, range(24)))
    assert len(KeptDefinitions(file, "127.0.0.1:9", "shop").here()) == 24


def test_a_dry_run_says_what_a_pause_means_and_changes_nothing(client: Client) -> None:
    client.webhooks.register(hook())
    eventually(lambda: len(client.observers("a")) == 1)
    outcome = client.webhooks.pause("a", dry_run=True)
    assert outcome.action is Action.UNCHANGED
    told = " ".join(outcome.notes)
    assert str(record(client)) in told
    assert "Its position stays: number 0" in told
    assert client.webhooks.ids() == ["a"]
    assert not record(client).exists()


def test_an_inactive_webhook_is_not_said_to_deliver_afterwards(client: Client) -> None:
    client.webhooks.register(hook())
    eventually(lambda: len(client.observers("a")) == 1)
    client.webhooks.register(hook("b", active=False))
    for call in (client.webhooks.pause, client.webhooks.resume):
        assert "are delivered" not in " ".join(call("b").notes)
    assert not client.webhooks.get("b").active


def test_a_removal_that_is_refused_leaves_no_record(client: Client) -> None:
    client.webhooks.register(hook())
    with cn.connect(client.target, event_store=client.event_store, name="pause-locked", protected=True) as locked:
        with pytest.raises(cn.ProtectedError):
            locked.webhooks.pause("a")
        assert client.webhooks.ids() == ["a"]
        client.webhooks.register(hook(url="http://127.0.0.1:9/changed"))
        locked.unlock(client.event_store)
        assert locked.webhooks.pause("a")
    assert client.webhooks.paused()[0].target == "http://127.0.0.1:9/changed"


def test_a_webhook_that_is_not_to_come_back_is_forgotten(client: Client) -> None:
    client.webhooks.register([hook("a"), hook("b")])
    client.webhooks.pause(["a", "b"])
    assert client.webhooks.forget_paused("a").target == hook().target_url
    assert [each.id for each in client.webhooks.paused()] == ["b"]
    with pytest.raises(InvalidInputError, match="'a' is not paused"):
        client.webhooks.forget_paused("a")
    assert len(client.webhooks.resume()) == 1


@pytest.mark.parametrize("release", ["16.33", "16.37", "16.37-postgresql", "16.38", "19.29", "19.32"])
def test_events_of_a_pause_are_delivered_afterwards_whatever_the_release(release: str) -> None:
    with (
        Receiver() as receiver,
        Sandbox(behaves_like=release, settle_delay=0.02, time_scale=0.01) as kernel,
        cn.connect(kernel.connection_string, event_store="shop", name=f"paused-{release}") as client,
    ):
        client.ensure_event_store()
        client._kernel.register_event_types("shop", [RegisteredEventType(OPENED, {"type": "object"})])
        client.webhooks.register(hook(url=receiver.url))
        client.event_log.append("account-1", OPENED, {"n": 0})
        receiver.wait_for(1)
        eventually(lambda: client.observers("a")[0].next_sequence_number == 1)
        outcome = client.webhooks.pause("a")
        assert outcome
        assert "Its position stays: number 1" in " ".join(outcome.notes)
        client.event_log.append("account-1", OPENED, {"n": 1})
        client.event_log.append("account-1", OPENED, {"n": 2})
        assert client.webhooks.resume("a")
        eventually(lambda: len(receiver.events) == 3)
        assert [event["content"]["n"] for event in receiver.events] == [0, 1, 2]


def test_to_resume_an_unknown_webhook_names_the_list_of_the_paused_ones(client: Client) -> None:
    client.webhooks.register(hook())
    client.webhooks.pause("a")
    with pytest.raises(InvalidInputError, match="Webhook 'quite-another' is not paused") as caught:
        client.webhooks.resume("quite-another")
    assert "client.webhooks.paused()" in caught.value.hint


def test_failing_partitions_of_a_paused_webhook_are_attributed_to_it(client: Client) -> None:
    client.webhooks.register(hook())
    client.event_log.append("account-1", OPENED, {})
    eventually(lambda: len(client.failed_partitions("a")) == 1)
    outcome = client.webhooks.pause("a")
    assert "1 partition of it fails" in " ".join(outcome.notes)
    assert client.webhooks.paused()[0].failing == 1
    assert [each.observer_id for each in client.failed_partitions("a")] == ["a"]


def test_a_triage_shows_what_is_paused_and_does_without_a_file_that_cannot_be_read(client: Client) -> None:
    client.webhooks.register([hook("a"), hook("b")])
    client.webhooks.pause("a")
    assert {each.webhook: str(each.condition) for each in client.triage()}["a"] == "paused"
    record(client).write_text("[]")
    with pytest.warns(cn.ChronicleWarning, match="paused is not known"):
        assert [each.webhook for each in client.triage()] == ["b"]


def test_a_pause_in_another_file_is_seen_and_resumed_without_naming_it(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.yaml"
    client.webhooks.register([hook("a"), hook("b"), hook("c")])
    monkeypatch.chdir(tmp_path)
    pause_soon(client, "a", file="mine.yaml", reason="moved")
    pause_soon(client, "b")
    found = {(each.id, each.file, each.reason) for each in client.webhooks.paused()}
    assert found == {("a", file, "moved"), ("b", record(client), "")}
    assert str(file) in repr(client.webhooks.paused())
    conditions = {each.webhook: str(each.condition) for each in client.triage()}
    assert (conditions["a"], conditions["b"]) == ("paused", "paused")
    listed = record(client).with_suffix(".files")
    assert listed.stat().st_mode & 0o777 == 0o600
    again = client.webhooks.pause("a")
    assert again.action is Action.UNCHANGED
    assert str(file) in again.notes[0]
    client.ensure_event_store(client.event_store + "-other")
    other = client.at(event_store=client.event_store + "-other")
    assert len(other.webhooks.paused()) == 0
    assert [each.webhook for each in client.webhooks.resume(["b", "a"])] == ["b", "a"]
    assert sorted(client.webhooks.ids()) == ["a", "b", "c"]
    assert len(client.webhooks.paused()) == 0
    pause_soon(client, "a", file=file)
    pause_soon(client, "c")
    assert sorted(each.webhook for each in client.webhooks.resume()) == ["a", "c"]
    client.webhooks.remove("a")
    assert len(client.webhooks.paused()) == 0, "a removal is no pause"


@pytest.mark.usefixtures("restarted")
def test_calls_with_another_file_that_end_before_it_is_noted_are_finished_by_the_next_ones(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.yaml"
    client.webhooks.register(hook())
    with monkeypatch.context() as patch:
        patch.setattr(OtherFiles, "note", crash)
        with pytest.raises(CrashError):
            pause_soon(client, "a", file=file)
    assert client.webhooks.ids() == ["a"]
    assert client.webhooks.pause("a", file=file)
    assert [each.file for each in client.webhooks.paused()] == [file]
    with monkeypatch.context() as patch:
        patch.setattr(OtherFiles, "note", crash)
        with pytest.raises(CrashError):
            client.webhooks.resume("a")
    assert client.webhooks.ids() == ["a"]
    assert client.webhooks.resume("a").action is Action.UNCHANGED
    assert client.webhooks.resume("a").action is Action.UNCHANGED  # its record is gone, and it is registered
    with pytest.raises(InvalidInputError, match="'b' is not paused"):
        client.webhooks.resume(["a", "b"])
    with pytest.raises(InvalidInputError, match="there is nothing to resume"):
        client.webhooks.resume("a", file=tmp_path / "wrong.yaml")
    file.unlink()
    client.webhooks.remove("a")
    assert len(client.webhooks.paused()) == 0


def test_a_pause_whose_file_is_gone_is_nothing_to_resume_once_its_webhook_is_registered(
    client: Client, tmp_path: Path
) -> None:
    client.webhooks.register(hook("a"))
    pause_soon(client, "a", file=(file := tmp_path / "mine.yaml"))
    file.unlink()
    client.webhooks.register(hook("a"))
    with pytest.raises(InvalidInputError, match="has no webhooks in it"):
        client.webhooks.resume()


@pytest.mark.parametrize("lost", ["deleted", "not text", "without it"])
def test_another_file_that_is_lost_is_told_and_its_pause_can_be_forgotten(
    lost: str, client: Client, tmp_path: Path
) -> None:
    file, moved = tmp_path / "mine.yaml", tmp_path / "moved.yaml"
    client.webhooks.register([hook("a"), hook("b")])
    pause_soon(client, "a", file=file)
    moved.write_text(file.read_text())
    pause_soon(client, "b")
    if lost == "deleted":
        file.unlink()
    else:
        file.write_bytes(b"\xff" if lost == "not text" else b"")
    told = client.webhooks.paused()[0]  # without a time, so before the others
    assert (told.id, told.file) == ("a", file)
    assert str(file) in told.problem
    assert told.problem in repr(client.webhooks.paused())
    assert str(client.triage()["a"].condition) == "paused"
    for resume in (lambda: client.webhooks.resume("a"), client.webhooks.resume):
        with pytest.raises(InvalidInputError, match="cannot be read") as caught:
            resume()
        assert "client.webhooks.resume('a', file=FILE)" in caught.value.hint
    assert client.webhooks.resume("b")
    assert client.webhooks.resume("a", file=moved)
    pause_soon(client, "a", file=moved)
    moved.unlink()
    assert client.webhooks.forget_paused("a").problem
    assert len(client.webhooks.paused()) == 0
    assert not moved.exists()


def test_a_list_of_other_files_that_cannot_be_read_or_written_is_told(client: Client, tmp_path: Path) -> None:
    client.webhooks.register([hook("a"), hook("b")])
    pause_soon(client, "a", file=tmp_path / "mine.yaml")
    listed = record(client).with_suffix(".files")
    listed.write_text("[]")
    with pytest.raises(InvalidInputError, match="is not a list"):
        client.webhooks.paused()
    with pytest.warns(cn.ChronicleWarning, match="paused is not known"):
        client.triage()
    listed.unlink()
    listed.mkdir()
    with pytest.warns(cn.ChronicleWarning, match="could not be noted"):
        assert client.webhooks.resume("a", file=tmp_path / "mine.yaml")
    assert sorted(client.webhooks.ids()) == ["a", "b"]


def test_the_old_record_of_a_webhook_that_somebody_registered_differently_can_be_forgotten(
    client: Client, tmp_path: Path
) -> None:
    file = tmp_path / "mine.yaml"
    client.webhooks.register(hook())
    pause_soon(client, "a", file=file)
    changed = hook(url="http://127.0.0.1:9/changed")
    client.webhooks.register(changed)
    assert len(client.webhooks.paused()) == 0
    with pytest.raises(InvalidInputError, match="registered again, but differs") as caught:
        client.webhooks.resume("a")
    assert "client.webhooks.forget_paused('a', file=" in caught.value.hint

    def refused() -> str:
        with pytest.raises(InvalidInputError) as caught:
            client.webhooks.pause("a")
        return caught.value.hint if "holds another definition" in caught.value.message else ""

    assert "client.webhooks.forget_paused('a', file=" in eventually(refused)
    assert client.webhooks.forget_paused("a").target == hook().target_url
    pause_soon(client, "a")
    assert client.webhooks.resume("a")
    assert client.webhooks.get("a") == changed


def test_the_functions_with_a_client_s_name_do_the_same(client: Client) -> None:
    client.webhooks.register(hook())
    cn.webhooks.pause("a", client=client)
    assert [each.id for each in cn.webhooks.paused(client)] == ["a"]
    assert cn.webhooks.resume("a", client=client)


def test_a_sandbox_of_this_process_keeps_records_only_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHRONICLE_NOTEBOOK_PAUSED")
    inside = paused_file("127.0.0.1:1", "shop", embedded=True)
    assert "chronicle-notebook-paused-" in str(inside)
    monkeypatch.setenv("XDG_DATA_HOME", "/x")
    outside = paused_file("127.0.0.1:1", "a/b..\n" + "c" * 300)
    assert outside.is_relative_to("/x/chronicle-notebook/paused/127.0.0.1%3A1")
    assert len(outside.name) < 200
