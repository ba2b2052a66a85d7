"""All methods of the release that no other service answers.

The sandbox does not execute projections, reactors and so on. Empty registrations of them are accepted, because clients
send them at each start; others are refused, or accepted and listed, see `Unserved`. `Reads` answers jobs, identities
and recommendations. Every other method answers UNIMPLEMENTED; the message says whether the release has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.message import Message

from chronicle_notebook.base._call import Method
from chronicle_notebook.sandbox._contract import ROOT, contract, release_of
from chronicle_notebook.sandbox._contract_descriptors import message_class
from chronicle_notebook.sandbox._envelope import envelope
from chronicle_notebook.sandbox._kernel import Kernel
from chronicle_notebook.sandbox._server import Served
from chronicle_notebook.sandbox.services._reads import Reads


@dataclass(frozen=True, slots=True)
class _Registration:
    """A method that registers things: their kind, and the fields with the things, their name and the event store."""

    kind: str
    fields: tuple[str, ...]
    name: str
    store: str = "EventStore"


_SEEDS = _Registration(
    "seeder", ("GlobalByEventType", "GlobalByEventSource", "NamespacedEntries"), "EventTypeId|EventSourceId|Namespace"
)
_REGISTRATIONS = {
    "ReadModels.ReadModels/RegisterMany": _Registration("read model", ("ReadModels",), "Type.Identifier"),
    "ReadModels.ReadModels/RegisterSingle": _Registration("read model", ("ReadModel",), "Type.Identifier"),
    "Projections.Projections/Register": _Registration("projection", ("Projections",), "Identifier"),
    "Events.Constraints.Constraints/Register": _Registration("constraint", ("Constraints",), "Name"),
    "Seeding.EventSeeding/Seed": _SEEDS,
    "Seeding.EventSeeding/SeedEvents": _SEEDS,
    "Observation.EventStoreSubscriptions.EventStoreSubscriptions/Add": _Registration(
        "event store subscription", ("Subscriptions",), "Identifier", "TargetEventStore"
    ),
    "ExternalServices.ExternalServices/Add": _Registration("external service", ("ExternalServices",), "Name"),
    "ExternalServices.ExternalServices/AddExternalServices": _Registration(
        "external service", ("ExternalServices",), "Name"
    ),
}
"""By service and method."""
_OBSERVATIONS = {
    "Observation.Reactors.Reactors/Observe": _Registration("reactor", ("Content.Value0",), "Reactor.ReactorId"),
    "Observation.Reducers.Reducers/Observe": _Registration("reducer", ("Content.Value0",), "Reducer.ReducerId"),
}
"""Streams whose first message registers something; the others report results of events."""


class UnservedService:
    """Answers everything that no other service of a kernel answers. The contract is read at the first such call."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._reads = Reads(kernel)

    def otherwise(self, path: str) -> Served | str:
        """How to answer a path that nothing else serves, or why it is not answered."""
        release = release_of(self._kernel.profile.version)
        declared = contract(release).paths
        service, _, name = path.removeprefix("/").rpartition("/")
        # A33 in docs/fidelity.md: redaction, revision, queries and commands about jobs are not served, because no
        # webhook depends on them.
        if path not in declared:
            known = any(other.startswith(f"/{service}/") for other in declared)
            return "Method is unimplemented." if known else "Service is unimplemented."
        package, method = declared[path]
        short = f"{service}/{name}".removeprefix(ROOT).removeprefix(".")
        request, response = (
            message_class(release, package.full_name(kind)) for kind in (method.request, method.response)
        )
        called: Method[Any, Any] = Method(service, name, request, response, streaming=method.response_streamed)
        if short in _OBSERVATIONS:
            return Served(called, self._observing(_OBSERVATIONS[short]), requests_streamed=True)
        if short in _REGISTRATIONS:
            return Served(called, self._registering(_REGISTRATIONS[short], response))
        if (read := self._reads.find(short)) is not None:
            make = self._reads.stream if method.response_streamed else self._reads.answer
            return Served(called, make(read, response))
        if (command := self._reads.command(short, response)) is not None:
            return Served(called, command)
        return f"The sandbox does not serve {short}, which kernels like {release} have."

    def _registering(self, registration: _Registration, kind: type[Message]) -> Callable[[Any], Message]:
        def register(request: Any) -> Message:
            things = [thing for field in registration.fields for thing in _things(request, field)]
            names = [_name(thing, registration.name) for thing in things]
            self._kernel.unserved.take(registration.kind, getattr(request, registration.store), names)
            return envelope(kind) if "CorrelationId" in kind.DESCRIPTOR.fields_by_name else kind()

        return register

    def _observing(
        self, registration: _Registration
    ) -> Callable[[Iterator[Any], grpc.ServicerContext], Iterator[Message]]:
        def observe(requests: Iterator[Any], _context: grpc.ServicerContext) -> Iterator[Message]:
            for request in requests:
                for thing in _things(request, registration.fields[0]):
                    name = _name(thing, registration.name)
                    self._kernel.unserved.take(registration.kind, thing.EventStore, [name])
            # Nothing is ever sent: the stream stays open until the client ends it.
            yield from ()

        return observe


def _things(message: Any, path: str) -> list[Any]:
    """The things in a field: the elements of a list, or an existing message."""
    *parents, last = path.split(".")
    for name in parents:
        message = getattr(message, name)
    value = getattr(message, last)
    if not isinstance(value, Message):
        return list(value)
    return [value] if message.HasField(last) else []


def _name(thing: Any, path: str) -> str:
    """The name of a thing: the first of its possible fields."""
    for alternative in path.split("|"):
        value = thing
        for name in alternative.split("."):
            value = getattr(value, name, None)
        if isinstance(value, str):
            return value
    return ""
