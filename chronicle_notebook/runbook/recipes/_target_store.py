"""Testing whether a target accepts a delivery, before webhooks are pointed at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chronicle_notebook.base._url import shown
from chronicle_notebook.definition._credentials import at_hand
from chronicle_notebook.model import WebhookDefinition, is_fetched
from chronicle_notebook.runbook.engine._step import Step
from chronicle_notebook.target_test._answer import probe

WITHOUT_EVENTS = "A request without events is sent from here."
WITHOUT_TOKEN = (
    f"{WITHOUT_EVENTS} Only the kernel fetches a token, so it is sent without one, and 401 and 403 are accepted."
)


@dataclass(frozen=True, slots=True)
class TargetVerdict:
    """The answer of a target, as the result of a step."""

    accepted: bool
    told: str

    def __bool__(self) -> bool:
        return self.accepted


def answers(definition: WebhookDefinition, asked: Callable[[], WebhookDefinition], *, timeout: float) -> Step:
    """A step that succeeds if a target answers 2xx to the test request with its credentials.

    A target with OAuth may answer that it wants a token, because only the kernel fetches its tokens. Then this answer
    proves that the target is there, and nothing more can be tested from here.

    :param definition: the webhook and its URL.
    :param asked: returns the definition with its credentials; called when the step is done.
    """
    fetched = is_fetched(definition.authorization)

    def ask() -> TargetVerdict:
        answer = probe(at_hand(asked()), timeout=timeout)
        status = "" if answer.status is None else f" {answer.status}"
        accepted = bool(answer) or (fetched and answer.status in {401, 403})
        return TargetVerdict(accepted=accepted, told=f"{answer.grade.value}{status}: {answer.detail}")

    what = f"see that {shown(definition.target_url)} {'is there' if fetched else 'takes deliveries'}"
    note = WITHOUT_TOKEN if fetched else WITHOUT_EVENTS
    return Step(definition.id, what, ask, lambda: None, lasting=False, note=note)


def finds_credentials(definition: WebhookDefinition, asked: Callable[[], WebhookDefinition]) -> Step:
    """A step that succeeds if the credentials of a webhook can be looked up, for a target that is not tested."""

    def look() -> None:
        at_hand(asked())

    return Step(definition.id, "find its credentials", look, lambda: None, lasting=False)
