"""A toolkit for the webhooks of a Cratis Chronicle event store, for use in a notebook.

::

    import chronicle_notebook as cn

    client = cn.connect()
    client.webhooks.all()

The import is cheap, because each name is loaded when it is first used. Type checkers read ``__init__.pyi``; a test
compares it with this table.
"""

from importlib import import_module
from typing import Any

from chronicle_notebook._version import __version__
from chronicle_notebook.base._uncollected import uncollected

_ROOMS = {
    "session._client": ("Client",),
    "session._connect": (
        "client",
        "clients",
        "connect",
        "doctor",
        "reset_sandbox",
        "start_sandbox",
        "stop_sandbox",
        "use",
    ),
    "base._errors": (
        "AnswerTooLargeError",
        "AppendRefusedError",
        "AuthenticationError",
        "CallCancelledError",
        "CertificateChangedWarning",
        "CertificateError",
        "ChronicleError",
        "ChronicleWarning",
        "ClientClosedError",
        "CredentialHeaderWarning",
        "CredentialUrlWarning",
        "DeadlineExceededError",
        "DeliveryTimeoutError",
        "DuplicateWebhookError",
        "InvalidConnectionStringError",
        "InvalidDeclarationError",
        "InvalidDefinitionError",
        "InvalidInputError",
        "KernelError",
        "KernelFaultError",
        "KernelUnreachableError",
        "LongSecretWarning",
        "MethodNotImplementedError",
        "MissingDependencyError",
        "NotHandledError",
        "NotSupportedError",
        "PermissionDeniedError",
        "PlanRefusedError",
        "ProtectedError",
        "ProtocolError",
        "ReceiverError",
        "RequestRefusedError",
        "SandboxError",
        "SecretUnavailableError",
        "StateFileError",
        "UnknownClientError",
        "UnknownEventStoreError",
        "UnknownEventTypeError",
        "UnknownWebhookError",
    ),
    "display._listing": ("Listing",),
    "base._secrets": ("Secret",),
    "session._tutorial": ("tutorial",),
    "session._status": ("Status",),
    "session._doctor": ("Diagnosis",),
    "connection._string": ("ConnectionString",),
    "contracts._known_defect": ("KnownDefect",),
    "model": (
        "AppendResult",
        "AppendedEvent",
        "AuthorizationKind",
        "BasicAuthorization",
        "BearerAuthorization",
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
        "UndisclosedAuthorization",
        "WebhookDefinition",
    ),
    "receiver": (
        "Delivery",
        "DeliveryList",
        "Receiver",
    ),
    "sandbox": ("Sandbox",),
    "events._declared_event_type": ("event_type",),
    "events._event_sequence": ("EventSequence",),
    "events._listings": (
        "ListenedEventType",
        "SequenceTail",
    ),
    "definition.file._ownership": ("Ownership",),
    "desired._applied": ("Applied",),
    "desired._drift": (
        "Drift",
        "DriftKind",
        "DriftRow",
    ),
    "desired._plan": ("StatePlan",),
    "desired._planned": (
        "FieldEffect",
        "StateAction",
        "PlannedField",
        "PlannedWebhook",
    ),
    "desired._state": ("DesiredState",),
    "definition._builder": ("DefinitionBuilder",),
    "definition._code": ("Code",),
    "definition._declaration": ("webhook",),
    "probing._progress": ("ProbeProgress",),
    "probing._result": (
        "ProbeFinding",
        "ProbeResult",
        "ProbeVerdict",
    ),
    "reading._list": ("WebhookList",),
    "reading._observation": (
        "ObservationState",
        "WebhookObservation",
    ),
    "registration._declared": ("discover",),
    "registration._replace": ("ReplacementError",),
    "runbook.engine._outcome": ("RunbookError",),
    "registration._outcome": (
        "Action",
        "Ineffective",
        "Outcome",
        "Outcomes",
    ),
    "registration._plan": ("Plan",),
    "pausing._paused": ("PausedWebhook",),
    "pausing._progress": ("DeliveryProgress",),
    "pausing._redelivery": ("RedeliveryPlan",),
    "pausing._redelivery_outcome": (
        "RedeliveryOutcome",
        "RedeliveryRequest",
        "RequestState",
    ),
    "pausing._replay": (
        "ReplayPlace",
        "ReplayPlan",
    ),
    "pausing._replay_outcome": (
        "ReplayOutcome",
        "ReplayedPlace",
    ),
    "target_test._answer": (
        "Grade",
        "TargetAnswer",
    ),
    "session._webhooks": ("Webhooks",),
    "session._webhook_view": ("WebhookView",),
    "triage._cause": ("Cause",),
    "triage._condition": (
        "CauseGroup",
        "TriageRow",
    ),
    "triage._retries": (
        "Retries",
        "RetriedPartition",
    ),
    "triage._triage": ("Triage",),
}
_HOMES = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = ["__version__", "runbook", "webhooks", "widgets", *_HOMES]  # noqa: PLE0604 - the names stand above, once


def __getattr__(name: str) -> Any:
    if name in {"runbook", "webhooks", "widgets"}:
        return import_module(f"{__name__}.{name}")
    if name in _HOMES:
        with uncollected():
            value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value  # kept, so that the next use is a plain look-up
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext chronicle_notebook``: the magics and their completion."""
    import_module(f"{__name__}.magics").load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """``%unload_ext chronicle_notebook``."""
    import_module(f"{__name__}.magics").unload(shell)
