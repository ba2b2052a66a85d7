"""How far something has come that takes a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from chronicle_notebook.base._public import public
from chronicle_notebook.display._progress import CallProgress


@public
@dataclass(frozen=True, slots=True)
class DeliveryProgress:
    """How far a replay or a re-delivery has come. A function that is given as ``on_progress`` gets it."""

    done: int
    total: int
    what: str
    """What is counted: ``events``."""

    def __str__(self) -> str:
        return f"{self.done:,} of {self.total:,} {self.what}"


OnProgress = Callable[[DeliveryProgress], object]


@contextmanager
def telling(what: str, on_progress: OnProgress | None) -> Iterator[OnProgress]:
    """A function for the progress: it calls the one that was given, and shows a person who waits how far it has come.

    :param what: the beginning of the sentence, such as ``Replaying 'a'``.
    """
    with CallProgress() as progress:

        def told(done: DeliveryProgress) -> None:
            progress.tell(f"{what}: {done}.")
            if on_progress is not None:
                on_progress(done)

        yield told
