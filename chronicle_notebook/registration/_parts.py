"""A long list of webhooks is sent in parts.

A kernel works through a list one by one, at about 0.13 s for each webhook, and goes on with it after the deadline or
the interruption of the caller (seen on 16.37.1 on SQLite). So the next part has as many webhooks as the last call
allows for a few seconds. The kernel answers each part, and an end in the middle leaves at most one part without an
answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from chronicle_notebook.base._errors import (
    AuthenticationError,
    CertificateError,
    ChronicleError,
    DeadlineExceededError,
    InvalidInputError,
    KernelError,
    KernelFaultError,
    KernelUnreachableError,
    MethodNotImplementedError,
    PermissionDeniedError,
    ProtectedError,
    RequestRefusedError,
)

FIRST = 16
"""The number of webhooks in the first part: about two seconds of a kernel on SQLite."""
MOST = 250
"""The largest number of webhooks in one part. Kernels refuse a request of more than 4 MiB."""
SECONDS = 3.0
"""The seconds that a part is to take."""
GROWTH = 4
"""How many times larger than the last part the next one can be."""

UNKNOWN_OUTCOME = (KernelUnreachableError, DeadlineExceededError)
"""The errors after which only the read-back shows what was done."""
REFUSED = (
    AuthenticationError,
    CertificateError,
    InvalidInputError,
    MethodNotImplementedError,
    PermissionDeniedError,
    ProtectedError,
    RequestRefusedError,
)
"""The errors of a write that changed nothing. A fault of the kernel is not one of them, although it is a refusal
too."""

Item = TypeVar("Item")


class Pace:
    """The number of webhooks in the next part."""

    def __init__(self) -> None:
        self.size = FIRST

    def measured(self, count: int, seconds: float) -> None:
        """Take in how long the call of a part took."""
        allowed = MOST if seconds <= 0 else int(SECONDS * count / seconds)
        self.size = max(1, min(MOST, GROWTH * self.size, allowed))

    def missed(self) -> None:
        """Take in that a part was not answered in time."""
        self.size = max(1, self.size // 4)


def changed_nothing(error: ChronicleError) -> bool:
    """Whether a write that ended with this error certainly changed nothing."""
    if isinstance(error, KernelUnreachableError) and error.nothing_sent:
        return True
    return isinstance(error, REFUSED) and not isinstance(error, KernelFaultError)


@dataclass(slots=True)
class Course(Generic[Item]):
    """How far a list has come. Each element is in exactly one of the lists."""

    unsent: list[Item]
    answered: list[Item] = field(default_factory=list)
    """The kernel accepted them."""
    late: list[Item] = field(default_factory=list)
    """The answer was lost or came too late, but the read-back shows them."""
    unanswered: list[Item] = field(default_factory=list)
    """There is no answer, and the read-back does not show them: the kernel may still work on them."""
    failed: list[Item] = field(default_factory=list)
    """The part on which the kernel failed. It may be done in part."""
    earlier: list[Item] = field(default_factory=list)
    """Not sent, because the kernel still works on an unfinished call before this one that has them."""
    lost: ChronicleError | None = None
    """Why answers are late."""
    error: ChronicleError | None = None
    """What ended the sending; None if the whole list was sent and is answered or seen."""

    @property
    def under_way(self) -> list[Item]:
        """What the kernel may still work on."""
        return [*self.unanswered, *self.earlier]

    @property
    def begun(self) -> bool:
        """Whether anything was sent and done."""
        return bool(self.answered or self.late)

    @property
    def fault(self) -> KernelFaultError | None:
        """The error on which the kernel failed."""
        return self.error if isinstance(self.error, KernelFaultError) else None

    def came(self, seen: Collection[Item]) -> None:
        """Take in that the read-back shows some of what was under way."""
        self.late += [each for each in self.under_way if each in seen]
        self.unanswered = [each for each in self.unanswered if each not in seen]
        self.earlier = [each for each in self.earlier if each not in seen]

    def places(self, key: Callable[[Item], str]) -> dict[str, list[Item]]:
        """The list in which each element is."""
        lists = (self.unsent, self.answered, self.late, self.unanswered, self.failed, self.earlier)
        return {key(each): place for place in lists for each in place}

    def run(
        self,
        send: Callable[[Sequence[Item]], None],
        arrived: Callable[[Sequence[Item]], Collection[Item]],
        look: Callable[[], None],
    ) -> None:
        """Send one part after the other, until a part is refused, fails, or stays without an effect.

        :param send: sends a part.
        :param arrived: waits for a part without an answer, and returns what the read-back shows.
        :param look: reads back between two parts.
        :raises ChronicleError: the first part was refused.
        """
        pace = Pace()
        while self.unsent:
            # Moved before the call, so that an interruption leaves every element in its list.
            part = self.unanswered = self.unsent[: pace.size]
            self.unsent = self.unsent[pace.size :]
            begun = time.monotonic()
            try:
                send(part)
            except ChronicleError as error:
                if not self._go_on(part, error, arrived):
                    return
                pace.missed()
            else:
                self.answered += part
                self.unanswered = []
                pace.measured(len(part), time.monotonic() - begun)
            if self.unsent:
                try:
                    look()
                except KernelError as error:
                    self.error = error
                    return

    def _go_on(
        self, part: list[Item], error: ChronicleError, arrived: Callable[[Sequence[Item]], Collection[Item]]
    ) -> bool:
        """Whether the next part can be sent after a part that was not answered as it should be."""
        if changed_nothing(error):
            self.unsent, self.unanswered = [*part, *self.unsent], []
            if not self.begun:
                raise error
        elif isinstance(error, KernelFaultError):
            self.failed, self.unanswered = part, []
        elif isinstance(error, UNKNOWN_OUTCOME):
            try:
                done = arrived(part)
            except KernelError:
                done = ()
            self.late += [each for each in part if each in done]
            self.unanswered = [each for each in part if each not in done]
            self.lost = error
            if not self.unanswered:
                return True
        self.error = error
        return False
