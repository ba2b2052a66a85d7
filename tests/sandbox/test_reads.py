"""Reads beside webhooks: events of a source, jobs, identities and recommendations, in the form of each release."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from chronicle_notebook.sandbox import Sandbox
from tests.sandbox.caller import Caller, refusal
from tests.waiting import eventually

CLASSIC = {"16.33": "16.33", "16.37": "16.37", "16.37-postgresql": "16.37", "16.37-inmemory": "16.37"}
EARLY = {"16.38": "16.38", "16.38-inmemory": "16.38"}
PLACE = {"EventStore": "shop", "Namespace": "Default"}
LOG = {**PLACE, "EventSequenceId": "event-log"}
SEQUENCES = "EventSequences.EventSequences"
TYPES = ("Opened", "Closed")


@pytest.fixture(params=[*CLASSIC, *EARLY])
def caller(request: pytest.FixtureRequest) -> Iterator[Caller]:
    profile = request.param
    with Sandbox(behaves_like=profile, settle_delay=0, time_scale=0.001) as sandbox:
        found = Caller(sandbox, {**CLASSIC, **EARLY}[profile])
        ensure(found)
        yield found
        found.close()


def ensure(caller: Caller) -> None:
    if caller.release == "16.33":
        caller.call("EventStores/Ensure", Name="shop")
    else:
        caller.call("EventStores.EventStores/EnsureEventStore", Name="shop")
    types = [{"Type": {"Id": name, "Generation": 1}, "Schema": "{}"} for name in TYPES]
    register = "Events.EventTypes/Register"
    if caller.release in {"16.38", "19.29"}:
        register = "EventTypes.EventTypes/RegisterEventTypes"
    caller.call(register, EventStore="shop", Types=types)


def append(caller: Caller, source: str, event_type: str, subject: str = "s", service: str = SEQUENCES) -> Any:
    return caller.call(
        f"{service}/Append",
        **LOG,
        EventSourceId=source,
        EventType={"Id": event_type, "Generation": 1},
        Content="{}",
        Causation=[{"Type": "Test"}],
        CausedBy={"Subject": subject, "Name": f"name of {subject}", "UserName": "u"},
        ConcurrencyScope={"SequenceNumber": 2**64 - 1},
    )


def test_events_of_a_source_are_read_by_their_types(caller: Caller) -> None:
    for source, event_type in (("a", "Opened"), ("b", "Opened"), ("a", "Closed"), ("a", "Opened")):
        append(caller, source, event_type)

    def numbers(*event_types: str, **more: str) -> list[int]:
        wanted = [{"Id": name, "Generation": 1} for name in event_types]
        answer = caller.call(
            f"{SEQUENCES}/GetForEventSourceIdAndEventTypes", **LOG, EventSourceId="a", EventTypes=wanted, **more
        )
        return [event.Context.SequenceNumber for event in answer.Events]

    assert numbers() == [0, 2, 3]
    assert numbers("Opened") == [0, 3]
    assert numbers("Closed", "Opened") == [0, 2, 3]
    assert numbers(EventStreamType="All", EventStreamId="Default", EventSourceType="Default") == [0, 2, 3]
    assert numbers(EventStreamId="other") == []


def test_events_of_a_source_are_read_from_the_documented_kernel_too() -> None:
    with Sandbox() as sandbox:
        caller = Caller(sandbox, "19.29")
        ensure(caller)
        service = "Sequences.EventSequences"
        for source, event_type in (("a", "Opened"), ("b", "Opened"), ("a", "Closed")):
            append(caller, source, event_type, service=service)
        read = f"{service}/ForEventSourceIdAndEventTypes"
        for wanted, found in (("", ["0", "2"]), ("Closed", ["2"]), ("Opened,Closed", ["0", "2"])):
            answer = caller.call(read, **LOG, EventSourceId="a", EventTypeIds=wanted)
            assert [event.Id for event in answer.Data] == found
        caller.close()


@pytest.mark.parametrize("profile", EARLY)
def test_a_kernel_before_16_38_has_events_under_their_old_service_alone(profile: str) -> None:
    with Sandbox(behaves_like=profile) as sandbox:
        caller = Caller(sandbox, "16.38")
        newer = Caller(sandbox, "19.29")
        ensure(caller)
        assert append(caller, "a", "Opened").SequenceNumber == 0
        assert refusal(lambda: append(newer, "a", "Opened", service="Sequences.EventSequences")) == (
            grpc.StatusCode.UNIMPLEMENTED,
            "Service is unimplemented.",
        )
        for method in ("ClearPartitionQuarantine", "RemoveObserver", "ClearFailedPartitions"):
            assert refusal(lambda method=method: newer.call(f"Observation.Observers/{method}")) == (
                grpc.StatusCode.UNIMPLEMENTED,
                "Method is unimplemented.",
            )
        caller.close()
        newer.close()


def rows(answer: Any) -> list[Any]:
    return list(answer.Data if "Data" in answer.DESCRIPTOR.fields_by_name else answer.items)


KERNEL = "5d032c92-9d5e-41eb-947a-ee5314ed0032"
"""The identity of a kernel itself, which registers event types."""


def test_who_caused_events_is_listed_once_each_but_not_in_memory(
    caller: Caller, request: pytest.FixtureRequest
) -> None:
    for subject in ("one", "two", "one"):
        append(caller, "a", "Opened", subject)
    found = [row.Subject for row in rows(caller.call("Identities.Identities/GetIdentities", **PLACE))]
    if "inmemory" in request.node.callspec.params["caller"]:
        assert found == []
        return
    assert found == [KERNEL, "one", "two"]
    name = "AllIdentities" if caller.release == "16.38" else "ObserveIdentities"
    stream = caller.follow(f"Identities.Identities/{name}", **PLACE)
    assert [row.Subject for row in rows(next(stream))] == [KERNEL, "one", "two"]
    append(caller, "a", "Opened", "three")
    assert [row.Subject for row in rows(next(stream))] == [KERNEL, "one", "two", "three"]
    stream.cancel()


def add(caller: Caller, url: str) -> None:
    method = "AddWebhooks" if caller.release == "16.38" else "Add"
    webhook = {
        "Identifier": "hook",
        "EventSequenceId": "event-log",
        "EventTypes": [{"Id": "Opened", "Generation": 1}],
        "Target": {"Url": url},
    }
    caller.call(f"Observation.Webhooks.Webhooks/{method}", EventStore="shop", Webhooks=[webhook])

    def there() -> bool:
        listed = rows(caller.call("Observation.Webhooks.Webhooks/GetWebhooks", EventStore="shop"))
        return any(url in str(row) for row in listed)

    eventually(there)


def test_jobs_are_the_retries_that_failed(caller: Caller) -> None:
    name = "GetJobs" if caller.release == "16.33" else "AllJobs"
    assert rows(caller.call(f"Jobs.Jobs/{name}", **PLACE)) == []
    add(caller, "http://127.0.0.1:9/refused")
    append(caller, "source", "Opened")
    found = eventually(lambda: rows(caller.call(f"Jobs.Jobs/{name}", **PLACE)))
    assert (found[0].Type, found[0].Details, found[0].Status) == ("RetryFailedPartition", "hook-source", 6)
    assert (found[0].Progress.TotalSteps, found[0].Progress.FailedSteps) == (1, 1)
    again = rows(caller.call(f"Jobs.Jobs/{name}", **PLACE))
    assert again[0].Id == found[0].Id
    assert rows(caller.call("Jobs.Jobs/GetJobSteps", **PLACE)) == []


@pytest.mark.parametrize(
    ("profile", "release", "version", "ignore"),
    [("16.37-inmemory", "16.37", "16.37.1", "Ignore"), ("16.38-inmemory", "16.38", "16.38.0", "IgnoreRecommendation")],
)
def test_a_changed_definition_is_recommended_for_a_replay_in_memory(
    profile: str, release: str, version: str, ignore: str
) -> None:
    with Sandbox(behaves_like=profile, settle_delay=0) as sandbox:
        caller = Caller(sandbox, release)

        def recommended() -> list[Any]:
            return rows(caller.call("Recommendations.Recommendations/GetRecommendations", **PLACE))

        ensure(caller)
        add(caller, "http://127.0.0.1:9/one")
        assert recommended() == []
        add(caller, "http://127.0.0.1:9/two")
        (found,) = eventually(recommended)
        assert (found.Name, found.Description) == ("ReplayCandidateRecommendation", "Webhook definition has changed.")
        assert f", Cratis.Chronicle.Core, Version={version}.0, Culture=neutral" in found.Type
        taken = {**PLACE, "RecommendationId": {"lo": found.Id.lo, "hi": found.Id.hi}}

        def take() -> Any:
            return caller.call(f"Recommendations.Recommendations/{ignore}", **taken)

        take()
        assert recommended() == []
        if release == "16.37":
            code, details = refusal(take)
            assert code is grpc.StatusCode.UNKNOWN
            assert "UnknownRecommendation: " in details
        else:
            assert len(take().ExceptionMessages) == 1
        caller.close()


def test_nothing_is_recommended_where_changes_are_lost() -> None:
    with Sandbox(behaves_like="16.37", settle_delay=0) as sandbox:
        caller = Caller(sandbox, "16.37")
        ensure(caller)
        add(caller, "http://127.0.0.1:9/one")
        webhook = {"Identifier": "hook", "Target": {"Url": "http://127.0.0.1:9/two"}}
        caller.call("Observation.Webhooks.Webhooks/Add", EventStore="shop", Webhooks=[webhook])
        assert rows(caller.call("Recommendations.Recommendations/GetRecommendations", **PLACE)) == []
        caller.close()
