"""Every error of this package, in one tree.

::

    ChronicleError
    ├── InvalidInputError (ValueError)      something you gave cannot work; nothing was sent
    │   ├── InvalidConnectionStringError    the text for connect() is not a connection string
    │   ├── InvalidDefinitionError          a field of a webhook definition
    │   │   ├── UnknownEventTypeError       an event type the event store does not have
    │   │   └── StateFileError              a file of webhooks, with the line of each problem
    │   ├── InvalidDeclarationError         a class given to @webhook or @event_type
    │   ├── DuplicateWebhookError           two definitions with one id in one call
    │   ├── UnknownWebhookError             an id that the event store does not have
    │   ├── UnknownEventStoreError          an event store that the kernel does not have
    │   ├── UnknownClientError              no connection of that name in this process
    │   └── SecretUnavailableError          a reference such as env:NAME whose secret is not found
    ├── KernelError                         the kernel refused, failed, or was not reached
    │   ├── KernelUnreachableError          no connection (UNAVAILABLE)
    │   │   └── CertificateError            the server's certificate, or this client's, is not accepted
    │   ├── DeadlineExceededError (TimeoutError)  no answer in time
    │   ├── CallCancelledError              the call was ended from this side or by the kernel
    │   ├── AuthenticationError             the kernel does not know the caller
    │   ├── PermissionDeniedError           the kernel knows the caller and refuses
    │   ├── MethodNotImplementedError       the kernel has no such call: another wire generation
    │   ├── AnswerTooLargeError             the answer is over the message limit
    │   ├── RequestRefusedError             the kernel read the request and refused it
    │   ├── KernelFaultError                the kernel failed while it worked on the request
    │   ├── ProtocolError                   the answer does not contain what the contract requires
    │   └── AppendRefusedError              events were not appended, with the violations
    ├── PlanRefusedError                    a plan was not applied: it is out of date, or removes too much
    ├── ReplacementError                    a webhook was removed, and registering it again failed
    ├── ProtectedError                      a write to a protected event store without its name
    ├── RunbookError                        a runbook did not reach its goal
    ├── ClientClosedError                   the client was closed
    ├── NotSupportedError                   this version does not support the call
    ├── MissingDependencyError (ImportError)  an extra is not installed
    ├── SandboxError                        the embedded kernel could not start or stop
    ├── NotHandledError (TimeoutError)      a webhook did not handle its events in time
    └── ReceiverError                       the local HTTP endpoint could not start, or is stopped
        └── DeliveryTimeoutError (TimeoutError)  the expected deliveries did not come in time

    ChronicleWarning (UserWarning)
    ├── CertificateChangedWarning           the certificate of a server that is not verified has changed
    ├── CredentialHeaderWarning             a header that looks like a credential is stored in clear
    ├── CredentialUrlWarning                the query of a URL looks like a credential, or the URL is http
    └── LongSecretWarning                   a secret that a kernel may be unable to encrypt

Each error has a message, a ``hint`` (the next step), and attributes that name its subject. No message, hint or
attribute contains a secret: an error describes a wrong value by its name and shape.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chronicle_notebook.base._public import public


@public
class ChronicleError(Exception):
    """The root of the tree. Catch it to catch all errors that this package raises on purpose."""

    hint: str
    """The next step, as a sentence; empty if there is none."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def _render_traceback_(self) -> list[str]:
        # IPython calls this when the error reaches a cell. Everywhere else Python shows its own traceback.
        from chronicle_notebook.base._traceback import rendered

        return rendered(self, self.message, self.hint)

    def __reduce__(self) -> tuple[Any, ...]:
        # This does not use the constructor, which needs more than the text. So all errors of the tree can be copied and
        # pickled.
        return (_rebuilt, (type(self), self.args), self.__dict__)


def _rebuilt(kind: type[ChronicleError], arguments: tuple[Any, ...]) -> ChronicleError:
    error = kind.__new__(kind)
    error.args = arguments
    return error


