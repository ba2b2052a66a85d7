"""Which classes have a declaration, and which of them count. ``@event_type`` and ``@webhook`` share this module.

A notebook runs a cell many times, so a class is declared many times, and variables keep the old classes alive. The name
decides: of all classes with the same module and qualified name, the latest one counts, as long as its name still refers
to it. A class does not count if it was deleted with ``del``, renamed, or defined again without the decorator. No module
has the name of a class that was made inside a function. Such a class counts while it is alive and was not made again
under the same id: one function can make several classes that differ only in what they declare.

Some code runs in a namespace that is no loaded module: ``%run -n``, ``runpy``, a module that was executed without being
put into ``sys.modules``, ``exec``, the shell of ``embed()``. A class of such code counts while a variable of the
notebook refers to it. :meth:`Declarations.overlooked` has the others.
"""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class Declaration(Generic[T]):
    """What a decorator stores on a class, in the namespace of the class.

    The namespace is the right place because decorators such as ``dataclass(slots=True)`` create a new class from the
    namespace of the old one. Python then calls :meth:`__set_name__`, so the new class is registered too.
    """

    __slots__ = ("registry", "value")

    def __init__(self, registry: Declarations[T], value: T) -> None:
        self.registry = registry
        self.value = value

    def __set_name__(self, owner: type, name: str) -> None:
        self.registry.note(owner)


class Declarations(Generic[T]):
    """The classes of this process with one kind of declaration, as weak references, in the order of their
    definition."""

    def __init__(self, attribute: str, identity: Callable[[T], Hashable]) -> None:
        """Take the attribute that holds the declarations.

        :param identity: returns the id of a declared value. It tells classes apart that one function made.
        """
        self._attribute = attribute
        self._identity = identity
        self._noted: list[weakref.ref[type]] = []
        self._lock = threading.Lock()

    def declare(self, cls: type, value: T) -> None:
        """Store ``value`` on ``cls``.

        :raises TypeError, AttributeError: the class takes no attributes.
        """
        setattr(cls, self._attribute, Declaration(self, value))
        self.note(cls)

    def note(self, cls: type) -> None:
        """Remember a class that has a declaration."""
        with self._lock:
            self._noted.append(weakref.ref(cls))

    def value_of(self, cls: type) -> T | None:
        """The value that was declared on ``cls``, or None. A subclass does not inherit it; a copy of the same class
        does."""
        found = self._declaration_of(cls)
        return None if found is None else found.value

    def classes(self) -> list[type]:
        """The classes that count, in the order of their latest definition."""
        latest: dict[Hashable, type] = {}
        with self._lock:
            for reference in self._noted:
                cls = reference()
                if cls is not None:
                    name = cls.__module__, cls.__qualname__, self._made_as(cls)
                    latest.pop(name, None)
                    latest[name] = cls
            # Dead and replaced classes are forgotten. A class that does not count at the moment is kept: its module may
            # be about to assign its name.
            self._noted = [weakref.ref(cls) for cls in latest.values()]
        standing = (self._standing(cls) for cls in latest.values())
        return [cls for cls in standing if cls is not None]

    def overlooked(self) -> list[type]:
        """The living classes of namespaces that are no loaded modules, to which no variable of the notebook refers."""
        if not self._homeless():
            return []
        gc.collect()  # a class and its methods refer to each other, so a class that nobody has may live on
        return self._homeless()

    def _homeless(self) -> list[type]:
        counted = set(self.classes())
        with self._lock:
            living = [cls for reference in self._noted if (cls := reference()) is not None]
        return [cls for cls in living if cls not in counted and cls.__module__ not in sys.modules]

    def _made_as(self, cls: type) -> Hashable:
        """The declared id of a class that a function made; None for any other class, whose name tells it."""
        value = self.value_of(cls) if "<locals>" in cls.__qualname__ else None
        return None if value is None else self._identity(value)

    def _standing(self, cls: type) -> type | None:
        if "<locals>" in cls.__qualname__:
            return cls
        found = self._in_module(cls)
        if found is None and any(_holds(names, cls) for names in _notebooks()):
            return cls
        return found

    def _in_module(self, cls: type) -> type | None:
        found: object = sys.modules.get(cls.__module__)
        for name in cls.__qualname__.split("."):
            found = getattr(found, name, None)
        if not isinstance(found, type):
            return None
        # Another decorator may have replaced the class by a copy. The copy has the same declaration.
        return found if found is cls or self._declaration_of(found) is self._declaration_of(cls) else None

    def _declaration_of(self, cls: type) -> Declaration[T] | None:
        name = cls.__module__, cls.__qualname__
        for base in cls.__mro__:
            found = base.__dict__.get(self._attribute)
            if isinstance(found, Declaration) and (base is cls or (base.__module__, base.__qualname__) == name):
                return found
        return None


def _notebooks() -> Iterator[Mapping[str, object]]:
    """The variables of the notebook, and those of the shell of ``embed()``."""
    yield vars(sys.modules["__main__"])
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    if shell is not None:
        yield shell.user_ns


def _holds(names: Mapping[str, object], cls: type) -> bool:
    """Whether variables refer to a class that its module does not have, because the class was made in another
    namespace."""
    module = sys.modules.get(cls.__module__)
    if module is None:
        return any(value is cls for value in list(names.values()))
    return vars(module) is not names and names.get(cls.__qualname__) is cls


def full_name(cls: type) -> str:
    """``module.Class``, for messages."""
    return f"{cls.__module__}.{cls.__qualname__}"
