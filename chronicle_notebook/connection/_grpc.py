"""gRPC, imported in the only way that is safe in a notebook: after the switch for forks was set."""

import chronicle_notebook.base._fork  # noqa: F401, I001 - it sets the switch

import grpc

__all__ = ["grpc"]
