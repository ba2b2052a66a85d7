"""``cn.tutorial()``: a sandbox whatever the environment names, or an event store of its own on a named kernel."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import chronicle_notebook as cn
from chronicle_notebook.sandbox import Sandbox

SANDBOX, KERNEL = "CHRONICLE_NOTEBOOK_SANDBOX", "CHRONICLE_CONNECTION_STRING"
EXAMPLE = ["audit-archive", "crm-sync", "fraud-watch", "ledger-mirror", "overdraft-alarm", "regulator-report"]


@pytest.fixture(scope="module")
def kernel() -> Iterator[Sandbox]:  # type: ignore[override,unused-ignore] # no scripted kernel here
    with Sandbox(seed=True, time_scale=0.01) as running:
        yield running


@pytest.fixture(autouse=True)
def ended(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(SANDBOX, raising=False)
    yield
    for each in cn.clients().values():
        each.close()
    cn.stop_sandbox()


def test_it_never_asks_the_kernel_that_the_environment_names(
    kernel: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(KERNEL, "chronicle://127.0.0.1:1")
    client = cn.tutorial()
    assert (client.embedded, client.event_store) == (True, "banking")
    assert f"not the kernel that {KERNEL} names" in capsys.readouterr().out
    monkeypatch.setenv(SANDBOX, kernel.connection_string)
    assert cn.tutorial().server == kernel.address


def test_a_sandbox_that_is_another_machine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SANDBOX, "chronicle://kernel.example.com:35000")
    with pytest.raises(cn.InvalidInputError, match=f"{SANDBOX} names kernel.example.com:35000") as caught:
        cn.tutorial()
    assert "cn.tutorial(" in caught.value.hint


def test_on_a_kernel_of_ones_own_it_makes_an_event_store_and_removes_its_webhooks_at_the_end(
    kernel: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    with cn.connect(kernel.connection_string, event_store="banking", name="watching") as watching:
        before = watching.webhooks.all()
        client = cn.tutorial(kernel.connection_string)
        assert client.event_store == "tutorial"
        assert sorted(client.webhooks.ids()) == EXAMPLE
        assert all("://127.0.0.1:9/" in each.target_url for each in client.webhooks.all())
        assert len(client.event_log.read()) == len(watching.event_log.read())
        assert "event store 'tutorial'" in capsys.readouterr().out
        client.webhooks.register("one-more", "http://127.0.0.1:9/more", lambda b: b.with_event_type("AccountOpened"))
        client.close()
        assert "Removed 7 webhooks from event store 'tutorial'" in capsys.readouterr().out
        assert watching.at(event_store="tutorial").webhooks.ids() == []
        again = cn.tutorial(kernel.connection_string)  # the event store is there already, and so are its events
        assert sorted(again.webhooks.ids()) == EXAMPLE
        assert len(again.event_log.read()) == len(watching.event_log.read())
        again.close()
        assert watching.webhooks.all() == before


def test_a_webhook_that_was_there_before_stays(kernel: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    with cn.connect(kernel.connection_string, event_store="banking", name="mine") as mine:
        mine.webhooks.register("my-own", "http://127.0.0.1:9/mine", lambda b: b.with_event_type("AccountOpened"))
        cn.tutorial(kernel.connection_string, event_store="banking").close()
        assert "are removed, except my-own" in capsys.readouterr().out
        assert mine.webhooks.ids() == ["my-own"]
        mine.webhooks.remove("my-own")


def test_an_event_store_that_is_not_the_tutorials_is_refused(kernel: Sandbox) -> None:
    with cn.connect(kernel.connection_string, event_store="orders", name="other") as other:
        other.ensure_event_store()
        with pytest.raises(cn.InvalidInputError, match=r"not for the tutorials: .* AccountClosed") as caught:
            cn.tutorial(kernel.connection_string, event_store="orders")
        assert 'event_store="orders-2"' in caught.value.hint
        assert other.webhooks.ids() == []


def test_a_kernel_that_is_gone_at_the_end_is_told_and_the_client_closes(capsys: pytest.CaptureFixture[str]) -> None:
    with Sandbox(time_scale=0.01) as gone:
        client = cn.tutorial(gone.connection_string)
    client.close()
    assert "Not all webhooks of event store 'tutorial'" in capsys.readouterr().out
    assert client.closed
