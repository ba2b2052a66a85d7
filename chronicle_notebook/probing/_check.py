"""A check of a probe: what it does, which defects it measures, and how it says what it saw."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from chronicle_notebook.probing._bench import Bench
from chronicle_notebook.probing._result import ProbeFinding, ProbeVerdict


@dataclass(frozen=True, slots=True)
class Check:
    """One step of a probe."""

    title: str
    """What it does, for the line of progress."""
    keys: tuple[str, ...]
    """The defects that it measures."""
    look: Callable[[Bench], Iterator[ProbeFinding]]
    delivers: bool = False
    """Whether it says nothing unless deliveries reach the receiver."""


def found(key: str, present: object, seen: str, otherwise: str) -> ProbeFinding:
    """A defect that was seen, or looked for and not seen.

    :param seen: what was seen if it is present.
    :param otherwise: what was seen if it is absent.
    """
    return ProbeFinding(key, ProbeVerdict.PRESENT if present else ProbeVerdict.ABSENT, seen if present else otherwise)


def unmeasured(key: str, why: str) -> ProbeFinding:
    """A defect about which what was seen says nothing."""
    return ProbeFinding(key, ProbeVerdict.NOT_MEASURED, why)
