"""The module from which users import a class. The repr, tracebacks and help() show it instead of the file of the
class."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

PACKAGE = "chronicle_notebook"

Class = TypeVar("Class", bound=type)


def public(cls: Class) -> Class:
    """Mark a class that users import from the package itself."""
    cls.__module__ = PACKAGE
    return cls


def public_in(module: str) -> Callable[[Class], Class]:
    """Mark a class that users import from a public module of the package, for example ``widgets``."""

    def mark(cls: Class) -> Class:
        cls.__module__ = f"{PACKAGE}.{module}"
        return cls

    return mark
