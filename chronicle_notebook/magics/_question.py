"""A question that must be answered before something is changed."""

from __future__ import annotations

from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.base._text import readable


def agreed(question: str, *, to: str) -> bool:
    """Whether the user answers yes.

    :param to: what would be done, for an error: ``remove 'a' from HOST:PORT``.
    :raises InvalidInputError: nobody can answer here.
    """
    answer = answered(f"{question} [y/N] ")
    if answer is None:
        raise InvalidInputError(
            f"Nobody can be asked here whether to {to}, so nothing was done.",
            field="line",
            hint="Add --yes to do it without being asked.",
        )
    return answer.strip().lower() in {"y", "yes"}


def answered(question: str) -> str | None:
    """The answer to a question; None if nobody can answer here."""
    try:
        return input(readable(question))
    except (EOFError, OSError, RuntimeError, NotImplementedError):
        # The error of a Jupyter kernel that cannot ask has its own type, which is only a subtype of one of these.
        return None
