"""What a client does in each step of a recording, and what it says, held against what the recording shows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pytest

import chronicle_notebook as cn
from chronicle_notebook.contracts.classic import methods as classic
from chronicle_notebook.contracts.commands import methods as commands
from chronicle_notebook.contracts.wire import webhooks_pb2
from chronicle_notebook.model import (
    NO_AUTHORIZATION,
    BasicAuthorization,
    BearerAuthorization,
    EventToAppend,
    EventType,
    OAuthAuthorization,
    RegisteredEventType,
    WebhookAuthorization,
    WebhookDefinition,
)
from chronicle_notebook.model._observer import WEBHOOK_REACTOR
from chronicle_notebook.registration._differences import Effect
from chronicle_notebook.registration._outcome import Action, Outcome
from chronicle_notebook.session._client import Client
from tests.recorded import truth
from tests.recorded.kernel import RecordedKernel
from tests.recorded.recording import BEFORE, Recording, Step


@dataclass(frozen=True)
class Led:
    """A client in one step of a recording."""

    kernel: RecordedKernel
    client: Client
    told: Recording
    step: Step

    @property
    def store(self) -> str:
        return self.client.event_store


Lead = Callable[[Led], None]


def wanted(message: webhooks_pb2.WebhookDefinition) -> WebhookDefinition:
    """A recorded registration as somebody gives it to the client."""
    target = message.Target
    return WebhookDefinition(
        message.Identifier,
        target.Url,
        tuple(EventType(each.Id, each.Generation) for each in message.EventTypes),
        authorization=_authorization(target.Authorization),
        headers=dict(target.Headers),
        active=message.IsActive if message.HasField("IsActive") else True,
        replayable=message.IsReplayable if message.HasField("IsReplayable") else True,
    )


def _authorization(
    one_of: webhooks_pb2.OneOf_BasicAuthorization_BearerTokenAuthorization_OAuthAuthorization,
) -> WebhookAuthorization:
    if one_of.HasField("Value0"):
        return BasicAuthorization(one_of.Value0.Username, cn.Secret(one_of.Value0.Password))
    if one_of.HasField("Value1"):
        return BearerAuthorization(cn.Secret(one_of.Value1.Token))
    if one_of.HasField("Value2"):
        oauth = one_of.Value2
        return OAuthAuthorization(oauth.Authority, oauth.ClientId, cn.Secret(oauth.ClientSecret))
    return NO_AUTHORIZATION


def _without(_led: Led) -> None:
    """A step in which the client says nothing: somebody else acts, or nothing happens."""


def connect(led: Led) -> None:
    client, told = led.client, led.told
    assert client.version.version == told.version
    assert client.generation == told.generation
    assert list(client.event_stores()) == _stores(led)
    with pytest.raises(cn.UnknownEventStoreError, match=led.store):
        client.webhooks.all()


def _stores(led: Led) -> list[str]:
    path = (classic.GET_EARLY_EVENT_STORES if _early(led.told) else classic.ALL_EVENT_STORES).path
    answer = truth.latest(led.told, path, led.step.name)
    if _early(led.told):
        return list(answer.items)
    return list(answer.Data) if led.told.generation == "classic" else [each.Name for each in answer.Data]


def _spaces(led: Led) -> list[str]:
    path = (classic.GET_EARLY_NAMESPACES if _early(led.told) else classic.ALL_NAMESPACES).path
    answer = truth.latest(led.told, path, led.step.name, EventStore=led.store)
    if _early(led.told):
        return list(answer.items)
    return list(answer.Data) if led.told.generation == "classic" else [each.Name for each in answer.Data]


def _early(told: Recording) -> bool:
    return any(call.path == classic.GET_EARLY_EVENT_STORES.path for call in told.calls)


def ensure(led: Led) -> None:
    led.client.ensure_event_store()
    assert list(led.client.event_stores()) == _stores(led)
    led.client.ensure_namespace("Tenant1")
    assert list(led.client.namespaces()) == _spaces(led)
    assert {"Default", "Tenant1"} == set(_spaces(led))


def empty(led: Led) -> None:
    assert list(led.client.webhooks.all()) == []
    assert led.client.webhooks.to_frame().empty
    _event_types(led)
    _observers(led)
    assert list(led.client.failed_partitions()) == []


def _event_types(led: Led) -> None:
    if led.told.generation == "commands":
        found = truth.latest(led.told, commands.ALL_EVENT_TYPES.path, led.step.name, EventStore=led.store).Data
    else:
        found = truth.latest(led.told, classic.GET_ALL_REGISTRATIONS.path, led.step.name, EventStore=led.store).items
    shown = led.client.event_types()
    own = truth.client_event_types(led.told, led.step.name)
    assert {each.id for each in shown if each.owner == "client"} == own
    assert {(each.id, each.generation) for each in shown} == {(each.Type.Id, each.Type.Generation) for each in found}
    schemas = {each.Type.Id: json.loads(each.Schema) for each in found}
    assert all(dict(each.schema) == schemas[each.id] for each in shown)


def event_types(led: Led) -> None:
    types = _register_event_types(led)
    _event_types(led)
    assert {each.id for each in types} <= {each.id for each in led.client.event_types()}


def _register_event_types(led: Led) -> list[RegisteredEventType]:
    register = commands.REGISTER_EVENT_TYPES if led.told.generation == "commands" else classic.REGISTER
    (call,) = [call for call in led.step.calls if call.path == register.path]
    types = [
        RegisteredEventType(EventType(each.Type.Id, each.Type.Generation), json.loads(each.Schema))
        for each in register.request.FromString(call.request).Types
    ]
    led.client._kernel.register_event_types(led.store, types)
    return types


def register(led: Led) -> None:
    """A registration: the outcome tells what took effect, field by field."""
    before = led.told.names[led.told.names.index(led.step.name) - 1]
    known = truth.webhooks(led.told, before, led.store)
    messages = truth.registered(led.step)
    for message in messages:
        asked = truth.asked(message)
        plan = led.client.webhooks.plan(wanted(message))
        promised = {change.field for change in plan.changes if change.effect is Effect.APPLIED}
        outcome = led.client.webhooks.register(wanted(message))
        assert promised.isdisjoint(each.field for each in outcome.ineffective), "a plan promises what comes"
        failed = [call.details for call in led.step.calls if call.path in _ADD and call.status != "OK"]
        assert outcome.accepted == (not failed)
        if failed:
            assert failed[0].rstrip(".") in repr(outcome)
            assert "client.webhooks.replace" in outcome.ineffective[0].remedy
        _check(led, outcome, asked, known)


_ADD = {classic.ADD.path, commands.ADD_WEBHOOKS.path}


def _check(led: Led, outcome: Outcome, asked: truth.Hook, known: dict[str, truth.Hook]) -> None:
    found = truth.webhooks(led.told, led.step.name, led.store).get(asked.id)
    assert outcome.action is (Action.UPDATED if asked.id in known else Action.CREATED)
    assert outcome.visible == (found is not None)
    if found is None:
        assert outcome.blocked == _blocked(led, asked.id)
        assert ("not visible yet" in outcome.summary) == (not outcome.blocked)
        assert ("choose another one" in outcome.summary) == outcome.blocked
        return
    left = found.differing(asked)
    moved = asked.id in known and not found.differing(known[asked.id]).isdisjoint({"target_url", "headers"})
    assert any("still go to the old URL" in note for note in outcome.notes) == moved
    assert {each.field for each in outcome.ineffective} == left
    assert bool(outcome) == (not left)
    assert outcome.changed == (asked.id not in known or bool(found.differing(known[asked.id])))
    assert ("✓" in repr(outcome)) == (not left)


def _blocked(led: Led, webhook: str) -> bool:
    """Whether the kernel's own observer of webhooks fails on an id."""
    failed = truth.failed(led.step, "Default") or []
    return (WEBHOOK_REACTOR, webhook) in {(each.ObserverId, each.Partition) for each in failed}


