"""A sandbox on a profile of the classic contract, and what tests of its deliveries ask of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chronicle_notebook.contracts.classic import methods
from chronicle_notebook.contracts.wire import observation_pb2 as wire, sequences_classic_pb2 as sequences
from chronicle_notebook.sandbox import Sandbox
from tests.sandbox.classic import ClassicClient
from tests.sandbox.conftest import STORE, hook
from tests.waiting import LONG, eventually

ABOUT: dict[str, Any] = {
    "EventStore": STORE, "Namespace": "Default", "ObserverId": "h", "EventSequenceId": "event-log"
}  # fmt: skip
SCALE = 0.001


class Kernel:
    """A sandbox on a profile, and what these tests ask of it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.client = ClassicClient(sandbox.port)
        self.client.register_classic("One", "Two")

    def add(self, id_: str, url: str, *types: str) -> None:
        self.client.settle_hooks(hook(id_, url, *(types or ("One",))))
        # The list shows a webhook just before it is subscribed.
        assert self.sandbox._kernel is not None
        self.sandbox._kernel.reactor.wait_until_settled(LONG)

    def remove(self, id_: str) -> None:
        self.client.remove_hooks(id_)
        eventually(lambda: id_ not in self.client.hooks())

    def append(self, source: str, kind: str = "One") -> None:
        assert not self.client.append_classic(source, kind).Errors

    def append_many(self, *sources: str, kind: str = "One") -> None:
        events = [
            sequences.EventToAppend(
                EventSourceId=source, EventType=sequences.EventType(Id=name, Generation=1), Content="{}"
            )
            for source, _, other in (source.partition(":") for source in sources)
            for name in [other or kind]
        ]
        request = sequences.AppendManyRequest(
            EventStore=STORE,
            Namespace="Default",
            EventSequenceId="event-log",
            Events=events,
            CausedBy=sequences.Identity(Subject="s", Name="n"),
        )
        assert len(self.client.call(methods.APPEND_MANY, request).SequenceNumbers) == len(sources)

    def shown(self, id_: str = "h") -> tuple[int, int, int]:
        """Next, last handled and tail, as observers show them."""
        found = self.client.observer(id_)
        return (
            found.NextEventSequenceNumber,
            found.LastHandledEventSequenceNumber,
            found.TailEventSequenceNumber,
        )

    def retry(self, source: str) -> None:
        self.client.call(methods.RETRY_PARTITION, wire.RetryPartition(**ABOUT, Partition=source))


@contextmanager
def kernel(folder: Path, profile: str | None = "16.37", **options: Any) -> Iterator[Kernel]:
    given: dict[str, Any] = {"settle_delay": 0, "time_scale": SCALE, **options}
    with Sandbox(data=folder, behaves_like=profile, **given) as sandbox:
        found = Kernel(sandbox)
        yield found
        found.client.close()
