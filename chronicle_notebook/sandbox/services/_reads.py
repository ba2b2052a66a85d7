"""Reads of jobs, identities and recommendations, in the form of each release.

Their messages are made from the table of the contract, because the releases differ only in names and envelopes: a list
is in ``items``, or in ``Data`` of an envelope.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid4, uuid5

import grpc
from google.protobuf.message import Message

from chronicle_notebook.contracts._scalars import guid_from_wire, guid_to_wire
from chronicle_notebook.contracts.wire.bcl_pb2 import Guid
from chronicle_notebook.sandbox._envelope import envelope
from chronicle_notebook.sandbox._identity import links
from chronicle_notebook.sandbox._kernel import Kernel
from chronicle_notebook.sandbox._recommendations import DESCRIPTION, NAME, TYPE, Recommendation
from chronicle_notebook.sandbox.delivery._observer import Observer
from chronicle_notebook.sandbox.delivery._partition import Partition

POLL = 2.0
"""Seconds between two looks of a stream at its list. A ``time_scale`` below 1 shortens them.

Kernels on SQL databases take as long.
"""
_LEAST = 0.05

_PREPARING_JOB, _COMPLETED_WITH_FAILURES = 1, 6
Row = dict[str, Any]
Read = Callable[[Any], Iterable[Row]]


class UnknownRecommendation(ValueError):  # noqa: N818 - the name that a kernel tells
    """There is no recommendation with this id."""


class Reads:
    """Lists of a kernel, as rows with the names of fields."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def find(self, short: str) -> Read | None:
        """The function that makes the rows of a method, by its service and name; None if it is not such a list."""
        return {
            "Identities.Identities/GetIdentities": self._identities,
            "Identities.Identities/ObserveIdentities": self._identities,
            "Identities.Identities/AllIdentities": self._identities,
            "Jobs.Jobs/GetJobs": self._jobs,
            "Jobs.Jobs/AllJobs": self._jobs,
            "Jobs.Jobs/ObserveJobs": self._jobs,
            "Jobs.Jobs/GetJobSteps": self._nothing,
            "Recommendations.Recommendations/GetRecommendations": self._recommendations,
            "Recommendations.Recommendations/ObserveRecommendations": self._recommendations,
            "Recommendations.Recommendations/AllRecommendations": self._recommendations,
        }.get(short)

    def answer(self, read: Read, kind: type[Message]) -> Callable[[Any], Message]:
        """A function that answers a call with a list."""
        return lambda request: self._listed(kind, read(request), uuid4())

    def stream(self, read: Read, kind: type[Message]) -> Callable[[Any, grpc.ServicerContext], Iterator[Message]]:
        """A function that answers with a list at once, and again when it has changed. It checks every two seconds."""

        def follow(request: Any, context: grpc.ServicerContext) -> Iterator[Message]:
            pulse = self._kernel.topics.pulse
            pause = max(_LEAST, POLL * min(1.0, self._kernel.time_scale))
            if not context.add_callback(pulse.wake):
                return
            identity = uuid4()
            before: Message | None = None
            while context.is_active():
                current = self._listed(kind, read(request), identity)
                if current != before:
                    yield current
                before = current
                pulse.wait(0, context, pause)

        return follow

    def command(self, short: str, kind: type[Message]) -> Callable[[Any], Message] | None:
        """The function that answers a command about a recommendation; None if it is not such a command.

        The call fails with UnknownRecommendation if there is none with this id.
        """
        act = {"Ignore": False, "Perform": True}.get(short.rpartition("/")[2].removesuffix("Recommendation"))
        if act is None or not short.startswith("Recommendations."):
            return None

        def handle(request: Any) -> Message:
            self._take(request, perform=act)
            return envelope(kind) if "CorrelationId" in kind.DESCRIPTOR.fields_by_name else kind()

        return handle

    def _take(self, request: Any, *, perform: bool) -> None:
        store = self._kernel.store(request.EventStore)
        guid = request.RecommendationId
        identity = guid_from_wire(Guid(lo=guid.lo, hi=guid.hi))
        found = self._kernel.recommendations.take(store.name, request.Namespace, identity)
        if found is None:
            raise UnknownRecommendation(
                f"There is no recommendation {identity} in namespace {request.Namespace} of event store {store.name}"
            )
        if perform:
            self._kernel.engine.replay_soon(
                observer
                for observer in self._kernel.observers(store.name, found.namespace)
                if observer.webhook.id == found.webhook
            )

    def _identities(self, request: Any) -> Iterator[Row]:
        """The identities that caused the events of a namespace, each once, without those for which they acted. In
        memory there are none."""
        if self._kernel.behaviour.context_reduced:
            return
        store = self._kernel.store(request.EventStore)
        here = {
            key
            for key, scope in self._kernel.stores.scopes().items()
            if scope.store == store.name and scope.namespace.lower() == request.Namespace.lower()
        }
        told: dict[tuple[str, str, str], None] = {}
        for key, text in self._kernel.events.identities():
            if key in here:
                for link in links(json.loads(text)):
                    told[link["subject"], link["name"], link["userName"]] = None
        for subject, name, user in told:
            yield {"Subject": subject, "Name": name, "UserName": user, "Id": subject}

    def _jobs(self, request: Any) -> Iterator[Row]:
        """The failed retries, and in memory each catch-up, which never begins. Other jobs of a kernel leave nothing
        behind (seen at 16.37.1)."""
        for observer in self._kernel.observers(request.EventStore, request.Namespace):
            if self._kernel.behaviour.catch_up_dead and observer.stuck and not observer.hung:
                yield {
                    "Id": uuid5(NAMESPACE_OID, f"{observer.scope.key}/{observer.webhook.id}"),
                    "Details": observer.webhook.id,
                    "Type": "CatchUpObserver",
                    "Status": _PREPARING_JOB,
                }
            for partition in list(observer.partitions.values()):
                yield from _retries(observer, partition)

    def _recommendations(self, request: Any) -> Iterator[Row]:
        store = self._kernel.store(request.EventStore)
        for entry in self._kernel.recommendations.of(store.name, request.Namespace):
            yield self._recommendation(entry)

    def _recommendation(self, entry: Recommendation) -> Row:
        version = self._kernel.profile.version.partition("-")[0]
        return {
            "Id": entry.id,
            "Name": NAME,
            "Description": DESCRIPTION,
            "Type": TYPE.format(version),
            "Occurred": {"Value": entry.occurred},
        }

    def _nothing(self, request: Any) -> Iterator[Row]:
        """Empty: the steps of jobs are not stored."""
        self._kernel.store(request.EventStore)
        yield from ()

    def _listed(self, kind: type[Message], rows: Iterable[Row], identity: UUID) -> Message:
        answer: Any = kind()
        if "Data" not in kind.DESCRIPTOR.fields_by_name:
            _fill(answer.items, rows)
            return answer  # type: ignore[no-any-return]
        _fill(answer.Data, rows)
        _set(answer.CorrelationId, identity)
        answer.IsAuthorized = True
        return answer  # type: ignore[no-any-return]


