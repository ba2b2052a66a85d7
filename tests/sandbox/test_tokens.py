"""Access tokens: getting one, and what is answered without."""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty

import chronicle_notebook as cn
from chronicle_notebook.base import _errors
from chronicle_notebook.base._call import Method
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import clients_pb2, webhooks_pb2
from chronicle_notebook.sandbox import Sandbox, _authority
from chronicle_notebook.sandbox._authority import Authority
from chronicle_notebook.sandbox.storage._database import Database
from chronicle_notebook.sandbox.storage._tokens import TokenTable
from tests.sandbox.conftest import STORE, Client, hook, page, token
from tests.waiting import eventually

FORM = {
    "grant_type": "client_credentials",
    "client_id": "chronicle-dev-client",
    "client_secret": "chronicle-dev-secret",
}


@pytest.fixture(scope="module")
def guarded() -> Iterator[Sandbox]:
    clients: dict[str, cn.Secret | str] = {"orders": cn.Secret("swordfish"), "plain": "s3cret+&=%"}
    with Sandbox(auth=True, clients=clients, settle_delay=0.01) as running:
        yield running


def refusal(call: Any) -> grpc.StatusCode:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    code: grpc.StatusCode = caught.value.code()
    return code


def answers(caller: Client) -> bool:
    try:
        caller.call(methods.GET_VERSION_INFO, Empty())
    except grpc.RpcError as error:
        return error.code() is not grpc.StatusCode.UNAUTHENTICATED
    return True


def test_the_development_client_gets_a_token_for_an_hour(guarded: Sandbox) -> None:
    answer = page(guarded.port, "/connect/token", FORM)
    assert answer.status == 200
    assert len(answer.json["access_token"]) == 688, "as long as a kernel's"
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
    assert sorted(body) == ["access_token", "expires_in", "token_type"]
    assert "." not in body["access_token"], "it is opaque"
    assert page(guarded.port, "/connect/token", FORM).json["access_token"] != body["access_token"]


@pytest.mark.parametrize(("client", "secret"), [("orders", "swordfish"), ("plain", "s3cret+&=%")])
def test_further_clients_get_tokens_with_their_own_secrets(guarded: Sandbox, client: str, secret: str) -> None:
    caller = Client(guarded.port, token(guarded.port, client, secret))
    caller.ensure_store()
    caller.close()


def test_a_client_may_prove_itself_in_a_header(guarded: Sandbox) -> None:
    proof = base64.b64encode(b"orders:swordfish").decode()
    answer = page(guarded.port, "/connect/token", {"grant_type": "client_credentials"}, Authorization=f"Basic {proof}")
    assert answer.status == 200


OAUTH = "https://documentation.openiddict.com/errors/"
NO_GRANT = ("invalid_request", "The mandatory 'grant_type' parameter is missing.", "ID2029")
NO_SECRET = (
    "The 'client_secret' or 'client_assertion' parameter must be specified when using the client credentials grant."
)


@pytest.mark.parametrize(
    ("change", "status", "error", "description", "id_"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", "The specified client credentials are invalid.", "ID2055"),
        ({"client_id": "nobody"}, 401, "invalid_client", "The specified 'client_id' is invalid.", "ID2052"),
        ({"client_id": ""}, 400, "invalid_request", "The mandatory 'client_id' parameter is missing.", "ID2029"),
        ({"client_secret": ""}, 400, "invalid_request", NO_SECRET, "ID2057"),
        ({"grant_type": ""}, 400, *NO_GRANT),
        (
            {"grant_type": "authorization_code"},
            400,
            "unsupported_grant_type",
            "The specified 'grant_type' is not supported.",
            "ID2032",
        ),
        ({"grant_type": "password"}, 400, "invalid_grant", "The username/password couple is invalid.", "ID2024"),
        ({"grant_type": "refresh_token"}, 400, "invalid_grant", "The specified token is invalid.", "ID2004"),
        ({"scope": "openid x"}, 400, "invalid_scope", "The specified 'scope' is invalid.", "ID2052"),
    ],
)
def test_a_refusal_is_told_as_a_kernel_tells_it(
    guarded: Sandbox, change: dict[str, str], status: int, error: str, description: str, id_: str
) -> None:
    answer = page(guarded.port, "/connect/token", FORM | change)
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
    told = {"error": error, "error_description": description, "error_uri": f"{OAUTH}{id_}"}
    assert json.loads(answer.raw) == told
    basic = "Basic " + ", ".join(f'{name}="{value}"' for name, value in told.items())
    assert answer.headers.get("WWW-Authenticate") == (basic if status == 401 else None)
    assert "wrong" not in answer.raw.decode()


