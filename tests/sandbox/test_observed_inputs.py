"""Odd inputs, and tests of targets, as running kernels of 16.33 to 16.38 take or refuse them."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from aiohttp import web

from chronicle_notebook.sandbox import PROFILES, Sandbox
from tests.sandbox.caller import Caller, refusal
from tests.sandbox.conftest import UNAVAILABLE, Delivery, Endpoint
from tests.waiting import eventually

HERE: dict[str, Any] = {"EventStore": "shop", "Namespace": "Default"}
EVENTS = "EventSequences.EventSequences"
ODD = ("16.37", "16.37-inmemory", "16.38")
REACTORS = 4


@contextmanager
def kernel(profile: str, **options: Any) -> Iterator[Caller]:
    with Sandbox(behaves_like=profile, settle_delay=0, time_scale=0.001, **options) as sandbox:
        found = Caller(sandbox, profile.partition("-")[0])
        found.call("EventStores.EventStores/EnsureEventStore", Name="shop")
        yield found
        found.close()


def register(caller: Caller, *types: dict[str, Any]) -> Any:
    method = "EventTypes.EventTypes/RegisterEventTypes" if caller.release == "16.38" else "Events.EventTypes/Register"
    return caller.call(method, EventStore="shop", Types=types, DisableValidation=True)


def append(caller: Caller, **parts: Any) -> Any:
    event: dict[str, Any] = {
        **HERE,
        "EventSequenceId": "event-log",
        "EventSourceId": "s",
        "EventType": {"Id": "T", "Generation": 1},
        "Content": "{}",
        "Causation": [{"Type": "Test"}],
        "CausedBy": {"Subject": "s", "Name": "n", "UserName": "u"},
        "ConcurrencyScope": {"SequenceNumber": UNAVAILABLE},
    }
    return caller.call(f"{EVENTS}/Append", **{**event, **parts})


@pytest.mark.parametrize("profile", ODD)
def test_names_that_mark_an_absent_one_are_taken(profile: str) -> None:
    """The switch odd_names_taken."""
    assert PROFILES[profile].behaviour.odd_names_taken
    with kernel(profile) as found:
        register(found, {"Type": {"Id": "T", "Generation": 1}, "Schema": "{}"})
        events: list[dict[str, Any]] = [
            {"EventSourceId": " "},
            {"Occurred": {"Value": "2025-01-02"}},
            {"EventType": {"Id": "T"}},
        ]
        for number, odd in enumerate(events):
            answer = append(found, **odd)
            assert (list(answer.Errors), answer.SequenceNumber) == ([], number)
        for namespace in (" ", "[NotSet]"):
            answer = append(found, Namespace=namespace)
            assert (list(answer.Errors), answer.SequenceNumber) == ([], 0)
        for nameless in ({"Type": {"Generation": 1}}, {}):
            answer = register(found, {**nameless, "Schema": "{}"})
            assert not getattr(answer, "ExceptionMessages", None)
        told = found.call(f"{EVENTS}/GetEventSequences", **HERE).EventSequenceIds
        assert list(told) == ["event-log", "outbox", "system"]
        told = found.call("EventStores.EventStores/EnsureEventStore", Name="[NotSet]").ExceptionMessages
        assert list(told) == (["Invalid event store name '[NotSet]'"] if profile == "16.37-inmemory" else [])
    with kernel("19.29") as found:
        told = found.call("EventTypes.EventTypes/RegisterEventTypes", EventStore="shop", Types=[{"Schema": "{}"}])
        assert list(told.ExceptionMessages) == ["Value cannot be null. (Parameter 'value')"]
        told = found.call("Namespaces.Namespaces/EnsureNamespace", EventStore="shop", Namespace="[NotSet]")
        assert list(told.ExceptionMessages) == ["The namespace name '[NotSet]' is not valid."]


@pytest.mark.parametrize("profile", ODD)
def test_webhooks_of_a_blank_event_store_are_refused_and_listed_as_none_on_sql(profile: str) -> None:
    written = "The value cannot be an empty string or composed entirely of whitespace. (Parameter 'primaryKey')"
    read = "Invalid event store name '  '" if profile.endswith("inmemory") else ""

    def told(method: str, **parts: Any) -> str:
        """What a call fails with, whether in an envelope or not."""
        try:
            answer = found.call(f"Observation.Webhooks.Webhooks/{method}", EventStore="  ", **parts)
        except grpc.RpcError as error:
            failed: Any = error
            return str(failed.details()).partition(": ")[2]
        return "".join(getattr(answer, "ExceptionMessages", ()))

    with kernel(profile) as found:
        several = "Webhooks" if profile == "16.38" else ""
        assert told(f"Add{several}", Webhooks=[{"Identifier": "h"}]) == written
        assert told(f"Remove{several}", Webhooks=["h"]) == written
        assert told("GetWebhooks") == read
        stream = found.follow("Observation.Webhooks.Webhooks/ObserveWebhooks", EventStore="  ")
        if read:
            assert "InvalidEventStoreName" in refusal(lambda: next(stream))[1]
        else:
            assert not getattr(next(stream), "ExceptionMessages", None)
        stream.cancel()


def test_in_memory_the_job_of_a_catch_up_stays_without_steps() -> None:
    with kernel("16.37-inmemory") as found:
        append(found)
        types = [{"Id": "T", "Generation": 1}]
        found.call(
            "Observation.Webhooks.Webhooks/Add",
            EventStore="shop",
            Webhooks=[{"Identifier": "late", "EventTypes": types, "Target": {"Url": "http://127.0.0.1:9/"}}],
        )
        (job,) = eventually(lambda: found.call("Jobs.Jobs/AllJobs", **HERE).Data)
        assert (job.Type, job.Status) == ("CatchUpObserver", 1)
        assert not found.call("Jobs.Jobs/GetJobSteps", **HERE, JobId={"lo": job.Id.lo, "hi": job.Id.hi}).Data


@pytest.mark.parametrize("profile", ["16.37", "16.37-inmemory"])
def test_an_accepted_migration_must_be_json(profile: str) -> None:
    migration = {"FromGeneration": 1, "ToGeneration": 2, "UpcastJmesPath": "{}", "DowncastJmesPath": "none"}
    kind = {"Type": {"Id": "T", "Generation": 2}, "Schema": "{}", "Migrations": [migration]}
    with kernel(profile, accept_unserved=True) as found:
        code, details = refusal(lambda: register(found, kind))
        assert code is grpc.StatusCode.UNKNOWN
        assert details.startswith("Exception was thrown by handler. JsonReaderException: ")
        migration["DowncastJmesPath"] = "{}"
        register(found, kind)


@pytest.mark.parametrize("schema", ["", "no JSON", "[1]", "null"])
def test_a_schema_that_is_no_object_is_told_as_dotnet_tells_it(schema: str) -> None:
    with kernel("16.37") as found:
        kind = {"Type": {"Id": "T", "Generation": 1}, "Schema": schema}
        code, details = refusal(lambda: register(found, kind))
        assert code is grpc.StatusCode.UNKNOWN
        assert details.startswith("Exception was thrown by handler. JsonReaderException: ")


@pytest.mark.parametrize(("profile", "listed"), [("16.37", 1), ("16.37-inmemory", None)])
@pytest.mark.parametrize("generation", [0, 2])
def test_a_type_without_a_first_generation_is_listed_as_it_on_sql(
    profile: str, listed: int | None, generation: int
) -> None:
    with kernel(profile) as found:
        register(found, {"Type": {"Id": "T", "Generation": generation}, "Schema": "{}"})
        rows = found.call("Events.EventTypes/GetAllRegistrations", EventStore="shop").items
        (told,) = [row.Type.Generation for row in rows if row.Type.Id == "T"]
        assert told == (generation if listed is None else listed)


@pytest.mark.parametrize(("profile", "told"), [("16.37", False), ("16.37-inmemory", True)])
def test_the_tombstone_of_a_type_is_lost_in_the_observer_too_on_sql(profile: str, told: bool) -> None:
    with kernel(profile) as found:
        webhook = {
            "Identifier": "h",
            "EventTypes": [{"Id": "T", "Generation": 1, "Tombstone": True}],
            "Target": {"Url": "http://127.0.0.1:9/"},
        }
        found.call("Observation.Webhooks.Webhooks/Add", EventStore="shop", Webhooks=[webhook])

        def types() -> list[bool]:
            observers = found.call("Observation.Observers/GetObservers", **HERE).items
            return [each.Tombstone for row in observers if row.Id == "h" for each in row.EventTypes]

        assert eventually(types) == [told]


@pytest.mark.parametrize("profile", ODD)
def test_a_namespace_that_does_not_exist_has_observers(profile: str) -> None:
    with kernel(profile) as found:
        early = found.release == "16.38"
        add = "AddWebhooks" if early else "Add"
        webhook = {"Identifier": "h", "Target": {"Url": "http://127.0.0.1:9/"}}
        found.call(f"Observation.Webhooks.Webhooks/{add}", EventStore="shop", Webhooks=[webhook])

        def rows() -> Any:
            return found.call("Observation.Observers/GetObservers", EventStore="shop", Namespace="nowhere").items

        eventually(lambda: any(row.Id == "h" for row in rows()))
        assert len(rows()) == REACTORS + 1
        assert {row.RunningState for row in rows()} == {0}
        assert list(found.call("Namespaces.Namespaces/AllNamespaces", EventStore="shop").Data)[1:] == []


def test_registering_a_type_tells_the_sequence_of_the_system(tmp_path: Any) -> None:
    with kernel("16.37") as found:
        register(found, {"Type": {"Id": "T", "Generation": 1}, "Schema": "{}"})
        register(found, {"Type": {"Id": "T", "Generation": 1}, "Schema": "{}"})
        events = found.call(f"{EVENTS}/GetEventsFromEventSequenceNumber", **HERE, EventSequenceId="system").Events
        (event,) = events
        assert (event.Context.EventType.Id, event.Context.EventSourceId) == ("EventTypeAdded", "T")
        assert json.loads(event.Content) == {"eventTypeId": "T", "generation": 1, "schema": "{}"}


@pytest.fixture(scope="module")
def tester() -> Iterator[Caller]:
    with kernel("16.37") as found:
        yield found


def tried(caller: Caller, **target: Any) -> str:
    """What a test of a target says is wrong; empty for a success."""
    answer = caller.call("Observation.Webhooks.Webhooks/TestWebhook", Target=target)
    assert answer.Success is not bool(answer.ErrorMessage)
    return str(answer.ErrorMessage)


def test_a_test_succeeds_with_whatever_answer(tester: Caller, endpoint: Endpoint) -> None:
    for status, requests in ((204, 1), (401, 1), (404, 1), (500, 4)):
        endpoint.deliveries.clear()
        endpoint.status = status
        assert tried(tester, Url=endpoint.url()) == ""
        assert len(endpoint.deliveries) == requests


NO_URL = (
    "An invalid request URI was provided. Either the request URI must be an absolute URI or BaseAddress must be set."
)


@pytest.mark.parametrize(
    ("url", "message"),
    [("", NO_URL), ("not a url", NO_URL), ("/x", "The 'file' scheme is not supported."),
     ("ftp://127.0.0.1/", "The 'ftp' scheme is not supported.")],
)  # fmt: skip
def test_a_test_tells_in_the_words_of_dotnet_why_a_url_cannot_be_asked(tester: Caller, url: str, message: str) -> None:
    assert tried(tester, Url=url) == message


def test_a_test_tells_who_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # One of its own: failures open the circuit that all targets share.
    with kernel("16.37") as found:
        assert tried(found, Url=f"http://127.0.0.1:{port}/") == f"Connection refused (127.0.0.1:{port})"


def test_a_test_of_an_authority_tells_what_it_answered(tester: Caller, endpoint: Endpoint) -> None:
    answers: dict[str, Any] = {}

    def answer(delivery: Delivery) -> web.StreamResponse | int:
        found = answers[delivery.path]
        return found if isinstance(found, int) else web.Response(text=found, content_type="application/json")

    endpoint.answer = answer  # type: ignore[method-assign]

    def told() -> tuple[str, str]:
        oauth = {"Authority": endpoint.url("/a"), "ClientId": "id", "ClientSecret": "s"}
        alone = tester.call("Observation.Webhooks.Webhooks/TestOAuthAuthorization", **oauth).ErrorMessage
        return alone, tried(tester, Url=endpoint.url(), Authorization={"Value2": oauth})

    about = "/a/.well-known/openid-configuration"
    answers[about] = 401
    refused = "Response status code does not indicate success: 401 (Unauthorized)."
    assert told() == (refused, f"OAuth authorization failed: {refused}")
    answers[about] = "no JSON"
    alone, target = told()
    assert alone.startswith("'n' is an invalid start of a value.")
    assert target == f"OAuth authorization failed: {alone}"
    answers[about] = json.dumps({"token_endpoint": endpoint.url("/token")})
    answers["/token"] = "{}"
    assert told() == ("Failed to acquire access token", "Failed to acquire OAuth access token.")
    answers["/token"] = json.dumps({"access_token": "granted", "expires_in": "3600"})
    answers["/hook"] = 200
    assert told() == ("", "")
