"""gRPC, imported in the only way that is fit for a notebook: after the switch for forks was set, and without its log.

gRPC logs failed handshakes to the standard error, in words for its authors. Every failure is raised as an error of this
package. ``GRPC_VERBOSITY`` switches the log on again.
"""

import os

import chronicle_notebook.base._fork  # noqa: F401 - it sets the switch

os.environ.setdefault("GRPC_VERBOSITY", "NONE")

import grpc

__all__ = ["grpc"]
