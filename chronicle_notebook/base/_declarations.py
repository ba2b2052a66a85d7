"""Which classes carry a declaration, and which of them still stand: shared by ``@event_type`` and ``@webhook``.

A notebook runs one cell many times, so one class is declared many times, and old ones live on in variables. The name
counts: of all classes with one module and qualified name the latest stands, as long as that name still leads to it. A
class that was deleted with ``del``, renamed, or defined again without the decorator is out. A class made inside a
function has no name to go by, and stands as long as it is alive and not made again.
"""

from __future__ import annotations

import sys
import threading
import weakref
from typing import Generic, TypeVar

T = TypeVar("T")


class Declaration(Generic[T]):
    """What a decorator notes on a class, in the class's own namespace.

    It stands there, and not in a table beside it, because decorators such as ``dataclass(slots=True)`` make the class
    anew from its namespace. Python then calls :meth:`__set_name__`, so the new class is noted as well.
    """

    __slots__ = ("registry", "value")

    def __init__(self, registry: Declarations[T], value: T) -> None:
        self.registry = registry
        self.value = value

    def __set_name__(self, owner: type, name: str) -> None:
        self.registry.note(owner)


class Declarations(Generic[T]):
    """The classes of this process that carry one kind of declaration, held weakly, in the order of definition."""

    def __init__(self, attribute: str) -> None:
        self._attribute = attribute
        self._noted: list[weakref.ref[type]] = []
        self._lock = threading.Lock()

    def declare(self, cls: type, value: T) -> None:
        """Note ``value`` on ``cls``.

        :raises TypeError, AttributeError: when the class takes no attributes.
        """
        setattr(cls, self._attribute, Declaration(self, value))
        self.note(cls)

    def note(self, cls: type) -> None:
        """Remember a class that carries a declaration."""
        with self._lock:
            self._noted.append(weakref.ref(cls))

    def value_of(self, cls: type) -> T | None:
        """What was declared on ``cls``, or None. A subclass does not inherit it; a remake of the same class does."""
        found = self._declaration_of(cls)
        return None if found is None else found.value

    def classes(self) -> list[type]:
        """The classes that stand, in the order of their latest definition."""
        latest: dict[tuple[str, str], type] = {}
        with self._lock:
            for reference in self._noted:
                cls = reference()
                if cls is not None:
                    name = cls.__module__, cls.__qualname__
                    latest.pop(name, None)
                    latest[name] = cls
            # The dead and the replaced are forgotten. One that merely does not stand right now is kept: its module may
            # still be about to bind the name.
            self._noted = [weakref.ref(cls) for cls in latest.values()]
        standing = (self._standing(cls) for cls in latest.values())
        return [cls for cls in standing if cls is not None]

    def _standing(self, cls: type) -> type | None:
        if "<locals>" in cls.__qualname__:
            return cls
        found: object = sys.modules.get(cls.__module__)
        for name in cls.__qualname__.split("."):
            found = getattr(found, name, None)
        if not isinstance(found, type):
            return None
        # Another decorator may have put a remake of the class in its place: it carries the same declaration.
        return found if found is cls or self._declaration_of(found) is self._declaration_of(cls) else None

    def _declaration_of(self, cls: type) -> Declaration[T] | None:
        name = cls.__module__, cls.__qualname__
        for base in cls.__mro__:
            found = base.__dict__.get(self._attribute)
            if isinstance(found, Declaration) and (base is cls or (base.__module__, base.__qualname__) == name):
                return found
        return None


def full_name(cls: type) -> str:
    """``module.Class``, as it is shown in messages."""
    return f"{cls.__module__}.{cls.__qualname__}"
