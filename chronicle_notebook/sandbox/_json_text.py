"""JSON as .NET's serializer reads and writes it."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from chronicle_notebook.base._dotnet_json import dumps


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was written, so that no digit is lost."""

    text: str

    @property
    def is_whole(self) -> bool:
        """Whether the number has no fraction, however it is written."""
        return self.text.lstrip("-").isdecimal() or float(self.text).is_integer()

    @property
    def integer(self) -> int | None:
        """The number if it is written as an integer; None for ``5.0`` and ``1e2``, as in .NET."""
        return int(self.text) if self.text.lstrip("-").isdecimal() else None


class DuplicateError(ValueError):
    """An object has the same name twice."""


def read(text: str) -> Any:
    """The value of a text, with numbers as they are written.

    Raises DuplicateError for a repeated name in an object, and ValueError for everything that .NET does not read, for
    example comments, trailing commas, single quotes, NaN and the infinities.
    """
    return json.loads(
        text, parse_float=Number, parse_int=Number, parse_constant=_no_constant, object_pairs_hook=_unique
    )


def reread(text: str) -> str:
    """A JSON text as kernels on SQL databases return it: fractions in double precision, strings escaped.

    Seen at 16.37.1 and 16.38 on SQLite: ``12.50`` is read as ``12.5``, and ``+`` in a string as an escape.
    """
    return _rewritten(read(text))


def _rewritten(value: Any) -> str:
    match value:
        case dict():
            return "{" + ",".join(f"{dumps(name)}:{_rewritten(item)}" for name, item in value.items()) + "}"
        case list():
            return "[" + ",".join(map(_rewritten, value)) + "]"
        case Number():
            return value.text if value.integer is not None else double(float(value.text))
        case _:
            return dumps(value)


def double(value: float) -> str:
    """A number of double precision: as few digits as tell it, with an exponent from 1E+15 on and below 0.0001."""
    return _shortest(repr(value), 15, value)


def single(value: float) -> str:
    """A number of single precision, with an exponent from 1E+07 on and below 0.0001."""
    narrow = _narrowed(value)
    digits = next(text for precision in range(6, 10) if _narrowed(float(text := f"{narrow:.{precision}g}")) == narrow)
    return _shortest(repr(float(digits)), 7, narrow)


def _narrowed(value: float) -> float:
    found: float = struct.unpack("f", struct.pack("f", value))[0]
    return found


def _shortest(text: str, most: int, value: float) -> str:
    if not math.isfinite(value):
        raise ValueError(".NET number values such as positive and negative infinity cannot be written as valid JSON.")
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    mantissa, _, exponent = text.lstrip("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + ("" if fraction == "0" and not exponent else fraction)).lstrip("0")
    if not digits.strip("0"):
        return f"{sign}0"
    leading = len(whole) - 1 if whole.strip("0") else -1 - (len(fraction) - len(fraction.lstrip("0")))
    scale = leading + int(exponent or 0)
    digits = digits.rstrip("0")
    if scale >= most or scale < -4:
        rest = f".{digits[1:]}" if digits[1:] else ""
        return f"{sign}{digits[0]}{rest}E{'-' if scale < 0 else '+'}{abs(scale):02}"
    if scale < 0:
        return f"{sign}0.{'0' * (-scale - 1)}{digits}"
    before = digits[: scale + 1].ljust(scale + 1, "0")
    after = digits[scale + 1 :]
    return f"{sign}{before}{'.' if after else ''}{after}"


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise DuplicateError(f"An item with the same key has already been added. Key: {name} (Parameter 'key')")
        found[name] = value
    return found


def _no_constant(text: str) -> object:
    raise ValueError(f"{text} is no JSON")
