"""The examples."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import event_types_pb2, namespaces_pb2, observation_pb2, sequences_pb2
from chronicle_notebook.sandbox import Behaviour, Sandbox
from tests.sandbox.conftest import Client, accepted
from tests.waiting import eventually

STORE = "banking"


def content(client: Client) -> tuple[object, ...]:
    """Everything that was sown, as it is read back."""
    events = [
        accepted(
            client.call(
                methods.APPENDED_EVENTS,
                sequences_pb2.AppendedEventsRequest(EventStore=STORE, Namespace=namespace, EventSequenceId=sequence),
            )
        ).Data
        for namespace, sequence in (("Default", "event-log"), ("Tenant-B", "event-log"), ("Default", "system"))
    ]
    types = accepted(client.call(methods.ALL_EVENT_TYPES, event_types_pb2.AllEventTypesRequest(EventStore=STORE))).Data
    names = accepted(client.call(methods.ALL_NAMESPACES, namespaces_pb2.AllNamespacesRequest(EventStore=STORE))).Data
    return (
        [[str(event) for event in found] for found in events],
        [str(row) for row in types],
        [row.Name for row in names],
        {key: str(row) for key, row in client.webhooks(STORE).items()},
    )


def test_the_examples_are_there_at_once_and_are_sown_once(tmp_path: Path) -> None:
    found = []
    for _ in range(2):
        with Sandbox(data=tmp_path, seed=True) as sandbox:
            client = Client(sandbox.port)
            found.append(content(client))
            webhooks = client.webhooks(STORE)
            client.close()
    assert found[0] == found[1]
    events, types, names, _ = found[0]
    assert isinstance(events, list)
    assert 35 <= len(events[0]) <= 50
    assert names == ["Default", "Tenant-B"]
    assert isinstance(types, list)
    assert sum("Owner: Client" in row for row in types) == 6
    assert {row.AuthorizationType for row in webhooks.values()} == {0, 1, 2, 3}
    assert any(row.Headers for row in webhooks.values())


def test_no_active_example_points_off_this_machine(tmp_path: Path) -> None:
    for behaviour in (Behaviour(), Behaviour(inactive_lost=True)):
        with Sandbox(seed=True, behaviour=behaviour) as sandbox:
            client = Client(sandbox.port)
            active = [row.Url for row in client.webhooks(STORE).values() if row.IsActive]
            assert active
            assert {urlsplit(url).hostname for url in active} == {"127.0.0.1"}
            client.close()


def test_the_failing_example_can_be_seen() -> None:
    with Sandbox(seed=True, time_scale=0.001) as sandbox:
        client = Client(sandbox.port)
        request = observation_pb2.GetFailedPartitionsRequest(EventStore=STORE, Namespace="Default")

        def failing() -> set[tuple[str, str]]:
            items = client.call(methods.GET_FAILED_PARTITIONS, request).items
            return {(each.ObserverId, each.Partition) for each in items}

        accounts = {("ledger-mirror", f"account-{1000 + number}") for number in range(1, 5)}
        eventually(lambda: failing() == accounts)
        client.close()


def test_the_examples_differ_in_what_a_chart_of_them_shows() -> None:
    with Sandbox(seed=True) as sandbox:
        client = Client(sandbox.port)
        rows = client.webhooks(STORE).values()
        hosts = Counter(urlsplit(row.Url).hostname for row in rows)
        listeners = Counter(each.Id for row in rows for each in row.EventTypes)
        assert sum(row.IsActive for row in rows) == 2
        assert sorted(hosts.values()) == [1, 1, 2, 2]
        assert len(set(listeners.values())) > 2
        client.close()


def test_the_example_of_the_magics_shows_a_row() -> None:
    with Sandbox(seed=True) as sandbox:
        client = Client(sandbox.port)
        rows = client.webhooks(STORE).values()
        active = [row for row in rows if row.IsActive]
        assert [row.Id for row in active if "AccountOpened" in {each.Id for each in row.EventTypes}] == [
            "ledger-mirror"
        ]
        client.close()
