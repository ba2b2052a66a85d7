"""Kernels that repeat in their answers what they were sent: no secret of it is in an error."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pytest

import chronicle_notebook as cn
from chronicle_notebook.base._secrets import MASK
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.contracts.classic import methods as classic
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import event_stores_pb2, event_types_pb2, host_pb2, webhooks_pb2
from chronicle_notebook.definition._builder import DefinitionBuilder
from chronicle_notebook.session._client import Client
from tests.scripted import ScriptedKernel, enveloped, scripted
from tests.scripted_front import as_json, fronted

CANARY = 'qx9"canary+7'
TYPES = event_types_pb2.QueryResult_IEnumerable_EventTypeDetailsResponse
STORES = event_stores_pb2.QueryResult_IEnumerable_EventStoreNamesResponse
ROWS = webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse
Authorized = Callable[[DefinitionBuilder], DefinitionBuilder]


def known(kernel: ScriptedKernel) -> ScriptedKernel:
    """Lets a registration come as far as being sent."""
    kind = event_types_pb2.EventTypeDetailsResponse(Type=event_types_pb2.EventType(Id="A", Generation=1))
    kernel.on(methods.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="19.29.4"))
    kernel.on(methods.ALL_EVENT_STORES, enveloped(STORES, [event_stores_pb2.EventStoreNamesResponse(Name="shop")]))
    return kernel.on(methods.ALL_EVENT_TYPES, enveloped(TYPES, [kind])).on(methods.GET_WEBHOOKS, enveloped(ROWS, []))


@contextmanager
def connected(kernel: ScriptedKernel, *, api_key: str | None = None) -> Iterator[Client]:
    text = kernel.connection_string if api_key is None else f"chronicle://127.0.0.1:{kernel.port}/?apiKey={api_key}"
    client = cn.connect(text, event_store="shop", timeout=60)
    try:
        yield client
    finally:
        client.close()


def password(request: webhooks_pb2.AddWebhooksRequest) -> str:
    return request.Webhooks[0].Target.Authorization.Value0.Password


def failed(client: Client, authorized: Authorized, url: str = "https://example.com/in") -> cn.ChronicleError:
    with pytest.raises(cn.ChronicleError) as caught:
        client.webhooks.register("h", url, lambda b: authorized(b.with_event_type("A")), wait=0.1)
    return caught.value


def everything(error: cn.ChronicleError) -> str:
    return f"{error} {error!r} {error.args} {error.hint} {vars(error)}"


WRITTEN: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "as JSON": lambda text: json.dumps(text)[1:-1],
    "as .NET writes JSON": lambda text: text.replace('"', r"\u0022").replace("+", r"\u002B"),
    "in a URL": lambda text: quote(text, safe=""),
    "as a header": lambda text: base64.b64encode(f"ada:{text}".encode()).decode(),
}


def answers(kernel: ScriptedKernel, way: str, write: Callable[[str], str]) -> None:
    """Let the kernel quote the password in its answer to a registration."""

    def answer(request: Any, context: grpc.ServicerContext) -> Any:
        text = f"'{write(password(request))}' is too short"
        if way == "status":
            context.abort(grpc.StatusCode.UNKNOWN, text)
        if way == "validation":
            result = webhooks_pb2.ValidationResult(Message=text, Members=[write(password(request))])
            return enveloped(webhooks_pb2.CommandResult, ValidationResults=[result])
        if way == "exception":
            return enveloped(webhooks_pb2.CommandResult, ExceptionMessages=[text, text])
        return webhooks_pb2.CommandResult(
            CorrelationId=enveloped(webhooks_pb2.CommandResult).CorrelationId, AuthorizationFailureReason=text
        )

    kernel.on(methods.ADD_WEBHOOKS, answer)


@pytest.mark.parametrize("how", WRITTEN)
@pytest.mark.parametrize("way", ["status", "validation", "exception", "authorization"])
def test_a_password_that_the_kernel_repeats_is_dots_in_the_error(kernel: ScriptedKernel, way: str, how: str) -> None:
    answers(known(kernel), way, WRITTEN[how])
    with connected(kernel) as client:
        error = failed(client, lambda b: b.with_basic_auth("ada", cn.Secret(CANARY)))
    text = everything(error)
    assert "canary" not in text
    assert WRITTEN[how](CANARY) not in text
    assert f"'{MASK}' is too short" in str(error)


@pytest.mark.parametrize(
    ("authorized", "read"),
    [
        (lambda b: b.with_bearer_token(cn.Secret("qx9canary7")), lambda t: t.Authorization.Value1.Token),
        (
            lambda b: b.with_oauth("https://id.example.com", "me", cn.Secret("qx9canary7")),
            lambda t: t.Authorization.Value2.ClientSecret,
        ),
        (lambda b: b.with_header("x-partner", "qx9canary7"), lambda t: t.Headers["x-partner"]),
        (lambda b: b.with_header("x-note", cn.Secret("qx9canary7")), lambda t: t.Headers["x-note"]),
    ],
    ids=["bearer", "oauth", "header", "secret header"],
)
@pytest.mark.filterwarnings("ignore::chronicle_notebook.CredentialHeaderWarning")
def test_so_are_every_other_secret_and_every_header(
    kernel: ScriptedKernel, authorized: Authorized, read: Callable[[Any], str]
) -> None:
    def answer(request: Any, context: grpc.ServicerContext) -> Any:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"'{read(request.Webhooks[0].Target)}' is no good")

    known(kernel).on(methods.ADD_WEBHOOKS, answer)
    with connected(kernel) as client:
        error = failed(client, authorized)
    assert "qx9canary7" not in everything(error)
    assert f"'{MASK}' is no good" in str(error)
    assert isinstance(error, cn.RequestRefusedError)
    assert error.reasons == (f"'{MASK}' is no good",)


@pytest.mark.filterwarnings("ignore::chronicle_notebook.CredentialUrlWarning")
def test_a_url_that_the_kernel_repeats_has_dots_for_its_query(kernel: ScriptedKernel) -> None:
    def answer(request: Any, context: grpc.ServicerContext) -> Any:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"No answer from {request.Webhooks[0].Target.Url}.")

    known(kernel).on(methods.ADD_WEBHOOKS, answer)
    with connected(kernel) as client:
        error = failed(client, lambda b: b, url="https://example.com/in?sig=qx9canary7")
    assert "qx9canary7" not in everything(error)
    assert f"https://example.com/in?sig={MASK}" in str(error)


def test_a_secret_of_a_few_letters_is_not_cut_out_of_words_and_the_text_is_left_out(kernel: ScriptedKernel) -> None:
    answers(known(kernel), "validation", str)
    with connected(kernel) as client:
        error = failed(client, lambda b: b.with_basic_auth("ada", cn.Secret("or")))
    assert "not repeated, because it contains what was sent" in str(error)


def test_what_kernels_up_to_16_37_say_in_a_status_loses_it_too() -> None:
    def answer(request: Any, context: grpc.ServicerContext) -> Any:
        context.abort(grpc.StatusCode.UNKNOWN, f"Exception was thrown by handler. {password(request)}")

    from chronicle_notebook.contracts.wire import event_types_classic_pb2 as types, webhooks_classic_pb2 as hooks

    kind = types.EventTypeRegistration(Type=types.EventType(Id="A", Generation=1))
    with scripted(generation="classic") as kernel:
        kernel.on(methods.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="16.37.1"))
        kernel.on(classic.ALL_EVENT_STORES, enveloped(classic.ALL_EVENT_STORES.response, Data=["shop"]))
        kernel.on(classic.GET_ALL_REGISTRATIONS, types.IEnumerable_EventTypeRegistration(items=[kind]))
        kernel.on(classic.GET_WEBHOOKS, hooks.IEnumerable_WebhookDefinition()).on(classic.ADD, answer)
        with connected(kernel) as client:
            error = failed(client, lambda b: b.with_basic_auth("ada", cn.Secret(CANARY)))
    assert "canary" not in everything(error)
    assert MASK in str(error)


@pytest.mark.parametrize("call", [methods.GET_WEBHOOK_ROWS, methods.OBSERVE_WEBHOOK_ROWS])
def test_a_token_that_the_kernel_repeats_is_dots_in_the_error(kernel: ScriptedKernel, call: Any) -> None:
    def answer(_request: Any, context: grpc.ServicerContext) -> Any:
        token = str(dict(context.invocation_metadata())["authorization"])
        context.abort(grpc.StatusCode.UNAUTHENTICATED, f"IDX10223: {token}")

    known(kernel).on(call, answer)
    with connected(kernel, api_key="qx9canary7") as client:
        read = (lambda: next(iter(client.webhooks.observe()))) if call.streaming else client.webhooks.all
        with pytest.raises(cn.AuthenticationError) as caught:
            read()
    assert "qx9canary7" not in everything(caught.value)
    assert f"IDX10223: Bearer {MASK}" in str(caught.value)


def test_so_is_the_token_before_the_one_that_was_had_instead() -> None:
    tokens: list[str] = []

    def answer(_request: Any, context: grpc.ServicerContext) -> Any:
        tokens.append(str(dict(context.invocation_metadata())["authorization"]))
        context.abort(grpc.StatusCode.UNAUTHENTICATED, f"IDX10223: {' '.join(tokens)}")

    with fronted() as front:
        given = iter(f"qx9canary{number}" for number in range(1, 9))
        front.on("/connect/token", lambda _request: as_json({"access_token": next(given), "expires_in": 3600}))
        known(front.kernel).on(methods.GET_WEBHOOK_ROWS, answer)
        client = cn.connect(f"chronicle://me:qx9secret7@127.0.0.1:{front.port}", event_store="shop", timeout=60)
        try:
            with pytest.raises(cn.AuthenticationError) as caught:
                client.webhooks.all()
        finally:
            client.close()
    assert len(set(tokens)) == 2, "another token was had"
    assert "qx9canary" not in everything(caught.value)


def test_an_error_is_short_however_much_the_kernel_says(kernel: ScriptedKernel) -> None:
    known(kernel).on(
        methods.ADD_WEBHOOKS, enveloped(webhooks_pb2.CommandResult, ExceptionMessages=["B" * 5_000_000, *["b"] * 50])
    )
    with connected(kernel) as client:
        error = failed(client, lambda b: b)
    assert isinstance(error, cn.KernelFaultError)
    assert len(error.reasons[0]) == 300
    assert error.reasons[-1] == "and 31 more"
    assert len(str(error)) < 1000


def test_nothing_that_a_kernel_says_reaches_a_terminal_as_a_command(kernel: ScriptedKernel) -> None:
    said = "\x1b]0;pwn\x07 first\nsecond\u202e"
    known(kernel).on(methods.ADD_WEBHOOKS, enveloped(webhooks_pb2.CommandResult, ExceptionMessages=[said]))
    with connected(kernel) as client:
        error = failed(client, lambda b: b)
    assert not any(sign in str(error) for sign in ("\x1b", "\x07", "\n", "\u202e"))
    assert "first second" in str(error)
