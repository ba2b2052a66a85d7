"""The service Server."""

from __future__ import annotations

from google.protobuf.empty_pb2 import Empty

from chronicle_notebook.base._sandbox_marks import SANDBOX_MARK, UNSERVED_MARK
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import host_pb2 as wire
from chronicle_notebook.sandbox._kernel import Kernel
from chronicle_notebook.sandbox._server import Served


class HostService:
    """Says what the sandbox is."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def served(self) -> list[Served]:
        """The methods of this service."""
        return [Served(methods.GET_VERSION_INFO, self.version)]

    def version(self, _request: Empty) -> wire.ServerVersionInfo:
        """The version of the profile, the mark, and what was accepted but is not executed."""
        profile = self._kernel.profile
        left = self._kernel.unserved.summary()
        mark = f"{UNSERVED_MARK}{left}" if left else SANDBOX_MARK
        return wire.ServerVersionInfo(Version=profile.version, CommitSha=mark, ProtocolVersion=profile.protocol)
