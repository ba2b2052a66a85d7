"""The public names, for type checkers: at run time each is loaded when it is first used."""

from chronicle_notebook import runbook as runbook, webhooks as webhooks, widgets as widgets
from chronicle_notebook.base._errors import (
    AnswerTooLargeError as AnswerTooLargeError,
    AppendRefusedError as AppendRefusedError,
    AuthenticationError as AuthenticationError,
    CallCancelledError as CallCancelledError,
    CertificateChangedWarning as CertificateChangedWarning,
    CertificateError as CertificateError,
    ChronicleError as ChronicleError,
    ChronicleWarning as ChronicleWarning,
    ClientClosedError as ClientClosedError,
    CredentialHeaderWarning as CredentialHeaderWarning,
    CredentialUrlWarning as CredentialUrlWarning,
    DeadlineExceededError as DeadlineExceededError,
    DeliveryTimeoutError as DeliveryTimeoutError,
    DuplicateWebhookError as DuplicateWebhookError,
    InvalidConnectionStringError as InvalidConnectionStringError,
    InvalidDeclarationError as InvalidDeclarationError,
    InvalidDefinitionError as InvalidDefinitionError,
    InvalidInputError as InvalidInputError,
    KernelError as KernelError,
    KernelFaultError as KernelFaultError,
    KernelUnreachableError as KernelUnreachableError,
    LongSecretWarning as LongSecretWarning,
    MethodNotImplementedError as MethodNotImplementedError,
    MissingDependencyError as MissingDependencyError,
    NotHandledError as NotHandledError,
    NotSupportedError as NotSupportedError,
    PermissionDeniedError as PermissionDeniedError,
    PlanRefusedError as PlanRefusedError,
    ProtectedError as ProtectedError,
    ProtocolError as ProtocolError,
    ReceiverError as ReceiverError,
    RequestRefusedError as RequestRefusedError,
    SandboxError as SandboxError,
    SecretUnavailableError as SecretUnavailableError,
    StateFileError as StateFileError,
    UnknownClientError as UnknownClientError,
    UnknownEventStoreError as UnknownEventStoreError,
    UnknownEventTypeError as UnknownEventTypeError,
    UnknownWebhookError as UnknownWebhookError,
)
from chronicle_notebook.base._secrets import (
    Secret as Secret,
)
from chronicle_notebook.connection._string import (
    ConnectionString as ConnectionString,
)
from chronicle_notebook.contracts._known_defect import (
    KnownDefect as KnownDefect,
)
from chronicle_notebook.definition._builder import (
    DefinitionBuilder as DefinitionBuilder,
)
from chronicle_notebook.definition._code import (
    Code as Code,
)
from chronicle_notebook.definition._declaration import (
    webhook as webhook,
)
from chronicle_notebook.definition.file._ownership import (
    Ownership as Ownership,
)
from chronicle_notebook.desired._applied import (
    Applied as Applied,
)
from chronicle_notebook.desired._drift import (
    Drift as Drift,
    DriftKind as DriftKind,
    DriftRow as DriftRow,
)
from chronicle_notebook.desired._plan import (
    StatePlan as StatePlan,
)
from chronicle_notebook.desired._planned import (
    FieldEffect as FieldEffect,
    PlannedField as PlannedField,
    PlannedWebhook as PlannedWebhook,
    StateAction as StateAction,
)
from chronicle_notebook.desired._state import (
    DesiredState as DesiredState,
)
from chronicle_notebook.display._listing import (
    Listing as Listing,
)
from chronicle_notebook.events._declared_event_type import (
    event_type as event_type,
)
from chronicle_notebook.events._event_sequence import (
    EventSequence as EventSequence,
)
from chronicle_notebook.events._listings import (
    ListenedEventType as ListenedEventType,
    SequenceTail as SequenceTail,
)
from chronicle_notebook.model import (
    AppendedEvent as AppendedEvent,
    AppendResult as AppendResult,
    AuthorizationKind as AuthorizationKind,
    BasicAuthorization as BasicAuthorization,
    BearerAuthorization as BearerAuthorization,
    EventToAppend as EventToAppend,
    EventType as EventType,
    FailedAttempt as FailedAttempt,
    FailedPartition as FailedPartition,
    NoAuthorization as NoAuthorization,
    OAuthAuthorization as OAuthAuthorization,
    ObserverState as ObserverState,
    RegisteredEventType as RegisteredEventType,
    RunningState as RunningState,
    ServerVersion as ServerVersion,
    UndisclosedAuthorization as UndisclosedAuthorization,
    WebhookDefinition as WebhookDefinition,
)
from chronicle_notebook.pausing._paused import (
    PausedWebhook as PausedWebhook,
)
from chronicle_notebook.pausing._progress import (
    DeliveryProgress as DeliveryProgress,
)
from chronicle_notebook.pausing._redelivery import (
    RedeliveryPlan as RedeliveryPlan,
)
from chronicle_notebook.pausing._redelivery_outcome import (
    RedeliveryOutcome as RedeliveryOutcome,
    RedeliveryRequest as RedeliveryRequest,
    RequestState as RequestState,
)
from chronicle_notebook.pausing._replay import (
    ReplayPlace as ReplayPlace,
    ReplayPlan as ReplayPlan,
)
from chronicle_notebook.pausing._replay_outcome import (
    ReplayedPlace as ReplayedPlace,
    ReplayOutcome as ReplayOutcome,
)
from chronicle_notebook.probing._progress import (
    ProbeProgress as ProbeProgress,
)
from chronicle_notebook.probing._result import (
    ProbeFinding as ProbeFinding,
    ProbeResult as ProbeResult,
    ProbeVerdict as ProbeVerdict,
)
from chronicle_notebook.reading._list import (
    WebhookList as WebhookList,
)
from chronicle_notebook.reading._observation import (
    ObservationState as ObservationState,
    WebhookObservation as WebhookObservation,
)
from chronicle_notebook.receiver import (
    Delivery as Delivery,
    DeliveryList as DeliveryList,
    Receiver as Receiver,
)
from chronicle_notebook.registration._declared import (
    discover as discover,
)
from chronicle_notebook.registration._outcome import (
    Action as Action,
    Ineffective as Ineffective,
    Outcome as Outcome,
    Outcomes as Outcomes,
)
from chronicle_notebook.registration._plan import (
    Plan as Plan,
)
from chronicle_notebook.registration._replace import (
    ReplacementError as ReplacementError,
)
from chronicle_notebook.runbook.engine._outcome import (
    RunbookError as RunbookError,
)
from chronicle_notebook.sandbox import (
    Sandbox as Sandbox,
)
from chronicle_notebook.session._client import (
    Client as Client,
)
from chronicle_notebook.session._connect import (
    client as client,
    clients as clients,
    connect as connect,
    doctor as doctor,
    reset_sandbox as reset_sandbox,
    start_sandbox as start_sandbox,
    stop_sandbox as stop_sandbox,
    use as use,
)
from chronicle_notebook.session._doctor import (
    Diagnosis as Diagnosis,
)
from chronicle_notebook.session._status import (
    Status as Status,
)
from chronicle_notebook.session._tutorial import (
    tutorial as tutorial,
)
from chronicle_notebook.session._webhook_view import (
    WebhookView as WebhookView,
)
from chronicle_notebook.session._webhooks import (
    Webhooks as Webhooks,
)
from chronicle_notebook.target_test._answer import (
    Grade as Grade,
    TargetAnswer as TargetAnswer,
)
from chronicle_notebook.triage._cause import (
    Cause as Cause,
)
from chronicle_notebook.triage._condition import (
    CauseGroup as CauseGroup,
    TriageRow as TriageRow,
)
from chronicle_notebook.triage._retries import (
    RetriedPartition as RetriedPartition,
    Retries as Retries,
)
from chronicle_notebook.triage._triage import (
    Triage as Triage,
)

__version__: str

def load_ipython_extension(shell: object) -> None: ...
def unload_ipython_extension(shell: object) -> None: ...
