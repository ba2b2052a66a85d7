"""An application that ends anywhere: done again it ends in the wanted state, nothing is sent twice, and the state of
before is still there."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import chronicle_notebook as cn
from chronicle_notebook.desired import _sending_record
from chronicle_notebook.desired._export import before_path
from chronicle_notebook.model import EventType, RegisteredEventType
from chronicle_notebook.registration import _interrupted
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.sandbox._behaviour import Behaviour
from tests.registration.test_parts import Held
from tests.waiting import LONG

OWNER = cn.Ownership(header="x-managed-by", value="git")
FIRST = """\
version: 1
owned_by: {header: x-managed-by, value: git}
webhooks:
  - {id: changed, url: "https://one.example.com/in", event_types: [AccountOpened]}
  - {id: gone, url: "https://gone.example.com/in", event_types: [AccountOpened]}
  - {id: kept-1, url: "https://kept.example.com/in", event_types: [AccountOpened]}
  - {id: kept-2, url: "https://kept.example.com/in", event_types: [AccountOpened]}
  - {id: replaced, url: "https://two.example.com/in", event_types: [AccountOpened]}
"""
THEN = """\
version: 1
owned_by: {header: x-managed-by, value: git}
webhooks:
  - {id: changed, url: "https://three.example.com/in", event_types: [AccountOpened]}
  - {id: kept-1, url: "https://kept.example.com/in", event_types: [AccountOpened]}
  - {id: kept-2, url: "https://kept.example.com/in", event_types: [AccountOpened]}
  - {id: new-1, url: "https://new.example.com/in", event_types: [FundsDeposited]}
  - {id: new-2, url: "https://new.example.com/in", event_types: [FundsDeposited]}
  - {id: replaced, url: "https://two.example.com/in", event_types: [AccountOpened], replayable: false}
"""
CALLS = ("webhooks", "event_types", "observers", "namespaces", "add_webhooks", "remove_webhooks")
"""The calls of an application."""


def go(client: cn.Client, path: Path) -> cn.Applied:
    plan = cn.DesiredState.read(path).plan(client, prune=True, replace=True)
    return plan.apply(allow_removals=True, wait=LONG)


@pytest.fixture(autouse=True)
def soon_quiet(settled: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox of these tests answers when a change is in effect, so there is nothing to wait for."""
    monkeypatch.setattr(_sending_record, "QUIET", 0.05)
    monkeypatch.setattr(_sending_record, "PAUSE", 0.02)


def begun(client: cn.Client, path: Path) -> None:
    """The registered state of before, and the file of the state to come. Nothing of an earlier round is left."""
    for each in path.parent.glob("*webhooks.*"):
        each.unlink()
    ids = client.webhooks.ids()
    if ids:
        client.webhooks.remove(ids)
    path.write_text(FIRST)
    assert go(client, path)
    for each in path.parent.glob("*before-*"):
        each.unlink()
    path.write_text(THEN)


def twice(client: cn.Client) -> list[str]:
    """The webhooks of which the kernel has two registrations without a removal in between."""
    there: Counter[str] = Counter()
    found = []
    for event in client._kernel.events(client.event_store, "Default", "system"):
        if event.type.id == "WebhookAdded":
            there[event.event_source_id] += 1
        elif event.type.id == "WebhookRemoved":
            there[event.event_source_id] = 0
        if there[event.event_source_id] > 1:
            found.append(event.event_source_id)
    return found


def check(client: cn.Client, path: Path) -> None:
    """It was done again, and is as it should be."""
    state = cn.DesiredState.read(path)
    assert not state.plan(client, prune=True).differs(strict=True)
    assert cn.DesiredState.of(client, owned_by=OWNER).webhooks == state.webhooks
    assert twice(client) == []
    assert list(path.parent.glob(".*applying*")) == []
    before = sorted(path.parent.glob("*before-*"), key=lambda each: (len(each.name), each.name))
    ids = {each.id: each for each in cn.DesiredState.read(before[0]).webhooks}
    assert sorted(ids) == ["changed", "gone", "replaced"]
    assert ids["changed"].target_url == "https://one.example.com/in"


class Failing:
    """Ends the n-th call of an application, before it or after it."""

    def __init__(
        self, client: cn.Client, patch: pytest.MonkeyPatch, at: int, end: Callable[[], None], late: bool
    ) -> None:
        self.left, self.end, self.late = at, end, late
        for name in CALLS:
            patch.setattr(client._kernel, name, self.counted(getattr(client._kernel, name)), raising=True)

    def counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*arguments: Any, **options: Any) -> Any:
            self.left -= 1
            if self.left == 0 and not self.late:
                self.end()
            answer = call(*arguments, **options)
            if self.left == 0 and self.late:
                self.end()
            return answer

        return counting