def again(led: Led) -> None:
    """What is registered already is not sent again; what an earlier step has changed is."""
    if truth.registered(led.step):
        register(led)
        return
    (hook,) = [hook for hook in led.client.webhooks.all() if hook.id == "plain"]
    outcome = led.client.webhooks.register(hook)
    assert outcome.action is Action.UNCHANGED


def listed(led: Led) -> None:
    hooks = truth.webhooks(led.told, led.step.name, led.store)
    shown = led.client.webhooks.all()
    assert [hook.id for hook in shown] == list(hooks)
    for hook in shown:
        as_listed = truth.Hook(
            hook.id,
            hook.target_url,
            frozenset((each.id, each.generation) for each in hook.event_types),
            {name: str(value) for name, value in hook.headers.items()},
            hook.authorization.kind.value,
            hook.active,
            hook.replayable,
        )
        assert as_listed == hooks[hook.id]
    frame = led.client.webhooks.to_frame()
    assert list(frame.index) == list(hooks)
    assert list(frame["active"]) == [hook.active for hook in hooks.values()]
    assert not any("crk1:" in form for form in (repr(shown), shown._repr_html_(), frame.to_json(), repr(led.client)))
    if led.step.name == "list":
        _observers(led)
        own = truth.client_event_types(led.told, led.step.name)
        everything = led.client.webhooks.plan("new", "http://127.0.0.1:9/new").definition.event_types
        assert {each.id for each in everything} == own, "the kernel's own types are nothing for a webhook"
        with pytest.raises(cn.UnknownEventTypeError) as caught:
            led.client.webhooks.plan("new", "http://127.0.0.1:9/new", lambda b: b.with_event_type("EventRevisd"))
        assert "EventRevised" not in caught.value.hint


