"""The delivery engine: from appended events to HTTP requests."""

from chronicle_notebook.sandbox.delivery._engine import Engine

__all__ = ["Engine"]
