"""The classic service Webhooks (source: K/Core/Services/Observation/Webhooks/Webhooks.cs)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import grpc
from google.protobuf.empty_pb2 import Empty

from chronicle_notebook.contracts.classic import methods
from chronicle_notebook.contracts.wire import webhooks_classic_pb2 as wire, webhooks_pb2
from chronicle_notebook.sandbox._exceptions import ArgumentNullException, FormatException
from chronicle_notebook.sandbox._kernel import Kernel
from chronicle_notebook.sandbox._server import Served
from chronicle_notebook.sandbox._stores import EVENT_LOG, Store
from chronicle_notebook.sandbox._webhook import Authorization, Webhook, WireAuthorizationKind
from chronicle_notebook.sandbox.services._webhooks import webhook_of


class ClassicWebhooksService:
    """Registers, lists, tests and removes webhooks. Nothing is validated: a missing part raises an error."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._ended: set[int] = set()

    def served(self) -> list[Served]:
        """The methods of this service."""
        return [
            Served(methods.ADD, self.add),
            Served(methods.GET_WEBHOOKS, self.get),
            Served(methods.OBSERVE_WEBHOOKS, self.observe),
            Served(methods.REMOVE, self.remove),
            Served(methods.TEST_OAUTH_AUTHORIZATION, self.test_authority),
            Served(methods.TEST_WEBHOOK, self.test_target),
        ]

    def add(self, request: wire.AddWebhooks) -> Empty:
        """Register webhooks. If one cannot be registered, the webhooks before it are registered."""
        store = self._kernel.store_for_adding(request.EventStore)
        if store is not None:
            self._kernel.registrar.add(store, map(_webhook, request.Webhooks))
        return Empty()

    def remove(self, request: wire.RemoveWebhooks) -> Empty:
        """Remove webhooks. Unknown ids and an empty list are accepted."""
        self._kernel.registrar.remove(self._kernel.store(request.EventStore), list(request.Webhooks))
        return Empty()

    def get(self, request: webhooks_pb2.GetWebhooksRequest) -> bytes:
        """The definitions in effect; zero bytes if there are none."""
        if not request.EventStore:
            raise ArgumentNullException
        return self._kernel.registry.listed(self._kernel.store_of_webhooks(request.EventStore))

    def observe(self, request: webhooks_pb2.GetWebhooksRequest, context: grpc.ServicerContext) -> Iterator[bytes]:
        """The complete list at once and after each change."""
        store = self._kernel.store_of_webhooks(request.EventStore)
        first = True
        try:
            for full in self._kernel.webhook_changes(context, store):
                if not first and self._has_ended(store):
                    return
                try:
                    listed = self._kernel.registry.listed(store)
                except FormatException:
                    return  # such a stream ends without a word
                if full or listed:
                    yield listed
                if self._has_ended(store):
                    return
                first = False
        finally:
            self._end(store)

    def test_target(self, request: wire.TestWebhookRequest) -> wire.TestWebhookResponse:
        """Send a test to a target, with the given credentials. Nothing is stored."""
        problem = self._kernel.engine.test_target(
            webhook_of(webhooks_pb2.WebhookDefinition(Identifier="test", Target=request.Target))
        )
        return wire.TestWebhookResponse(Success=not problem, ErrorMessage=problem)

    def test_authority(self, request: wire.TestOAuthAuthorizationRequest) -> wire.TestOAuthAuthorizationResponse:
        """Get a token."""
        authorization = Authorization(
            WireAuthorizationKind.OAUTH, request.ClientId, request.ClientSecret, request.Authority
        )
        problem = self._kernel.engine.test_authority(authorization)
        return wire.TestOAuthAuthorizationResponse(Success=not problem, ErrorMessage=problem)

    def _has_ended(self, store: Store | None) -> bool:
        return store is not None and store.key in self._ended

    def _end(self, store: Store | None) -> None:
        """End the other streams too, as some kernels do."""
        if store is not None and self._kernel.behaviour.observing_ends_together and store.key not in self._ended:
            self._ended.add(store.key)
            self._kernel.topics.change("webhooks", store.name)


def _webhook(message: webhooks_pb2.WebhookDefinition) -> Webhook:
    # B9 in docs/fidelity.md: an empty id counts as absent, because the messages do not say whether a text was sent.
    if not message.Identifier:
        raise ArgumentNullException
    found = webhook_of(message)
    return replace(found, sequence=found.sequence or EVENT_LOG)
