"""Which kernel is meant, read in a way that leaves no secret behind in a local variable.

A traceback can print the local variables of its frames (``%xmode Verbose``). A connection string that does not parse
is such a variable in every frame that it went through, so it travels inside a function that gives it away.
"""

from __future__ import annotations

import os
from collections.abc import Callable

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
