"""Why a delivery failed."""

from __future__ import annotations

from dataclasses import dataclass

HANDLING = 1
TIMEOUT = 2


@dataclass(frozen=True, slots=True)
class Failure:
    """The messages of a failed delivery, outermost first, and its kind in the numbers of the contract."""

    # B23 in docs/fidelity.md: a failure has no stack trace, because a made-up one would mislead.
    messages: tuple[str, ...]
    kind: int = HANDLING


class DeliveryError(Exception):
    """A delivery failed."""

    def __init__(self, *messages: str, kind: int = HANDLING) -> None:
        super().__init__(messages[0])
        self.failure = Failure(messages, kind)


class TransientError(DeliveryError):
    """One attempt failed, and another one may succeed."""

    def __init__(
        self, *messages: str, kind: int = HANDLING, retry_after: float | None = None, answered: bool = False
    ) -> None:
        super().__init__(*messages, kind=kind)
        self.answered = answered
        """Whether there was an answer."""
        self.retry_after = retry_after
        """The seconds that the target asked to wait."""
