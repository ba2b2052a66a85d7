"""What is told of a kernel that does not answer: nothing reads as if it did."""

from __future__ import annotations

import socket

import pytest

import chronicle_notebook as cn
from chronicle_notebook.base._errors import ChronicleError
from chronicle_notebook.model import RegisteredEventType
from tests.ports import free_port


def test_the_card_of_a_kernel_that_is_gone_does_not_read_as_live() -> None:
    port = free_port()
    kernel = cn.Sandbox(port=port, settle_delay=0.01).start()
    with cn.connect(f"chronicle://127.0.0.1:{port}/?auth=none", event_store="shop", name="gone") as client:
        client.ensure_event_store()
        assert "connection lost" not in repr(client)
        kernel.stop()
        with pytest.raises(cn.KernelUnreachableError):
            client.webhooks.ids()
        for form in (repr(client), client._repr_html_()):
            assert "connection lost" in form
            assert "What stands here was so before the connection was lost." in form
        with cn.Sandbox(port=port, settle_delay=0.01):
            client.ensure_event_store()
            assert "connection lost" not in repr(client)


def test_a_kernel_that_hangs_is_not_blamed_on_a_firewall() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        text = f"chronicle://127.0.0.1:{silent.getsockname()[1]}/?auth=none"
        with pytest.raises(cn.KernelUnreachableError) as caught:
            cn.connect(text, event_store="shop", name="hangs", timeout=0.3).event_stores()
    assert "did not complete a TLS handshake in time" in caught.value.message
    assert "the kernel hangs or is overloaded" in caught.value.hint
    assert "firewall" not in caught.value.hint


@pytest.mark.parametrize("read", ["event_types", "webhooks"])
@pytest.mark.parametrize("raised", [cn.DeadlineExceededError, cn.KernelUnreachableError])
def test_a_read_before_a_registration_that_fails_says_that_nothing_was_sent(
    shared_sandbox: cn.Sandbox, monkeypatch: pytest.MonkeyPatch, read: str, raised: type[ChronicleError]
) -> None:
    with cn.connect(shared_sandbox.connection_string, event_store="before-sending", name="before") as client:
        client.ensure_event_store()
        client._kernel.register_event_types("before-sending", [RegisteredEventType(cn.EventType("A"))])

        def late(*_arguments: object) -> object:
            raise raised("no answer in time", hint="Give more time.")

        monkeypatch.setattr(client._kernel, read, late)
        with pytest.raises(raised) as caught:
            client.webhooks.register(cn.WebhookDefinition("w", "http://127.0.0.1:9/in", (cn.EventType("A"),)))
        assert caught.value.hint == "Nothing was sent. Give more time."
