"""Which kernel is meant, read in a way that leaves no secret behind in a local variable.

A traceback can print the local variables of its frames (``%xmode Verbose``). A connection string that does not parse
is such a variable in every frame that it went through, so it travels inside a function that gives it away.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable

from chronicle_notebook._arguments import check_flag, check_seconds, shape
from chronicle_notebook._errors import InvalidInputError
from chronicle_notebook.connection._string import ConnectionString

VARIABLE = "CHRONICLE_CONNECTION_STRING"
"""The environment variable that names the kernel."""

Given = str | ConnectionString | None
Held = Callable[[], Given]


def held(given: Given) -> Held:
    """A function that gives it, and shows nothing of it."""
    return lambda: given


def target(given: Held) -> ConnectionString | None:
    """The connection string that was given, parsed; None when none was.

    :raises InvalidConnectionStringError: it is not one.
    """
    if given() is None:
        return None
    return parsed(given)


def named_by_environment() -> ConnectionString | None:
    """The one of ``CHRONICLE_CONNECTION_STRING``, parsed; None when it is not set, or blank."""
    # os.getenv, and never os.environ: a traceback that shows the values of a line would show the whole of that.
    return parsed(lambda: os.getenv(VARIABLE)) if os.getenv(VARIABLE, "").strip() else None


def parsed(given: Held) -> ConnectionString:
    """Parse what a function gives."""
    if isinstance(given(), ConnectionString):
        return given()  # type: ignore[return-value]  # the call before has just looked
    return ConnectionString.parse(given())  # type: ignore[arg-type]  # parse itself refuses what is no text


def check_arguments(*, timeout: float, protected: bool | None, **names: str | None) -> None:
    """Refuse a timeout that is no time, a switch that is none, and names that are no names.

    :raises InvalidInputError: names the argument.
    """
    check_seconds(timeout, field="timeout", above_zero=True)
    if timeout > threading.TIMEOUT_MAX:
        raise InvalidInputError(
            f"timeout must be at most {threading.TIMEOUT_MAX:,.0f} seconds.", field="timeout", hint="Write timeout=30."
        )
    if protected is not None:
        check_flag(protected, field="protected")
    check_names(**names)


def check_names(**names: str | None) -> None:
    """Refuse names that are no names; None is one that was not given.

    :raises InvalidInputError: names the argument.
    """
    for field, value in names.items():
        if value is not None and (not isinstance(value, str) or not value.strip()):
            raise InvalidInputError(
                f"{field} must be a text that is not blank, not {type(value).__name__}."
                if not isinstance(value, str)
                else f"{field} must not be blank.",
                field=field,
                hint=f'Write {field}="...", or leave it out.',
            )


def check_declared(declared: Iterable[type] | None) -> tuple[type, ...] | None:
    """The declared classes as they can be gone through more than once; None for all that are loaded.

    :raises InvalidInputError: it is no list of classes.
    """
    if declared is None:
        return None
    if isinstance(declared, type) or not isinstance(declared, Iterable):
        raise _no_classes(f"declared is a list of classes, not {shape(declared)}.")
    classes = tuple(declared)
    for each in classes:
        if not isinstance(each, type):
            raise _no_classes(f"declared holds {shape(each)} among its classes.")
    return classes


def _no_classes(message: str) -> InvalidInputError:
    return InvalidInputError(message, field="declared", hint="Write declared=[AccountEvents], or leave it out for all.")
