"""What a kernel's calls fail with: exceptions under the names and with the texts of .NET, which clients are told.

The services raise these, and a call that is not enveloped ends with ``UNKNOWN`` and the name and text of one.
"""

# ruff: noqa: N818 - the names are those of .NET

from __future__ import annotations


class ArgumentNullException(ValueError):
    """A part of a request that is not there, under the name that the kernel's code gives it."""

    def __init__(self, parameter: str = "value") -> None:
        super().__init__(f"Value cannot be null. (Parameter '{parameter}')")


class ArgumentException(ValueError):
    """A part of a request that cannot be."""


class NullReferenceException(ValueError):
    """A part of a request that is not there, and that the kernel's code looks into."""

    def __init__(self) -> None:
        super().__init__("Object reference not set to an instance of an object.")


class InvalidOperationException(ValueError):
    """A value of the wrong kind."""


class FormatException(ValueError):
    """A text that cannot be read."""


class JsonException(ValueError):
    """A text that is no JSON."""


class TimeoutException(Exception):
    """A call from one part of the kernel to another that found no answer."""

    def __init__(self) -> None:
        super().__init__("Response did not arrive on time in 00:00:30 for message: Request [a call about an observer].")