@pytest.mark.parametrize(
    ("body", "headers", "told"),
    [
        (b"{}", {"Content_Type": "application/json"}, "The specified 'Content-Type' header is invalid."),
        (b"grant_type=client_credentials&grant_type=password", {}, NO_GRANT[1]),
        (b"grant_type", {}, NO_GRANT[1]),
        (b"\xff\xfe=1", {}, NO_GRANT[1]),
        (b"grant_type=client_credentials", {"Authorization": "Basic !!!"}, "'Authorization' header is invalid."),
        (
            b"grant_type=client_credentials",
            {"Authorization": "Basic " + base64.b64encode(b"nocolon").decode()},
            "'Authorization' header is invalid.",
        ),
        (b"", {}, NO_GRANT[1]),
    ],
)
def test_what_is_no_request_for_a_token_is_refused(
    guarded: Sandbox, body: bytes, headers: dict[str, str], told: str
) -> None:
    answer = page(guarded.port, "/connect/token", body, **headers)
    assert (answer.status, answer.json["error"]) == (400, "invalid_request")
    assert answer.json["error_description"].endswith(told)


@pytest.mark.parametrize(
    ("path", "method", "status", "header"),
    [
        ("/anything", "GET", 401, ("WWW-Authenticate", "Bearer")),
        ("/health", "GET", 200, ("Cache-Control", "no-store, no-cache")),
        ("/health", "POST", 200, ("Content-Type", "text/plain")),
        ("/connections/count", "GET", 200, ("Content-Type", "application/json; charset=utf-8")),
        ("/.well-known/openid-configuration", "GET", 200, ("Server", "Kestrel")),
    ],
)
def test_other_pages_answer_as_a_kernels_do(
    guarded: Sandbox, path: str, method: str, status: int, header: tuple[str, str]
) -> None:
    answer = page(guarded.port, path, method=method)
    assert answer.status == status
    assert answer.headers[header[0]] == header[1]
    assert int(answer.headers["Content-Length"]) == len(answer.raw), "a kernel sends short answers in chunks"
    assert str(UUID(answer.headers["X-Correlation-ID"])) == answer.headers["X-Correlation-ID"]
    if path.startswith("/.well"):
        assert answer.json["token_endpoint"].endswith("/connect/token")


def test_a_token_is_not_had_by_get(guarded: Sandbox) -> None:
    answer = page(guarded.port, "/connect/token")
    assert (answer.status, answer.json["error"]) == (400, "invalid_request")


def test_calls_without_a_valid_token_are_refused(guarded: Sandbox) -> None:
    good = token(guarded.port)
    request = webhooks_pb2.GetWebhooksRequest(EventStore="System")
    for proof in (None, "", "nonsense", good[:-1], good + "x"):
        caller = Client(guarded.port, proof)
        assert refusal(lambda: caller.call(methods.GET_WEBHOOKS, request)) is grpc.StatusCode.UNAUTHENTICATED  # noqa: B023 - called at once
        stream = caller.follow(methods.OBSERVE_WEBHOOKS, webhooks_pb2.ObserveWebhooksRequest(EventStore="System"))
        assert refusal(lambda: next(stream)) is grpc.StatusCode.UNAUTHENTICATED  # noqa: B023 - called at once
        assert refusal(lambda: caller.call(methods.GET_VERSION_INFO, Empty())) is grpc.StatusCode.UNAUTHENTICATED  # noqa: B023 - called at once
        caller.close()


