"""The public names, for type checkers: at run time each is loaded when it is first used."""

from chronicle_notebook import runbook as runbook
from chronicle_notebook import webhooks as webhooks
from chronicle_notebook import widgets as widgets
from chronicle_notebook._client import (
    Client as Client,
)
from chronicle_notebook._connect import (
    client as client,
)
from chronicle_notebook._connect import (
    clients as clients,
)
from chronicle_notebook._connect import (
    connect as connect,
)
from chronicle_notebook._connect import (
    doctor as doctor,
)
from chronicle_notebook._connect import (
    reset_sandbox as reset_sandbox,
)
from chronicle_notebook._connect import (
    start_sandbox as start_sandbox,
)
from chronicle_notebook._connect import (
    stop_sandbox as stop_sandbox,
)
from chronicle_notebook._connect import (
    use as use,
)
from chronicle_notebook._errors import (
    AnswerTooLargeError as AnswerTooLargeError,
)
from chronicle_notebook._errors import (
    AppendRefusedError as AppendRefusedError,
)
from chronicle_notebook._errors import (
    AuthenticationError as AuthenticationError,
)
from chronicle_notebook._errors import (
    CallCancelledError as CallCancelledError,
)
from chronicle_notebook._errors import (
    CertificateChangedWarning as CertificateChangedWarning,
)
from chronicle_notebook._errors import (
    CertificateError as CertificateError,
)
from chronicle_notebook._errors import (
    ChronicleError as ChronicleError,
)
from chronicle_notebook._errors import (
    ChronicleWarning as ChronicleWarning,
)
from chronicle_notebook._errors import (
    ClientClosedError as ClientClosedError,
)
from chronicle_notebook._errors import (
    CredentialHeaderWarning as CredentialHeaderWarning,
)
from chronicle_notebook._errors import (
    CredentialUrlWarning as CredentialUrlWarning,
)
from chronicle_notebook._errors import (
    DeadlineExceededError as DeadlineExceededError,
)
from chronicle_notebook._errors import (
    DeliveryTimeoutError as DeliveryTimeoutError,
)
from chronicle_notebook._errors import (
    DuplicateWebhookError as DuplicateWebhookError,
)
from chronicle_notebook._errors import (
    InvalidConnectionStringError as InvalidConnectionStringError,
)
from chronicle_notebook._errors import (
    InvalidDeclarationError as InvalidDeclarationError,
)
from chronicle_notebook._errors import (
    InvalidDefinitionError as InvalidDefinitionError,
)
from chronicle_notebook._errors import (
    InvalidInputError as InvalidInputError,
)
from chronicle_notebook._errors import (
    KernelError as KernelError,
)
from chronicle_notebook._errors import (
    KernelFaultError as KernelFaultError,
)
from chronicle_notebook._errors import (
    KernelUnreachableError as KernelUnreachableError,
)
from chronicle_notebook._errors import (
    LongSecretWarning as LongSecretWarning,
)
from chronicle_notebook._errors import (
    MethodNotImplementedError as MethodNotImplementedError,
)
from chronicle_notebook._errors import (
    MissingDependencyError as MissingDependencyError,
)
from chronicle_notebook._errors import (
    NotSupportedError as NotSupportedError,
)
from chronicle_notebook._errors import (
    PermissionDeniedError as PermissionDeniedError,
)
from chronicle_notebook._errors import (
    ProtectedError as ProtectedError,
)
from chronicle_notebook._errors import (
    ProtocolError as ProtocolError,
)
from chronicle_notebook._errors import (
    ReceiverError as ReceiverError,
)
from chronicle_notebook._errors import (
    ReplacementError as ReplacementError,
)
from chronicle_notebook._errors import (
    RequestRefusedError as RequestRefusedError,
)
from chronicle_notebook._errors import (
    RunbookError as RunbookError,
)
from chronicle_notebook._errors import (
    SandboxError as SandboxError,
)
from chronicle_notebook._errors import (
    SecretUnavailableError as SecretUnavailableError,
)
from chronicle_notebook._errors import (
    UnknownClientError as UnknownClientError,
)
from chronicle_notebook._errors import (
    UnknownEventStoreError as UnknownEventStoreError,
)
from chronicle_notebook._errors import (
    UnknownEventTypeError as UnknownEventTypeError,
)
from chronicle_notebook._errors import (
    UnknownWebhookError as UnknownWebhookError,
)
from chronicle_notebook._listing import (
    Listing as Listing,
)
from chronicle_notebook._secrets import (
    Secret as Secret,
)
from chronicle_notebook._status import (
    Status as Status,
)
from chronicle_notebook.connection._doctor import (
    Diagnosis as Diagnosis,
)
from chronicle_notebook.connection._string import (
    ConnectionString as ConnectionString,
)
from chronicle_notebook.contracts._defects import (
    KnownDefect as KnownDefect,
)
from chronicle_notebook.model import (
    AppendedEvent as AppendedEvent,
)
from chronicle_notebook.model import (
    AppendResult as AppendResult,
)
from chronicle_notebook.model import (
    AuthorizationKind as AuthorizationKind,
)
from chronicle_notebook.model import (
    BasicAuthorization as BasicAuthorization,
)
from chronicle_notebook.model import (
    BearerAuthorization as BearerAuthorization,
)
from chronicle_notebook.model import (
    EventToAppend as EventToAppend,
)
from chronicle_notebook.model import (
    EventType as EventType,
)
from chronicle_notebook.model import (
    FailedAttempt as FailedAttempt,
)
from chronicle_notebook.model import (
    FailedPartition as FailedPartition,
)
from chronicle_notebook.model import (
    NoAuthorization as NoAuthorization,
)
from chronicle_notebook.model import (
    OAuthAuthorization as OAuthAuthorization,
)
from chronicle_notebook.model import (
    ObserverState as ObserverState,
)
from chronicle_notebook.model import (
    RegisteredEventType as RegisteredEventType,
)
from chronicle_notebook.model import (
    RunningState as RunningState,
)
from chronicle_notebook.model import (
    ServerVersion as ServerVersion,
)
from chronicle_notebook.model import (
    UndisclosedAuthorization as UndisclosedAuthorization,
)
from chronicle_notebook.model import (
    WebhookDefinition as WebhookDefinition,
)
from chronicle_notebook.receiver import (
    Delivery as Delivery,
)
from chronicle_notebook.receiver import (
    DeliveryList as DeliveryList,
)
from chronicle_notebook.receiver import (
    Receiver as Receiver,
)
from chronicle_notebook.sandbox import (
    Sandbox as Sandbox,
)
from chronicle_notebook.stores._declared_event_type import (
    event_type as event_type,
)
from chronicle_notebook.stores._event_sequence import (
    EventSequence as EventSequence,
)
from chronicle_notebook.stores._listings import (
    ListenedEventType as ListenedEventType,
)
from chronicle_notebook.stores._listings import (
    SequenceTail as SequenceTail,
)
from chronicle_notebook.webhooks._builder import (
    DefinitionBuilder as DefinitionBuilder,
)
from chronicle_notebook.webhooks._code import (
    Code as Code,
)
from chronicle_notebook.webhooks._declaration import (
    webhook as webhook,
)
from chronicle_notebook.webhooks._list import (
    WebhookList as WebhookList,
)
from chronicle_notebook.webhooks._observation import (
    ObservationState as ObservationState,
)
from chronicle_notebook.webhooks._observation import (
    WebhookObservation as WebhookObservation,
)
from chronicle_notebook.webhooks._outcome import (
    Action as Action,
)
from chronicle_notebook.webhooks._outcome import (
    Ineffective as Ineffective,
)
from chronicle_notebook.webhooks._outcome import (
    Outcome as Outcome,
)
from chronicle_notebook.webhooks._outcome import (
    Outcomes as Outcomes,
)
from chronicle_notebook.webhooks._plan import (
    Plan as Plan,
)
from chronicle_notebook.webhooks._probe import (
    Grade as Grade,
)
from chronicle_notebook.webhooks._probe import (
    TargetAnswer as TargetAnswer,
)
from chronicle_notebook.webhooks._service import (
    Webhooks as Webhooks,
)
from chronicle_notebook.webhooks._view import (
    WebhookView as WebhookView,
)

__version__: str

def load_ipython_extension(shell: object) -> None: ...
def unload_ipython_extension(shell: object) -> None: ...
