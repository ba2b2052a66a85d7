"""Tokens over a real port: what is asked for, kept, renewed, refused, and told when there is none."""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs, quote

import pytest
from google.protobuf.empty_pb2 import Empty

import chronicle_notebook as cn
from chronicle_notebook import (
    AuthenticationError,
    CertificateError,
    ChronicleError,
    InvalidConnectionStringError,
    KernelUnreachableError,
    ProtocolError,
    SecretUnavailableError,
)
from chronicle_notebook.connection import _tokens
from chronicle_notebook.connection._channel import Channel
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.connection._token_answer import LIFETIME, BearerToken
from chronicle_notebook.connection._trust import Trust
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import event_stores_pb2, host_pb2, webhooks_pb2
from chronicle_notebook.session._description import describe_credentials
from tests.certificates import Issued, issue
from tests.frames import package_frames
from tests.scripted import ScriptedKernel, enveloped, scripted
from tests.scripted_front import HttpAnswer, HttpRequest, ScriptedFront, as_json, fronted
from tests.waiting import FOR_EVER, LONG, ctrl_c, eventually

SECRET = "canary-7c1-swordfish"
TOKEN = "/connect/token"
VERSION = host_pb2.ServerVersionInfo(Version="19.29.4")
S = grpc.StatusCode


class Authority:
    """Gives a new token at each request and knows which are good."""

    def __init__(self, front: ScriptedFront, *, lifetime: float = 3600) -> None:
        self.front, self.lifetime = front, lifetime
        self.good: set[str] = set()
        self.fault: HttpAnswer | None = None
        front.on(TOKEN, self.answer)

    def answer(self, request: HttpRequest) -> HttpAnswer:
        if self.fault is not None:
            return self.fault
        token = f"token-{self.front.asked(TOKEN)}"
        self.good.add(token)
        return as_json({"access_token": token, "token_type": "Bearer", "expires_in": self.lifetime})

    def guards(self, answer: Any) -> Any:
        """The answer of a method for those who show a good token."""

        def guarded(_request: Any, context: grpc.ServicerContext) -> Any:
            shown = dict(context.invocation_metadata()).get("authorization", "")
            if str(shown).removeprefix("Bearer ") not in self.good:
                context.abort(S.UNAUTHENTICATED, "no")
            return answer(context) if callable(answer) else answer

        return guarded


@pytest.fixture
def front() -> Iterator[ScriptedFront]:
    with fronted() as running:
        yield running


@pytest.fixture
def authority(front: ScriptedFront) -> Authority:
    authority = Authority(front)
    front.kernel.on(methods.GET_VERSION_INFO, authority.guards(VERSION))
    return authority


def dial(front: ScriptedFront, user: str = f"orders:{SECRET}@", **options: Any) -> closing[Channel]:
    return closing(Channel(ConnectionString.parse(f"chronicle://{user}{front.address}"), **options))


def version(channel: Channel, **options: Any) -> str:
    return channel.call(methods.GET_VERSION_INFO, Empty(), **options).Version


def carried(kernel: ScriptedKernel) -> list[str]:
    """The tokens that the calls of GetVersionInfo carried."""
    return [
        call.metadata.get("authorization", "") for call in kernel.calls if call.method == methods.GET_VERSION_INFO.path
    ]


def test_an_id_and_a_secret_are_exchanged_for_a_token_and_never_sent_with_a_call(
    front: ScriptedFront, authority: Authority
) -> None:
    with dial(front) as channel:
        assert [version(channel) for _ in range(5)] == ["19.29.4"] * 5
        assert describe_credentials(channel) == "client credentials (id 'orders'); token valid for 60 min"
    (request,) = front.requests
    assert (request.verb, request.path) == ("POST", TOKEN)
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(request.body) == {
        "grant_type": ["client_credentials"],
        "client_id": ["orders"],
        "client_secret": [SECRET],
    }
    assert carried(front.kernel) == ["Bearer token-1"] * 5
    assert all(SECRET not in str(call.metadata) for call in front.kernel.calls)