@pytest.mark.parametrize("scheme", ["Basic", "Token", ""])
def test_a_token_counts_as_a_bearer_token_only(guarded: Sandbox, scheme: str) -> None:
    caller = Client(guarded.port)
    caller.metadata = (("authorization", f"{scheme} {token(guarded.port)}".strip()),)
    assert refusal(lambda: caller.call(methods.GET_VERSION_INFO, Empty())) is grpc.StatusCode.UNAUTHENTICATED
    caller.metadata = (("authorization", f"bearer {token(guarded.port)}"),)
    assert caller.call(methods.GET_VERSION_INFO, Empty()).Version
    caller.close()


def test_the_handshake_of_contracts_needs_no_token_and_everything_else_does(guarded: Sandbox) -> None:
    caller = Client(guarded.port)
    assert "service Webhooks" in caller.call(methods.GET_DESCRIPTOR_SET, Empty()).SchemaDefinition
    assert not caller.call(
        methods.CHECK_COMPATIBILITY, clients_pb2.CompatibilityRequest(DescriptorSet=b"\xff")
    ).IsCompatible
    reset = Method(methods.SERVER, "ResetKernelState", Empty, Empty)
    assert refusal(lambda: caller.call(reset, Empty())) is grpc.StatusCode.UNIMPLEMENTED
    unknown = Method(methods.SERVER, "Unheard", Empty, Empty)
    assert refusal(lambda: caller.call(unknown, Empty())) is grpc.StatusCode.UNAUTHENTICATED
    caller.metadata = (("authorization", f"Bearer {token(guarded.port)}"),)
    assert refusal(lambda: caller.call(unknown, Empty())) is grpc.StatusCode.UNIMPLEMENTED
    caller.close()


def test_a_token_expires_for_new_calls_and_a_stream_outlives_it() -> None:
    with Sandbox(auth=True, token_lifetime=0.4, settle_delay=0) as sandbox:
        assert page(sandbox.port, "/connect/token", FORM).json["expires_in"] == 0
        caller = Client(sandbox.port, token(sandbox.port))
        caller.ensure_store()
        stream = caller.follow(methods.OBSERVE_WEBHOOKS, webhooks_pb2.ObserveWebhooksRequest(EventStore=STORE))
        next(stream)
        eventually(lambda: not answers(caller))
        caller.metadata = (("authorization", f"Bearer {token(sandbox.port)}"),)
        caller.add(hook("h", "http://127.0.0.1:9/"))
        assert [row.Id for row in next(stream).Data] == ["h"]
        stream.cancel()
        caller.close()


@pytest.mark.parametrize(("profile", "known"), [(None, False), ("16.37", True), ("16.37-inmemory", False)])
def test_tokens_survive_a_restart_only_as_their_digests_and_only_on_sql(
    profile: str | None, known: bool, tmp_path: Path
) -> None:
    """The switch tokens_survive."""
    with Sandbox(auth=True, data=tmp_path / "data", behaves_like=profile) as sandbox:
        old = token(sandbox.port)
        sandbox.stop()
        assert not any(old.encode() in file.read_bytes() for file in (tmp_path / "data").iterdir())
        sandbox.start()
        caller = Client(sandbox.port, old)
        assert answers(caller) is known
        caller.close()


def test_a_token_that_expired_while_the_sandbox_stood_still_is_not_known(tmp_path: Path) -> None:
    database = Database(tmp_path / "sandbox.db")
    table = TokenTable(database)
    table.add(b"old", 100.0)
    table.add(b"good", 102.0)
    assert table.load(101.0) == {b"good": 102.0}
    assert database.rows("SELECT digest FROM tokens") == [(b"good",)]
    database.close()


