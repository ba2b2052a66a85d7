"""A request to a webhook's target from here, and what its answer proves."""

from __future__ import annotations

import base64
import http.client
import ssl
import time
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from chronicle_notebook._display import Card, Tone
from chronicle_notebook._errors import ChronicleError, InvalidDefinitionError
from chronicle_notebook._secrets import Secret
from chronicle_notebook.model import (
    BasicAuthorization,
    BearerAuthorization,
    OAuthAuthorization,
    UndisclosedAuthorization,
    WebhookDefinition,
)

BODY = b'{"partition":"test","events":[]}'
"""What kernels send as a test (source: K/Core/Observation/Webhooks/WebhookMediator.cs)."""


class Grade(StrEnum):
    """How much a test request proved, weakest first."""

    NO_ANSWER = "no answer"
    ANSWERED = "answered"
    """Something answered, with a status that is no success. Kernels up to 16.37 call that a passed test."""
    ACCEPTED = "answered 2xx"
    ARRIVED = "an event arrived"
    """An event went through the kernel and came to a receiver of this process, which took it."""


@dataclass(frozen=True, slots=True)
class TargetAnswer:
    """What a target answered to a test request that was sent from this process."""

    webhook: str
    target_url: str
    grade: Grade
    status: int | None
    """The HTTP status; None when there was no answer."""
    duration: float
    """Seconds."""
    detail: str
    """Why there was no answer, or the status in words."""
    caveats: tuple[str, ...]
    """What this test did not show."""
    banner: str = ""
    """What stands above it, when the webhook is one of a protected kernel."""

    def __bool__(self) -> bool:
        return self.grade in {Grade.ACCEPTED, Grade.ARRIVED}

    def __repr__(self) -> str:
        return self._card().text()

    def _repr_html_(self) -> str:
        return self._card().html()

    def _card(self) -> Card:
        return Card(
            heading=f"{'✓' if self else '!'} {self.webhook}: {self.grade.value}",
            facts=[
                ("target", self.target_url),
                ("status", f"{self.status or 'none'} ({self.detail})"),
                ("took", f"{self.duration * 1000:.0f} ms"),
            ],
            notes=self.caveats,
            tone=Tone.GOOD if self else Tone.BAD if self.status is None else Tone.WARNING,
            banner=self.banner,
        )


ANY_STATUS = "This kernel, of a release up to 16.37, counts any answer as delivered, whatever its status."
SOME_COUNT_ANY = "Kernels up to 16.37 count any answer as delivered, this one too; later ones call it a failure."


def probe(
    definition: WebhookDefinition, *, timeout: float = 10.0, generation: str = "", banner: str = ""
) -> TargetAnswer:
    """POST the kernel's test body to the target, once, with the headers and the credentials of the definition.

    ``timeout`` is in seconds. Redirects are reported, not followed. It never raises for what the target does.

    :param generation: the wire generation of the kernel, ``classic`` or ``commands``, as far as it is known: it tells
        what the kernel would make of the status.
    :param banner: what the answer shows above itself.
    """
    caveats = ["Sent from here, not by the kernel: the kernel's way to the target may differ.", *_caveats(definition)]
    started = time.monotonic()
    try:
        status, reason = _post(definition, timeout)
    except ChronicleError:
        raise  # some of them are ValueErrors too
    except (OSError, http.client.HTTPException, ValueError) as error:
        detail = _why(error)
        return TargetAnswer(
            definition.id,
            definition.target_url,
            Grade.NO_ANSWER,
            None,
            time.monotonic() - started,
            detail,
            tuple(caveats),
            banner,
        )
    grade = Grade.ACCEPTED if 200 <= status < 300 else Grade.ANSWERED
    if generation == "classic":
        caveats.append(ANY_STATUS)
    elif grade is Grade.ANSWERED:
        caveats.append(SOME_COUNT_ANY)
    return TargetAnswer(
        definition.id, definition.target_url, grade, status, time.monotonic() - started, reason, tuple(caveats), banner
    )


def _why(error: Exception) -> str:
    """Why there was no answer. A URL that another client registered can be one that nobody can ask."""
    if isinstance(error, http.client.InvalidURL) or (isinstance(error, ValueError) and not isinstance(error, OSError)):
        return "its URL cannot be requested"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _caveats(definition: WebhookDefinition) -> list[str]:
    match definition.authorization:
        case UndisclosedAuthorization(kind):
            return [f"Sent without its {kind} credentials, which a kernel does not give back."]
        case OAuthAuthorization():
            return ["Sent without a token: only the kernel fetches one from the authority."]
        case _:
            return []


def _post(definition: WebhookDefinition, timeout: float) -> tuple[int, str]:
    target = urlsplit(definition.target_url)
    connection: http.client.HTTPConnection
    if target.scheme == "https":
        connection = http.client.HTTPSConnection(
            target.hostname or "", target.port, timeout=timeout, context=ssl.create_default_context()
        )
    else:
        connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=timeout)
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    try:
        connection.putrequest("POST", path, skip_accept_encoding=True)
        connection.putheader("Content-Type", "application/json; charset=utf-8")
        connection.putheader("Content-Length", str(len(BODY)))
        _put_headers(connection, definition)
        connection.endheaders(BODY)
        response = connection.getresponse()
        return response.status, response.reason
    finally:
        connection.close()


def _put_headers(connection: http.client.HTTPConnection, definition: WebhookDefinition) -> None:
    # The error of the standard library repeats the value, which may be a secret.
    refused = ""
    try:
        for name, value in definition.headers.items():
            refused = f"the header {name!r}"
            connection.putheader(name, value.reveal() if isinstance(value, Secret) else value)
        refused = "the authorization"
        _put_authorization(connection, definition)
    except (ValueError, UnicodeError) as error:
        if isinstance(error, ChronicleError):
            raise
    else:
        return
    raise InvalidDefinitionError(
        f"Webhook {definition.id!r}: {refused} has a value that no header can carry.",
        field="headers",
        webhook=definition.id,
        hint="Check where it comes from: it may end with a line break.",
    )


def _put_authorization(connection: http.client.HTTPConnection, definition: WebhookDefinition) -> None:
    match definition.authorization:
        case BasicAuthorization(username, password):
            pair = base64.b64encode(f"{username}:{password.reveal()}".encode()).decode()
            connection.putheader("Authorization", f"Basic {pair}")
        case BearerAuthorization(token):
            connection.putheader("Authorization", f"Bearer {token.reveal()}")
        case _:
            pass
