"""The values that every room shares: webhooks, event types, observers and events.

All values are pure and frozen. This room does not talk to a kernel and imports no other room.


Each value is loaded when it is first used, because a listing needs few of them. A test compares the table with what
type checkers read.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_ROOMS = {
    "_authorization": (
        "NO_AUTHORIZATION",
        "AuthorizationKind",
        "BasicAuthorization",
        "BearerAuthorization",
        "NoAuthorization",
        "OAuthAuthorization",
        "UndisclosedAuthorization",
        "WebhookAuthorization",
        "WebhookCredentials",
        "class_of",
        "is_fetched",
        "secrets_of",
    ),
    "_event": (
        "AppendedEvent",
        "AppendResult",
        "EventToAppend",
    ),
    "_event_type": (
        "KERNEL_EVENT_TYPES",
        "EventType",
        "RegisteredEventType",
        "registrable",
    ),
    "_observer": (
        "FailedAttempt",
        "FailedPartition",
        "ObserverState",
        "RunningState",
    ),
    "_server": ("ServerVersion",),
    "_stored_event": (
        "EventAuthor",
        "EventCause",
        "StoredEvent",
    ),
    "_webhook": (
        "EVENT_LOG",
        "WebhookColumns",
        "WebhookDefinition",
    ),
}
_HOMES = {name: module for module, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value  # kept, so that the next use is a plain look-up
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
