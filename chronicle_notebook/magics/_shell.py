"""The magics as IPython calls them; all of them use the same function."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from IPython.core.magic import no_var_expand
from traitlets import Bool
from traitlets.config import Configurable

from chronicle_notebook.magics import _clients
from chronicle_notebook.magics._body import with_body
from chronicle_notebook.magics._completion import Completion
from chronicle_notebook.magics._guard import guarded
from chronicle_notebook.magics._help import help_text
from chronicle_notebook.magics._names import Names
from chronicle_notebook.magics._parse import Call, parse, title_of, wants
from chronicle_notebook.magics._scope import Scope
from chronicle_notebook.magics._table import BY_NAME

_FAMILIES = {
    "%chronicle": "_chronicle",
    "%webhooks": "_webhooks",
    "%webhook": "_webhook",
    "%%webhook": "_webhook_cell",
}
"""The module of each magic. It is loaded when the magic first runs."""
_CHANGING = {"apply", "connect", "use", "sandbox", "remove"}
"""Subcommands that may change names."""
_ELSEWHERE = {f"%chronicle {name}" for name in ("connect", "doctor", "sandbox", "use")}
"""Commands that do not use the kernel of the current client, so their errors do not name it."""


class ChronicleMagics(Configurable):
    """The magics of one shell. ``%config ChronicleMagics.traceback = True`` shows where errors came from."""

    traceback = Bool(default_value=False, help="Show where an error came from, instead of two lines.").tag(config=True)

    def __init__(self, shell: Any) -> None:
        super().__init__(parent=shell)
        self._shell = shell
        self._names = Names()
        self._completion = Completion(self._names, shell)
        self._transformer = with_body
        self._functions: dict[tuple[str, str], Callable[..., Any]] = {}

    @classmethod
    def of(cls, shell: Any) -> ChronicleMagics | None:
        """The magics of a shell. They are found by name, because the package may have been reloaded."""
        return next((each for each in shell.configurables if type(each).__name__ == cls.__name__), None)

    def register(self) -> None:
        """Register the magics, the switch and the completion with the shell."""
        for name in _FAMILIES:
            kind = "cell" if name.startswith("%%") else "line"
            function = self._function(name)
            self._functions[kind, name.lstrip("%")] = function
            self._shell.register_magic_function(function, kind, name.lstrip("%"))
        self._shell.configurables.append(self)
        self._shell.Completer.custom_matchers.append(self._completion.matcher)
        self._shell.input_transformers_cleanup.append(self._transformer)

    def unregister(self) -> None:
        """Remove them from the shell, and end the thread."""
        registered = self._shell.magics_manager.magics
        for (kind, name), function in self._functions.items():
            if registered[kind].get(name) is function:
                del registered[kind][name]
        self._shell.configurables.remove(self)
        self._shell.Completer.custom_matchers.remove(self._completion.matcher)
        self._shell.input_transformers_cleanup.remove(self._transformer)
        self._names.close()

    def _function(self, name: str) -> Callable[..., Any]:
        def magic(line: str, cell: str = "") -> Any:
            return self._run(name, line, cell)

        magic.__name__ = magic.__qualname__ = name.lstrip("%")
        # IPython inspects %%webhook as webhook, for which it finds the line magic: its help has the help of both.
        twins = [name, *(each for each in (f"%{name}",) if each in BY_NAME)]
        magic.__doc__ = "\n\n".join(help_text(BY_NAME[each]) for each in twins)
        # Values come only as references: IPython must not put variables into the line.
        no_var_expand(magic)
        return magic

    def _run(self, name: str, line: str, body: str) -> Any:
        magic = BY_NAME[name]
        full = self.traceback or wants(line, "--traceback")
        title = title_of(magic, line)
        with guarded(title, server=str if title in _ELSEWHERE else _clients.server, full=full):
            call = parse(magic, line)
            if "--help" in call.switches or not call.command.summary:
                print(help_text(magic, call.command))  # noqa: T201 - help is read, not kept
                return None
            call = Call(call.magic, call.command, call.values, call.switches, Scope.of_line(), body)
            run: Callable[[Call], Any] = import_module(f"{__package__}.{_FAMILIES[name]}").run
            try:
                return run(call)
            finally:
                if call.command.name in _CHANGING or body:
                    self._names.forget()
