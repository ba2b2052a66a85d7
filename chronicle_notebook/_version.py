"""The version of this package. The changelog repeats it, and a test compares the two."""

__version__ = "0.1.0"
