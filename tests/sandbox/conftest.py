"""A client of the sandbox that knows nothing but the contract, and a receiver of its own."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

import grpc
import pytest
from aiohttp import web

from chronicle_notebook.base._call import Method, Request, Response
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import (
    event_stores_pb2,
    event_types_pb2,
    observation_pb2,
    sequences_pb2,
    webhooks_pb2,
)
from chronicle_notebook.sandbox import Sandbox
from tests.waiting import LONG, eventually

Found = TypeVar("Found")
STORE = "shop"
UNAVAILABLE = 2**64 - 1


class Client:
    """Calls methods over one secure channel, with a token when it is given one."""

    def __init__(self, port: int, token: str | None = None) -> None:
        self.metadata = () if token is None else (("authorization", f"Bearer {token}"),)
        pem = ssl.get_server_certificate(("127.0.0.1", port))
        limit = 100 * 1024 * 1024
        self._channel = grpc.secure_channel(
            f"127.0.0.1:{port}",
            grpc.ssl_channel_credentials(root_certificates=pem.encode()),
            options=[
                ("grpc.ssl_target_name_override", "localhost"),
                ("grpc.max_receive_message_length", limit),
                ("grpc.max_send_message_length", limit),
            ],
        )

    def close(self) -> None:
        self._channel.close()

    def call(self, method: Method[Request, Response], request: Request) -> Response:
        invoke = self._channel.unary_unary(
            method.path,
            request_serializer=method.request.SerializeToString,
            response_deserializer=method.response.FromString,
        )
        answer: Response = invoke(request, timeout=LONG, metadata=self.metadata)
        return answer

    def follow(self, method: Method[Request, Response], request: Request) -> Any:
        invoke = self._channel.unary_stream(
            method.path,
            request_serializer=method.request.SerializeToString,
            response_deserializer=method.response.FromString,
        )
        return invoke(request, timeout=LONG, metadata=self.metadata)

    # What most tests need.

    def ensure_store(self, name: str = STORE) -> None:
        accepted(self.call(methods.ENSURE_EVENT_STORE, event_stores_pb2.EnsureEventStoreRequest(Name=name)))

    def register_types(self, *names: str, schema: str = "{}", store: str = STORE) -> None:
        types = [
            event_types_pb2.EventTypeRegistration(Type=event_types_pb2.EventType(Id=name, Generation=1), Schema=schema)
            for name in names
        ]
        request = event_types_pb2.RegisterEventTypesRequest(EventStore=store, Types=types)
        accepted(self.call(methods.REGISTER_EVENT_TYPES, request))

    def add(self, *webhooks: webhooks_pb2.WebhookDefinition, store: str = STORE) -> webhooks_pb2.CommandResult:
        return self.call(methods.ADD_WEBHOOKS, webhooks_pb2.AddWebhooksRequest(EventStore=store, Webhooks=webhooks))

    def webhooks(self, store: str = STORE) -> dict[str, webhooks_pb2.WebhookDetailsResponse]:
        answer = self.call(methods.GET_WEBHOOKS, webhooks_pb2.GetWebhooksRequest(EventStore=store))
        accepted(answer)
        return {row.Identifier: row for row in answer.Data}

    def settle(self, *webhooks: webhooks_pb2.WebhookDefinition, store: str = STORE) -> None:
        """Register webhooks and wait until they are in effect with their authorization."""
        accepted(self.add(*webhooks, store=store))
        wanted = {webhook.Identifier: kind_of(webhook) for webhook in webhooks}
        eventually(
            lambda: wanted.items() <= {key: row.AuthorizationType for key, row in self.webhooks(store).items()}.items()
        )

    def append(
        self, source: str, event_type: str, content: object = None, *, namespace: str = "Default", store: str = STORE
    ) -> int:
        response = accepted(
            self.call(methods.APPEND, append_request(source, event_type, content, namespace=namespace, store=store))
        ).Response
        assert response.IsSuccess, response
        return int(response.SequenceNumber)

    def append_many(self, source: str, event_type: str, contents: list[object]) -> list[int]:
        request = sequences_pb2.AppendManyRequest(
            EventStore=STORE,
            Namespace="Default",
            EventSequenceId="event-log",
            EventSourceId=source,
            Events=[
                sequences_pb2.EventToAppend(
                    EventType=sequences_pb2.EventType(Id=event_type, Generation=1), Content=json.dumps(content)
                )
                for content in contents
            ],
            Causation=[sequences_pb2.Causation(Type="Test")],
            CausedBy=sequences_pb2.Identity(Subject="s", Name="n", UserName="u"),
            ConcurrencyScope=sequences_pb2.ConcurrencyScope(SequenceNumber=UNAVAILABLE),
        )
        response = accepted(self.call(methods.APPEND_MANY, request)).Response
        assert response.IsSuccess, response
        return list(response.SequenceNumbers)

    def observer(self, id_: str, namespace: str = "Default") -> observation_pb2.ObserverInformation:
        request = observation_pb2.GetObserverInformationRequest(
            EventStore=STORE, Namespace=namespace, ObserverId=id_, EventSequenceId="event-log"
        )
        return self.call(methods.GET_OBSERVER_INFORMATION, request)

    def failed(self, id_: str | None = None) -> list[observation_pb2.FailedPartition]:
        request = observation_pb2.GetFailedPartitionsRequest(EventStore=STORE, Namespace="Default", ObserverId=id_)
        return list(self.call(methods.GET_FAILED_PARTITIONS, request).items)


@dataclass(frozen=True)
class Page:
    """An answer over HTTP/1.1."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        assert self.headers["Content-Type"].startswith("application/json")
        return json.loads(self.raw)


