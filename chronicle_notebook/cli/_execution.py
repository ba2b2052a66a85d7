"""A runbook's notebook while papermill runs it, and the effect of signals.

The first Ctrl-C or SIGTERM interrupts the cell, as the stop button of JupyterLab does. The runbook then leaves its
outcome, which says what was done. The next signal ends the run at once.
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

_OWN = (sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}")
"""The command of a kernel in this interpreter."""
_Handler = Callable[[int], object] | Callable[[int, FrameType | None], Any] | int | None


class Interruption:
    """The received signals, and the Jupyter kernel that gets them."""

    def __init__(self) -> None:
        self.signals: list[int] = []
        self._kernels: list[Any] = []
        self._executing = False

    def __bool__(self) -> bool:
        return bool(self.signals)

    def error(self) -> KeyboardInterrupt:
        """The error that ends a program after a signal."""
        return Terminated() if self.signals and self.signals[0] == signal.SIGTERM else KeyboardInterrupt()

    def hear(self, number: int, _frame: FrameType | None) -> None:
        """Handle a signal.

        :raises KeyboardInterrupt: no cell runs, or a cell was interrupted before.
        """
        self.signals.append(number)
        if len(self.signals) > 1 or not self._executing or not self._interrupt():
            raise self.error()

    def hooks(self, kernel: str | None) -> dict[str, Any]:
        """Arguments for papermill, so that it reports when a cell runs, and in which kernel.

        :param kernel: the name of a Jupyter kernel. By default a notebook of Python runs in this interpreter: a kernel
            that somebody installed as ``python3`` may belong to another environment.
        """
        from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpec
        from jupyter_client.manager import AsyncKernelManager

        kernels = self._kernels

        class Manager(AsyncKernelManager):
            """A kernel manager that this object knows."""

            def __init__(self, *arguments: Any, **named: Any) -> None:
                super().__init__(*arguments, **named)
                kernels.append(self)

            @property
            def kernel_spec(self) -> Any:
                """How to start the kernel."""
                if kernel is None and self.kernel_name in {NATIVE_KERNEL_NAME, ""}:
                    return KernelSpec(argv=list(_OWN), display_name="Python 3", language="python")
                return super().kernel_spec

        return {
            "kernel_name": kernel,
            "kernel_manager_class": Manager,
            "on_cell_start": self._begin,
            "on_cell_execute": self._enter,
            "on_cell_executed": self._leave,
        }

    def _begin(self, **_: Any) -> None:
        if self.signals:  # the signal came between two cells, or the cell ignored it
            raise self.error()

    def _enter(self, **_: Any) -> None:
        self._executing = True

    def _leave(self, **_: Any) -> None:
        self._executing = False

    def _interrupt(self) -> bool:
        """Interrupt the cell and its child processes. Returns whether this is possible here."""
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
    """Handle SIGINT and SIGTERM in the block. Only the main thread can do this; in other threads nothing changes."""
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


def execute(
    path: Path, saved: Path, parameters: Mapping[str, Any], interruption: Interruption, kernel: str | None = None
) -> str:
    """Run a notebook, and save it after each cell. Returns the error that ended it, or an empty text.

    :param kernel: the name of a Jupyter kernel; this interpreter unless given.
    :param interruption: handles the signals, and says afterwards whether one of them ended the run.
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
            extra_arguments=["--log-level=50"],  # messages of the kernel process are not progress
            **interruption.hooks(kernel),
        )
    except (PapermillException, DeadKernelError, NoSuchKernel, OSError, RuntimeError) as error:
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
            return "The Jupyter kernel ended during the run: it crashed or was killed (is memory short?)."
        case RuntimeError():  # of jupyter_client, for example because Jupyter has no home directory
            return "The Jupyter kernel did not start. Its message is above."
        case NoSuchKernel():
            return f"There is no Jupyter kernel {error.name!r}. Install it with: python -m ipykernel install --user"
        case OSError():
            return f"{error.filename or saved}: {error.strerror or type(error).__name__}."
        case _:
            return str(error)


def _plain(path: Path) -> str:
    """A path in a form for papermill, which gives ``-`` and braces a special meaning."""
    return str(path.absolute()).replace("{", "{{").replace("}", "}}")
