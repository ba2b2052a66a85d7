"""What the sandbox does not carry out: accepted when empty, refused with the way out, or accepted and listed."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.sandbox._contract import ROOT
from tests.sandbox.caller import Caller, refusal
from tests.sandbox.conftest import Client
from tests.waiting import eventually

EMPTY = (
    "ReadModels.ReadModels/RegisterMany",
    "Projections.Projections/Register",
    "Events.Constraints.Constraints/Register",
)
PROFILES = {"16.33": "16.33", "16.37": "16.37", "16.38": "16.38", "documented": "19.29"}


@pytest.fixture(params=sorted(PROFILES))
def refusing(request: pytest.FixtureRequest) -> Iterator[Caller]:
    with Sandbox(behaves_like=request.param) as sandbox:
        caller = Caller(sandbox, PROFILES[request.param])
        yield caller
        caller.client.close()


@pytest.fixture(params=sorted(PROFILES))
def accepting(request: pytest.FixtureRequest) -> Iterator[tuple[Sandbox, Caller]]:
    with Sandbox(behaves_like=request.param, accept_unserved=True) as sandbox:
        caller = Caller(sandbox, PROFILES[request.param])
        yield sandbox, caller
        caller.client.close()


def reactor(caller: Caller, name: str) -> Any:
    message = caller.request("Observation.Reactors.Reactors/Observe")
    message.Content.Value0.EventStore = "shop"
    message.Content.Value0.Reactor.ReactorId = name
    return message


def test_registrations_of_nothing_are_accepted(refusing: Caller) -> None:
    for short in EMPTY:
        refusing.call(short, EventStore="shop")


def test_registrations_of_something_are_refused_with_the_name_of_the_flag(refusing: Caller) -> None:
    for short, content, kind in (
        (EMPTY[0], {"ReadModels": [{"Type": {"Identifier": "Account"}}]}, "read model ('Account')"),
        (EMPTY[1], {"Projections": [{"Identifier": "One"}, {"Identifier": "Two"}]}, "projection ('One' and 1 more)"),
        (EMPTY[2], {"Constraints": [{"Name": "UniqueEmail"}]}, "constraint ('UniqueEmail')"),
    ):
        code, details = refusal(lambda short=short, content=content: refusing.call(short, EventStore="shop", **content))
        assert code is grpc.StatusCode.FAILED_PRECONDITION
        assert details.startswith(f"The sandbox does not execute a {kind}.")
        assert "--accept-unserved" in details


def test_reactors_are_refused_with_the_name_of_the_flag(refusing: Caller) -> None:
    first = iter([reactor(refusing, "Mailer")])
    code, details = refusal(lambda: list(refusing.stream("Observation.Reactors.Reactors/Observe", first)))
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert details.startswith("The sandbox does not execute a reactor ('Mailer').")


def test_seeders_are_refused_with_the_name_of_the_flag(refusing: Caller) -> None:
    release = refusing.release
    short = "Seeding.EventSeeding/SeedEvents" if release in {"16.38", "19.29"} else "Seeding.EventSeeding/Seed"
    refusing.call(short, EventStore="shop")
    code, details = refusal(
        lambda: refusing.call(short, EventStore="shop", GlobalByEventType=[{"EventTypeId": "Opened"}])
    )
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert details.startswith("The sandbox does not execute a seeder ('Opened').")


def test_what_was_accepted_is_logged_listed_on_the_card_and_told_with_the_version(
    accepting: tuple[Sandbox, Caller], caplog: pytest.LogCaptureFixture
) -> None:
    sandbox, caller = accepting
    with caplog.at_level(logging.WARNING, "chronicle_notebook.sandbox"):
        caller.call(EMPTY[0], EventStore="shop")
        assert not sandbox.unserved
        caller.call(EMPTY[1], EventStore="shop", Projections=[{"Identifier": "<One>"}, {"Identifier": "Two"}])
        caller.call(EMPTY[1], EventStore="shop", Projections=[{"Identifier": "Two"}])
    assert sandbox.unserved == ("projection '<One>' in event store 'shop'", "projection 'Two' in event store 'shop'")
    assert [record.getMessage() for record in caplog.records] == [
        f"Accepted but not executed: {line}." for line in sandbox.unserved
    ]
    assert "accepted but not executed: projection 'Two' in event store 'shop'" in repr(sandbox)
    assert "projection &#x27;&lt;One&gt;&#x27;" in sandbox._repr_html_()
    told = caller.call("Host.Server/GetVersionInfo")
    assert told.CommitSha == "sandbox, accepted but not executed: 2 projections"


def test_the_stream_of_an_accepted_reactor_stays_open_and_says_nothing(accepting: tuple[Sandbox, Caller]) -> None:
    sandbox, caller = accepting
    release = iter([reactor(caller, "Mailer"), reactor(caller, "Printer")])

    def requests() -> Iterator[Any]:
        yield next(release)
        yield next(release)

    call = caller.stream("Observation.Reactors.Reactors/Observe", requests())
    # The client has said all that it has to say, so the stream ends without an answer.
    assert list(call) == []
    assert sandbox.unserved == ("reactor 'Mailer' in event store 'shop'", "reactor 'Printer' in event store 'shop'")


def test_methods_that_are_declared_and_not_served_say_so(refusing: Caller) -> None:
    code, details = refusal(lambda: refusing.call("Projections.Projections/GetAllDefinitions"))
    assert code is grpc.StatusCode.UNIMPLEMENTED
    assert details.startswith(
        "The sandbox does not serve Projections.Projections/GetAllDefinitions, which kernels like"
    )


def test_unknown_methods_and_services_are_answered_as_kernels_do(refusing: Caller) -> None:
    reflection = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
    for path, told in (
        (f"/{ROOT}.Host.Server/Nope", "Method"),
        (f"/{ROOT}.Host.Nope/Nope", "Service"),
        (reflection, "Service"),
    ):
        invoke: Any = refusing.client._channel.unary_unary(path)
        assert refusal(lambda invoke=invoke: invoke(b"", timeout=60)) == (
            grpc.StatusCode.UNIMPLEMENTED,
            f"{told} is unimplemented.",
        )


def test_a_request_that_cannot_be_read_is_answered_as_kernels_do(refusing: Caller) -> None:
    invoke: Any = refusing.client._channel.unary_unary(f"/{ROOT}.{EMPTY[0]}")
    assert refusal(lambda: invoke(b"\xff\xff", timeout=60)) == (
        grpc.StatusCode.UNKNOWN,
        "Exception was thrown by handler. EndOfStreamException: Attempted to read past the end of the stream.",
    )


def test_the_command_line_prints_each_call_with_its_status() -> None:
    command = [sys.executable, "-m", "chronicle_notebook.sandbox", "--port", "0", "--log-calls", "--accept-unserved"]
    command += ["--behaves-like", "16.37"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            connection = process.stdout.readline().strip()
            client = Client(int(connection.rpartition(":")[2]))
            invoke: Any = client._channel.unary_unary(f"/{ROOT}.Host.Server/GetVersionInfo")
            assert refusal(lambda: invoke(b"", timeout=60))[0] is grpc.StatusCode.UNAUTHENTICATED
            told: Any = client._channel.unary_unary(f"/{ROOT}.Clients.ConnectionService/GetDescriptorSet")
            told(b"", timeout=60)
            client.close()
        finally:
            process.terminate()
        lines = process.stderr.read().splitlines()
    calls = [line.split(" ", 2)[2] for line in lines]
    assert any(line.startswith("Host.Server/GetVersionInfo UNAUTHENTICATED") for line in calls), lines
    assert any(line.startswith("Clients.ConnectionService/GetDescriptorSet OK") for line in calls), lines


def test_the_log_of_calls_shows_streams_and_refusals(caplog: pytest.LogCaptureFixture) -> None:
    def told() -> list[str]:
        return [record.getMessage() for record in caplog.records if record.name.endswith(".calls")]

    with caplog.at_level(logging.INFO, "chronicle_notebook.sandbox.calls"), Sandbox(behaves_like="16.37") as sandbox:
        caller = Caller(sandbox, "16.37")
        refusal(lambda: caller.call(EMPTY[1], EventStore="shop", Projections=[{"Identifier": "One"}]))
        refusal(lambda: caller.call("Jobs.Jobs/StopJob"))
        name = "Observation.Webhooks.Webhooks/ObserveWebhooks"
        watched: Any = caller.client._channel.unary_stream(f"/{ROOT}.{name}")
        call = watched(caller.request("EventStores.EventStores/EnsureEventStore", Name="shop").SerializeToString())
        next(call)
        call.cancel()
        eventually(lambda: any(line.startswith(f"{name} CANCELLED") for line in told()))
        caller.client.close()
    assert any(line.startswith("Projections.Projections/Register FAILED_PRECONDITION") for line in told()), told()
    assert any(line.startswith("Jobs.Jobs/StopJob UNIMPLEMENTED") for line in told()), told()
    assert f"{name} begins" in told()
