"""The gRPC services, one file each."""

from __future__ import annotations

from functools import cache

from chronicle_notebook.contracts.wire import host_pb2
from chronicle_notebook.sandbox._contract import Contract
from chronicle_notebook.sandbox._kernel import Kernel
from chronicle_notebook.sandbox._server import Served
from chronicle_notebook.sandbox.services._connections import ConnectionService
from chronicle_notebook.sandbox.services._event_stores import EventStoresService
from chronicle_notebook.sandbox.services._event_types import EventTypesService
from chronicle_notebook.sandbox.services._failed_partitions import FailedPartitionsService
from chronicle_notebook.sandbox.services._host import HostService
from chronicle_notebook.sandbox.services._namespaces import NamespacesService
from chronicle_notebook.sandbox.services._observers import ObserversService
from chronicle_notebook.sandbox.services._sequences import SequencesService
from chronicle_notebook.sandbox.services._webhooks import WebhooksService


def served(kernel: Kernel) -> list[Served]:
    """Every method that the sandbox answers, in the form of the contract that its profile has."""
    classic = kernel.profile.contract == "classic"

    @cache
    def contract() -> Contract:
        return _classic_contract(methods) if classic else Contract(entry.method for entry in methods)

    methods = [
        *(_classic(kernel) if classic else _commands(kernel)),
        *ConnectionService(kernel, contract).served(),
        *HostService(kernel).served(),
    ]
    return methods


def _commands(kernel: Kernel) -> list[Served]:
    return [
        *EventStoresService(kernel).served(),
        *NamespacesService(kernel).served(),
        *EventTypesService(kernel).served(),
        *WebhooksService(kernel).served(),
        *SequencesService(kernel).served(),
        *ObserversService(kernel).served(),
        *FailedPartitionsService(kernel).served(),
    ]


def _classic(kernel: Kernel) -> list[Served]:
    from chronicle_notebook.sandbox.services import classic

    return [
        *classic.ClassicNamesService(kernel).served(),
        *classic.ClassicEventTypesService(kernel).served(),
        *classic.ClassicWebhooksService(kernel).served(),
        *classic.ClassicSequencesService(kernel).served(),
        *classic.ClassicObservationService(kernel).served(),
    ]


def _classic_contract(methods: list[Served]) -> Contract:
    from chronicle_notebook.sandbox.services.classic._observation import ABSENT, RENAMED

    absent = {**ABSENT, host_pb2.ServerVersionInfo.DESCRIPTOR.full_name: frozenset({3})}
    return Contract((entry.method for entry in methods), absent=absent, renamed=RENAMED)
