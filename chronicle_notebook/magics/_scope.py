"""The variables that ``var:NAME`` can refer to: those that Python would see on the line of the magic.

IPython calls a magic with text only, so the line's own frame is found on the stack. Python looks in the function's
variables, then in those of the functions around it, then in those of the module. A function keeps a variable of the
function around it only if its code names that variable, and a magic's line is no code. Such a variable is refused: the
module's variable of the same name would be another one.
"""

from __future__ import annotations

import inspect
import linecache
import symtable
import sys
from collections.abc import Iterator, Mapping
from types import CodeType, FrameType

from chronicle_notebook.base._errors import InvalidInputError

_BETWEEN = ("IPython", "decorator", "chronicle_notebook")
"""The packages whose frames stand between the line and the magic."""
_CALLERS = sys.stdlib_module_names | {"ipykernel", "tornado"}
"""Packages that contain no line with a magic, but may call one for somebody, as a thread or an event loop does."""
_INSIDE = ".<locals>."
_NAME_IT = "Assign it in this function, or make it a parameter, and name that variable."


class Scope(Mapping[str, object]):
    """The variables of one line, by name. A name whose variable cannot be known raises InvalidInputError."""

    def __init__(self, visible: Mapping[str, object], code: CodeType | None) -> None:
        self._visible = dict(visible)
        self._code = code

    @classmethod
    def of_line(cls) -> Scope:
        """The variables of the line whose magic runs in this thread. Call this inside the magic."""
        frame: FrameType | None = inspect.currentframe()
        while frame is not None and _package(frame) in _BETWEEN:
            frame = frame.f_back
        if frame is None or _package(frame) in _CALLERS:
            return cls({}, None)
        code, local = frame.f_code, frame.f_locals
        unset = {*code.co_varnames, *code.co_cellvars, *code.co_freevars} - set(local)
        outside = {name: value for name, value in frame.f_globals.items() if name not in unset}
        return cls({**outside, **local}, code)

    def __getitem__(self, name: str) -> object:
        """The variable of a name.

        :raises InvalidInputError: the line's place is not known, the variable has no value yet, or the variable belongs
            to a function around the line's function.
        """
        code = self._code
        if code is None:
            raise _refused(name, "no line of a cell or function called this magic", "Call the magic in a function.")
        own = {*code.co_varnames, *code.co_cellvars, *code.co_freevars}
        if name in own and name not in self._visible:
            raise _refused(name, f"it has no value yet on this line of {code.co_name}()", "Assign it before this line.")
        if name not in own and self._around(code, name):
            raise _refused(
                name, f"{code.co_name}() cannot see which one, as a function around it may have it", _NAME_IT
            )
        return self._visible[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._visible)

    def __len__(self) -> int:
        return len(self._visible)

    @staticmethod
    def _around(code: CodeType, name: str) -> bool:
        """Whether a function around this code may have a variable of this name. A class is no such function."""
        functions = code.co_qualname.split(_INSIDE)
        if len(functions) == 1:
            return False
        source = "".join(linecache.getlines(code.co_filename))
        try:
            tables = _functions(symtable.symtable(source, code.co_filename, "exec"), "")
        except SyntaxError:
            return True
        around = {_INSIDE.join(functions[:end]) for end in range(1, len(functions))}
        found = [(qualified, table) for qualified, table in tables if qualified in around]
        return {qualified for qualified, _ in found} != around or any(_has(table, name) for _, table in found)


def _functions(table: symtable.SymbolTable, before: str) -> Iterator[tuple[str, symtable.SymbolTable]]:
    """The tables of all functions and classes in a source, each with its qualified name."""
    for child in table.get_children():
        kind = str(child.get_type())
        if kind not in {"function", "class"}:  # the type parameters of a function or class
            yield from _functions(child, before)
            continue
        qualified = before + child.get_name()
        yield qualified, child
        yield from _functions(child, qualified + ("." if kind == "class" else _INSIDE))


def _has(table: symtable.SymbolTable, name: str) -> bool:
    return name in table.get_identifiers() and not table.lookup(name).is_global()


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def _refused(name: str, why: str, hint: str) -> InvalidInputError:
    return InvalidInputError(f"var:{name}: {why}.", field="line", hint=hint)
