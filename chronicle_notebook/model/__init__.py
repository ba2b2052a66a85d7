"""The values that every room shares: webhooks, event types, observers and events.

All values are pure and frozen. This room does not talk to a kernel and imports no other room.
"""

from chronicle_notebook.model._authorization import (
    NO_AUTHORIZATION,
    AuthorizationKind,
    BasicAuthorization,
    BearerAuthorization,
    NoAuthorization,
    OAuthAuthorization,
    UndisclosedAuthorization,
    WebhookAuthorization,
    WebhookCredentials,
    class_of,
    is_fetched,
    secrets_of,
)
from chronicle_notebook.model._event import AppendedEvent, AppendResult, EventToAppend
from chronicle_notebook.model._event_type import KERNEL_EVENT_TYPES, EventType, RegisteredEventType, registrable
from chronicle_notebook.model._observer import FailedAttempt, FailedPartition, ObserverState, RunningState
from chronicle_notebook.model._server import ServerVersion
from chronicle_notebook.model._stored_event import EventAuthor, EventCause, StoredEvent
from chronicle_notebook.model._webhook import EVENT_LOG, WebhookColumns, WebhookDefinition

__all__ = [
    "EVENT_LOG",
    "KERNEL_EVENT_TYPES",
    "NO_AUTHORIZATION",
    "AppendResult",
    "AppendedEvent",
    "AuthorizationKind",
    "BasicAuthorization",
    "BearerAuthorization",
    "EventAuthor",
    "EventCause",
    "EventToAppend",
    "EventType",
    "FailedAttempt",
    "FailedPartition",
    "NoAuthorization",
    "OAuthAuthorization",
    "ObserverState",
    "RegisteredEventType",
    "RunningState",
    "ServerVersion",
    "StoredEvent",
    "UndisclosedAuthorization",
    "WebhookAuthorization",
    "WebhookColumns",
    "WebhookCredentials",
    "WebhookDefinition",
    "class_of",
    "is_fetched",
    "registrable",
    "secrets_of",
]
