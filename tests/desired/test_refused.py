"""What is refused before anything is sent, and what a kernel cannot take at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import chronicle_notebook as cn
from chronicle_notebook.model import EventType, RegisteredEventType
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.session import _guard

FILE = """\
version: 1
owned_by: {header: x-managed-by, value: git}
webhooks:
  - {id: one, url: "https://one.example.com/in", event_types: [AccountOpened]}
"""


@pytest.fixture
def guarded(shared_sandbox: Sandbox, client: cn.Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[cn.Client]:
    monkeypatch.setattr(_guard, "LOCK", _guard.Lock())
    monkeypatch.setattr("chronicle_notebook.session._client.LOCK", _guard.LOCK)
    with cn.connect(
        shared_sandbox.connection_string, event_store=client.event_store, protected=True, name="guarded"
    ) as opened:
        yield opened


def test_a_protected_store_has_to_be_confirmed(guarded: cn.Client, in_a_folder_of_its_own: Path) -> None:
    plan = cn.DesiredState.parse(FILE).plan(guarded)
    assert "PROTECTED" in repr(plan)
    with pytest.raises(cn.ProtectedError, match=r"protected, and nobody confirmed it\. Write apply\(confirm="):
        plan.apply()
    with pytest.raises(cn.ProtectedError, match="not the name of the event store"):
        plan.apply(confirm="another")
    assert guarded.webhooks.ids() == []
    assert list(in_a_folder_of_its_own.iterdir()) == []
    assert plan.apply(confirm=guarded.event_store)
    assert guarded.webhooks.ids() == ["one"]


def test_more_than_a_fifth_is_removed_only_with_consent(client: cn.Client) -> None:
    marked = cn.DefinitionBuilder().with_event_type("AccountOpened").with_header("x-managed-by", "git")
    hooks = [marked.build(f"hook-{number}", "https://one.example.com/in") for number in range(10)]
    client.webhooks.register(hooks)
    owner = cn.Ownership(header="x-managed-by", value="git")
    two = cn.DesiredState(tuple(hooks[2:]), owned_by=owner).plan(client, prune=True)
    three = cn.DesiredState(tuple(hooks[3:]), owned_by=owner).plan(client, prune=True)
    with pytest.raises(cn.PlanRefusedError, match="removes 3 webhooks of 10 that the file owns") as caught:
        three.apply()
    assert caught.value.webhooks == ("hook-0", "hook-1", "hook-2")
    assert len(client.webhooks.ids()) == 10
    assert two.apply()
    assert len(client.webhooks.ids()) == 8


@pytest.fixture(scope="module")
def on_sql() -> Iterator[cn.Client]:
    with (
        Sandbox(behaves_like="16.37", settle_delay=0.0, time_scale=0.01) as running,
        cn.connect(running.connection_string, event_store="bank", name="on-sql") as opened,
    ):
        opened.ensure_event_store()
        kinds = [RegisteredEventType(EventType("AccountOpened"), {"type": "object"})]
        opened._kernel.register_event_types("bank", kinds)
        yield opened


@pytest.mark.usefixtures("settled")
def test_what_a_kernel_cannot_take_is_told_each_time_and_is_a_difference_only_when_it_is_asked_for(
    on_sql: cn.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONE_TOKEN", "canary")
    text = FILE.replace("[AccountOpened]}", "[AccountOpened], authorization: {token: env:ONE_TOKEN}, active: false}")
    state = cn.DesiredState.parse(text)
    plan = state.plan(on_sql)
    assert {each.field: each.effect for each in plan["one"].fields} == {
        "authorization": cn.FieldEffect.NOT_TAKEN,
        "active": cn.FieldEffect.NOT_TAKEN,
    }
    applied = plan.apply(wait=0.2)
    assert not applied
    assert {each.field for each in applied["one"].ineffective} == {"authorization", "active"}
    for replace in (False, True):
        again = state.plan(on_sql, replace=replace)
        assert again["one"].action is cn.StateAction.NOT_TAKEN
        assert not again.changes
        assert not again.differs()
        assert again.differs(strict=True)
        assert "x 1 not taken by this kernel" in again.summary
        assert [each.id for each in again.untaken] == ["one"]
    assert "authorization-dropped" in [each.key for each in plan.known_defects]
    assert "authorization-dropped" in repr(plan)
    assert "not taken: " in repr(again)


@pytest.mark.usefixtures("settled")
def test_a_change_that_the_kernel_ignores_is_replaced_and_the_position_is_told(on_sql: cn.Client) -> None:
    text = FILE.replace("id: one", "id: two").replace("value: git", "value: hub")
    assert cn.DesiredState.parse(text).plan(on_sql).apply()
    moved = cn.DesiredState.parse(text.replace("one.example.com", "two.example.com"))
    plan = moved.plan(on_sql)
    assert plan["two"].action is cn.StateAction.IGNORED
    assert plan["two"].differs
    assert not plan.changes
    left = plan.apply()
    assert not left
    assert left.ignored == ("two",)
    assert "1 webhook left, as the kernel ignores the change" in repr(left)
    applied = moved.plan(on_sql, replace=True).apply()
    assert applied
    assert "continues at its position" in " ".join(applied["two"].notes)
    assert applied.to_dict()["webhooks"][0]["took_effect"].startswith("replaced: target_url, seen after")
    assert not moved.plan(on_sql).differs(strict=True)


def test_declared_classes_are_a_source_and_their_event_types_are_registered_first(client: cn.Client) -> None:
    @cn.event_type(id="CardBlocked")
    class CardBlocked:
        card: str

    @cn.webhook(id="cards", target_url="https://cards.example.com/in")
    class Cards:
        def define(self, builder: cn.DefinitionBuilder) -> cn.DefinitionBuilder:
            return builder.with_event_type(CardBlocked)

    state = cn.DesiredState.discovered([Cards], owned_by=cn.Ownership(ids=("cards",)))
    assert state.plan(client).apply()
    assert "CardBlocked" in [each.id for each in client.event_types()]
    assert not state.plan(client).differs(strict=True)
    assert "event_types:\n  - CardBlocked" in state.to_yaml()


def test_an_unknown_event_type_is_refused_with_the_nearest_one(client: cn.Client) -> None:
    with pytest.raises(cn.UnknownEventTypeError, match=r"'AccountOpend'.*Did you mean 'AccountOpened'"):
        cn.DesiredState.parse(FILE.replace("AccountOpened", "AccountOpend")).plan(client)


def test_all_unknown_event_types_are_told_at_once_with_their_lines(client: cn.Client, tmp_path: Path) -> None:
    path = tmp_path / "webhooks.yaml"
    more = '  - {id: two, url: "https://one.example.com/in", event_types: [AccountOpened]}\n'
    path.write_text(f"{FILE}{more}{more.replace('two', 'three').replace('AccountOpened', 'Nothing')}")
    path.write_text(path.read_text().replace("AccountOpened", "AccountOpend", 1))
    with pytest.raises(cn.UnknownEventTypeError) as caught:
        cn.DesiredState.read(path).plan(client)
    assert caught.value.message.startswith(f"{path}, line 4: Webhook 'one': The event store has no event type")
    assert "1 more webhook:\n  line 6: Webhook 'three': The event store has no event type 'Nothing'" in str(
        caught.value
    )
    assert caught.value.webhook == "one"


def test_an_event_type_that_nobody_has_registered_yet_is_accepted_on_purpose(client: cn.Client) -> None:
    state = cn.DesiredState.parse(FILE.replace("AccountOpened", "NotYetRegistered"))
    assert state.plan(client, accept_unknown=True).apply()
    assert not state.plan(client).differs(strict=True), "it is registered now"


def test_the_state_of_before_never_replaces_the_file_itself(client: cn.Client, tmp_path: Path) -> None:
    path = tmp_path / "webhooks.yaml"
    path.write_text(FILE)
    link = tmp_path / "before.yaml"
    link.symlink_to(path)
    plan = cn.DesiredState.read(path).plan(client)
    for before in (path, tmp_path / "elsewhere" / ".." / "webhooks.yaml", link):
        with pytest.raises(cn.InvalidInputError, match=r"would overwrite .* Nothing was sent\."):
            plan.apply(before=before)
    assert path.read_text() == FILE
    assert client.webhooks.ids() == []


def test_the_state_of_before_never_replaces_a_device(client: cn.Client, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(cn.InvalidInputError, match="it is a device or a pipe"):
        cn.DesiredState.parse(FILE).plan(client).apply(before=pipe)
    assert pipe.is_fifo()
    assert client.webhooks.ids() == []


def test_an_earlier_state_of_before_is_kept(client: cn.Client, tmp_path: Path) -> None:
    before = tmp_path / "before.yaml"
    before.touch()  # as mktemp makes it: nothing to keep
    assert cn.DesiredState.parse(FILE).plan(client).apply(before=before)
    first = before.read_text()
    assert cn.DesiredState.parse(FILE.replace("one", "two")).plan(client).apply(before=before)
    assert "two" in before.read_text()
    assert (tmp_path / "before-2.yaml").read_text() == first
    assert sorted(each.name for each in tmp_path.iterdir() if not each.name.startswith(".")) == [
        "before-2.yaml",
        "before.yaml",
    ]
