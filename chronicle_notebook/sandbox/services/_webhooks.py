"""The service Webhooks (source: K/Core/Observation/Webhooks)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import grpc

from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import webhooks_pb2 as wire
from chronicle_notebook.sandbox._envelope import ValidationFailed, envelope, required
from chronicle_notebook.sandbox._event_type import EventTypeGeneration
from chronicle_notebook.sandbox._kernel import Kernel
from chronicle_notebook.sandbox._server import Served
from chronicle_notebook.sandbox._webhook import NO_AUTHORIZATION, Authorization, Webhook, WireAuthorizationKind

_Details = wire.QueryResult_IEnumerable_WebhookDetailsResponse


class WebhooksService:
    """Registers, lists and removes webhooks. Naming a store that does not exist creates it, even when listing."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def served(self) -> list[Served]:
        """The methods of this service."""
        return [
            Served(methods.ADD_WEBHOOK, self.add_one),
            Served(methods.ADD_WEBHOOKS, self.add),
            Served(methods.GET_WEBHOOKS, self.get),
            Served(methods.OBSERVE_WEBHOOKS, self.observe),
            Served(methods.REMOVE_WEBHOOK, self.remove_one),
            Served(methods.REMOVE_WEBHOOKS, self.remove),
        ]

    def add(self, request: wire.AddWebhooksRequest) -> wire.CommandResult:
        """Register webhooks. Only the presence of a few values is checked."""
        required(
            (request.EventStore, "Event store is required.", "eventStore"),
            (request.Webhooks, "At least one webhook is required.", "webhooks"),
            *(
                member
                for index, webhook in enumerate(request.Webhooks)
                for member in (
                    (webhook.Identifier, "Webhook identifier is required.", f"webhooks[{index}].identifier"),
                    (webhook.EventSequenceId, "Event sequence is required.", f"webhooks[{index}].eventSequenceId"),
                )
            ),
        )
        store = self._kernel.store_for_adding(request.EventStore)
        if store is not None:
            self._kernel.registrar.add(store, map(webhook_of, request.Webhooks))
        return envelope(wire.CommandResult)

    def add_one(self, request: wire.AddWebhookRequest) -> wire.CommandResult:
        """Register one webhook in the flat form. Its missing flags mean false.

        A kernel also tests the target and the authority. The sandbox checks only the values, and that the name is new.
        """
        members = {"eventStore": request.EventStore, "name": request.Name, "url": request.Url}
        if request.AuthorizationType == wire.OAuth:
            members["oAuthAuthority"] = request.OAuthAuthority
            members["oAuthClientId"] = request.OAuthClientId
            members["oAuthClientSecret"] = request.OAuthClientSecret
        required(*((value, f"{name[0].upper()}{name[1:]} is required.", name) for name, value in members.items()))
        store = self._kernel.store(request.EventStore)
        if self._kernel.registry.find(store, request.Name) is not None:
            raise ValidationFailed((f"A webhook named '{request.Name}' already exists.", "name"))
        self._kernel.registrar.add(store, [_flat(request)])
        return envelope(wire.CommandResult)

    def get(self, request: wire.GetWebhooksRequest) -> bytes:
        """The definitions in effect, without credentials, in the order of their registration."""
        # Two serialized messages one after the other are one message: the envelope, and the stored rows.
        return envelope(_Details).SerializeToString() + self._kernel.registry.listed(
            self._kernel.store_of_webhooks(request.EventStore)
        )

    def observe(self, request: wire.ObserveWebhooksRequest, context: grpc.ServicerContext) -> Iterator[bytes]:
        """The complete list at once and after each change."""
        store = self._kernel.store_of_webhooks(request.EventStore)
        head = envelope(_Details).SerializeToString()
        for full in self._kernel.webhook_changes(context, store):
            listed = self._kernel.registry.listed(store)
            if full or listed:
                yield head + listed

    def remove_one(self, request: wire.RemoveWebhookRequest) -> wire.CommandResult:
        """Remove one webhook. An unknown id is accepted."""
        required(
            (request.EventStore, "Event store is required.", "eventStore"),
            (request.WebhookId, "Webhook identifier is required.", "webhookId"),
        )
        self._kernel.registrar.remove(self._kernel.store(request.EventStore), [request.WebhookId])
        return envelope(wire.CommandResult)

    def remove(self, request: wire.RemoveWebhooksRequest) -> wire.CommandResult:
        """Remove webhooks. Unknown ids and an empty list are accepted."""
        required((request.EventStore, "Event store is required.", "eventStore"))
        self._kernel.registrar.remove(self._kernel.store(request.EventStore), list(request.Webhooks))
        return envelope(wire.CommandResult)


def webhook_of(message: wire.WebhookDefinition) -> Webhook:
    """The definition in a message, in which missing flags mean true."""
    return Webhook(
        id=message.Identifier,
        url=message.Target.Url,
        sequence=message.EventSequenceId,
        event_types=tuple(EventTypeGeneration.of(entry) for entry in message.EventTypes),
        headers=_by_name(message.Target.Headers),
        authorization=_authorization(message.Target.Authorization),
        replayable=message.IsReplayable if message.HasField("IsReplayable") else True,
        active=message.IsActive if message.HasField("IsActive") else True,
    )


def _by_name(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    # C1 in docs/fidelity.md: the order of the names, upper case first, because no reader of protobuf keeps the order of
    # a map.
    return tuple(sorted(headers.items()))


def _authorization(
    message: wire.OneOf_BasicAuthorization_BearerTokenAuthorization_OAuthAuthorization,
) -> Authorization:
    """The first of the three kinds that is set."""
    if message.HasField("Value0"):
        return Authorization(WireAuthorizationKind.BASIC, message.Value0.Username, message.Value0.Password)
    if message.HasField("Value1"):
        return Authorization(WireAuthorizationKind.BEARER, secret=message.Value1.Token)
    if message.HasField("Value2"):
        oauth = message.Value2
        return Authorization(WireAuthorizationKind.OAUTH, oauth.ClientId, oauth.ClientSecret, oauth.Authority)
    return NO_AUTHORIZATION


def _flat(request: wire.AddWebhookRequest) -> Webhook:
    kind = WireAuthorizationKind(request.AuthorizationType)
    authorization = {
        WireAuthorizationKind.NONE: NO_AUTHORIZATION,
        WireAuthorizationKind.BASIC: Authorization(kind, request.BasicUsername, request.BasicPassword),
        WireAuthorizationKind.BEARER: Authorization(kind, secret=request.BearerToken),
        WireAuthorizationKind.OAUTH: Authorization(
            kind, request.OAuthClientId, request.OAuthClientSecret, request.OAuthAuthority
        ),
    }[kind]
    return Webhook(
        id=request.Name,
        url=request.Url,
        sequence=request.EventSequenceId or "event-log",
        event_types=tuple(EventTypeGeneration.of(entry) for entry in request.EventTypes),
        headers=_by_name(request.Headers),
        authorization=authorization,
        replayable=request.IsReplayable,
        active=request.IsActive,
    )