@pytest.mark.parametrize("hours", [1, -24])
def test_how_far_the_clocks_are_apart_is_known_with_a_token_and_told(
    front: ScriptedFront, authority: Authority, hours: int
) -> None:
    kernels = formatdate(time.time() - 3600 * hours, usegmt=True)
    front.on(TOKEN, lambda request: replace(authority.answer(request), headers={"Date": kernels}))
    with dial(front) as channel:
        version(channel)
        assert abs(channel.tokens.clock_ahead - 3600 * hours) < LONG
    (step,) = [each for each in cn.doctor(f"chronicle://orders:{SECRET}@{front.address}") if each.name == "token"]
    assert ("This machine's clock is ahead" if hours > 0 else "The kernel's clock is ahead") in step.warning


@pytest.mark.parametrize(
    "date",
    [
        "",
        "yesterday",
        "Sun, 99 Nov 2026 10:00:00 GMT",
        "Sun, 01 Foo 2026 10:00:00 GMT",
        "Mon, 01 Jan 0001 00:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
    ],
)
def test_an_answer_without_a_date_says_nothing_about_the_clocks(
    front: ScriptedFront, authority: Authority, date: str
) -> None:
    headers = {"Date": date} if date else {}
    front.on(TOKEN, lambda request: replace(authority.answer(request), headers=headers))
    with dial(front) as channel:
        version(channel)
        assert channel.tokens.clock_ahead == 0.0


@pytest.mark.parametrize(
    "issued", [issue("127.0.0.1", subject="k", days=(-9, -1)), issue()], ids=["expired", "nameless"]
)
def test_a_token_is_had_from_a_server_whose_certificate_only_a_relay_accepts(issued: Issued) -> None:
    with fronted(issued.served) as front:
        front.kernel.on(methods.GET_VERSION_INFO, Authority(front).guards(VERSION))
        with dial(front) as channel:
            version(channel)
            assert channel.relayed
    assert carried(front.kernel) == ["Bearer token-1"]


def test_a_token_is_asked_for_with_the_authorities_that_were_given() -> None:
    authority = issue(subject="Private CA", authority=True)
    leaf = issue("127.0.0.1", subject="kernel", issuer=authority)
    with fronted(leaf.served) as front:
        front.kernel.on(methods.GET_VERSION_INFO, Authority(front).guards(VERSION))
        with dial(front, trust=Trust(skip=False, roots=authority.pem)) as channel:
            version(channel)
            assert channel.verified
        assert front.asked(TOKEN) == 1
        with dial(front, trust=Trust(skip=False)) as channel, pytest.raises(CertificateError):
            version(channel)
        assert front.asked(TOKEN) == 1, "no secret goes to a server that is not trusted"


def test_every_call_carries_a_correlation_id_of_its_own_and_its_deadline(
    front: ScriptedFront, authority: Authority
) -> None:
    from uuid import UUID

    with dial(front, timeout=9000) as channel:
        version(channel)
        version(channel, timeout=4000)
    ids = {UUID(call.metadata["x-correlation-id"]) for call in front.kernel.calls}
    assert len(ids) == 2
    of_the_channel, of_the_call = (call.time_remaining or 0 for call in front.kernel.calls)
    assert 8000 < of_the_channel < 10_000
    assert 3000 < of_the_call < 5000


def test_without_credentials_the_development_pair_is_used_and_it_is_said(
    front: ScriptedFront, authority: Authority
) -> None:
    with cn.connect(f"chronicle://{front.address}", name="developing") as client:
        assert "client credentials (development pair), because the connection string has none" in repr(client)
        assert "token valid for 60 min" in client._repr_html_()
    assert parse_qs(front.requests[0].body)["client_id"] == ["chronicle-dev-client"]
    assert parse_qs(front.requests[0].body)["client_secret"] == ["chronicle-dev-secret"]


def test_a_kernel_with_authentication_switched_off_needs_no_token(front: ScriptedFront) -> None:
    front.kernel.on(methods.GET_VERSION_INFO, VERSION)
    with cn.connect(f"chronicle://{front.address}", name="open") as client:
        client.status()
        assert "no token is sent, because the kernel has no token endpoint" in repr(client)
    assert set(carried(front.kernel)) == {""}
    assert front.asked(TOKEN) == 1, "it is not asked for again on the same connection"


