"""A request to a webhook's target from this machine, and what its answer proves."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum

from chronicle_notebook.base._public import public
from chronicle_notebook.base._url import shown
from chronicle_notebook.connection._http_exchange import NoAnswerError
from chronicle_notebook.display._displayed import Displayed
from chronicle_notebook.display._table_and_card import Card, Tone
from chronicle_notebook.model import UndisclosedAuthorization, WebhookCredentials, WebhookDefinition
from chronicle_notebook.target_test._request import post

BODY = b'{"partition":"test","events":[]}'
"""The body that kernels send as a test (source: K/Core/Observation/Webhooks/WebhookMediator.cs)."""


@public
class Grade(StrEnum):
    """How much a test request proved, weakest first."""

    NO_ANSWER = "no answer"
    ANSWERED = "answered"
    """The target answered with a status that is not a success. Kernels up to 16.37 call this a passed test."""
    ACCEPTED = "answered 2xx"
    ARRIVED = "an event arrived"
    """The kernel delivered an event to a receiver of this process, and the receiver accepted it."""


@public
@dataclass(frozen=True, slots=True, repr=False)
class TargetAnswer(Displayed):
    """The answer of a target to a test request from this process."""

    webhook: str
    target_url: str
    grade: Grade
    status: int | None
    """The HTTP status; None if there was no answer."""
    duration: float
    """The duration in seconds."""
    detail: str
    """Why there was no answer, or the status in words."""
    caveats: tuple[str, ...]
    """What this test did not show."""
    banner: str = ""
    """The banner of a protected kernel."""

    def __bool__(self) -> bool:
        return self.grade in {Grade.ACCEPTED, Grade.ARRIVED}

    def _display(self) -> Card:
        return Card(
            heading=f"{'✓' if self else '!'} {self.webhook}: {self.grade.value}",
            facts=[
                ("target", shown(self.target_url)),
                ("status", f"{self.status or 'none'} ({self.detail})"),
                ("took", f"{self.duration * 1000:.0f} ms"),
            ],
            notes=self.caveats,
            tone=Tone.GOOD if self else Tone.BAD if self.status is None else Tone.WARNING,
            banner=self.banner,
        )


ANY_STATUS = "This kernel counts every answer as delivered, whatever its status (releases up to 16.37)."
SOME_COUNT_ANY = (
    "Kernels up to 16.37 count every answer as delivered, also one like this. Later kernels count it as a failure."
)


def probe(
    definition: WebhookDefinition, *, timeout: float = 10.0, generation: str = "", banner: str = ""
) -> TargetAnswer:
    """POST the kernel's test body to the target, once, with the headers and the credentials of the definition.

    ``timeout`` is in seconds, for the whole request. Redirects are reported, not followed. The function never raises an
    error because of what the target does.

    :param generation: the wire generation of the kernel, ``classic`` or ``commands``, if it is known. It decides what
        the answer says about the status.
    :param banner: the banner above the answer.
    """
    caveats = ["Sent from here, not by the kernel: the kernel's way to the target may differ.", *_caveats(definition)]
    started = time.monotonic()
    try:
        answer = post(definition, BODY, timeout)
    except (OSError, NoAnswerError) as error:
        detail = why_no_answer(error, timeout)
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
    grade = Grade.ACCEPTED if 200 <= answer.status < 300 else Grade.ANSWERED
    if generation == "classic":
        caveats.append(ANY_STATUS)
    elif grade is Grade.ANSWERED:
        caveats.append(SOME_COUNT_ANY)
    return TargetAnswer(
        definition.id,
        definition.target_url,
        grade,
        answer.status,
        time.monotonic() - started,
        answer.reason,
        tuple(caveats),
        banner,
    )


def why_no_answer(error: OSError | NoAnswerError, timeout: float) -> str:
    if isinstance(error, NoAnswerError):
        return str(error)
    if isinstance(error, TimeoutError):
        return f"no complete answer came within {timeout:g} s"
    return error.strerror or str(error) or type(error).__name__


def _caveats(definition: WebhookDefinition) -> list[str]:
    if isinstance(definition.authorization, UndisclosedAuthorization):
        return [f"Sent without its {definition.authorization.kind} credentials, because a kernel does not return them."]
    if isinstance(definition.authorization, WebhookCredentials) and definition.authorization.fetched:
        return ["Sent without a token: only the kernel fetches tokens from the authority."]
    return []