def lost() -> None:
    raise cn.KernelUnreachableError("The connection was lost.")


def interrupted() -> None:
    raise KeyboardInterrupt


def failed() -> None:
    raise cn.KernelFaultError("The kernel failed.")


@pytest.mark.parametrize("late", [False, True], ids=["before a call", "after a call"])
def test_an_application_that_ends_at_any_call_is_completed_by_the_next_one(
    client: cn.Client,
    tmp_path: Path,
    late: bool,
) -> None:
    path, at = tmp_path / "webhooks.yaml", 1
    while True:
        begun(client, path)
        end = (interrupted, lost if late else failed)[at % 2]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_interrupted, "_unfinished", {})
            plan = cn.DesiredState.read(path).plan(client, prune=True, replace=True)
            failing = Failing(client, patch, at, end, late=late)
            with suppress(cn.ChronicleError, KeyboardInterrupt):
                plan.apply(allow_removals=True, wait=0.5)
            patch.undo()
            if failing.left > 0:
                break
            go(client, path)
        if list(tmp_path.glob("*before-*")):
            check(client, path)
        at += 1
    assert at > 8, "the calls of an application"


KILLED = """
import sys, time
import chronicle_notebook as cn
from tests.desired.test_interrupted import go
from pathlib import Path
server, store, path, at, late = sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]), sys.argv[5] == "late"
client = cn.connect(server, event_store=store)
left = at
for name in ("add_webhooks", "remove_webhooks"):
    def counting(*arguments, call=getattr(client._kernel, name)):
        global left
        left -= 1
        if left or late:
            call(*arguments)
        if not left:
            print("here", flush=True)
            time.sleep(600)
    setattr(client._kernel, name, counting)
go(client, path)
print("done", flush=True)
"""


def test_an_application_whose_process_is_killed_is_completed_by_the_next_one(
    client: cn.Client, shared_sandbox: cn.Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / "webhooks.yaml"
    for at, late in ((1, "late"), (3, "early"), (4, "late")):
        begun(client, path)
        arguments = [shared_sandbox.connection_string, client.event_store, str(path), str(at), late]
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, *arguments], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "here\n"
            os.kill(child.pid, signal.SIGKILL)
        assert len(list(tmp_path.glob(".*applying*"))) == 1
        assert go(client, path)
        check(client, path)


