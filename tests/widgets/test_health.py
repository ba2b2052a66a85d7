"""How the states of observers are put into words."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from chronicle_notebook.model import FailedPartition, ObserverState, RunningState, WebhookDefinition
from chronicle_notebook.widgets._health import Health, Observers, Space, _state

HOOK = WebhookDefinition("audit", "https://example.com/in")


def observer(state: RunningState = RunningState.ACTIVE, *, after: int = 10) -> ObserverState:
    return ObserverState("audit", "Default", "event-log", "external", state, after, after - 1, 9, 10)


def failed(*, quarantined: bool = False) -> FailedPartition:
    return FailedPartition(uuid4(), "audit", "Default", "account-1", (), quarantined)


@pytest.mark.parametrize(
    ("seen", "partitions", "word"),
    [
        (observer(), (), "caught up"),
        (observer(after=4), (), "active"),
        (observer(), (failed(),), "failing"),
        (observer(), (failed(), failed(quarantined=True)), "quarantined"),
        (observer(RunningState.QUARANTINED), (), "quarantined"),
        (observer(RunningState.DISCONNECTED), (), "disconnected"),
        (observer(RunningState.REPLAYING), (), "replaying"),
        (observer(RunningState.SUSPENDED), (), "suspended"),
        (observer(RunningState.UNKNOWN), (), "not known"),
    ],
)
def test_a_namespace_has_a_word(seen: ObserverState, partitions: tuple[FailedPartition, ...], word: str) -> None:
    assert _state(seen, partitions) == word


def test_a_webhook_is_as_well_as_its_worst_namespace() -> None:
    spaces = (
        Space(observer(), "caught up", ()),
        Space(observer(after=4), "failing", (failed(), failed())),
        Space(observer(after=7), "active", ()),
    )
    health = Observers({"audit": spaces}, datetime.now(UTC)).health(HOOK)
    assert health == Health("failing", 9, 2)


def test_an_inactive_webhook_is_called_so_whatever_its_observer_does() -> None:
    spaces = (Space(observer(), "caught up", ()),)
    assert Observers({"audit": spaces}, datetime.now(UTC)).health(HOOK.changed(active=False)).state == "inactive"


def test_a_webhook_without_an_observer_is_not_known() -> None:
    assert Observers({}, datetime.now(UTC)).health(HOOK) == Health("not known", None, 0)


def test_nothing_left_to_look_at_is_not_told_as_no_lag_where_a_partition_fails() -> None:
    spaces = (Space(observer(), "failing", (failed(),)),)
    health = Observers({"audit": spaces}, datetime.now(UTC)).health(HOOK)
    assert health == Health("failing", None, 1)
    assert spaces[0].lag is None
    assert Space(observer(after=4), "failing", (failed(),)).lag == 6
    assert Space(observer(), "caught up", ()).lag == 0
