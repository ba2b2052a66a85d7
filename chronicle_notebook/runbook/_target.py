"""Asking a target whether it takes a delivery, before webhooks are pointed at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.runbook._step import Step
from chronicle_notebook.webhooks._probe import Grade, probe

WITHOUT_EVENTS = "A request without events is sent from here."


@dataclass(frozen=True, slots=True)
class Answer:
    """What a target said, as the result of a step."""

    accepted: bool
    told: str

    def __bool__(self) -> bool:
        return self.accepted


def answers(subject: str, definition: Callable[[], WebhookDefinition], what: str, *, timeout: float) -> Step:
    """A step that succeeds when the target of a definition answers 2xx to the test request, with its credentials.

    :param definition: asked for when the step is done, as its credentials may have to be looked up.
    """

    def ask() -> Answer:
        answer = probe(definition(), timeout=timeout)
        status = "" if answer.status is None else f" {answer.status}"
        accepted = answer.grade in {Grade.ACCEPTED, Grade.ARRIVED}
        return Answer(accepted=accepted, told=f"{answer.grade.value}{status}: {answer.detail}")

    return Step(subject, what, ask, lambda: None, lasting=False, note=WITHOUT_EVENTS)