@public
class InvalidInputError(ChronicleError, ValueError):
    """An argument cannot work. Nothing was sent."""

    def __init__(self, message: str, *, field: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.field = field
        """The name of the argument or field, for example ``target_url``."""


@public
class InvalidConnectionStringError(InvalidInputError):
    """The text is not a connection string. The message never repeats the text, because it may contain a secret."""


@public
class InvalidDefinitionError(InvalidInputError):
    """A kernel would store this field of a webhook definition, but the webhook could never work."""

    def __init__(self, message: str, *, field: str = "", webhook: str = "", hint: str = "") -> None:
        super().__init__(message, field=field, hint=hint)
        self.webhook = webhook
        """The id of the webhook, if it is known."""


@public
class UnknownEventTypeError(InvalidDefinitionError):
    """The event store does not have this event type, so the webhook would never receive it."""


@public
class StateFileError(InvalidDefinitionError):
    """A file of webhooks cannot be used. The message begins with the file and the line of the first problem."""

    def __init__(
        self,
        message: str,
        *,
        field: str = "",
        webhook: str = "",
        hint: str = "",
        path: str = "",
        problems: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message, field=field, webhook=webhook, hint=hint)
        self.path = path
        """The file, as it was given."""
        self.problems = problems
        """All problems, each with its line, in the order of the file."""


@public
class InvalidDeclarationError(InvalidInputError):
    """A class that ``@webhook`` or ``@event_type`` cannot use."""


@public
class DuplicateWebhookError(InvalidInputError):
    """Two definitions, or two declared classes, have the same id. The message names both."""


@public
class UnknownWebhookError(InvalidInputError):
    """The event store has no webhook of that id."""


@public
class UnknownEventStoreError(InvalidInputError):
    """The kernel has no event store of this name. A call with the name would create the event store."""


@public
class UnknownClientError(InvalidInputError):
    """This process has no client of this name."""


@public
class SecretUnavailableError(InvalidInputError):
    """The secret of a reference was not found."""


@public
class KernelError(ChronicleError):
    """A call failed. ``server`` and ``call`` say which one."""

    def __init__(self, message: str, *, server: str = "", call: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.server = server
        """``host:port`` of the kernel."""
        self.call = call
        """The call, for example ``Webhooks/AddWebhooks``."""


@public
class KernelUnreachableError(KernelError):
    """There is no connection to the kernel, the connection was lost, or a proxy answered instead of the kernel.

    After a write the outcome is then unknown, unless ``nothing_sent`` is true."""

    nothing_sent = False
    """Whether it is certain that the call was not sent."""


@public
class CertificateError(KernelUnreachableError):
    """The TLS handshake failed because of a certificate. Nothing was sent. ``problem`` says what is wrong."""

    nothing_sent = True

    def __init__(self, message: str, *, server: str = "", call: str = "", problem: str = "", hint: str = "") -> None:
        super().__init__(message, server=server, call=call, hint=hint)
        self.problem = problem
        """``unknown authority``, ``expired``, ``not yet valid``, ``wrong name`` or ``refused`` (by the server)."""


@public
class DeadlineExceededError(KernelError, TimeoutError):
    """The answer did not come before the deadline of the call. After a write the outcome is then unknown."""


@public
class CallCancelledError(KernelError):
    """The call was ended before the answer came."""


@public
class AuthenticationError(KernelError):
    """The kernel does not know the caller: the call had no token, or a token that the kernel does not accept."""


@public
class PermissionDeniedError(KernelError):
    """The kernel knows the caller and refuses the call."""


@public
class MethodNotImplementedError(KernelError):
    """The kernel does not have this call. The usual reason: the kernel uses the other wire generation."""


@public
class AnswerTooLargeError(KernelError):
    """The answer or the request exceeds a message limit, or a resource of the kernel is exhausted."""


@public
class RequestRefusedError(KernelError):
    """The kernel read the request and refused it. ``reasons`` has the kernel's messages."""

    def __init__(
        self, message: str, *, server: str = "", call: str = "", reasons: tuple[str, ...] = (), hint: str = ""
    ) -> None:
        super().__init__(message, server=server, call=call, hint=hint)
        self.reasons = reasons


@public
class KernelFaultError(RequestRefusedError):
    """The kernel failed while it worked on the request. ``reasons`` has the kernel's messages."""


@public
class ProtocolError(KernelError):
    """The answer does not contain what the wire contract requires, so its meaning is unknown."""


@public
class AppendRefusedError(RequestRefusedError):
    """Events were not appended, because they violate a constraint, the schema or the concurrency scope."""


@public
class ProtectedError(ChronicleError):
    """The connection is protected, and nobody gave the event store's name. Nothing was sent."""

    def __init__(self, message: str, *, event_store: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.event_store = event_store
        """The event store of the refused write."""


@public
class PlanRefusedError(ChronicleError):
    """A plan was not applied. What is registered has changed since the plan was made, or more would be removed or taken
    over than was agreed to. Nothing was sent."""

    def __init__(self, message: str, *, webhooks: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.webhooks = webhooks
        """The ids of the webhooks that are the reason."""


@public
class ClientClosedError(ChronicleError):
    """The client was closed; connect again."""


@public
class NotSupportedError(ChronicleError):
    """This version of the package does not support the call, and says so instead of ignoring it."""


@public
class MissingDependencyError(ChronicleError, ImportError):
    """A part of this package needs packages that are not installed. The hint names the extra."""


@public
class SandboxError(ChronicleError):
    """The embedded kernel could not start, or stopped working."""


@public
class NotHandledError(ChronicleError, TimeoutError):
    """A webhook did not handle the events that there are: not in time, or the kernel has given up a partition."""

    def __init__(self, message: str, *, webhook: str, failing: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.webhook = webhook
        """The id of the webhook."""
        self.failing = failing
        """The number of partitions whose events wait behind a failure; 0 if the observer has not come so far."""


@public
class ReceiverError(ChronicleError):
    """The local HTTP endpoint could not start, or is stopped."""


@public
class DeliveryTimeoutError(ReceiverError, TimeoutError):
    """The expected deliveries did not come in time: only ``received`` of ``wanted`` came."""

    def __init__(self, message: str, *, wanted: int, received: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.wanted = wanted
        self.received = received


@public
class ChronicleWarning(UserWarning):
    """The root of the warnings. The call works, but probably does not do what you want."""


@public
class CertificateChangedWarning(ChronicleWarning):
    """The certificate of a server that is not verified has changed: it was renewed, or this is a different server."""


@public
class CredentialHeaderWarning(ChronicleWarning):
    """A custom header looks like a credential, or its value is a Secret. Kernels store and list headers in clear."""


@public
class CredentialUrlWarning(ChronicleWarning):
    """A URL exposes a credential. Its query looks like a credential, and kernels store, list and log URLs in clear; or
    the URL is http, and the webhook's credentials go over the network in clear."""


@public
class LongSecretWarning(ChronicleWarning):
    """A secret has more than 190 bytes. A kernel with a 2048-bit certificate cannot encrypt it."""


def nearest(name: str, known: Iterable[str], *, most: int = 3) -> list[str]:
    """The known names that are most similar to ``name``, best first, without regard to upper and lower case."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    import difflib

    return [by_lower[match] for match in difflib.get_close_matches(name.lower(), by_lower, n=most, cutoff=0.5)]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint such as ``Did you mean 'a' or 'b'?``; empty if no known name is similar."""
    matches = [repr(match) for match in nearest(name, known)]
    return f"Did you mean {' or '.join(matches)}?" if matches else ""


def missing(extra: str, purpose: str, error: ImportError) -> MissingDependencyError:
    """The error for an optional package that is not installed."""
    return MissingDependencyError(
        f"{purpose} needs the package {error.name!r}, which is not installed.",
        hint=f"Install it with: pip install 'chronicle-notebook[{extra}]'",
    )
