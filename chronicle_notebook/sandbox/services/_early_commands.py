"""Webhooks and event types as the first kernels of the commands contract have them: nothing is validated.

What a later kernel tells in ``ValidationResults`` is an exception in the envelope here, or is accepted (seen on a build
before 16.38.0, on SQLite and in memory).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NoReturn

import grpc

from chronicle_notebook.contracts.wire import event_types_pb2, webhooks_pb2
from chronicle_notebook.sandbox._envelope import envelope
from chronicle_notebook.sandbox._event_type import EventTypeGeneration, Registration
from chronicle_notebook.sandbox._event_types import CLIENT, USER
from chronicle_notebook.sandbox._exceptions import (
    ArgumentNullException,
    FormatException,
    MissingMethodException,
    NullReferenceException,
)
from chronicle_notebook.sandbox._stores import EVENT_LOG
from chronicle_notebook.sandbox._webhook import Webhook
from chronicle_notebook.sandbox.services._event_types import EventTypesService
from chronicle_notebook.sandbox.services._webhooks import WebhooksService, webhook_of

_VALIDATOR = "Cratis.Chronicle.Observation.Webhooks.AddWebhookValidator"
_WITHOUT_PROPERTIES = '{"type":"object"}'


class EarlyWebhooksService(WebhooksService):
    """Accepts what it can, and adds webhooks up to the first one that it cannot."""

    def add(self, request: webhooks_pb2.AddWebhooksRequest) -> webhooks_pb2.CommandResult:
        """Register webhooks. If one cannot be registered, the webhooks before it are registered."""
        self._kernel.stores.check_named(request.EventStore)
        if not request.Webhooks:
            raise NullReferenceException
        store = self._kernel.store_for_adding(request.EventStore)
        if store is not None:
            self._kernel.registrar.add(store, _webhooks(request))
        return envelope(webhooks_pb2.CommandResult)

    def observe(self, request: webhooks_pb2.ObserveWebhooksRequest, context: grpc.ServicerContext) -> Iterator[bytes]:
        """The complete list at once and after each change, until the list cannot be made.

        From then on the stream has no message more, also when the list can be made again, and does not end (seen on
        SQLite).
        """
        store = self._kernel.store_of_webhooks(request.EventStore)
        head = envelope(webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse).SerializeToString()
        broken = False
        for full in self._kernel.webhook_changes(context, store):
            try:
                listed = b"" if broken else self._kernel.registry.listed(store)
            except FormatException:
                broken = True
            if not broken and (full or listed):
                yield head + listed

    def add_one(self, _request: webhooks_pb2.AddWebhookRequest) -> NoReturn:
        """Fail, whatever is asked: the validator of this command cannot be made."""
        raise MissingMethodException(
            f"Cannot dynamically create an instance of type '{_VALIDATOR}'. "
            "Reason: No parameterless constructor defined."
        )

    def remove_one(self, request: webhooks_pb2.RemoveWebhookRequest) -> webhooks_pb2.CommandResult:
        """Remove one webhook. An unknown id is accepted."""
        self._kernel.stores.check_named(request.EventStore)
        if not request.WebhookId:
            raise ArgumentNullException
        self._kernel.registrar.remove(self._kernel.store(request.EventStore), [request.WebhookId])
        return envelope(webhooks_pb2.CommandResult)

    def remove(self, request: webhooks_pb2.RemoveWebhooksRequest) -> webhooks_pb2.CommandResult:
        """Remove webhooks; unknown ids are accepted."""
        self._kernel.stores.check_named(request.EventStore)
        if not request.Webhooks:
            raise ArgumentNullException("source")
        self._kernel.registrar.remove(self._kernel.store(request.EventStore), list(request.Webhooks))
        return envelope(webhooks_pb2.CommandResult)


class EarlyEventTypesService(EventTypesService):
    """Registers event types, those without a name too."""

    def register(self, request: event_types_pb2.RegisterEventTypesRequest) -> event_types_pb2.CommandResult:
        """Register event types; none at all is an exception."""
        if not request.Types:
            raise NullReferenceException
        return super().register(request)

    def generations(
        self, request: event_types_pb2.AllEventTypeGenerationsRequest
    ) -> event_types_pb2.QueryResult_IEnumerable_EventTypeDetailsResponse:
        """Every generation of one event type, oldest first; an id that is absent is an exception."""
        # K27 in docs/fidelity.md: an empty id counts as absent, because the messages do not say whether a text was
        # sent.
        if not request.EventTypeId:
            raise ArgumentNullException
        return super().generations(request)

    def create(self, request: event_types_pb2.CreateEventTypeRequest) -> event_types_pb2.CommandResult:
        """Create generation 1 of an event type without properties, over what was there, under any name."""
        store = self._kernel.store(request.EventStore)
        made = Registration(EventTypeGeneration(request.Name), _WITHOUT_PROPERTIES, CLIENT, USER)
        self._kernel.types.save(store, [made], whole=True)
        return envelope(event_types_pb2.CommandResult)


def _webhooks(request: webhooks_pb2.AddWebhooksRequest) -> Iterator[Webhook]:
    for message in request.Webhooks:
        if not message.Identifier:
            raise ArgumentNullException
        found = webhook_of(message)
        yield replace(found, sequence=found.sequence or EVENT_LOG)
