"""The rows of webhooks in lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chronicle_notebook.contracts._scalars import event_type_to_wire
from chronicle_notebook.contracts.wire import webhooks_classic_pb2 as classic, webhooks_pb2 as wire
from chronicle_notebook.sandbox._profile import KernelProfile
from chronicle_notebook.sandbox._webhook import Authorization, Webhook, WireAuthorizationKind

Row = Callable[[Webhook, bool], bytes]
"""A webhook, and whether it is shown as active, as the bytes of a list with only this webhook."""

_OneOf = wire.OneOf_BasicAuthorization_BearerTokenAuthorization_OAuthAuthorization


def row(profile: KernelProfile) -> Row:
    """The function that makes the rows of a kernel's lists."""
    show = profile.behaviour.ciphertext_listed

    def listed(webhook: Webhook, active: bool) -> bytes:  # noqa: FBT001 - the signature of a Row
        if profile.behaviour.tombstone_lost:
            plain = tuple(replace(kind, tombstone=False) for kind in webhook.event_types)
            webhook = replace(webhook, event_types=plain)
        if profile.behaviour.names_ordered:
            webhook = _ordered(webhook)
        if profile.contract == "commands":
            return _details(webhook, active)
        return _definition(webhook, active, secrets=show)

    return listed


def _ordered(webhook: Webhook) -> Webhook:
    """A webhook with its event types and headers in the order of their names, shorter ones first."""
    types = sorted(webhook.event_types, key=lambda kind: (len(kind.id), kind.id))
    headers = sorted(webhook.headers, key=lambda header: (len(header[0]), header[0]))
    return replace(webhook, event_types=tuple(types), headers=tuple(headers))


def _details(webhook: Webhook, active: bool) -> bytes:  # noqa: FBT001 - as in a Row
    details = wire.WebhookDetailsResponse(
        Identifier=webhook.id,
        Id=webhook.id,
        Url=webhook.url,
        EventSequenceId=webhook.sequence,
        EventTypes=_event_types(webhook),
        AuthorizationType=wire.AuthorizationType.ValueType(webhook.authorization.kind),
        Headers=dict(webhook.headers),
        IsReplayable=webhook.replayable,
        IsActive=active,
    )
    return wire.QueryResult_IEnumerable_WebhookDetailsResponse(Data=[details]).SerializeToString()


def _definition(webhook: Webhook, active: bool, *, secrets: bool) -> bytes:  # noqa: FBT001 - as in a Row
    """The classic row: what was registered, with flags that are written only when they are false."""
    definition = wire.WebhookDefinition(
        EventSequenceId=webhook.sequence,
        Identifier=webhook.id,
        EventTypes=_event_types(webhook),
        Target=wire.WebhookTarget(Url=webhook.url, Headers=dict(webhook.headers)),
        IsReplayable=None if webhook.replayable else False,
        IsActive=None if active else False,
    )
    authorization = _authorization(webhook.authorization, webhook.authorization.secret if secrets else "")
    if authorization is not None:
        definition.Target.Authorization.CopyFrom(authorization)
    return classic.IEnumerable_WebhookDefinition(items=[definition]).SerializeToString()


def _event_types(webhook: Webhook) -> list[wire.EventType]:
    return [event_type_to_wire(kind, wire.EventType()) for kind in webhook.event_types]


def _authorization(authorization: Authorization, secret: str) -> _OneOf | None:
    match authorization.kind:
        case WireAuthorizationKind.BASIC:
            return _OneOf(Value0=wire.BasicAuthorization(Username=authorization.user, Password=secret))
        case WireAuthorizationKind.BEARER:
            return _OneOf(Value1=wire.BearerTokenAuthorization(Token=secret))
        case WireAuthorizationKind.OAUTH:
            return _OneOf(
                Value2=wire.OAuthAuthorization(
                    Authority=authorization.authority, ClientId=authorization.user, ClientSecret=secret
                )
            )
        case _:
            return None
