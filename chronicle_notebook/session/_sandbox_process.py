"""The sandbox kernel of this process: one for all clients, seeded with the demo, ended with the process."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from chronicle_notebook.base._errors import (
    MissingDependencyError,
    NotSupportedError,
    missing,
)
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.connection._string import ConnectionString

if TYPE_CHECKING:
    from chronicle_notebook.sandbox import Sandbox

SANDBOX_STORE = "banking"
"""The demo event store of the embedded sandbox."""
CLIENT = "this-process"
"""The id of the one client that the embedded sandbox lets in."""


class EmbeddedSandbox:
    """Holds the sandbox of this process. Whoever starts or stops the sandbox holds :attr:`lock`."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Hold no sandbox. After a fork the sandbox, and a thread that held the lock, belong to the parent."""
        self.lock = threading.RLock()
        self._sandbox: Sandbox | None = None
        self._secret: Secret | None = None

    def running(self, because: str) -> Sandbox:
        """The sandbox of this process; it is started when none runs.

        :param because: why a sandbox is needed, for the error when it cannot start.
        """
        import secrets

        with self.lock:
            if self._sandbox is None or not self._sandbox.running:
                # Nobody else of this machine is let in: the pair is made for this start and stays in this process.
                self._secret = Secret(secrets.token_urlsafe(32))
                self._sandbox = _started(because, self._secret)
            return self._sandbox

    @property
    def target(self) -> ConnectionString:
        """What connects to the sandbox that runs, with its credentials."""
        assert self._sandbox is not None  # noqa: S101 - running() was called
        return replace(
            ConnectionString.parse(f"chronicle://{self._sandbox.address}"), username=CLIENT, password=self._secret
        )

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


def _started(because: str, secret: Secret) -> Sandbox:
    try:
        try:
            from chronicle_notebook.sandbox import Sandbox
        except ImportError as error:
            raise missing("sandbox", "The embedded sandbox kernel", error) from None
        return Sandbox(seed=True, auth=True, clients={CLIENT: secret}, development_client=False).start()
    except (MissingDependencyError, NotSupportedError) as error:
        if not because:
            raise
        raise type(error)(
            f"{because}, so this process tried to start a sandbox kernel. {error.message}",
            hint=f'{error.hint} Or give a connection string: cn.connect("chronicle://localhost:35000").',
        ) from None
