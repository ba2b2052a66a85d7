"""The version of this package, which the changelog repeats and a test compares."""

__version__ = "0.1.0"
