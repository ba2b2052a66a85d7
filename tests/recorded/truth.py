"""What a recording shows to be true at the end of a step, read from its messages alone and not by the client."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from chronicle_notebook.contracts.classic import methods as classic
from chronicle_notebook.contracts.commands import methods as commands
from chronicle_notebook.contracts.wire import observation_pb2, webhooks_pb2
from tests.recorded import evening
from tests.recorded.recording import Call, Element, Opened, Recording, Step


@dataclass(frozen=True)
class Hook:
    """A webhook as it was asked for, or as a kernel lists it."""

    id: str
    url: str
    event_types: frozenset[tuple[str, int]]
    headers: dict[str, str] = field(default_factory=dict)
    authorization: str = "none"
    active: bool = True
    replayable: bool = True

    def differing(self, other: Hook) -> set[str]:
        """The fields that are not the same, by the names that the client has for them."""
        names = {
            "target_url": self.url == other.url,
            "event_types": self.event_types == other.event_types,
            "headers": self.headers == other.headers,
            "authorization": self.authorization == other.authorization,
            "active": self.active == other.active,
            "replayable": self.replayable == other.replayable,
        }
        return {name for name, same in names.items() if not same}


def asked(message: webhooks_pb2.WebhookDefinition) -> Hook:
    """A webhook out of a request, or out of the list of a kernel up to 16.37."""
    target = message.Target
    kinds = {"Value0": "basic", "Value1": "bearer", "Value2": "oauth"}
    found = [kind for name, kind in kinds.items() if target.Authorization.HasField(name)]  # type: ignore[arg-type]
    return Hook(
        message.Identifier,
        target.Url,
        _types(message.EventTypes),
        dict(target.Headers),
        found[0] if found else "none",
        message.IsActive if message.HasField("IsActive") else True,
        message.IsReplayable if message.HasField("IsReplayable") else True,
    )


def _listed(message: webhooks_pb2.WebhookDetailsResponse) -> Hook:
    kind = ("none", "basic", "bearer", "oauth")[message.AuthorizationType]
    types = _types(message.EventTypes)
    headers = dict(message.Headers)
    return Hook(message.Identifier, message.Url, types, headers, kind, message.IsActive, message.IsReplayable)


def _types(messages: Any) -> frozenset[tuple[str, int]]:
    return frozenset((each.Id, each.Generation) for each in messages)


def answers(told: Recording, path: str, until: str, **request: str) -> Iterator[bytes]:
    """Every answer to a read of that path, up to the end of a step, with the fields that its request has."""
    method = evening.methods_of(told.generation)[path]
    streams: dict[str, bytes] = {}
    for step in told.steps:
        for entry in step.entries:
            if isinstance(entry, Opened):
                streams[entry.path] = entry.request
            if isinstance(entry, Call | Element) and entry.path == path:
                answer = entry.response if isinstance(entry, Call) else entry.message
                meant = method.request.FromString(entry.request if isinstance(entry, Call) else streams[path])
                if answer is not None and all(getattr(meant, name) == value for name, value in request.items()):
                    yield answer
        if step.name == until:
            return


def latest(told: Recording, path: str, until: str, **request: str) -> Any:
    """The last of them as a message."""
    (*_, answer) = answers(told, path, until, **request)
    return evening.methods_of(told.generation)[path].response.FromString(answer)


def webhooks(told: Recording, step: str, store: str) -> dict[str, Hook]:
    """The webhooks that the kernel lists at the end of a step, by id, in its order; none before it lists any."""
    if next(answers(told, commands.GET_WEBHOOKS.path, step, EventStore=store), None) is None:
        return {}
    answer = latest(told, commands.GET_WEBHOOKS.path, step, EventStore=store)
    hooks = map(asked, answer.items) if told.generation == "classic" else map(_listed, answer.Data)
    return {hook.id: hook for hook in hooks}


def observers(told: Recording, step: str, namespace: str) -> list[observation_pb2.ObserverInformation]:
    """The observers that the kernel lists at the end of a step."""
    return list(latest(told, commands.GET_OBSERVERS.path, step, Namespace=namespace).items)


def failed(step: Step, namespace: str) -> list[observation_pb2.FailedPartition] | None:
    """The failed partitions that the kernel lists last in a step; None when it fails on them."""
    path, found = commands.GET_FAILED_PARTITIONS.path, None
    for call in step.calls:
        if call.path == path:
            request = observation_pb2.GetFailedPartitionsRequest.FromString(call.request)
            if request.Namespace == namespace and not request.ObserverId:
                found = call.response
    return None if found is None else list(observation_pb2.IEnumerable_FailedPartition.FromString(found).items)


def registered(step: Step) -> list[webhooks_pb2.WebhookDefinition]:
    """The webhooks that were asked for in a step."""
    add: dict[str, Any] = {classic.ADD.path: classic.ADD, commands.ADD_WEBHOOKS.path: commands.ADD_WEBHOOKS}
    return [
        message
        for call in step.calls
        if call.path in add
        for message in add[call.path].request.FromString(call.request).Webhooks
    ]


def removed(step: Step) -> list[str]:
    """The ids that were asked to be removed in a step."""
    remove: dict[str, Any] = {
        classic.REMOVE.path: classic.REMOVE,
        commands.REMOVE_WEBHOOKS.path: commands.REMOVE_WEBHOOKS,
    }
    return [
        webhook
        for call in step.calls
        if call.path in remove
        for webhook in remove[call.path].request.FromString(call.request).Webhooks
    ]


def appended(step: Step) -> list[tuple[Any, tuple[int, ...]]]:
    """Each append of a step, as the request and the numbers that the events got."""
    return [
        (
            classic.APPEND_MANY.request.FromString(call.request),
            tuple(classic.APPEND_MANY.response.FromString(call.response).SequenceNumbers),
        )
        for call in step.calls
        if call.path == classic.APPEND_MANY.path and call.response is not None
    ]


def client_event_types(told: Recording, until: str) -> set[str]:
    """The ids of the event types that the client of the recording had registered by the end of a step."""
    register: dict[str, Any] = {
        classic.REGISTER.path: classic.REGISTER,
        commands.REGISTER_EVENT_TYPES.path: commands.REGISTER_EVENT_TYPES,
    }
    found: set[str] = set()
    for step in told.steps:
        for call in step.calls:
            if call.path in register:
                found |= {each.Type.Id for each in register[call.path].request.FromString(call.request).Types}
        if step.name == until:
            break
    return found
