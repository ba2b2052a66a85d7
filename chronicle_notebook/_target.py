"""Which kernel is meant, read in a way that leaves no secret behind in a local variable.

A traceback can print the local variables of its frames (``%xmode Verbose``). A connection string that does not parse
is such a variable in every frame that it went through, so it travels inside a function that gives it away.
"""

from __future__ import annotations

import os
from collections.abc import Callable

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
    return parsed(lambda: os.environ[VARIABLE]) if os.environ.get(VARIABLE, "").strip() else None


def parsed(given: Held) -> ConnectionString:
    """Parse what a function gives."""
    if isinstance(given(), ConnectionString):
        return given()  # type: ignore[return-value]  # the call before has just looked
    return ConnectionString.parse(given())  # type: ignore[arg-type]  # parse itself refuses what is no text


def check_arguments(*, timeout: float, **names: str | None) -> None:
    """Refuse a timeout that is no time, and names that are no names.

    :raises InvalidInputError: names the argument.
    """
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not timeout > 0:
        raise InvalidInputError(
            "timeout must be a number of seconds above 0.", field="timeout", hint="Write timeout=30."
        )
    for field, value in names.items():
        if value is not None and (not isinstance(value, str) or not value.strip()):
            raise InvalidInputError(
                f"{field} must be a text that is not blank, not {type(value).__name__}."
                if not isinstance(value, str)
                else f"{field} must not be blank.",
                field=field,
                hint=f'Write {field}="...", or leave it out.',
            )
