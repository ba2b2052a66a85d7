"""A planted secret goes through everything a person does, and is looked for in everything that is left behind."""

from __future__ import annotations

import io
import logging
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

import chronicle_notebook as cn
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import webhooks_pb2
from chronicle_notebook.model import EventType, RegisteredEventType
from chronicle_notebook.session._client import Client
from tests.scripted import ScriptedKernel

CANARY = "canary-9f2b-swordfish"


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    """Everything that is logged, at every level."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def forms(value: object) -> str:
    """Every way in which a value shows itself."""
    shown = [repr(value), str(value), f"{value}"]
    for name in ("_repr_html_", "_repr_mimebundle_"):
        form = getattr(value, name, None)
        if callable(form):
            shown.append(str(form()))
    return "\n".join(shown)


def test_it_is_in_no_form_no_log_and_no_file(
    tmp_path: Path, logs: io.StringIO, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY", CANARY)
    data = tmp_path / "data"
    with (
        cn.Sandbox(data=data, settle_delay=0.01, time_scale=0.001) as kernel,
        cn.Receiver() as endpoint,
        cn.connect(kernel.connection_string, event_store="shop", name="canary") as client,
    ):
        client.ensure_event_store()
        client._kernel.register_event_types("shop", [RegisteredEventType(EventType("AccountOpened"))])
        endpoint.expect(bearer=cn.Secret(CANARY))
        shown = [client, kernel, endpoint]
        for builder in builders():
            definition = builder.build("hook", endpoint.url)
            outcome = client.webhooks.register(definition)
            shown += [builder, definition, outcome, client.webhooks.all(), client.webhooks.test(definition)]
            frame = client.webhooks.to_frame()
            shown += [frame, frame.to_html(), frame.to_json(), frame.to_dict()]
        client.webhooks.register(
            "bearer", endpoint.url, lambda b: b.with_event_type("AccountOpened").with_bearer_token(CANARY)
        )
        client.event_log.append("account-1", EventType("AccountOpened"), {})
        endpoint.wait_for(1, where=lambda delivery: delivery.status == 200)
        shown += [endpoint.deliveries, endpoint.to_frame().to_html(), endpoint.deliveries[-1].headers]
        shown += [client.observers(), client.failed_partitions(), client.event_types()]
        everything = "\n".join(map(forms, shown))
        stored = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    assert CANARY not in everything
    assert "account-1" in everything, "this test must look at what was really shown"
    assert CANARY.encode() not in stored
    assert b"crk1:" in stored, "the secret must be there, encrypted"
    assert CANARY not in logs.getvalue()
    out, err = capfd.readouterr()
    assert CANARY not in out + err


def builders() -> list[cn.DefinitionBuilder]:
    """Each place in which a webhook can hold a secret, except headers, which kernels keep in clear."""
    start = cn.DefinitionBuilder().with_event_type("AccountOpened")
    return [
        start.with_basic_auth("reader", CANARY),
        start.with_bearer_token(cn.Secret.env("CANARY")),
        start.with_oauth("http://127.0.0.1:9/realm", "client", cn.Secret(CANARY)),
    ]


def provoked(port: int) -> str:
    """The traceback of a registration that fails, with the local variables of each frame."""
    from chronicle_notebook.connection._channel import Channel
    from chronicle_notebook.connection._string import ConnectionString
    from chronicle_notebook.contracts.commands.gateway import CommandsGateway

    channel = Channel(ConnectionString.parse(f"chronicle://127.0.0.1:{port}/?apiKey={CANARY}"))
    definition = cn.DefinitionBuilder().with_event_type("A").with_bearer_token(CANARY).build("h", "http://x")
    try:
        CommandsGateway(channel).add_webhooks("shop", [definition])
    except cn.KernelError as error:
        captured = traceback.TracebackException.from_exception(error, capture_locals=True)
        return "".join(captured.format(chain=True)) + repr(error) + error.hint
    finally:
        channel.close()
    raise AssertionError("the registration was meant to fail")


@pytest.mark.parametrize("status", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNKNOWN], ids=lambda s: s.name)
def test_it_is_in_no_traceback_even_with_local_variables(kernel: ScriptedKernel, status: grpc.StatusCode) -> None:
    kernel.fail(methods.ADD_WEBHOOKS, status)
    text = provoked(kernel.port)
    assert "AddWebhooksRequest" in text, "the frames that hold the request must be in what was looked at"
    assert CANARY not in text
    sent = webhooks_pb2.AddWebhooksRequest.FromString(kernel.calls[-1].request)
    assert sent.Webhooks[0].Target.Authorization.Value1.Token == CANARY, "it must have been sent"
    assert kernel.calls[-1].metadata["authorization"] == f"Bearer {CANARY}"


@pytest.mark.parametrize(
    "text", [f"chronicle://reader:{CANARY}@host:port", f"chronicle://host/?apiKey={CANARY}&apikey=x"]
)
def test_it_is_in_no_error_about_a_connection_string(text: str) -> None:
    try:
        cn.ConnectionString.parse(text)
    except cn.InvalidConnectionStringError as error:
        captured = repr(error) + str(error) + error.hint + error.field
    assert CANARY not in captured
    assert CANARY not in repr(cn.ConnectionString.parse(f"chronicle://reader:{CANARY}@host"))


def test_it_is_in_the_history_of_no_command_line(client: Client) -> None:
    """The sandbox and the lab take no secret as an argument, so none can be seen in a list of processes."""
    for command in (["sandbox", "--help"], ["lab", "--help"]):
        result = subprocess.run(
            [sys.executable, "-m", "chronicle_notebook.cli", *command],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "COLUMNS": "200"},
        )
        assert "usage" in result.stdout
        for word in ("password", "secret", "--token TOKEN", "api-key"):
            assert word not in result.stdout.lower()


@pytest.mark.parametrize("way", ["argument", "environment", "doctor"])
def test_a_connection_string_that_does_not_parse_is_in_no_traceback_with_local_variables(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "environment":
        monkeypatch.setenv("CHRONICLE_CONNECTION_STRING", f"chronicle://reader:{CANARY}@127.0.0.1:3/?bogus=1")
    text = refused(way)
    assert "bogus" in text
    assert CANARY not in text


def refused(way: str) -> str:
    """The traceback below the caller's own line, with the local variables of each frame."""
    spell = {
        "argument": lambda: cn.connect(f"chronicle://reader:{CANARY}@127.0.0.1:3/?bogus=1"),
        "environment": cn.connect,
        "doctor": lambda: cn.doctor(f"chronicle://reader:{CANARY}@127.0.0.1:3/?bogus=1"),
    }[way]
    try:
        spell()
    except cn.InvalidConnectionStringError as error:
        frames = traceback.TracebackException.from_exception(error, capture_locals=True)
        return "".join(line for line in frames.format(chain=True) if "lambda" not in line)
    raise AssertionError("the connection string was meant to be refused")


def test_a_password_of_a_certificate_is_in_no_traceback(tmp_path: Path) -> None:
    no_pem = tmp_path / "client.pem"
    no_pem.write_text("not a certificate")
    try:
        cn.connect("chronicle://127.0.0.1:3/", client_certificate=no_pem, client_certificate_password=str(CANARY))
    except cn.InvalidInputError as error:
        frames = traceback.TracebackException.from_exception(error, capture_locals=True)
        text = "".join(line for line in frames.format(chain=True) if "test_canary.py" not in line)
    assert CANARY not in text