def page(port: int, path: str, form: dict[str, str] | bytes | None = None, *, method: str = "", **headers: str) -> Page:
    """Ask the port over HTTP/1.1, with a form when there is one."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=LONG)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if form is not None:
        sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
    body = urlencode(form) if isinstance(form, dict) else form
    try:
        connection.request(method or ("GET" if form is None else "POST"), path, body=body, headers=sent)
        answer = connection.getresponse()
        return Page(answer.status, dict(answer.headers), answer.read())
    finally:
        connection.close()


def token(port: int, client: str = "chronicle-dev-client", secret: str = "chronicle-dev-secret") -> str:
    """A token from ``/connect/token``."""
    answer = page(
        port, "/connect/token", {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
    )
    assert answer.status == 200, answer
    return str(answer.json["access_token"])


def accepted(answer: Found) -> Found:
    """An enveloped answer that is a success, with what every envelope has."""
    envelope: Any = answer
    assert list(envelope.ExceptionMessages) == []
    assert list(envelope.ValidationResults) == []
    # The first kernels of the commands contract leave it out.
    assert envelope.IsAuthorized or not envelope.HasField("IsAuthorized")
    assert envelope.CorrelationId.lo != 0
    return answer


def kind_of(webhook: webhooks_pb2.WebhookDefinition) -> int:
    authorization = webhook.Target.Authorization
    return next((kind for kind in (1, 2, 3) if authorization.HasField(f"Value{kind - 1}")), 0)  # type: ignore[arg-type]


def hook(
    id_: str,
    url: str,
    *event_types: str,
    headers: dict[str, str] | None = None,
    active: bool | None = None,
    replayable: bool | None = None,
    **authorization: Any,
) -> webhooks_pb2.WebhookDefinition:
    """A definition; ``basic``, ``bearer`` or ``oauth`` are tuples of the values."""
    one_of = webhooks_pb2.OneOf_BasicAuthorization_BearerTokenAuthorization_OAuthAuthorization
    arms: dict[str, Any] = {
        "basic": lambda user, password: one_of(
            Value0=webhooks_pb2.BasicAuthorization(Username=user, Password=password)
        ),
        "bearer": lambda token: one_of(Value1=webhooks_pb2.BearerTokenAuthorization(Token=token)),
        "oauth": lambda authority, client, secret: one_of(
            Value2=webhooks_pb2.OAuthAuthorization(Authority=authority, ClientId=client, ClientSecret=secret)
        ),
    }
    target = webhooks_pb2.WebhookTarget(Url=url, Headers=headers or {})
    for name, values in authorization.items():
        target.Authorization.CopyFrom(arms[name](*values))
    return webhooks_pb2.WebhookDefinition(
        EventSequenceId="event-log",
        Identifier=id_,
        EventTypes=[webhooks_pb2.EventType(Id=name, Generation=1) for name in event_types],
        Target=target,
        IsActive=active,
        IsReplayable=replayable,
    )


def append_request(
    source: str, event_type: str, content: object = None, *, namespace: str = "Default", store: str = STORE
) -> sequences_pb2.AppendRequest:
    return sequences_pb2.AppendRequest(
        EventStore=store,
        Namespace=namespace,
        EventSequenceId="event-log",
        EventSourceId=source,
        EventType=sequences_pb2.EventType(Id=event_type, Generation=1),
        Content=json.dumps({} if content is None else content),
        Causation=[sequences_pb2.Causation(Type="Test")],
        CausedBy=sequences_pb2.Identity(Subject="s", Name="n", UserName="u"),
        ConcurrencyScope=sequences_pb2.ConcurrencyScope(SequenceNumber=UNAVAILABLE),
    )


@dataclass(frozen=True)
class Delivery:
    path: str
    headers: dict[str, str]
    raw: bytes
    method: str = "POST"
    target: str = ""

    @property
    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.raw)
        return found

    @property
    def partition(self) -> str:
        return str(self.body["partition"])

    @property
    def numbers(self) -> list[int]:
        return [event["context"]["sequenceNumber"] for event in self.body["events"]]


@dataclass
class Endpoint:
    """An HTTP endpoint that records what comes, and answers what ``answer`` says."""

    deliveries: list[Delivery] = field(default_factory=list)
    port: int = 0
    status: int = 200

    def answer(self, delivery: Delivery) -> web.StreamResponse | int:
        return self.status

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        delivery = Delivery(
            request.path_qs, dict(request.headers), await request.read(), request.method, request.raw_path
        )
        self.deliveries.append(delivery)
        answer = self.answer(delivery)
        return web.Response(status=answer) if isinstance(answer, int) else answer

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def numbers(self, path: str = "/hook") -> list[int]:
        """The sequence numbers that came to a path, in order."""
        return [number for delivery in list(self.deliveries) if delivery.path == path for number in delivery.numbers]

    def expect(self, numbers: list[int], path: str = "/hook") -> None:
        try:
            eventually(lambda: len(self.numbers(path)) >= len(numbers))
        finally:
            assert self.numbers(path) == numbers


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    receiver = Endpoint()
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    async def start() -> web.AppRunner:
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", receiver._handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        receiver.port = runner.addresses[0][1]
        ready.set()
        return runner

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runner = asyncio.run_coroutine_threadsafe(start(), loop).result(LONG)
    assert ready.wait(LONG)
    yield receiver
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(LONG)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(data=tmp_path / "data", settle_delay=0.01, time_scale=0.001) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    caller = Client(sandbox.port)
    caller.ensure_store()
    yield caller
    caller.close()
