"""Webhooks: definitions, declaration and discovery, registration and what became of it, lists and frames.

The functions are those of ``client.webhooks``, found by name of a client. They are loaded when they are first used, so
that declaring a class needs no gRPC.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chronicle_notebook.webhooks._functions import (
        all,  # noqa: A004 - the settled name
        code,
        discover,
        explore,
        get,
        ids,
        observe,
        plan,
        register,
        register_discovered,
        remove,
        replace,
        test,
        to_frame,
    )

__all__ = [
    "all",
    "code",
    "discover",
    "explore",
    "get",
    "ids",
    "observe",
    "plan",
    "register",
    "register_discovered",
    "remove",
    "replace",
    "test",
    "to_frame",
]


def __getattr__(name: str) -> object:
    if name in __all__:
        return getattr(import_module("chronicle_notebook.webhooks._functions"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
