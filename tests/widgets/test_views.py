"""The views: what goes to the browser, what stands still in a saved notebook, what is left after closing."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from comm import get_comm_manager

import chronicle_notebook as cn
from chronicle_notebook import Receiver, Secret
from chronicle_notebook.model import BearerAuthorization, EventType, WebhookDefinition
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.session._client import Client
from chronicle_notebook.session._guard import CONFIRMED, LOCK
from chronicle_notebook.widgets._view import View
from tests.waiting import LONG, Hold, eventually
from tests.widgets.conftest import receive

CANARY = "canary-value-4711"
HOOK = WebhookDefinition(
    "audit",
    "http://127.0.0.1:9/in",
    (EventType("AccountOpened"),),
    headers={"x-team": CANARY},
)

Sent = list[dict[str, Any]]


def last(sent: Sent, kind: str) -> dict[str, Any]:
    return next(message for message in reversed(sent) if message["kind"] == kind)


def everything(view: View, sent: Sent) -> str:
    """All that leaves this process because of a view: its traits, its messages, its reprs."""
    bundle = view._repr_mimebundle_()
    return json.dumps([view.get_state(), sent, bundle], default=str) + repr(view)


@pytest.fixture
def explorer(client: Client, sent: Sent) -> Iterator[Any]:
    client.webhooks.register(HOOK)
    made = client.webhooks.explore()
    assert made.model.wait_for_first(LONG)
    yield made
    made.close()


def test_widgets_are_an_attribute_of_the_package() -> None:
    assert sorted(cn.widgets.__all__) == ["DeliveryInspector", "PlanCard", "WebhookExplorer", "WebhookForm"]
    assert dir(cn.widgets) == sorted(cn.widgets.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        getattr(cn.widgets, "Nothing")  # noqa: B009 - a type checker knows that it is not there


def test_a_browser_that_says_hello_is_told_everything(explorer: Any, sent: Sent) -> None:
    sent.clear()
    receive(explorer, kind="hello")
    kinds = [message["kind"] for message in sent]
    kinds = kinds[kinds.index("head") :]  # the first list may still be on its way when it is said
    assert {"rows", "link", "job", "told", "details"} <= set(kinds)
    assert last(sent, "rows")["rows"]["id"] == ["audit"]
    assert last(sent, "head")["sandbox"]


def test_a_change_of_the_list_goes_out_as_a_patch(explorer: Any, sent: Sent, client: Client) -> None:
    receive(explorer, kind="hello")
    client.webhooks.register(HOOK.changed(id="second"))
    eventually(lambda: any(message["kind"] == "patch" and message["put"]["id"] == ["second"] for message in sent))
    client.webhooks.remove("second")
    eventually(lambda: last(sent, "patch")["gone"] == ["second"])


def test_details_follow_the_selection_and_mask_headers(explorer: Any, sent: Sent) -> None:
    explorer.selected_ids = ["audit"]
    details = last(sent, "details")["details"]
    assert details["headers"] == ["x-team"]
    assert CANARY not in everything(explorer, sent)
    assert [each.id for each in explorer.selected] == ["audit"]
    explorer.selected_ids = []
    assert last(sent, "details")["details"] is None


def test_the_filter_of_the_browser_is_that_of_the_frame(explorer: Any) -> None:
    explorer.filter = {"text": "nothing like it"}
    assert list(explorer.frame.index) == []
    explorer.filter = {"text": "AUD"}
    assert list(explorer.frame.index) == ["audit"]


def test_observers_reach_the_browser_while_it_shows_them(explorer: Any, sent: Sent) -> None:
    explorer.selected_ids = ["audit"]
    receive(explorer, kind="hello")
    eventually(lambda: any(message["kind"] == "states" and "audit" in message["states"] for message in sent))
    eventually(lambda: (last(sent, "details")["details"] or {}).get("spaces"))
    assert last(sent, "details")["details"]["spaces"][0]["namespace"] == "Default"


def test_a_retry_of_what_fails_in_a_protected_store_asks_to_unlock_it(
    client: Client, sent: Sent, shared_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(CONFIRMED, raising=False)
    client.webhooks.register(HOOK)
    client.event_log.append("account-1", "AccountOpened", {})
    eventually(lambda: client.failed_partitions("audit"))
    with cn.connect(
        shared_sandbox.connection_string, event_store=client.event_store, name="locked", protected=True
    ) as locked:
        explorer = locked.webhooks.explore()
        assert explorer.model.wait_for_first(LONG)
        receive(explorer, kind="retry", id="audit")
        explorer.model.jobs.wait(LONG)
        assert last(sent, "told")["told"]["lines"] == ["Type the event store's name in the red bar, and try again."]
        receive(explorer, kind="unlock", name=client.event_store)
        receive(explorer, kind="retry", id="audit")
        explorer.model.jobs.wait(LONG)
        assert last(sent, "told")["told"]["title"].startswith("audit: 1 failed again: ")
        explorer.close()
    LOCK.close()


def test_a_form_opens_in_the_explorer_and_registers(explorer: Any, sent: Sent, client: Client) -> None:
    receive(explorer, kind="duplicate", id="audit")
    eventually(lambda: any(message["kind"] == "form" and message["form"]["kind"] == "state" for message in sent))
    eventually(lambda: not last(sent, "form")["form"].get("loading", True))
    receive(
        explorer, kind="form", form={"kind": "set", "field": "target_url", "value": "http://127.0.0.1:9/x", "seq": 1}
    )
    receive(explorer, kind="form", form={"kind": "register", "seq": 2})
    eventually(lambda: client.webhooks.all().find("audit-copy"))
    receive(explorer, kind="close_form")
    assert last(sent, "form_closed")


def test_undo_without_credentials_opens_the_form(explorer: Any, sent: Sent, client: Client) -> None:
    secured = HOOK.changed(id="secured", authorization=BearerAuthorization(Secret(CANARY)), headers={})
    client.webhooks.register(secured)
    eventually(lambda: explorer.model.find("secured"))
    receive(explorer, kind="remove", id="secured")
    explorer.model.jobs.wait(LONG)
    receive(explorer, kind="undo")
    eventually(lambda: any(message["kind"] == "form" and message["form"].get("undisclosed") for message in sent))
    state = next(m["form"] for m in reversed(sent) if m["kind"] == "form" and m["form"]["kind"] == "state")
    assert state["fields"]["id"] == "secured"
    assert CANARY not in everything(explorer, sent)


def test_an_error_in_a_handler_appears_and_is_kept(explorer: Any, sent: Sent) -> None:
    receive(explorer, kind="edit", id="never-there")
    assert "has no webhook 'never-there'" in last(sent, "told")["told"]["title"]
    assert isinstance(explorer.errors[-1], cn.UnknownWebhookError)


def test_an_error_that_is_not_expected_shows_its_kind_and_not_its_text(
    explorer: Any, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise RuntimeError(CANARY)

    monkeypatch.setitem(explorer._handlers, "test", fail)
    receive(explorer, kind="test", id="audit")
    told = last(sent, "told")["told"]
    assert "RuntimeError at test_views.py" in told["title"]
    assert CANARY not in json.dumps(told)


def test_what_nobody_asked_for_is_passed_over(explorer: Any) -> None:
    receive(explorer, kind="unheard")
    explorer._received(explorer, "no message", [])
    assert not explorer.errors


def test_a_message_is_answered_at_once_while_a_call_to_the_kernel_runs(
    explorer: Any, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = Hold()
    monkeypatch.setattr(type(explorer.model.client.webhooks), "test", lambda *_: hold.wait())
    receive(explorer, kind="test", id="audit")
    receive(explorer, kind="hello")
    assert not hold.in_vain
    assert last(sent, "job")["job"]["label"] == "Testing 'audit'"
    receive(explorer, kind="cancel")
    hold.release()
    explorer.model.jobs.wait(LONG)
    assert last(sent, "told")["told"]["title"] == "You cancelled this."


@pytest.mark.filterwarnings("ignore::chronicle_notebook.CredentialHeaderWarning")
def test_a_form_keeps_its_secret_from_everything_that_leaves(
    client: Client, sent: Sent, caplog: pytest.LogCaptureFixture
) -> None:
    form = cn.widgets.WebhookForm(client)
    eventually(lambda: form.model.choices)
    values = {
        "id": "secured",
        "target_url": "http://127.0.0.1:9/in",
        "kind": "bearer",
        "event_types": ["AccountOpened"],
    }
    for field, value in values.items():
        receive(form, kind="set", field=field, value=value)
    receive(form, kind="secret", value=CANARY)
    receive(form, kind="add_header")
    receive(form, kind="header", key=1, name="x-api-key", value=CANARY)
    assert last(sent, "state")["has_secret"]
    for kind in ("test", "register"):
        receive(form, kind=kind)
        form.model.jobs.wait(LONG)
    assert form.outcome is not None
    assert form.definition.authorization == BearerAuthorization(Secret(CANARY))
    assert CANARY not in everything(form, sent) + caplog.text
    form.close()


def test_a_form_shows_what_is_wrong_once_a_field_was_filled_in(client: Client, sent: Sent) -> None:
    form = cn.widgets.WebhookForm(client)
    eventually(lambda: form.model.choices)
    receive(form, kind="hello")
    assert last(sent, "state")["wrong"] == {}
    assert last(sent, "state")["obstacle"]["text"] == "Fill in id, URL and event types."
    receive(form, kind="set", field="target_url", value="nowhere", by="one", seq=7)
    receive(form, kind="hello", by="two")
    assert list(last(sent, "state")["wrong"]) == ["target_url"]
    assert last(sent, "state")["seq"] == {"": 0, "one": 7, "two": 0}
    for number in range(60):
        receive(form, kind="set", field="id", value="audit", by=f"view-{number}", seq=1)
    assert len(last(sent, "state")["seq"]) == 50
    receive(form, kind="set", field="nothing", value="x")
    assert last(sent, "state")["told"]["level"] == "error"
    form.close()


def test_an_inspector_sends_deliveries_and_looks_into_one(client: Client, sent: Sent) -> None:
    with Receiver() as endpoint:
        inspector = cn.widgets.DeliveryInspector(endpoint, client)
        receive(inspector, kind="hello")
        hook = HOOK.changed(target_url=endpoint.url_for("audit"), authorization=BearerAuthorization(Secret(CANARY)))
        client.webhooks.register(hook.changed(headers={}))
        client.event_log.append("account-1", "AccountOpened", {"owner": "customer-17"})
        eventually(lambda: any(message["kind"] == "more" for message in sent))
        row = last(sent, "more")["rows"]
        assert (row["hook"], row["partition"], row["status"]) == (["audit"], ["account-1"], [200])
        receive(inspector, kind="look", number=row["number"][0])
        detail = last(sent, "detail")["detail"]
        assert detail["body"]["events"][0]["content"] == {"owner": "customer-17"}
        assert inspector.selected is not None
        assert len(inspector.frame) == 1
        assert CANARY not in everything(inspector, sent)
        receive(inspector, kind="answer", status=503, times=1)
        assert "503" in last(sent, "endpoint")["conduct"]
        receive(inspector, kind="answer", status=99)
        assert "status must be an HTTP status" in last(sent, "told")["told"]["title"]
        receive(inspector, kind="clear")
        assert last(sent, "all")["rows"]["number"] == []
        inspector.close()


def test_each_widget_stands_still_as_html_with_a_time_and_without_script(
    explorer: Any, client: Client, sent: Sent
) -> None:
    with Receiver() as endpoint:
        views: list[View] = [explorer, cn.widgets.WebhookForm(client), cn.widgets.DeliveryInspector(endpoint)]
        for view in views:
            bundle, _ = view._repr_mimebundle_()  # type: ignore[misc]
            assert set(bundle) == {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"}
            assert f"{time.localtime().tm_year}-" in bundle["text/html"]
            assert "<script" not in bundle["text/html"]
            assert bundle["text/plain"] == repr(view)
            view.close()
        assert "audit" in explorer._static()


def test_only_what_both_sides_must_share_is_synced(explorer: Any, client: Client, sent: Sent) -> None:
    assert "_still" in View().keys  # the name of the static form, which the browser hides
    assert _own(explorer) == {"selected_ids", "filter"}
    form = cn.widgets.WebhookForm(client)
    assert _own(form) == set()
    form.close()


def _own(view: View) -> set[str]:
    plain = View().keys
    return {name for name in view.keys if name not in plain and name not in {"_esm", "_css"}}


def test_opening_and_closing_an_explorer_fifty_times_leaves_nothing(client: Client) -> None:
    client.webhooks.register(HOOK)

    def there() -> tuple[set[str], int, int]:
        names = {
            thread.name for thread in threading.enumerate() if thread.name.startswith(("explorer", "observe", "job"))
        }
        return names, len(get_comm_manager().comms), len(client._channel._streams)

    before = there()
    for _ in range(50):
        explorer = client.webhooks.explore()
        explorer.model.wait_for_first(LONG)
        receive(explorer, kind="hello")
        receive(explorer, kind="new")
        explorer.close()
        explorer.close()
    eventually(lambda: there() == before)
    assert before == (set(), before[1], 0)


def test_closing_an_inspector_and_a_form_leaves_nothing(client: Client) -> None:
    before = {thread.name for thread in threading.enumerate()}
    comms = len(get_comm_manager().comms)
    with Receiver() as endpoint:
        inside = {thread.name for thread in threading.enumerate()}
        for _ in range(20):
            inspector, form = cn.widgets.DeliveryInspector(endpoint, client), cn.widgets.WebhookForm(client)
            receive(inspector, kind="hello")
            receive(form, kind="hello")
            inspector.close()
            form.close()
        eventually(lambda: {thread.name for thread in threading.enumerate()} <= inside)
    eventually(lambda: {thread.name for thread in threading.enumerate()} <= before)
    assert len(get_comm_manager().comms) == comms


def test_a_widget_that_was_closed_still_shows_what_it_was(client: Client, sent: Sent) -> None:
    """As the last output of a cell, where IPython asks for it to display itself."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    with Receiver() as endpoint:
        explorer = client.webhooks.explore()
        assert explorer.model.wait_for_first(LONG)  # else it would be a snapshot of the moment of asking
        views = [cn.widgets.WebhookForm(client), explorer, cn.widgets.DeliveryInspector(endpoint)]
        for view in views:
            view.close()
    shell: Any = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    try:
        for view in views:
            data, _ = shell.display_formatter.format(view)
            assert data["text/plain"] == repr(view)
            assert "<table" in data["text/html"] or "<dl" in data["text/html"]
            assert "Run the cell" not in data["text/html"]
            assert view._repr_mimebundle_() == (data, {})
    finally:
        InteractiveShell.clear_instance()
