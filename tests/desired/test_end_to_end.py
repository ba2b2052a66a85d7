"""From a file to a kernel and back: read, plan, apply, export."""

from __future__ import annotations

from pathlib import Path

import pytest

import chronicle_notebook as cn

FILE = """\
version: 1
owned_by: {header: x-managed-by, value: git}
variables:
  staging: {host: hooks.staging.example.com}
  production: {host: hooks.example.com}
webhooks:
  - id: ledger-mirror
    url: https://${host}/ledger
    event_types: [AccountOpened, FundsDeposited]
    headers: {x-source: banking}
  - id: fraud-feed
    url: https://fraud.example.com/in
    event_types: [FundsDeposited]
    authorization: {kind: bearer, token: env:FRAUD_TOKEN}
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FRAUD_TOKEN", "canary-of-fraud")
    path = tmp_path / "webhooks.yaml"
    path.write_text(FILE)
    return path


def test_a_file_is_read_planned_applied_and_free_of_drift(client: cn.Client, path: Path) -> None:
    state = cn.DesiredState.read(path, profile="staging")
    plan = state.plan(client)
    assert [(each.id, each.action.value) for each in plan] == [("fraud-feed", "create"), ("ledger-mirror", "create")]
    applied = plan.apply()
    assert applied
    assert [each.action.value for each in applied] == ["created", "created"]
    assert client.webhooks.get("ledger-mirror").target_url == "https://hooks.staging.example.com/ledger"
    assert client.webhooks.get("ledger-mirror").headers == {"x-source": "banking", "x-managed-by": "git"}
    again = cn.DesiredState.read(path, profile="staging").plan(client)
    assert not again.differs(strict=True)
    assert not again.changes
    assert "canary" not in repr(plan) + plan._repr_html_() + repr(applied) + repr(state)


def test_the_state_of_before_goes_back(client: cn.Client, path: Path) -> None:
    cn.DesiredState.read(path, profile="staging").plan(client).apply()
    client.webhooks.register("manual-hotfix", "https://tmp.example.com/x", lambda b: b.with_event_type("AccountOpened"))
    before = cn.DesiredState.of(client).to_yaml()
    path.write_text(
        FILE.replace("fraud-feed", "fraud-line").replace("[AccountOpened, FundsDeposited]", "[AccountOpened]")
    )
    plan = cn.DesiredState.read(path, profile="staging").plan(client, prune=True)
    assert {each.id: each.action.value for each in plan} == {
        "fraud-line": "create",
        "ledger-mirror": "update",
        "fraud-feed": "remove",
        "manual-hotfix": "kept",
    }
    with pytest.raises(cn.PlanRefusedError, match="more than a fifth"):
        plan.apply()
    applied = plan.apply(allow_removals=True)
    assert applied
    assert applied.before is not None
    assert applied.before.parent == path.parent
    assert "env:FRAUD_FEED_TOKEN" in applied.before.read_text()
    assert "# It needs values that are not kept here: set FRAUD_FEED_TOKEN.\n" in applied.before.read_text()
    back = cn.DesiredState.read(applied.before)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FRAUD_FEED_TOKEN", "canary-of-fraud")
        assert back.plan(client, prune=True, replace=True).apply(allow_removals=True)
    assert cn.DesiredState.of(client).to_yaml() == before


def test_a_plan_that_is_out_of_date_is_refused(client: cn.Client, path: Path) -> None:
    plan = cn.DesiredState.read(path, profile="production").plan(client)
    client.webhooks.register("late", "https://late.example.com/x", lambda b: b.with_event_type("AccountOpened"))
    with pytest.raises(cn.PlanRefusedError, match="has changed since the plan was made: 'late'") as caught:
        plan.apply()
    assert caught.value.webhooks == ("late",)
    assert client.webhooks.ids() == ["late"]
    assert list(path.parent.glob("*.before-*")) == []


def test_the_frame_has_a_row_for_each_difference(client: cn.Client, path: Path) -> None:
    frame = cn.DesiredState.read(path, profile="staging").plan(client).to_frame()
    assert list(frame.columns) == ["id", "action", "field", "registered", "wanted", "effect"]
    assert list(frame["id"]) == ["fraud-feed", "ledger-mirror"]
    assert set(frame["action"]) == {"create"}
