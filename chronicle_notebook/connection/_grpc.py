"""gRPC, imported in the one way that is safe in a notebook.

With gRPC's fork support on, ``!command`` in a cell (a fork) can hang or silently not run while a stream is open. The
switch is read when grpc is imported, so it is set right before; a value that somebody set is left alone.
"""

import os

os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

import grpc

__all__ = ["grpc"]
