"""gRPC, imported in the only way that is safe in a notebook: after the switches for forks and for its log were set."""

import chronicle_notebook.base._fork  # noqa: F401, I001 - it sets the switches

import grpc

__all__ = ["grpc"]