def _fill(entries: Any, rows: Iterable[Row]) -> None:
    for row in rows:
        entry = entries.add()
        known = entry.DESCRIPTOR.fields_by_name
        entry.MergeFrom(
            type(entry)(**{name: value for name, value in row.items() if name in known and not isinstance(value, UUID)})
        )
        if isinstance(row.get("Id"), UUID):
            _set(entry.Id, row["Id"])


def _set(message: Any, identity: UUID) -> None:
    """Put a GUID into a message whose class was made from the table."""
    guid = guid_to_wire(identity)
    message.lo, message.hi = guid.lo, guid.hi


def _retries(observer: Observer, partition: Partition) -> Iterator[Row]:
    for number, attempt in enumerate(partition.attempts[1:]):
        yield {
            # The same job has the same id in each list.
            "Id": uuid5(NAMESPACE_OID, f"{partition.id}/{number}"),
            "Details": f"{observer.webhook.id}-{partition.source}",
            "Type": "RetryFailedPartition",
            "Status": _COMPLETED_WITH_FAILURES,
            "Created": {"Value": attempt.occurred},
            "StatusChanges": [{"Status": _COMPLETED_WITH_FAILURES, "Occurred": {"Value": attempt.occurred}}],
            "Progress": {"TotalSteps": 1, "FailedSteps": 1, "IsCompleted": True, "IsStopped": True},
        }
