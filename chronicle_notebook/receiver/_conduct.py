"""How a receiver answers: properly, or as badly as the user requested."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass

from chronicle_notebook.base._arguments import check_seconds, check_whole, shape
from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.base._text import count
from chronicle_notebook.receiver._callbacks import Callbacks
from chronicle_notebook.receiver._credential import CredentialCheck
from chronicle_notebook.receiver._delivery import Delivery

OK = 200
UNAUTHORIZED = 401
NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class AnswerPlan:
    """What to do with one request."""

    status: int = OK
    delay: float = 0.0
    drop: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Misbehaviour:
    """What to do wrong, how often, and for which requests."""

    status: int | None = None
    delay: float = 0.0
    drop: bool = False
    times: int | None = None
    when: Callable[[Delivery], object] | None = None
    probability: float = 1.0

    def __post_init__(self) -> None:
        if self.status is None and not self.delay and not self.drop:
            raise _invalid("status", "No misbehaviour was given.", "Give a status, a delay in seconds, or drop=True.")
        if self.status is not None:
            hint = "Write status=503, for example."
            check_whole(self.status, field="status", least=200, most=599, what="an HTTP status", hint=hint)
        if self.status is not None and self.drop:
            raise _invalid(
                "drop", "A request is either answered with a status or dropped, not both.", "Give one of them."
            )
        check_seconds(self.delay, field="delay")
        if self.times is not None:
            check_whole(self.times, field="times", least=1, hint="Leave it out for no end.")
        if not (_number(self.probability) and 0 <= self.probability <= 1):
            message = f"probability must be a number from 0 to 1, not {shape(self.probability)}."
            raise _invalid("probability", message, "Write probability=0.5, for example.")

    def describe(self, left: int | None) -> str:
        """A description in words; ``left`` is the number of requests that remain."""
        deed = "drops connections" if self.drop else f"answers {self.status or 'normally'}"
        parts = [deed + (f" after {self.delay:g} s" if self.delay else "")]
        if self.probability < 1:
            parts.append(f"with probability {self.probability:g}")
        if self.when is not None:
            parts.append("where its condition holds")
        if left is not None:
            parts.append(f"for the next {count(left, 'request')}")
        return ", ".join(parts)


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _invalid(field: str, message: str, hint: str) -> InvalidInputError:
    return InvalidInputError(message, field=field, hint=hint)


class Conduct:
    """Decides the answer to each request. Any thread may set it; the receiver's thread asks it."""

    def __init__(self, callbacks: Callbacks) -> None:
        self._lock = threading.Lock()
        self._callbacks = callbacks
        self._wrong: Misbehaviour | None = None
        self._left: int | None = None
        self._random = random.Random()  # noqa: S311 - chance for a rehearsal, nothing is protected by it
        self._check: CredentialCheck | None = None

    def misbehave(self, wrong: Misbehaviour, seed: int | None) -> None:
        """Misbehave like this from now on, instead of any earlier misbehaviour."""
        with self._lock:
            self._wrong, self._left = wrong, wrong.times
            self._random = random.Random(seed)  # noqa: S311 - as above

    def behave(self) -> None:
        """Answer properly from now on."""
        with self._lock:
            self._wrong = self._left = None

    def expect(self, check: CredentialCheck | None) -> None:
        """Require this credential from now on; None requires none."""
        with self._lock:
            self._check = check

    def describe(self) -> str:
        """A description in words."""
        with self._lock:
            wrong, left, check = self._wrong, self._left, self._check
        told = "answers normally" if wrong is None else wrong.describe(left)
        return told + (f"; expects {check.scheme} authorization" if check else "")

    def challenge(self) -> str:
        """The value of ``WWW-Authenticate`` for a 401."""
        check = self._check
        return f'{check.scheme if check else "Bearer"} realm="receiver"'

    def plan(self, delivery: Delivery, *, authorization: str | None, found: bool) -> AnswerPlan:
        """What to do with this request. ``authorization`` is checked and not stored."""
        check = self._check
        proper = OK if found else NOT_FOUND
        if found and check is not None and not check.accepts(authorization):
            proper = UNAUTHORIZED
        wrong = self._take(delivery)
        if wrong is None:
            return AnswerPlan(proper)
        return AnswerPlan(proper if wrong.status is None else wrong.status, wrong.delay, wrong.drop)

    def _take(self, delivery: Delivery) -> Misbehaviour | None:
        wrong = self._wrong
        if wrong is None:
            return None
        # Outside the lock: the condition is the user's code and may call this object.
        if wrong.when is not None and not self._callbacks.call("The condition of misbehave()", wrong.when, delivery):
            return None
        with self._lock:
            if self._wrong is not wrong:
                return None
            if self._left is not None:
                self._left -= 1
                if not self._left:
                    self._wrong = self._left = None
            return wrong if self._random.random() < wrong.probability else None
