"""The sandbox kernel of this process: one for all clients, seeded with the demo, ended with the process."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from chronicle_notebook.base._errors import (
    MissingDependencyError,
    NotSupportedError,
    missing,
)

if TYPE_CHECKING:
    from chronicle_notebook.sandbox import Sandbox

SANDBOX_STORE = "banking"
"""The demo event store of the embedded sandbox."""


class EmbeddedSandbox:
    """Holds the sandbox of this process. Whoever starts or stops the sandbox holds :attr:`lock`."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Hold no sandbox. After a fork the sandbox, and a thread that held the lock, belong to the parent."""
        self.lock = threading.RLock()
        self._sandbox: Sandbox | None = None

    def running(self, because: str) -> Sandbox:
        """The sandbox of this process; it is started when none runs.

        :param because: why a sandbox is needed, for the error when it cannot start.
        """
        with self.lock:
            if self._sandbox is None or not self._sandbox.running:
                self._sandbox = _started(because)
            return self._sandbox

    def stop(self) -> bool:
        """End the sandbox with all that is in it. Returns whether it ran."""
        with self.lock:
            sandbox, self._sandbox = self._sandbox, None
            if sandbox is None:
                return False
            ran = sandbox.running
            sandbox.stop()
            return ran


embedded = EmbeddedSandbox()
"""The one holder of this process."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=embedded.forget)


def _started(because: str) -> Sandbox:
    try:
        try:
            from chronicle_notebook.sandbox import Sandbox
        except ImportError as error:
            raise missing("sandbox", "The embedded sandbox kernel", error) from None
        return Sandbox(seed=True).start()
    except (MissingDependencyError, NotSupportedError) as error:
        if not because:
            raise
        raise type(error)(
            f"{because}, so this process tried to start a sandbox kernel. {error.message}",
            hint=f'{error.hint} Or give a connection string: cn.connect("chronicle://localhost:35000").',
        ) from None