def _observers(led: Led) -> None:
    shown = led.client.observers()
    for namespace in _spaces(led):
        own = {each.id: each for each in shown if each.namespace == namespace}
        messages = truth.observers(led.told, led.step.name, namespace)
        assert list(own) == [message.Id for message in messages]
        for message in messages:
            state = own[message.Id]
            assert state.next_sequence_number == message.NextEventSequenceNumber
            assert state.running_state.value == _RUNNING[message.RunningState]
            # No count in a list is no count: on SQL storage it is left out, whatever was delivered.
            nothing = message.LastHandledEventSequenceNumber == 2**64 - 1
            assert state.handled_count == (message.HandledEventCount or (0 if nothing else None))


_RUNNING = ("unknown", "active", "suspended", "replaying", "disconnected", "quarantined")


def append(led: Led) -> None:
    for request, numbers in truth.appended(led.step):
        events = [
            EventToAppend(
                each.EventSourceId, EventType(each.EventType.Id, each.EventType.Generation), json.loads(each.Content)
            )
            for each in request.Events
        ]
        assert led.client.event_log.append_many(events).sequence_numbers == numbers


def read(led: Led) -> None:
    path = classic.GET_EVENTS_FROM_EVENT_SEQUENCE_NUMBER.path
    found = truth.latest(led.told, path, led.step.name).Events
    shown = led.client.event_log.read()
    assert [each.sequence_number for each in shown] == [each.Context.SequenceNumber for each in found]
    assert [(each.event_source_id, each.type.id) for each in shown] == [
        (each.Context.EventSourceId, each.Context.EventType.Id) for each in found
    ]
    assert [dict(each.content) for each in shown] == [json.loads(each.Content) for each in found]


def observe(led: Led) -> None:
    """The first list is what was there, and the one that goes is missing later."""
    (gone,) = truth.removed(led.step)
    with led.client.webhooks.observe() as changes:
        first = changes.next(60)
        assert first is not None
        seen = [set(first.ids)]
        outcome = led.client.webhooks.remove(gone)
        assert outcome
        while gone in seen[-1] or not seen[-1]:
            hooks = changes.next(60)
            assert hooks is not None, changes
            seen.append(set(hooks.ids))
        assert changes.error is None
    assert seen[-1] == set(truth.webhooks(led.told, led.step.name, led.store))


def failing(led: Led) -> None:
    """An event for targets that fail, and then what fails."""
    append(led)
    _failed(led, "Default")


def _failed(led: Led, namespace: str) -> None:
    messages = truth.failed(led.step, namespace)
    if messages is None:
        # The kernel fails on the list of all; of each observer on its own the recording has nothing.
        with pytest.raises(cn.RequestRefusedError):
            led.client.failed_partitions()
        missing, led.kernel.unanswered[:] = list(led.kernel.unanswered), []
        assert missing
        assert all("GetFailedPartitions" in each and '"ObserverId"' in each for each in missing)
        return
    shown = led.client.failed_partitions()
    assert [(each.observer_id, each.partition, len(each.attempts)) for each in shown] == [
        (each.ObserverId, each.Partition, len(each.Attempts)) for each in messages
    ]
    assert {each.quarantined for each in shown} <= {None}, "no kernel that was recorded tells"
    for each, message in zip(shown, messages, strict=True):
        assert each.attempts[-1].messages == tuple(message.Attempts[-1].Messages)
    html = shown._repr_html_()
    assert not any(trace[:60] in html for each in messages for trace in _traces(each))


def _traces(message: object) -> Iterable[str]:
    return [attempt.StackTrace for attempt in message.Attempts if attempt.StackTrace]  # type: ignore[attr-defined]


def retry(led: Led) -> None:
    path = classic.RETRY_PARTITION.path
    asked = [classic.RETRY_PARTITION.request.FromString(call.request) for call in led.step.calls if call.path == path]
    (webhook,) = {each.ObserverId for each in asked}
    tried = led.client.retry_failed_partitions(webhook, wait=0)
    assert [each.partition.partition for each in tried] == [each.Partition for each in asked]
    # No kernel that was recorded says what became of it.
    assert [each.started for each in tried] == [None] * len(asked)
    assert "Started" in repr(tried)
    _failed(led, "Default")


