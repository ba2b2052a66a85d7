"""Which kernel to use. The connection string is read without leaving a secret in a local variable.

A traceback can print the local variables of its frames (``%xmode Verbose``). A connection string that cannot be parsed
would be such a variable in every frame on its way. So it is passed inside a function that returns it.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from chronicle_notebook.connection._string import ConnectionString

VARIABLE = "CHRONICLE_CONNECTION_STRING"
"""The environment variable that names the kernel."""
PROFILE = "CHRONICLE_NOTEBOOK_PROFILE"
"""The environment variable that names the profile for a :func:`connect` without a profile."""

Given = str | ConnectionString | None
Held = Callable[[], Given]


def held(given: Given) -> Held:
    """A function that returns the value and does not show it."""
    return lambda: given


def target(given: Held) -> ConnectionString | None:
    """The given connection string, parsed; None if none was given.

    :raises InvalidConnectionStringError: the text is not a connection string.
    """
    if given() is None:
        return None
    return parsed(given)


def named_by_environment() -> ConnectionString | None:
    """The connection string of ``CHRONICLE_CONNECTION_STRING``, parsed; None if the variable is not set or blank."""
    # Use os.getenv, never os.environ: a traceback that shows the values of a line would show the whole environment.
    return parsed(lambda: os.getenv(VARIABLE)) if os.getenv(VARIABLE, "").strip() else None


def parsed(given: Held) -> ConnectionString:
    """The connection string that a function returns, parsed."""
    if isinstance(given(), ConnectionString):
        return given()  # type: ignore[return-value]  # the call before has just looked
    return ConnectionString.parse(given())  # type: ignore[arg-type]  # parse itself refuses a value that is not text
