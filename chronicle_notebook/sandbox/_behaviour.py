"""Which of the known differences between kernel releases the sandbox shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Named switches, one per known difference; the defaults are what the newest documented kernel does.

    A new switch is one more field here, with its meaning and source, and is read where the behaviour lives through
    ``kernel.behaviour``.
    """

    status_checked: bool = True
    """An answer other than 2xx is a failed delivery, as in kernels from 19.30 on. False: any answer counts as
    delivered, and 408, 429 and 5xx are merely tried again first (source:
    K/Core/Observation/Webhooks/WebhookMediator.cs)."""

    authorization_lost: bool = False
    """Authorization events are dropped outside the event store ``System`` while registration reports success, so that
    no ``Authorization`` header is sent (kernels to 19.30 at least; source: K/Core/EventTypes/EventTypes.cs)."""

    inactive_lost: bool = False
    """``IsActive = false`` is lost when definitions are read from storage: an inactive webhook is listed as active, and
    delivers after a restart (kernels to 19.32 at least; source:
    K/Storage.Sql/EventStores/Webhooks/WebhookDefinitionConverters.cs)."""


NEWEST = Behaviour()
"""What the newest documented kernel does."""
