"""Checking steps, doing them one after the other, and reading back the result."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chronicle_notebook.base._errors import ChronicleError, InvalidInputError, ProtectedError
from chronicle_notebook.registration._outcome import Outcome
from chronicle_notebook.runbook.engine._step import Progress, State

_NOTHING_SENT = (InvalidInputError, ProtectedError)
_SETTLED = frozenset({State.ALREADY, State.DONE})
"""The states of steps that are not done again, even if the steps are performed a second time."""


def look(steps: Sequence[Progress]) -> None:
    """Check which steps are done already. A step that only prepares the next one is needed if the next one is."""
    needed = True
    for each in reversed(steps):
        if each.step.lasting:
            so = each.step.done()
            each.state = State.CANNOT_TELL if so is None else State.ALREADY if so else State.TO_DO
            needed = each.state is not State.ALREADY
        else:
            each.state = State.TO_DO if needed else State.ALREADY


def carry_out(steps: Sequence[Progress], *, told: Callable[[str], object]) -> None:
    """Do the open steps in order, up to the first step that fails.

    :param told: called with a line for each step.
    """
    failed = False
    for position, each in enumerate(steps, start=1):
        if each.state in _SETTLED:
            continue
        if failed:
            each.state = State.NOT_DONE
            continue
        try:
            _do(each)
        except BaseException:
            each.state = State.UNKNOWN
            each.note = "The run was ended during this step."
            for later in steps[position:]:
                later.state = later.state if later.state in _SETTLED else State.NOT_DONE
            raise
        failed = each.state is not State.DONE
        note = f": {each.note}" if failed and each.note else ""
        told(f"{position}/{len(steps)} {each.step.subject}: {each.step.what}: {each.state.value}{note}")


def _do(each: Progress) -> None:
    try:
        result = each.step.do()
    except _NOTHING_SENT as error:
        each.state, each.note = State.FAILED, str(error)
        return
    except ChronicleError as error:
        _after_error(each, error)
        return
    each.note = _note(result)
    if result is not None and not isinstance(result, str) and not result:
        each.state = State.FAILED
        return
    _read_back(each)


def _after_error(each: Progress, error: ChronicleError) -> None:
    """A write whose answer was lost may have been done, so it is read back."""
    each.state, each.note = State.FAILED, str(error)
    try:
        if each.step.done():
            each.state, each.note = State.DONE, f"The read-back shows the change, although: {error.message}"
    except ChronicleError:
        each.state = State.UNKNOWN


def _read_back(each: Progress) -> None:
    try:
        so = each.step.done()
    except ChronicleError as error:
        each.state, each.note = State.UNKNOWN, f"It was accepted, but could not be read back: {error.message}"
        return
    each.state = State.FAILED if so is False else State.DONE
    if so is False:
        each.note = f"It was accepted, but the read-back does not show it. {each.note}".rstrip()


def unfinished(steps: Sequence[Progress]) -> list[str]:
    """The open steps that are not done, or not known to be done, each as a sentence."""
    return [
        f"{each.step.subject}: {each.step.what}: {each.state.value}. {each.note}".rstrip()
        for each in steps
        if each.state not in _SETTLED
    ]


def verify(steps: Sequence[Progress]) -> list[str]:
    """Read back everything once more at the end. Returns what is not as requested, each as a sentence."""
    problems = unfinished(steps)
    if problems:
        return problems
    for each in steps:
        if not each.step.lasting:
            continue
        try:
            if each.step.done() is False:
                each.state = State.FAILED
                problems.append(
                    f"{each.step.subject}: {each.step.what}: it was done, but the end check does not show it."
                )
        except ChronicleError as error:
            each.state = State.UNKNOWN
            problems.append(f"{each.step.subject}: {each.step.what}: could not be verified. {error.message}")
    return problems


def _note(result: object) -> str:
    if isinstance(result, Outcome):
        doubts = [str(each) for each in result.ineffective]
        return " ".join([*([] if result else [result.summary]), *doubts, *result.notes])
    if isinstance(result, str):
        return result
    return str(getattr(result, "told", ""))
