"""The gRPC services, one file for each."""

from __future__ import annotations

from chronicle_notebook.sandbox._kernel import Kernel
from chronicle_notebook.sandbox._server import Otherwise, Served
from chronicle_notebook.sandbox.services._connections import ConnectionService
from chronicle_notebook.sandbox.services._event_stores import EventStoresService
from chronicle_notebook.sandbox.services._event_types import EventTypesService
from chronicle_notebook.sandbox.services._failed_partitions import FailedPartitionsService
from chronicle_notebook.sandbox.services._host import HostService
from chronicle_notebook.sandbox.services._namespaces import NamespacesService
from chronicle_notebook.sandbox.services._observers import ObserversService
from chronicle_notebook.sandbox.services._sequences import SequencesService
from chronicle_notebook.sandbox.services._unserved import UnservedService
from chronicle_notebook.sandbox.services._webhooks import WebhooksService


def served(kernel: Kernel) -> list[Served]:
    """All methods that the sandbox answers, in the contract of its profile."""
    # B3 in docs/fidelity.md: reflection is missing, because GetDescriptorSet has the whole contract without another
    # package.
    return [
        *(_classic(kernel) if kernel.profile.contract == "classic" else _commands(kernel)),
        *ConnectionService(kernel).served(),
        *HostService(kernel).served(),
    ]


def otherwise(kernel: Kernel) -> Otherwise:
    """The handling of every path that is not `served`."""
    return UnservedService(kernel).otherwise


def _commands(kernel: Kernel) -> list[Served]:
    return [
        *EventStoresService(kernel).served(),
        *NamespacesService(kernel).served(),
        *(_early(kernel) if kernel.profile.early_events else _late(kernel)),
    ]


def _early(kernel: Kernel) -> list[Served]:
    """The services of the first kernels of the commands contract. Some of them still have the classic form."""
    from chronicle_notebook.sandbox.services import classic
    from chronicle_notebook.sandbox.services._early_commands import EarlyEventTypesService, EarlyWebhooksService

    return [
        *EarlyEventTypesService(kernel).served(),
        *EarlyWebhooksService(kernel).served(),
        *classic.ClassicSequencesService(kernel).served(),
        *classic.ClassicObservationService(kernel).served(),
    ]


def _late(kernel: Kernel) -> list[Served]:
    return [
        *EventTypesService(kernel).served(),
        *WebhooksService(kernel).served(),
        *SequencesService(kernel).served(),
        *ObserversService(kernel).served(),
        *FailedPartitionsService(kernel).served(),
    ]


def _classic(kernel: Kernel) -> list[Served]:
    from chronicle_notebook.sandbox.services import classic

    names = classic.EarlyNamesService if kernel.profile.early_names else classic.ClassicNamesService
    return [
        *names(kernel).served(),
        *classic.ClassicEventTypesService(kernel).served(),
        *classic.ClassicWebhooksService(kernel).served(),
        *classic.ClassicSequencesService(kernel).served(),
        *classic.ClassicObservationService(kernel).served(),
    ]
