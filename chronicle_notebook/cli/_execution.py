"""A runbook's notebook while papermill runs it, and what a signal does to it.

The first Ctrl-C, or SIGTERM, interrupts the cell, as the stop button of JupyterLab does: the runbook then leaves its
outcome, which tells what was done. The next one ends it whatever it is at.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from chronicle_notebook.display._terminal import Terminated

_Handler = Callable[[int], object] | Callable[[int, FrameType | None], Any] | int | None


class Interruption:
    """What signals have come, and which Jupyter kernel they are passed on to."""

    def __init__(self) -> None:
        self.signals: list[int] = []
        self._kernels: list[Any] = []
        self._executing = False

    def __bool__(self) -> bool:
        return bool(self.signals)

    def error(self) -> KeyboardInterrupt:
        """The error that ends a program which was told to."""
        return Terminated() if self.signals and self.signals[0] == signal.SIGTERM else KeyboardInterrupt()

    def hear(self, number: int, _frame: FrameType | None) -> None:
        """Take a signal.

        :raises KeyboardInterrupt: no cell runs that could be interrupted, or one was already.
        """
        self.signals.append(number)
        if len(self.signals) > 1 or not self._executing or not self._interrupt():
            raise self.error()

    def hooks(self) -> dict[str, Any]:
        """What papermill is given, so that it tells when a cell runs, and on which kernel."""
        from jupyter_client.manager import AsyncKernelManager

        kernels = self._kernels

        class Manager(AsyncKernelManager):
            """One that is known here."""

            def __init__(self, *arguments: Any, **named: Any) -> None:
                super().__init__(*arguments, **named)
                kernels.append(self)

        return {
            "kernel_manager_class": Manager,
            "on_cell_start": self._begin,
            "on_cell_execute": self._enter,
            "on_cell_executed": self._leave,
        }

    def _begin(self, **_: Any) -> None:
        if self.signals:  # it came between two cells, or a cell did not mind it
            raise self.error()

    def _enter(self, **_: Any) -> None:
        self._executing = True

    def _leave(self, **_: Any) -> None:
        self._executing = False

    def _interrupt(self) -> bool:
        """Interrupt the cell, and what it has started; whether that can be done here."""
        process = getattr(self._kernels[-1].provisioner, "process", None) if self._kernels else None
        if process is None or sys.platform == "win32":
            return False
        try:
            os.killpg(os.getpgid(process.pid), signal.SIGINT)
        except ProcessLookupError:
            return False
        return True


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Take SIGINT and SIGTERM until the end. Only the main thread can; in any other nothing is changed."""
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    before = {number: signal.signal(number, interruption.hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def execute(path: Path, saved: Path, parameters: Mapping[str, Any], interruption: Interruption) -> str:
    """Run a notebook, and save it after each cell; the error that ended it, or nothing.

    :param interruption: where signals are heard; it tells afterwards whether one ended it.
    """
    import papermill
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillException

    try:
        papermill.execute_notebook(
            _plain(path),
            _plain(saved),
            parameters=dict(parameters),
            cwd=str(Path.cwd()),
            progress_bar=sys.stderr.isatty(),
            stdout_file=sys.stderr,  # the standard output is for the outcome, which a program may read
            store_widget_state=False,
            extra_arguments=["--log-level=50"],  # what the kernel process says of itself is no progress
            **interruption.hooks(),
        )
    except (PapermillException, DeadKernelError, NoSuchKernel, OSError) as error:
        return _told(error, saved)
    except KeyboardInterrupt:
        if not interruption:
            raise
        return "It was ended from outside."
    return ""


def _told(error: Exception, saved: Path) -> str:
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    match error:
        case PapermillExecutionError():
            return f"{error.ename}: {error.evalue}"
        case DeadKernelError():
            return "The Jupyter kernel ended in the middle of it: it crashed, or was killed, as when memory is short."
        case NoSuchKernel():
            return f"There is no Jupyter kernel {error.name!r}. Install it with: python -m ipykernel install --user"
        case OSError():
            return f"{error.filename or saved}: {error.strerror or type(error).__name__}."
        case _:
            return str(error)


def _plain(path: Path) -> str:
    """A path as papermill takes it, which reads ``-`` and braces in its own way."""
    return str(path.absolute()).replace("{", "{{").replace("}", "}}")
