"""The errors of a kernel's calls: exceptions with the names and the texts of .NET, which clients receive.

The services raise these. A call without an envelope ends with ``UNKNOWN`` and the name and text of the exception.
"""

# ruff: noqa: N818 - the names are those of .NET

from __future__ import annotations


class ArgumentNullException(ValueError):
    """A part of a request is missing. The error names it as the kernel's code does."""

    def __init__(self, parameter: str = "value") -> None:
        super().__init__(f"Value cannot be null. (Parameter '{parameter}')")


class ArgumentException(ValueError):
    """A part of a request is not valid."""


class NullReferenceException(ValueError):
    """A part of a request that the kernel's code uses is missing."""

    def __init__(self) -> None:
        super().__init__("Object reference not set to an instance of an object.")


class InvalidOperationException(ValueError):
    """A value of the wrong kind."""


class FormatException(ValueError):
    """A text cannot be parsed."""


class InvalidName(ValueError):
    """A name that nothing can have. Kernels that were run take it; how the others refuse it was not seen."""


class InvalidEventStoreName(ValueError):
    """A name that no event store can have."""


class JsonReaderException(ValueError):
    """A schema or a migration is not JSON."""


class InvalidEventType(ValueError):
    """An event type cannot be registered as it is. What a kernel calls this was not seen."""


class JsonException(ValueError):
    """A text is not JSON."""


class TimeoutException(Exception):
    """A call from one part of the kernel to another found no answer."""

    def __init__(self) -> None:
        super().__init__("Response did not arrive on time in 00:00:30 for message: Request [a call about an observer].")


class BareException(Exception):
    """Ends a call with the status ``UNKNOWN``, even where failures otherwise are in an envelope."""


class EndOfStreamException(BareException):
    """The bytes of a request cannot be read."""


class MissingMethodException(BareException):
    """A part of the kernel that cannot be made."""


class SqliteException(ValueError):
    """A database cannot be opened."""


class OpenSslCryptographicException(ValueError):
    """Something that cannot be encrypted."""
