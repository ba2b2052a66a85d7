"""An observation and the explorer behind proxies: reset streams, pages instead of answers, connections that fall
silent, and nginx itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import chronicle_notebook as cn
from chronicle_notebook.reading import _observation
from chronicle_notebook.reading._observation import ObservationState
from chronicle_notebook.session._client import Client
from chronicle_notebook.widgets._explorer_model import ExplorerModel
from tests.between import Between, between, page
from tests.ports import free_port
from tests.waiting import LONG, eventually

URL = "http://127.0.0.1:9/webhooks"
LOST = "the connection was lost during the call"
RAW = ("RST_STREAM", "http2 header", "No status received", "Stream removed", "ipv4:", "last error")
"""Words of gRPC that no person should have to read."""
LIVE, RECONNECTING = ObservationState.LIVE, ObservationState.RECONNECTING


class Watched:
    """An observation with all that it said."""

    def __init__(self, client: Client) -> None:
        self.states: list[ObservationState] = []
        self.errors: list[cn.ChronicleError] = []
        self.observation = client.webhooks.observe(
            lambda _: None, on_state=self.states.append, on_error=self.errors.append
        )
        eventually(lambda: self.observation.state is LIVE)

    def sees(self, webhook: str) -> None:
        eventually(lambda: self.observation.latest is not None and webhook in self.observation.latest.ids)

    def said(self, *words: str) -> None:
        eventually(lambda: any(each in error.message for each in words for error in self.errors))

    @property
    def readable(self) -> bool:
        texts = [f"{error.message} {error.hint}" for error in self.errors]
        return not any(word in text for text in texts for word in RAW)


@contextmanager
def watched(client: Client) -> Iterator[Watched]:
    found = Watched(client)
    try:
        yield found
    finally:
        found.observation.stop()


@contextmanager
def through(port: int) -> Iterator[Client]:
    with cn.connect(f"chronicle://127.0.0.1:{port}?auth=none", event_store="banking", name="through") as client:
        yield client


def refusal(client: Client) -> str:
    """Why the list of webhooks cannot be read."""
    with pytest.raises(cn.KernelUnreachableError) as caught:
        client.webhooks.ids()
    return caught.value.message


def register(kernel: cn.Sandbox, webhook: str) -> None:
    """Somebody else registers a webhook, without the proxy."""
    with cn.connect(kernel.connection_string, event_store="banking", name="direct") as direct:
        assert direct.webhooks.register(webhook, URL, lambda to: to.with_event_type("CustomerMoved").not_active())


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short pauses between two attempts, so that no test waits for a long one; and time for the first list, so that no
    stream is given up for its silence on a busy machine."""
    monkeypatch.setattr(_observation, "LONGEST_BACK_OFF", 0.3)
    monkeypatch.setattr(_observation, "FIRST_LIST", LONG)


@pytest.fixture(scope="module")
def bank() -> Iterator[cn.Sandbox]:
    with cn.Sandbox(seed=True, settle_delay=0.01) as kernel:
        yield kernel


@pytest.fixture
def proxy(bank: cn.Sandbox, tmp_path: Path) -> Iterator[Between]:
    with between(tmp_path, bank.port) as proxy:
        yield proxy


@pytest.mark.parametrize("code", [0, 1, 2, 5, 7, 8, 11])
def test_a_stream_that_a_proxy_resets_is_opened_again(bank: cn.Sandbox, proxy: Between, code: int) -> None:
    with through(proxy.port) as client, watched(client) as seen:
        proxy.reset(code)
        seen.said("the call was reset on the way (HTTP/2 ")
        register(bank, f"after-{code}")
        seen.sees(f"after-{code}")
        assert seen.states[:3] == [LIVE, RECONNECTING, LIVE]
        assert seen.readable
        assert seen.observation.error is None


def test_a_connection_that_a_proxy_ends_is_opened_again(bank: cn.Sandbox, proxy: Between) -> None:
    with through(proxy.port) as client, watched(client) as seen:
        proxy.go_away()
        eventually(lambda: RECONNECTING in seen.states)
        register(bank, "after-goaway")
        seen.sees("after-goaway")
        assert seen.readable


def test_the_explorer_goes_on_after_a_reset_and_says_why_it_reconnects(bank: cn.Sandbox, proxy: Between) -> None:
    with through(proxy.port) as client:
        links: list[tuple[ObservationState, str]] = []
        model = ExplorerModel(
            client,
            lambda _: links.append((model.link, "" if model.link_error is None else model.link_error.message)),
        )
        model.start()
        assert model.wait_for_first(LONG)
        proxy.answer = page(503)
        proxy.reset(2)
        eventually(lambda: any("does not reach the kernel (HTTP 503)" in why for _, why in links))
        proxy.answer = None
        eventually(lambda: model.link is LIVE)
        assert model.link_error is None
        model.close()


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "answers instead of the kernel (HTTP 404)"),
        (500, "answers instead of the kernel (HTTP 500)"),
        (502, "a proxy in between does not reach the kernel (HTTP 502)"),
        (503, "a proxy in between does not reach the kernel (HTTP 503)"),
        (504, "a proxy in between does not reach the kernel (HTTP 504)"),
        (200, "it is not gRPC"),  # what grpcio says of it; 1.76 says only that the connection was lost
    ],
)
def test_the_pages_of_an_ingress_before_a_kernel_that_restarts_are_survived(
    tmp_path: Path, status: int, words: str
) -> None:
    port = free_port()
    kernel = cn.Sandbox(port=port, data=tmp_path / "data", seed=True, settle_delay=0.01).start()
    with between(tmp_path, port) as proxy, through(proxy.port) as client, watched(client) as seen:
        proxy.answer = page(status)
        kernel.stop()
        known = (words, LOST) if status == 200 else (words,)
        seen.said(*known)
        eventually(lambda: seen.observation.state is RECONNECTING)
        # The connection to the kernel that stopped may end in the middle of a call.
        eventually(lambda: any(each in refusal(client) for each in known))
        with cn.Sandbox(port=port, data=tmp_path / "data", settle_delay=0.01) as again:
            proxy.answer = None
            register(again, "after")
            seen.sees("after")
            assert client.webhooks.ids()
        assert seen.readable


@pytest.mark.parametrize("status", [401, 403])
def test_only_a_refusal_of_the_caller_ends_it(proxy: Between, status: int) -> None:
    with through(proxy.port) as client, watched(client) as seen:
        proxy.answer = page(status)
        proxy.reset(2)
        eventually(lambda: seen.observation.state is ObservationState.FAILED)
        assert isinstance(seen.observation.error, cn.AuthenticationError | cn.PermissionDeniedError)
        assert f"(HTTP {status})" in seen.observation.error.message
        assert seen.readable


def test_a_connection_that_fell_silent_is_given_up_at_the_first_deadline(bank: cn.Sandbox, proxy: Between) -> None:
    with through(proxy.port) as client, watched(client) as seen:
        proxy.fall_silent()
        client._channel.timeout = 1.0
        with pytest.raises(cn.DeadlineExceededError):
            client.webhooks.ids()
        client._channel.timeout = LONG  # only the silent connection has to answer soon
        assert client.webhooks.ids()
        eventually(lambda: RECONNECTING in seen.states)
        register(bank, "after-silence")
        seen.sees("after-silence")
