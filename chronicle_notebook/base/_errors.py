"""Every error of this package, in one tree.

::

    ChronicleError
    ├── InvalidInputError (ValueError)      something you gave cannot work; nothing was sent
    │   ├── InvalidConnectionStringError    the text for connect() is not one
    │   ├── InvalidDefinitionError          a field of a webhook definition
    │   │   └── UnknownEventTypeError       an event type the event store does not have
    │   ├── InvalidDeclarationError         a class given to @webhook or @event_type
    │   ├── DuplicateWebhookError           two definitions with one id in one call
    │   ├── UnknownWebhookError             an id that the event store does not have
    │   ├── UnknownEventStoreError          an event store that the kernel does not have
    │   ├── UnknownClientError              no connection of that name in this process
    │   └── SecretUnavailableError          a reference such as env:NAME that leads nowhere
    ├── KernelError                         the kernel, or the way to it, said no
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
    │   ├── ProtocolError                   the answer is not what the contract promises
    │   └── AppendRefusedError              events were not appended, with the violations
    ├── ReplacementError                    a webhook was removed to be registered anew, and that did not succeed
    ├── ProtectedError                      a write to a protected event store, whose name was not given
    ├── RunbookError                        a runbook did not reach what was asked of it
    ├── ClientClosedError                   the client was closed
    ├── NotSupportedError                   this version cannot do that yet
    ├── MissingDependencyError (ImportError)  an extra is not installed
    ├── SandboxError                        the embedded kernel could not start or stop
    └── ReceiverError                       the local HTTP endpoint could not start, or is not in a state to do that
        └── DeliveryTimeoutError (TimeoutError)  the deliveries waited for did not come in time

    ChronicleWarning (UserWarning)
    ├── CertificateChangedWarning           a server that is not verified shows another certificate than before
    ├── CredentialHeaderWarning             a header that looks like a credential is stored in clear
    ├── CredentialUrlWarning                a part of a URL's query that looks like a credential is, or it is http
    └── LongSecretWarning                   a secret that a kernel may be unable to encrypt

Each error carries ``hint``, the next step to take, beside its message, and what it is about as attributes. No message,
hint or attribute holds a secret: what is wrong with a value is told by its name and shape.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from chronicle_notebook.base._public import public


@public
class ChronicleError(Exception):
    """The root of the tree: catch this to catch everything this package raises on purpose."""

    hint: str
    """The next step, as a sentence; empty when there is none to give."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def _render_traceback_(self) -> list[str]:
        # What IPython asks for when the error reaches a cell; everywhere else the traceback is Python's.
        from chronicle_notebook.base._traceback import rendered

        return rendered(self, self.message, self.hint)

    def __reduce__(self) -> tuple[Any, ...]:
        # Not through the constructor, which wants more than the text: so all of the tree can be copied and pickled.
        return (_rebuilt, (type(self), self.args), self.__dict__)


def _rebuilt(kind: type[ChronicleError], arguments: tuple[Any, ...]) -> ChronicleError:
    error = kind.__new__(kind)
    error.args = arguments
    return error


