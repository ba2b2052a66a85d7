"""The recorded kernel itself: a real port with TLS and tokens, and answers by what a request means."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import chronicle_notebook as cn
from chronicle_notebook.contracts.classic import methods
from chronicle_notebook.contracts.wire import clients_pb2
from chronicle_notebook.model import EventToAppend, EventType, WebhookDefinition
from tests.recorded import truth
from tests.recorded.delivering import deliver
from tests.recorded.kernel import RecordedKernel, Timeline, playing
from tests.recorded.recording import lines, names, recording

SQLITE = "16.37.1-sqlite"


@pytest.fixture
def kernel() -> Iterator[RecordedKernel]:
    with playing(recording(SQLITE)) as played:
        yield played


def connected(kernel: RecordedKernel) -> cn.Client:
    return cn.connect(kernel.connection_string, event_store="recorded", name="recorded")


def test_a_wrong_secret_and_an_unknown_client_are_refused(kernel: RecordedKernel) -> None:
    for wrong in (
        kernel.connection_string.replace("recorded-secret", "another"),
        kernel.connection_string.replace("recorded-client", "another"),
        kernel.connection_string.replace("recorded-client:recorded-secret@", "").replace("/?", "/?auth=none&"),
    ):
        with pytest.raises(cn.AuthenticationError):
            cn.connect(wrong, name="wrong").event_stores()


def test_a_write_is_answered_once_and_reads_tell_what_was_true_then(kernel: RecordedKernel) -> None:
    kernel.step("append one")
    with connected(kernel) as client:
        assert client.event_log.append_many([_event("account-1", owner="Ada", amount=12.5)]).sequence_numbers == (0,)
        with pytest.raises(cn.RequestRefusedError, match="the recording has no answer"):
            client.event_log.append_many([_event("account-1", owner="Ada", amount=12.5)])
    assert [each.partition(" ")[0] for each in kernel.unanswered] == ["EventSequences/Append"]


def _event(source: str, **content: object) -> EventToAppend:
    return EventToAppend(source, EventType("AccountOpened"), content)


def test_what_means_something_else_is_not_answered(kernel: RecordedKernel) -> None:
    kernel.step("register: plain")
    other = WebhookDefinition("plain", "http://127.0.0.1:1/another", (EventType("AccountOpened"),))
    with connected(kernel) as client, pytest.raises(cn.RequestRefusedError):
        client.webhooks.register(other)


def test_reads_between_two_writes_come_in_their_order_and_the_last_stays(kernel: RecordedKernel) -> None:
    step = kernel.step("register: headers")
    (message,) = truth.registered(step)
    with connected(kernel) as client:
        assert client.webhooks.ids() == ["plain"]
        assert client.webhooks.ids() == ["plain"], "asked more often than recorded"
        definition = WebhookDefinition(
            message.Identifier,
            message.Target.Url.replace(kernel.recording.receiver, "http://127.0.0.1:9"),
            (EventType("AccountOpened"),),
            headers=dict(message.Target.Headers),
        )
        client._kernel.add_webhooks("recorded", [definition])  # another port is the same request
        seen = [client.webhooks.ids() for _ in range(4)]
    assert seen[0] == ["plain"], "accepted and not applied yet"
    assert seen[1:] == [["plain", "with-headers"]] * 3


def test_what_the_kernel_has_not_is_unimplemented(kernel: RecordedKernel) -> None:
    with connected(kernel) as client, pytest.raises(cn.MethodNotImplementedError):
        client._channel.call(methods.GET_EARLY_EVENT_STORES, methods.GET_EARLY_EVENT_STORES.request())
    assert kernel.unanswered == []


def test_a_call_that_was_not_recorded_is_made_of_others_that_were(kernel: RecordedKernel) -> None:
    kernel.step("a target that is gone")
    kernel.finish()
    with connected(kernel) as client:
        every = client.failed_partitions()
        own = client.failed_partitions("plain")
        assert own
        assert [each.id for each in own] == [each.id for each in every if each.observer_id == "plain"]
    assert methods.GET_FAILED_PARTITIONS.path in kernel.derived
    assert kernel.unanswered == []


def test_the_contract_is_written_here_and_not_recorded(kernel: RecordedKernel) -> None:
    with connected(kernel) as client:
        text: clients_pb2.DescriptorSetResponse = client._channel.call(
            methods.GET_DESCRIPTOR_SET, methods.GET_DESCRIPTOR_SET.request()
        )
    assert "rpc AllEventStores" in text.SchemaDefinition
    assert "rpc Add (AddWebhooks)" in text.SchemaDefinition


def test_the_test_of_a_target_is_the_request_that_the_kernels_own_test_is() -> None:
    told = recording(SQLITE)
    (theirs,) = told.step("the test call").deliveries
    with cn.Receiver(path="/plain") as receiver, playing(told, address=f"http://127.0.0.1:{receiver.port}") as kernel:
        kernel.step("the test call")
        with connected(kernel) as client:
            assert client.webhooks.get("plain").target_url == receiver.url
            answer = client.webhooks.test("plain")
        assert answer.status == theirs.answered
        (came,) = receiver.deliveries
        assert (came.method, came.path, came.partition) == (theirs.verb, theirs.path, theirs.payload["partition"])
        assert came.headers["Content-Type"] == dict(theirs.headers)["Content-Type"]
        assert kernel.unanswered == []


@pytest.mark.parametrize("name", names())
def test_the_receiver_understands_every_delivery_of_a_real_kernel(name: str) -> None:
    every = [each for step in recording(name).steps for each in step.deliveries]
    recorded = [each for each in every if each.body.startswith("{")]  # the others fetch a token
    assert recorded
    with cn.Receiver(path="/") as receiver:
        for each in recorded:
            assert deliver(each, f"127.0.0.1:{receiver.port}") == 200
        came = receiver.deliveries
        assert len(came) == len(recorded)
        for delivery, each in zip(came, recorded, strict=True):
            assert delivery.body_error is None
            assert delivery.partition == each.payload["partition"]
            numbers = tuple(event["context"]["sequenceNumber"] for event in each.payload["events"])
            assert delivery.sequence_numbers == numbers


def test_a_recording_that_is_put_there_is_played(tmp_path: Path) -> None:
    kept = [line for line in lines(SQLITE) if line.get("at", 0) < 3.0]
    (tmp_path / "16.37.9-sqlite.jsonl").write_text("\n".join(map(json.dumps, kept)))
    told = recording("16.37.9-sqlite", tmp_path)
    with playing(replace(told, receiver="http://127.0.0.1:40000")) as kernel:
        kernel.step("empty lists")
        with connected(kernel) as client:
            assert client.webhooks.ids() == []
            assert kernel.unanswered == []


def test_each_step_begins_where_the_one_before_it_ends() -> None:
    told = recording(SQLITE)
    line = Timeline(told)
    for step in told.steps:
        line.enter(step.name)
        assert line._end - line._from == len(step.entries)
