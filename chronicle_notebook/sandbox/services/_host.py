"""The service Server."""

from __future__ import annotations

from google.protobuf.empty_pb2 import Empty

from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import host_pb2 as wire
from chronicle_notebook.sandbox._server import Served

PROTOCOL_VERSION = "19.29.4"
"""The release whose contract the sandbox speaks."""
VERSION = f"{PROTOCOL_VERSION}-sandbox"


class HostService:
    """Tells what the sandbox is."""

    def served(self) -> list[Served]:
        """The methods of this service."""
        return [Served(methods.GET_VERSION_INFO, self.version)]

    def version(self, _request: Empty) -> wire.ServerVersionInfo:
        """A version that nobody takes for a release."""
        return wire.ServerVersionInfo(Version=VERSION, ProtocolVersion=PROTOCOL_VERSION)