@public
class InvalidInputError(ChronicleError, ValueError):
    """Something you gave cannot work. Nothing was sent."""

    def __init__(self, message: str, *, field: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.field = field
        """The name of the argument or field, for example ``target_url``."""


@public
class InvalidConnectionStringError(InvalidInputError):
    """The text is not a connection string; the message never repeats it, as it may hold a secret."""


@public
class InvalidDefinitionError(InvalidInputError):
    """A field of a webhook definition that a kernel would store and that could then never work."""

    def __init__(self, message: str, *, field: str = "", webhook: str = "", hint: str = "") -> None:
        super().__init__(message, field=field, hint=hint)
        self.webhook = webhook
        """The id of the webhook, as far as it is known."""


@public
class UnknownEventTypeError(InvalidDefinitionError):
    """An event type that the event store does not have, so that the webhook would never receive it."""


@public
class InvalidDeclarationError(InvalidInputError):
    """A class that ``@webhook`` or ``@event_type`` cannot use."""


@public
class DuplicateWebhookError(InvalidInputError):
    """Two definitions, or two declared classes, carry one id; the message names both."""


@public
class UnknownWebhookError(InvalidInputError):
    """The event store has no webhook of that id."""


@public
class UnknownEventStoreError(InvalidInputError):
    """The kernel has no event store of that name, and calls that name one would create it."""


@public
class UnknownClientError(InvalidInputError):
    """No client of that name is connected in this process."""


@public
class SecretUnavailableError(InvalidInputError):
    """A secret was given by reference and the reference leads nowhere."""


@public
class KernelError(ChronicleError):
    """A call did not succeed. ``server`` and ``call`` say which."""

    def __init__(self, message: str, *, server: str = "", call: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.server = server
        """``host:port`` of the kernel."""
        self.call = call
        """The call, for example ``Webhooks/AddWebhooks``."""


@public
class KernelUnreachableError(KernelError):
    """No connection to the kernel, or it was lost. For a write the outcome is then unknown."""


@public
class CertificateError(KernelUnreachableError):
    """The TLS handshake failed over a certificate. Nothing was sent; ``problem`` says what is wrong with it."""

    def __init__(self, message: str, *, server: str = "", call: str = "", problem: str = "", hint: str = "") -> None:
        super().__init__(message, server=server, call=call, hint=hint)
        self.problem = problem
        """``unknown authority``, ``expired``, ``not yet valid``, ``wrong name`` or ``refused`` (by the server)."""


@public
class DeadlineExceededError(KernelError, TimeoutError):
    """The kernel did not answer before the deadline. For a write the outcome is then unknown."""


@public
class CallCancelledError(KernelError):
    """The call was ended before an answer came."""


@public
class AuthenticationError(KernelError):
    """The kernel does not know the caller: no token, or one it does not accept."""


@public
class PermissionDeniedError(KernelError):
    """The kernel knows the caller and refuses the call."""


@public
class MethodNotImplementedError(KernelError):
    """The kernel does not have this call; most often it speaks the other wire generation."""


@public
class AnswerTooLargeError(KernelError):
    """The answer or the request is over a message limit, or the kernel is out of a resource."""


@public
class RequestRefusedError(KernelError):
    """The kernel read the request and refused it; ``reasons`` are its own words."""

    def __init__(
        self, message: str, *, server: str = "", call: str = "", reasons: tuple[str, ...] = (), hint: str = ""
    ) -> None:
        super().__init__(message, server=server, call=call, hint=hint)
        self.reasons = reasons


@public
class KernelFaultError(RequestRefusedError):
    """The kernel failed while it worked on the request; ``reasons`` are the messages it gave."""


@public
class ProtocolError(KernelError):
    """The answer lacks what the wire contract promises, so nothing can be concluded from it."""


@public
class AppendRefusedError(RequestRefusedError):
    """Events were not appended: a constraint, the schema or the concurrency scope forbade it."""


@public
class ProtectedError(ChronicleError):
    """The connection is protected, and the event store's name was not given. Nothing was sent."""

    def __init__(self, message: str, *, event_store: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.event_store = event_store
        """The event store that was to be written to."""


@public
class ClientClosedError(ChronicleError):
    """The client was closed; connect again."""


@public
class NotSupportedError(ChronicleError):
    """This version of the package cannot do that yet, and says so instead of ignoring it."""


@public
class MissingDependencyError(ChronicleError, ImportError):
    """A part of this package needs packages that are not installed; the hint names the extra."""


@public
class SandboxError(ChronicleError):
    """The embedded kernel could not start, or stopped working."""


@public
class ReceiverError(ChronicleError):
    """The local HTTP endpoint could not start, or is not in a state to do what was asked."""


@public
class DeliveryTimeoutError(ReceiverError, TimeoutError):
    """The deliveries that were waited for did not come in time; ``received`` of ``wanted`` did."""

    def __init__(self, message: str, *, wanted: int, received: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.wanted = wanted
        self.received = received


@public
class ChronicleWarning(UserWarning):
    """The root of the warnings: something works and is likely not what you want."""


@public
class CertificateChangedWarning(ChronicleWarning):
    """A server whose certificate is not verified shows another one than before: renewed, or not the same server."""


@public
class CredentialHeaderWarning(ChronicleWarning):
    """A custom header looks like a credential, or is given as a Secret. Kernels store and list headers in clear."""


@public
class CredentialUrlWarning(ChronicleWarning):
    """A URL gives a credential away. Its query looks like it holds one, and kernels store, list and log URLs in clear;
    or it is http, and the credentials of the webhook go over the network in clear."""


@public
class LongSecretWarning(ChronicleWarning):
    """A secret over 190 bytes, which a kernel with a 2048-bit certificate cannot encrypt."""


def nearest(name: str, known: Iterable[str], *, most: int = 3) -> list[str]:
    """The known names that resemble ``name`` most, best first; upper and lower case do not matter."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    return [by_lower[match] for match in difflib.get_close_matches(name.lower(), by_lower, n=most, cutoff=0.5)]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint such as ``Did you mean 'a' or 'b'?``, or nothing when no known name is near."""
    matches = [repr(match) for match in nearest(name, known)]
    return f"Did you mean {' or '.join(matches)}?" if matches else ""


def missing(extra: str, purpose: str, error: ImportError) -> MissingDependencyError:
    """The error to raise when an optional package is absent."""
    return MissingDependencyError(
        f"{purpose} needs the package {error.name!r}, which is not installed.",
        hint=f"Install it with: pip install 'chronicle-notebook[{extra}]'",
    )
