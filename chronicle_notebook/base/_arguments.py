"""Checks of plain arguments, before anything starts: a number where a number is meant, and one that can be.

The error names the argument, what was given and what is allowed. Of a text only the kind is told, as it may be a secret
in the wrong place.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable

from chronicle_notebook.base._errors import InvalidInputError

LARGEST_PORT = 65535


def check_port(value: object, *, field: str = "port") -> None:
    """A port, or 0 for a free one.

    :raises InvalidInputError: it is neither.
    """
    hint = f"Write {field}=0, or leave it out, for a free one."
    check_whole(value, field=field, least=0, most=LARGEST_PORT, hint=hint)


def check_whole(
    value: object, *, field: str, least: int, most: int | None = None, what: str = "a whole number", hint: str = ""
) -> None:
    """A whole number within its limits; a bool is none.

    :param what: what it is called in the message.
    :raises InvalidInputError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least or (most is not None and value > most):
        limits = f"from {least} to {most}" if most is not None else f"from {least} on"
        raise _wrong(field, f"{what} {limits}", value, hint or f"Write {field}={least}, for example.")


def check_seconds(value: object, *, field: str, above_zero: bool = False, what: str = "a number of seconds") -> None:
    """A number from 0 on, or above it, that is finite; a bool is none.

    :param what: what it is called in the message.
    :raises InvalidInputError: it is not.
    """
    number = not isinstance(value, bool) and isinstance(value, (int, float))
    if not (number and math.isfinite(value) and (value > 0 if above_zero else value >= 0)):  # type: ignore[arg-type, operator]
        limits = "above 0" if above_zero else "from 0 on"
        raise _wrong(field, f"{what} {limits}", value, f"Write {field}=1.5, for example.")


def check_flag(value: object, *, field: str) -> None:
    """True or False, and nothing like one of them.

    :raises InvalidInputError: it is neither.
    """
    if not isinstance(value, bool):
        raise _wrong(field, "True or False", value, f"Write {field}=True, or leave it out.")


def shape(value: object) -> str:
    """What a value is, for a message: a number itself, of anything else the kind."""
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)
    return "a text" if isinstance(value, str) else f"a value of the type {type(value).__name__}"


def _wrong(field: str, allowed: str, value: object, hint: str) -> InvalidInputError:
    return InvalidInputError(f"{field} must be {allowed}, not {shape(value)}.", field=field, hint=hint)


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