def test_a_kernel_that_fails_on_requests_for_tokens_is_called_without_one(
    front: ScriptedFront, authority: Authority
) -> None:
    """A kernel whose authentication is switched off answers HTTP 500 (seen on 16.37.1)."""
    authority.fault = HttpAnswer(500)
    front.kernel.on(methods.GET_VERSION_INFO, VERSION)
    with cn.connect(f"chronicle://{front.address}", name="switched-off") as client:
        client.status()
    assert set(carried(front.kernel)) == {""}
    with dial(front, "me:secret@") as channel, pytest.raises(KernelUnreachableError) as caught:
        version(channel)
    assert "auth=none" in caught.value.hint


def test_the_token_comes_from_the_port_that_auth_port_names(
    front: ScriptedFront, authority: Authority, kernel: ScriptedKernel
) -> None:
    kernel.on(methods.GET_VERSION_INFO, VERSION)
    port = front.address.rpartition(":")[2]
    text = f"chronicle://orders:{SECRET}@127.0.0.1:{kernel.port}?authPort={port}"
    with closing(Channel(ConnectionString.parse(text))) as channel:
        version(channel)
    assert front.asked(TOKEN) == 1
    assert carried(kernel) == ["Bearer token-1"]


def test_a_port_that_speaks_grpc_alone_needs_no_token_either(kernel: ScriptedKernel) -> None:
    kernel.on(methods.GET_VERSION_INFO, VERSION)
    with cn.connect(f"chronicle://127.0.0.1:{kernel.port}", name="grpc-alone") as client:
        assert "no token is sent" in repr(client)


def test_given_credentials_are_not_dropped_silently_when_there_is_no_endpoint(front: ScriptedFront) -> None:
    with dial(front) as channel, pytest.raises(AuthenticationError, match="no token endpoint") as caught:
        version(channel)
    assert "auth=none" in caught.value.hint


def test_none_and_an_api_key_ask_for_no_token(front: ScriptedFront) -> None:
    front.kernel.on(methods.GET_VERSION_INFO, VERSION)
    for query in ("auth=none", f"apiKey={SECRET}"):
        with closing(Channel(ConnectionString.parse(f"chronicle://{front.address}/?{query}"))) as channel:
            version(channel)
    assert front.requests == []
    assert carried(front.kernel) == ["", f"Bearer {SECRET}"]


def test_a_token_is_renewed_a_minute_before_its_end(front: ScriptedFront, authority: Authority) -> None:
    authority.lifetime = 3600
    begun = time.monotonic()
    with dial(front) as channel:
        version(channel)
        version(channel)
        assert front.asked(TOKEN) == 1
        token = channel.tokens._token
        assert token is not None
        now = time.monotonic()
        assert begun <= token.ends_at - 3600 <= now
        assert round(token.ends_at - token.renew_at) == 60
        # Nobody waits for an hour: the token is made to be at that moment.
        channel.tokens._token = BearerToken(token.value, now, now + 60)
        version(channel)
        version(channel)
    assert front.asked(TOKEN) == 2
    assert carried(front.kernel)[-2:] == ["Bearer token-2"] * 2


