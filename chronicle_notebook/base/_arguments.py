"""Checks of plain arguments, before anything starts: the type of a number, and its limits.

The error names the argument, the value and the allowed values. For text it names only the type, because text may be a
secret in the wrong place.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable

from chronicle_notebook.base._errors import InvalidInputError

LARGEST_PORT = 65535


def check_port(value: object, *, field: str = "port") -> None:
    """Check a port number; 0 stands for a free port.

    :raises InvalidInputError: the value is not a port number and not 0.
    """
    hint = f"Write {field}=0, or leave it out, for a free one."
    check_whole(value, field=field, least=0, most=LARGEST_PORT, hint=hint)


def check_whole(
    value: object, *, field: str, least: int, most: int | None = None, what: str = "a whole number", hint: str = ""
) -> None:
    """Check a whole number and its limits. A bool is not a whole number.

    :param what: the name of such a value in the error message.
    :raises InvalidInputError: the value is not such a number.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least or (most is not None and value > most):
        limits = f"from {least} to {most}" if most is not None else f"from {least} on"
        raise _wrong(field, f"{what} {limits}", value, hint or f"Write {field}={least}, for example.")


def check_seconds(value: object, *, field: str, above_zero: bool = False, what: str = "a number of seconds") -> None:
    """Check a finite number that is 0 or more, or above 0. A bool is not a number.

    :param what: the name of such a value in the error message.
    :raises InvalidInputError: the value is not such a number.
    """
    number = not isinstance(value, bool) and isinstance(value, (int, float))
    if not (number and math.isfinite(value) and (value > 0 if above_zero else value >= 0)):  # type: ignore[arg-type, operator]
        limits = "above 0" if above_zero else "from 0 on"
        raise _wrong(field, f"{what} {limits}", value, f"Write {field}=1.5, for example.")


def check_flag(value: object, *, field: str) -> None:
    """Check that a value is True or False.

    :raises InvalidInputError: the value is neither.
    """
    if not isinstance(value, bool):
        raise _wrong(field, "True or False", value, f"Write {field}=True, or leave it out.")


def shape(value: object) -> str:
    """The value of a number, or the type of any other value, for a message."""
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)
    return "a text" if isinstance(value, str) else f"a value of the type {type(value).__name__}"


def _wrong(field: str, allowed: str, value: object, hint: str) -> InvalidInputError:
    return InvalidInputError(f"{field} must be {allowed}, not {shape(value)}.", field=field, hint=hint)


def check_arguments(*, timeout: float, protected: bool | None, **names: str | None) -> None:
    """Check a timeout, a flag and names.

    :raises InvalidInputError: an argument has a wrong type or value. The error names the argument.
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
    """Check names. None is allowed and means that the name was not given.

    :raises InvalidInputError: a name is not a text, or is empty. The error names the argument.
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
    """The declared classes as a tuple; None stands for all loaded classes.

    :raises InvalidInputError: the argument is not a list of classes.
    """
    if declared is None:
        return None
    if isinstance(declared, type) or not isinstance(declared, Iterable):
        raise _no_classes(f"declared is a list of classes, not {shape(declared)}.")
    classes = tuple(declared)
    for each in classes:
        if not isinstance(each, type):
            raise _no_classes(f"declared contains {shape(each)}, which is not a class.")
    return classes


def _no_classes(message: str) -> InvalidInputError:
    return InvalidInputError(message, field="declared", hint="Write declared=[AccountEvents], or leave it out for all.")


def check_callbacks(**given: object) -> None:
    """Check functions that are called later; None is fine.

    :raises InvalidInputError: one of them cannot be called.
    """
    for name, callback in given.items():
        if callback is not None and not callable(callback):
            raise InvalidInputError(
                f"{name} is a function, not {type(callback).__name__}.",
                field=name,
                hint="Write, for example, observe(print), or iterate over observe().",
            )