@pytest.mark.parametrize(("jump", "known"), [(-3600.0, 50.0), (3500.0, 50.0), (86_400.0, None)])
def test_a_clock_that_was_set_meanwhile_gives_no_token_a_longer_life(
    jump: float, known: float | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(time=lambda: 1e9, monotonic=lambda: 0.0)
    monkeypatch.setattr(_authority, "time", clock)
    database = Database(tmp_path / "sandbox.db")
    table = TokenTable(database)
    value = Authority({}, table=table).issue("chronicle-dev-client", "chronicle-dev-secret").value
    clock.time = lambda: 1e9 + jump
    restarted = Authority({}, table=table)
    clock.monotonic = lambda: known or 0.0
    assert restarted.accepts(value) is (known is not None)
    clock.monotonic = lambda: 3601.0
    assert not restarted.accepts(value)
    database.close()


def test_a_page_that_does_not_exist_is_not_found_with_a_token(guarded: Sandbox) -> None:
    assert page(guarded.port, "/anything", Authorization=f"bearer {token(guarded.port)}").status == 404
    assert page(guarded.port, "/anything", Authorization="Bearer nonsense").status == 401


def test_many_tokens_are_no_burden_and_the_newest_ones_stay_good() -> None:
    authority = Authority({})
    tokens = [authority.issue("chronicle-dev-client", "chronicle-dev-secret").value for _ in range(12_000)]
    assert len(authority._tokens) <= 10_000
    assert all(authority.accepts(value) for value in tokens[-3_000:])


def test_no_secret_and_no_token_shows(guarded: Sandbox) -> None:
    issued = Authority({}).issue("chronicle-dev-client", "chronicle-dev-secret")
    assert issued.value not in repr(issued)
    assert "swordfish" not in repr(vars(guarded))
    assert "swordfish" not in repr(guarded) + guarded._repr_html_()


def test_a_secret_that_is_none_is_refused() -> None:
    with pytest.raises(_errors.InvalidInputError, match="clients must be a Secret or a text"):
        Sandbox(clients={"id": 7})  # type: ignore[dict-item]


def test_without_authentication_everybody_may_call_and_there_are_no_tokens(client: Client, sandbox: Sandbox) -> None:
    assert page(sandbox.port, "/connect/token", FORM).status == 500
    assert page(sandbox.port, "/anything").status == 404
    caller = Client(sandbox.port, "whatever")
    caller.ensure_store()
    caller.close()


def test_the_process_asks_for_tokens_unless_told_not_to() -> None:
    for options, announced, refused in ((), "", True), (("--no-auth",), "/?auth=none", False):
        command = [sys.executable, "-m", "chronicle_notebook.sandbox", "--port", "0", *options]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                line = process.stdout.readline().strip()
                port = int(line.removeprefix("chronicle://127.0.0.1:").removesuffix("/?auth=none"))
                assert line == f"chronicle://127.0.0.1:{port}{announced}"
                caller = Client(port)
                if refused:
                    assert refusal(lambda: caller.ensure_store()) is grpc.StatusCode.UNAUTHENTICATED  # noqa: B023, PLW0108 - called at once
                else:
                    caller.ensure_store()
                caller.close()
                with cn.connect(line, event_store="System", name="announced") as connected:
                    assert list(connected.webhooks.all()) == []
            finally:
                process.terminate()


def test_the_client_of_this_package_gets_its_tokens_here(guarded: Sandbox) -> None:
    for text in (
        guarded.connection_string,
        f"chronicle://localhost:{guarded.port}",
        f"chronicle://orders:swordfish@{guarded.address}",
    ):
        with cn.connect(text, event_store="tokens", name="tokens") as connected:
            connected.ensure_event_store()
            assert list(connected.webhooks.all()) == []
    with pytest.raises(cn.AuthenticationError):
        cn.connect(f"chronicle://orders:wrong@{guarded.address}", event_store="tokens", name="tokens")


def test_a_client_whose_token_expires_goes_on() -> None:
    with contextlib.ExitStack() as stack:
        sandbox = stack.enter_context(Sandbox(auth=True, token_lifetime=0.3, settle_delay=0))
        connected = stack.enter_context(cn.connect(sandbox.connection_string, event_store="tokens", name="tokens"))
        connected.ensure_event_store()
        witness = Client(sandbox.port, token(sandbox.port))
        for _ in range(3):
            assert list(connected.webhooks.all()) == []
            eventually(lambda: not answers(witness))
            witness.metadata = (("authorization", f"Bearer {token(sandbox.port)}"),)
        witness.close()