def test_what_a_killed_process_sent_is_awaited_and_not_sent_again(
    client: cn.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel goes on with a list after the death of its caller."""
    path = tmp_path / "webhooks.yaml"
    begun(client, path)
    state = cn.DesiredState.read(path)
    record = _sending_record.SendingRecord.of(path, client)
    with record.writing({"new-1": True, "new-2": True}):
        record.finished = False
    # As an earlier version wrote it, by a clock that was set meanwhile: its age is not looked at.
    record.path.write_text(json.dumps({**json.loads(record.path.read_text()), "at": 0.0}))
    looks: list[int] = []

    def arriving(*arguments: Any, call: Callable[..., Any] = client._kernel.webhooks) -> Any:
        looks.append(1)
        if len(looks) == 3:
            client._kernel.add_webhooks(client.event_store, [each for each in state.webhooks if "new" in each.id])
        return call(*arguments)

    monkeypatch.setattr(client._kernel, "webhooks", arriving)
    plan = state.plan(client)
    assert {each.id for each in plan.of(cn.StateAction.CREATE)} == set()
    assert list(tmp_path.glob(".*applying*")) == []


def test_a_plan_waits_until_the_definitions_stop_changing(
    client: cn.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel can add the credentials after the webhook itself."""
    monkeypatch.setattr(_sending_record, "QUIET", 0.5)
    path = tmp_path / "webhooks.yaml"
    begun(client, path)
    record = _sending_record.SendingRecord.of(path, client)
    with record.writing({"changed": True}):
        record.finished = False
    looks: list[int] = []

    def settling(*arguments: Any, call: Callable[..., Any] = client._kernel.webhooks) -> Any:
        looks.append(1)
        early = len(looks) < 4
        return tuple(
            each.changed(target_url="https://early.example.com/in") if early else each for each in call(*arguments)
        )

    monkeypatch.setattr(client._kernel, "webhooks", settling)
    plan = cn.DesiredState.read(path).plan(client)
    assert {each.target_url for each in plan._content.registered} >= {"https://one.example.com/in"}
    assert list(tmp_path.glob(".*applying*")) == []


def test_a_folder_that_nobody_can_write_to_keeps_no_record(
    client: cn.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout can be read-only. The record is then with the user's data, and the state of before needs a name."""
    path = tmp_path / "checkout" / "webhooks.yaml"
    path.parent.mkdir()
    begun(client, path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    can = os.access
    monkeypatch.setattr(os, "access", lambda where, mode: where != path.parent and can(where, mode))
    record = _sending_record.SendingRecord.of(path, client)
    assert record.path.is_relative_to(tmp_path / "data")
    assert record.path == _sending_record.SendingRecord.of(path, client).path
    plan = cn.DesiredState.read(path).plan(client, replace=True)
    assert plan.apply(before=tmp_path / "before.yaml", wait=LONG)
    assert sorted(path.parent.iterdir()) == [path]


def test_a_second_application_is_refused_while_the_first_is_under_way(client: cn.Client, tmp_path: Path) -> None:
    path = tmp_path / "webhooks.yaml"
    begun(client, path)
    plan = cn.DesiredState.read(path).plan(client, replace=True)
    with _sending_record.SendingRecord.of(path, client).writing({"new-1": True}):
        again = cn.DesiredState.read(path).plan(client)
        with pytest.raises(cn.PlanRefusedError, match="under way"):
            again.apply()
        assert len(list(tmp_path.glob(".*applying*"))) == 1
        assert list(tmp_path.glob("*before-*")) == []
    assert plan.apply(wait=LONG)


def test_two_states_of_before_never_take_one_name(tmp_path: Path) -> None:
    now = datetime(2026, 11, 29, 3, 12, tzinfo=UTC)
    names = {before_path(tmp_path / "webhooks.yaml", now) for _ in range(3)}
    assert len(names) == 3


def test_a_slow_kernel_goes_on_with_the_list_of_a_killed_process_and_the_next_plan_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_sending_record, "QUIET", 0.5)
    path = tmp_path / "webhooks.yaml"
    hooks = "".join(
        f'  - {{id: w{number:03}, url: "https://w.example.com/in", event_types: [AccountOpened]}}\n'
        for number in range(100)
    )
    path.write_text(f"{THEN.partition('webhooks:')[0]}webhooks:\n{hooks}")
    held = Held(monkeypatch, at=20)
    slow = dataclasses.replace(Behaviour(), registration_seconds=0.13)
    with (
        Sandbox(settle_delay=0.0, time_scale=0.05, behaviour=slow) as kernel,
        cn.connect(kernel.connection_string, event_store="slow", name="slow") as client,
    ):
        client.ensure_event_store()
        kinds = [RegisteredEventType(EventType("AccountOpened"), {"type": "object"})]
        client._kernel.register_event_types("slow", kinds)
        arguments = [kernel.connection_string, "slow", str(path), "1000", "late"]
        with subprocess.Popen([sys.executable, "-c", KILLED, *arguments], cwd=Path(__file__).parents[2]) as child:
            assert held.hold.entered.wait(LONG)
            os.kill(child.pid, signal.SIGKILL)
        held.hold.release()
        plan = cn.DesiredState.read(path).plan(client)
        assert len(plan.of(cn.StateAction.UNCHANGED)) > 20, "the kernel went on, and the plan waited"
        assert plan.apply()
        assert not cn.DesiredState.read(path).plan(client).differs(strict=True)
        assert twice(client) == []


def test_progress_is_told_around_each_list_and_each_replacement(client: cn.Client, tmp_path: Path) -> None:
    path = tmp_path / "webhooks.yaml"
    begun(client, path)
    told: list[tuple[int, int]] = []
    plan = cn.DesiredState.read(path).plan(client, prune=True, replace=True)
    plan.apply(allow_removals=True, on_progress=lambda done, of: told.append((done, of)))
    assert told == [(0, 5), (3, 5), (3, 5), (4, 5), (4, 5), (5, 5)]


def test_progress_is_told_within_a_long_list(client: cn.Client) -> None:
    hooks = [cn.DefinitionBuilder().with_event_type("A").build(f"n-{each}", "http://127.0.0.1:9") for each in range(40)]
    told: list[int] = []
    plan = cn.DesiredState(tuple(hooks)).plan(client, accept_unknown=True)
    assert plan.apply(on_progress=lambda done, _: told.append(done))
    empty = cn.DesiredState((), owned_by=cn.Ownership(ids=("n-*",))).plan(client, prune=True)
    removed: list[int] = []
    assert empty.apply(allow_removals=True, on_progress=lambda done, _: removed.append(done))
    for each in (told, removed):
        assert each == sorted(each)
        assert (each[0], each[-1], 0 < each[1] < 40) == (0, 40, True)