def test_a_short_lived_token_is_renewed_when_half_of_its_life_is_over(
    front: ScriptedFront, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(_tokens, "time", clock)
    authority.lifetime = 60
    with dial(front) as channel:
        for clock.now, asked in ((0, 1), (29, 1), (31, 2), (60, 2), (62, 3)):
            version(channel)
            assert front.asked(TOKEN) == asked
    assert "" not in carried(front.kernel)


class Clock:
    """Stands in for the module ``time``: as late as a test says."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


def test_a_token_that_the_kernel_refuses_is_replaced_once(front: ScriptedFront, authority: Authority) -> None:
    with dial(front) as channel:
        version(channel)
        authority.good.clear()
        assert version(channel) == "19.29.4"
    assert carried(front.kernel) == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


def test_a_write_is_made_again_after_a_refused_token_and_only_then(front: ScriptedFront, authority: Authority) -> None:
    request = event_stores_pb2.EnsureEventStoreRequest(Name="shop")
    front.kernel.on(methods.ENSURE_EVENT_STORE, authority.guards(enveloped(event_stores_pb2.CommandResult)))
    with dial(front) as channel:
        version(channel)
        authority.good.clear()
        channel.call(methods.ENSURE_EVENT_STORE, request)
        assert front.kernel.count(methods.ENSURE_EVENT_STORE) == 2
        front.kernel.fail(methods.ENSURE_EVENT_STORE, S.UNAUTHENTICATED, "still no")
        with pytest.raises(AuthenticationError):
            channel.call(methods.ENSURE_EVENT_STORE, request)
    assert front.kernel.count(methods.ENSURE_EVENT_STORE) == 4
    assert front.asked(TOKEN) == 3


def test_many_threads_share_one_renewal(front: ScriptedFront, authority: Authority) -> None:
    with dial(front) as channel:
        version(channel)
        authority.good.clear()
        refused = threading.Event()
        front.on(TOKEN, lambda request: replace(authority.answer(request), after=refused))
        done: list[str] = []
        threads = [threading.Thread(target=lambda: done.append(version(channel))) for _ in range(8)]
        for thread in threads:
            thread.start()
        eventually(lambda: front.kernel.count(methods.GET_VERSION_INFO) == 1 + len(threads))
        refused.set()
        for thread in threads:
            thread.join(LONG)
    assert done == ["19.29.4"] * 8
    assert front.asked(TOKEN) == 2


def test_failed_renewals_are_throttled_and_the_valid_token_is_used(
    front: ScriptedFront, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_tokens, "THROTTLE", FOR_EVER)
    with dial(front) as channel:
        version(channel)
        token = channel.tokens._token
        assert token is not None
        channel.tokens._token = BearerToken(token.value, time.monotonic(), token.ends_at)
        authority.fault = HttpAnswer(503)
        for _ in range(20):
            assert version(channel) == "19.29.4"
        assert front.asked(TOKEN) == 2, "one failed renewal while further ones are held back"
        monkeypatch.setattr(_tokens, "THROTTLE", 0.0)
        version(channel)
        assert front.asked(TOKEN) == 3
        authority.fault = None
        version(channel)
        version(channel)
        assert front.asked(TOKEN) == 4
    assert carried(front.kernel)[-1] == "Bearer token-4"


def test_when_the_token_has_ended_a_dead_endpoint_is_an_error_at_once_and_not_asked_again_and_again(
    front: ScriptedFront, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_tokens, "THROTTLE", FOR_EVER)
    with dial(front) as channel:
        version(channel)
        channel.tokens._token = None
        authority.fault = HttpAnswer(500)
        for _ in range(4):
            with pytest.raises(KernelUnreachableError, match=r"failed \(HTTP 500\)"):
                version(channel, retry=False)
    assert front.asked(TOKEN) == 2


FAULTS: list[tuple[HttpAnswer, type[ChronicleError], str]] = [
    (
        as_json({"error": "invalid_client"}, 401),
        AuthenticationError,
        "gives no token .* \\(invalid_client, HTTP 401\\)",
    ),
    (as_json({"error": SECRET, "error_description": SECRET}, 400), AuthenticationError, "\\(HTTP 400\\)"),
    (
        HttpAnswer(302, b"", {"Location": f"https://elsewhere/?{SECRET}"}),
        AuthenticationError,
        "redirects \\(HTTP 302\\)",
    ),
    (HttpAnswer(200, b"<html>hello</html>"), AuthenticationError, "something other than a token"),
    (as_json({"access_token": 5}), AuthenticationError, "something other than a token"),
    (as_json({"access_token": "two\nlines"}), AuthenticationError, "something other than a token"),
    (as_json(["access_token"]), AuthenticationError, "something other than a token"),
    (HttpAnswer(200, b"x" * 400_000), ProtocolError, "answered /connect/token, but its answer is too long"),
    (HttpAnswer(200, b"[" * 100_000), AuthenticationError, "something other than a token"),
    (HttpAnswer(503, SECRET.encode()), KernelUnreachableError, "failed \\(HTTP 503\\)"),
    (HttpAnswer(429), KernelUnreachableError, "failed \\(HTTP 429\\)"),
]


@pytest.mark.parametrize(
    ("fault", "kind", "text"), FAULTS, ids=[f"{each[0].status} {i}" for i, each in enumerate(FAULTS)]
)
def test_every_fault_of_the_endpoint_is_told_clearly_and_without_the_secret(
    front: ScriptedFront, authority: Authority, fault: HttpAnswer, kind: type[ChronicleError], text: str
) -> None:
    authority.fault = fault
    with dial(front) as channel, pytest.raises(kind, match=text) as caught:
        version(channel, retry=False)
    error = caught.value
    assert front.address in error.message
    assert error.hint
    assert SECRET not in package_frames(error) + repr(error) + error.hint
    assert error.__cause__ is None


def test_a_token_is_in_no_traceback_with_local_variables(front: ScriptedFront, authority: Authority) -> None:
    front.kernel.fail(methods.GET_VERSION_INFO, S.UNKNOWN, "broken")
    with dial(front) as channel, pytest.raises(ChronicleError) as caught:
        version(channel)
    text = package_frames(caught.value)
    assert front.kernel.calls[-1].metadata["authorization"] == "Bearer token-1"
    assert "token-1" not in text
    assert "token-1" not in repr(channel.tokens) + repr(vars(channel.tokens))
    assert SECRET not in text + repr(vars(channel.tokens))


def test_an_endpoint_that_does_not_answer_ends_with_the_deadline_of_the_call(
    front: ScriptedFront, authority: Authority
) -> None:
    authority.fault = HttpAnswer(200, delay=FOR_EVER)
    # On a busy machine the deadline may come before the request does.
    late = "did not (answer|complete a TLS handshake) (within|in time)"
    with dial(front, timeout=FOR_EVER) as channel, pytest.raises(KernelUnreachableError, match=late):
        version(channel, timeout=0.4, retry=False)


def test_an_endpoint_that_drips_ends_with_the_deadline_too() -> None:
    with scripted() as kernel, closing(_Dripping()) as dripping:
        from chronicle_notebook.connection._http_exchange import exchange
        from chronicle_notebook.connection._sockets import Deadline

        with pytest.raises(TimeoutError):
            exchange(dripping.client, memoryview(b"GET / HTTP/1.1\r\n\r\n"), Deadline(0.4), largest=1024)
        assert kernel.calls == []


class _Dripping:
    """A connection over which a byte comes now and then, without end."""

    def __init__(self) -> None:
        self.client, self._server = socket.socketpair()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._drip)
        self._thread.start()

    def _drip(self) -> None:
        while not self._ended.wait(0.05):
            self._server.send(b"x")

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        self.client.close()
        self._server.close()


def test_ctrl_c_ends_the_wait_for_a_token(front: ScriptedFront, authority: Authority) -> None:
    authority.fault = HttpAnswer(200, delay=FOR_EVER)
    with dial(front, timeout=FOR_EVER) as channel:
        with ctrl_c(lambda: front.asked(TOKEN)):
            version(channel)
        authority.fault = None
        assert version(channel) == "19.29.4", "nothing is left locked"


def test_ctrl_c_ends_a_tls_handshake() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        target = ConnectionString.parse(f"chronicle://127.0.0.1:{silent.getsockname()[1]}/?auth=none")
        with closing(Channel(target, timeout=FOR_EVER)) as channel:
            with ctrl_c(lambda: select.select([silent], [], [], 0)[0]):
                channel.call(methods.GET_VERSION_INFO, Empty())
            with pytest.raises(KernelUnreachableError, match=r"did not complete a TLS handshake in time"):
                channel.call(methods.GET_VERSION_INFO, Empty(), timeout=0.5, retry=False)


def test_a_secret_by_a_reference_that_leads_nowhere_is_told_before_anything_is_sent(
    front: ScriptedFront, authority: Authority
) -> None:
    with dial(front, user="orders:env%3ANOT_SET_ANYWHERE@") as channel, pytest.raises(SecretUnavailableError):
        version(channel)
    assert front.requests == []
    target = ConnectionString.parse(f"chronicle://{front.address}/?apiKey=env:NOT_SET_ANYWHERE")
    with closing(Channel(target)) as channel, pytest.raises(SecretUnavailableError):
        version(channel)
    assert front.kernel.calls == []


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (f"{SECRET}\n", "has white space around it, often from reading a file."),
        (f"\ufeff{SECRET}", "has a byte order mark around it, often from reading a file."),
        (f'"{SECRET}"', "has quotes around it, often from a file of variables."),
        (f"{SECRET}\x07", "contains a control character"),
    ],
)
def test_what_cannot_be_a_secret_is_told_by_its_field_before_anything_is_sent(
    value: str, why: str, front: ScriptedFront, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERNEL_SECRET", value)
    with (
        dial(front, user="orders:env%3AKERNEL_SECRET@") as channel,
        pytest.raises(InvalidConnectionStringError) as caught,
    ):
        version(channel)
    assert caught.value.field == "password"
    assert caught.value.message.startswith(f"password {why}")
    assert "env:KERNEL_SECRET" in caught.value.hint
    target = ConnectionString.parse(f"chronicle://{front.address}/?apiKey=env:KERNEL_SECRET")
    with closing(Channel(target)) as channel, pytest.raises(InvalidConnectionStringError) as caught:
        version(channel)
    assert caught.value.message.startswith(f"apiKey {why}")
    assert SECRET not in str(caught.value)
    assert front.requests == []
    assert front.kernel.calls == []


def test_a_stream_whose_token_ran_out_goes_on_with_another(front: ScriptedFront, authority: Authority) -> None:
    rows = webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse
    go_on = threading.Event()

    def once(context: grpc.ServicerContext) -> Iterator[Any]:
        yield enveloped(rows)
        assert go_on.wait(LONG)
        context.abort(S.UNAUTHENTICATED, "the token has expired")

    front.kernel.on(methods.OBSERVE_WEBHOOKS, authority.guards(once))
    with dial(front) as channel:
        stream = channel.stream(methods.OBSERVE_WEBHOOKS, webhooks_pb2.ObserveWebhooksRequest(EventStore="shop"))
        answers = iter(stream)
        next(answers)
        for _ in range(3):
            authority.good.clear()
            go_on.set()
            next(answers)
        stream.cancel()
        assert list(answers) == []
    used = [call.metadata["authorization"] for call in front.kernel.calls]
    assert used[0] == "Bearer token-1"
    assert used[-1] == f"Bearer token-{front.asked(TOKEN)}"
    assert front.asked(TOKEN) >= 4


def test_a_stream_that_is_refused_with_every_token_ends_with_the_refusal(
    front: ScriptedFront, authority: Authority
) -> None:
    front.kernel.fail(methods.OBSERVE_WEBHOOKS, S.UNAUTHENTICATED, "never")
    with dial(front) as channel:
        stream = channel.stream(methods.OBSERVE_WEBHOOKS, webhooks_pb2.ObserveWebhooksRequest(EventStore="shop"))
        with pytest.raises(AuthenticationError):
            list(stream)
    assert front.kernel.count(methods.OBSERVE_WEBHOOKS) == 2


def test_a_wrong_secret_is_told_by_connect(front: ScriptedFront, authority: Authority) -> None:
    authority.fault = as_json({"error": "invalid_client"}, 401)
    with pytest.raises(AuthenticationError) as caught:
        cn.connect(f"chronicle://orders:{SECRET}@{front.address}", name="wrong")
    assert "gives no token to the client 'orders'" in str(caught.value)
    assert "wrong" not in cn.clients()
    with pytest.raises(AuthenticationError) as caught:
        cn.connect(f"chronicle://{front.address}", name="wrong")
    assert "development kernels only" in caught.value.hint


@pytest.mark.parametrize(
    "seconds", ["1" + "0" * 400, "1e300", "1e999", "NaN", "-5"], ids=["huge", "large", "infinite", "NaN", "negative"]
)
def test_a_lifetime_that_cannot_be_is_taken_as_none_that_was_told(
    front: ScriptedFront, authority: Authority, seconds: str
) -> None:
    authority.good.add("token-x")
    authority.fault = HttpAnswer(200, b'{"access_token": "token-x", "expires_in": %s}' % seconds.encode())
    with dial(front) as channel:
        assert version(channel) == VERSION.Version
        token = channel.tokens._token
        assert token is not None
        assert 0 < token.ends_at - time.monotonic() <= LIFETIME


def test_a_stream_that_is_cancelled_while_it_is_opened_again_ends(front: ScriptedFront, authority: Authority) -> None:
    ended = threading.Event()

    def stay(context: grpc.ServicerContext) -> Iterator[Any]:
        context.add_callback(ended.set)
        ended.wait(LONG)
        yield from ()

    front.kernel.on(methods.OBSERVE_WEBHOOKS, authority.guards(stay))
    with dial(front) as channel:
        version(channel)
        authority.good.clear()
        stream = channel.stream(methods.OBSERVE_WEBHOOKS, webhooks_pb2.ObserveWebhooksRequest(EventStore="shop"))
        open_again, calls = stream._open, list[Any]()

        def cancelled_meanwhile() -> Any:
            opened = open_again()
            calls.append(opened[1])
            stream.cancel()  # as another thread does: it can only cancel the call that it sees
            return opened

        stream._open = cancelled_meanwhile  # type: ignore[method-assign]
        reader = threading.Thread(target=lambda: list(stream), daemon=True)
        reader.start()
        reader.join(LONG)
        still_reading = reader.is_alive()
        ended.set()
        assert not still_reading
        # The kernel may never see a call that is cancelled before it left, so it is this side that is asked.
        assert [call.is_active() for call in calls] == [False]


def everything(error: cn.ChronicleError) -> str:
    return f"{error!r} {error} {error.args} {vars(error)} {package_frames(error)}"


@pytest.fixture
def not_text() -> Iterator[str]:
    """The name of a variable whose bytes are not UTF-8."""
    os.environb[b"NOT_TEXT"] = b"qx9canary7-\xff"
    yield "NOT_TEXT"
    del os.environ["NOT_TEXT"]


@pytest.mark.parametrize("text", ["me:env%3ANOT_TEXT@127.0.0.1:{port}", "127.0.0.1:{port}/?apiKey=env:NOT_TEXT"])
def test_a_secret_that_is_no_text_is_told_at_once_and_as_that(text: str, not_text: str) -> None:
    with fronted() as front, pytest.raises(cn.SecretUnavailableError, match="not UTF-8") as caught:
        cn.connect("chronicle://" + text.format(port=front.port), timeout=FOR_EVER)
    assert "NOT_TEXT" in str(caught.value)
    assert "canary" not in everything(caught.value)


@pytest.mark.parametrize("value", ["qx9canary7\n", "qx9canary7 ", "qx9 canary7", "qx9canary7ü", "\x00qx9canary7"])
@pytest.mark.parametrize("literal", [True, False])
def test_an_api_key_that_no_header_can_carry_is_told_before_anything_is_sent(
    value: str, literal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not literal and "\x00" in value:
        value = value.replace("\x00", "\x01")
    monkeypatch.setenv("API_KEY", value.replace("\x00", "\x01"))
    given = quote(value, safe="") if literal else "env:API_KEY"
    with fronted() as front:
        with pytest.raises(cn.InvalidConnectionStringError) as caught:
            cn.connect(f"chronicle://127.0.0.1:{front.port}/?apiKey={given}", timeout=60)
        assert front.kernel.calls == []
    assert caught.value.field == "apiKey"
    assert ("env:API_KEY" in str(caught.value)) is not literal
    assert "canary7" not in everything(caught.value)


def test_a_secret_of_the_client_that_is_no_text_is_refused_when_it_is_given() -> None:
    with pytest.raises(cn.InvalidConnectionStringError) as caught:
        cn.ConnectionString(username="me", password=cn.Secret("qx9canary7-\udcff"))
    assert caught.value.field == "password"
    assert "canary" not in everything(caught.value)