def remove(led: Led) -> None:
    for webhook in truth.removed(led.step):
        outcome = led.client.webhooks.remove(webhook)
        assert bool(outcome) == (webhook not in truth.webhooks(led.told, led.step.name, led.store))
    with pytest.raises(cn.UnknownWebhookError, match="nobody"):
        led.client.webhooks.remove("nobody")


def look(led: Led) -> None:
    status = led.client.status()
    assert led.told.version in repr(status)
    diagnosis = led.client.doctor()
    assert led.told.version in repr(diagnosis)
    assert not any(SECRET in form for form in (repr(diagnosis), diagnosis._repr_html_(), repr(status)))


SECRET = "recorded-secret"


# What an on-call person meets at night.


def night(led: Led) -> None:
    led.client.ensure_event_store()
    assert led.store in list(led.client.event_stores())
    _register_event_types(led)


def late(led: Led) -> None:
    """A webhook that comes after its events, and how far it is when it has caught up."""
    register(led)
    _looked(led)


def live(led: Led) -> None:
    append(led)
    _looked(led)


def acted(led: Led) -> None:
    """Somebody acts on the kernel in another way, and the client looks at what became of it."""
    _looked(led)


def _looked(led: Led) -> None:
    led.kernel.finish()
    _observers(led)
    _failed(led, "Default")


def gone(led: Led) -> None:
    remove(led)
    led.kernel.finish()
    _observers(led)


def dead(led: Led) -> None:
    """A webhook whose target is gone, and an event for it, until the kernel gives up."""
    register(led)
    append(led)
    _looked(led)


def partition(led: Led) -> None:
    """The retry of one partition out of two, and what is left."""
    path = classic.RETRY_PARTITION.path
    (call,) = [call for call in led.step.calls if call.path == path]
    asked = classic.RETRY_PARTITION.request.FromString(call.request)
    kernel, place = led.client._kernel, (led.store, asked.Namespace)
    assert kernel.retry_partition(*place, asked.ObserverId, asked.EventSequenceId, asked.Partition) is None
    _looked(led)


def blocked(led: Led) -> None:
    """An unknown id is not removed by the client; by another one it is, and then it cannot be registered."""
    (unknown,) = truth.removed(led.step)
    with pytest.raises(cn.UnknownWebhookError, match=unknown):
        led.client.webhooks.remove(unknown)
    led.kernel.somebody_writes()
    register(led)
    assert unknown not in led.client.webhooks.ids()
    _looked(led)
    (failed,) = led.client.failed_partitions(unknown)
    assert (failed.observer_id, failed.partition) == (WEBHOOK_REACTOR, unknown)
    with pytest.raises(cn.UnknownWebhookError) as caught:
        led.client.describe(unknown)
    assert failed.attempts[-1].messages[0].rstrip(".") in caught.value.hint
    assert "choose another one" in caught.value.hint


STEPS: dict[str, Lead] = {
    BEFORE: night,
    "connect, an event store that is not there": connect,
    "ensure event store and a namespace": ensure,
    "empty lists": empty,
    "register two event types": event_types,
    **dict.fromkeys(
        (
            "register: plain",
            "register: headers",
            "register: basic",
            "register: bearer",
            "register: oauth",
            "register: not active",
            "register: not replayable",
            "register: no event type",
            "change the URL and headers",
            "change the event types",
            "change the authorization",
            "change a flag",
        ),
        register,
    ),
    "list": listed,
    "append one": append,
    "append three of one source": append,
    "read events": read,
    "the same once more": again,
    "list after the changes": listed,
    "observe the list for 5 s while one is removed": observe,
    "the test call": _without,
    "a target that answers 500": failing,
    "a target that is gone": failing,
    "retry the failed partitions": retry,
    "remove": remove,
    "status, doctor": look,
    "thirty events of three sources, in turns": append,
    "230 events of one source": append,
    "a webhook that comes late: catch-up": late,
    "a live event afterwards": live,
    "150 events of one source, live": append,
    "replay of one partition": acted,
    "replay of all": acted,
    "remove it": gone,
    "a dead target, until nothing more is tried": dead,
    "another event of the same source, and one of another": live,
    "the target is back, and nothing happens for 40 s": acted,
    "replay of the partition": acted,
    "clear the quarantine of the observer": acted,
    "retry of the partition": partition,
    "removal of an unknown id, then that id": blocked,
}
