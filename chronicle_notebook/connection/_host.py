"""A host and a port."""

from __future__ import annotations

import re
from dataclasses import dataclass

from chronicle_notebook.base._errors import InvalidConnectionStringError

DEFAULT_PORT = 35000
"""The port of a kernel (source: K/Core/Configuration/ChronicleOptions.cs)."""

_NAME = re.compile(r"(?=.{1,254}\Z)[\w-]{1,63}(\.[\w-]{1,63})*\.?")


@dataclass(frozen=True, slots=True)
class Host:
    """The address of a kernel.

    :raises InvalidConnectionStringError: the name or the port is not valid.
    """

    name: str = "localhost"
    """A name or an address. An IPv6 address has no brackets here."""
    port: int = DEFAULT_PORT

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise InvalidConnectionStringError(
                "A host is empty.", field="host", hint="Write chronicle://host or chronicle://host:port."
            )
        if not self.name.isascii():
            object.__setattr__(self, "name", _ascii(self.name))
        if not (_NAME.fullmatch(self.name) or _is_ipv6(self.name)):
            raise InvalidConnectionStringError(
                f"The host, {shape(self.name)}, is neither a name nor an address.",
                field="host",
                hint="Names have letters, digits, '.', '-' and '_'; user name and password come before an '@'.",
            )
        if isinstance(self.port, bool) or not isinstance(self.port, int) or not 1 <= self.port <= 65535:
            raise InvalidConnectionStringError("port must be a number from 1 to 65535.", field="port")

    @classmethod
    def parse(cls, text: str, *, default_port: int = DEFAULT_PORT) -> Host:
        """Parse ``host``, ``host:port``, ``[address]`` or ``[address]:port``. An error never repeats the text."""
        if text.startswith("["):
            name, bracket, rest = text[1:].partition("]")
            if not bracket or (rest and not rest.startswith(":")) or not _is_ipv6(name):
                raise InvalidConnectionStringError(
                    "The host in brackets is not an IPv6 address.", field="host", hint="Write [::1] or [::1]:35000."
                )
            colon, port = rest[:1], rest[1:]
        else:
            name, colon, port = text.partition(":")
            if ":" in port:
                raise InvalidConnectionStringError(
                    "There is more than one ':' in a host.",
                    field="host",
                    hint="Write an IPv6 address in brackets: [::1]:35000.",
                )
        return cls(name, parse_port(port) if colon else default_port)

    def __str__(self) -> str:
        return f"[{self.name}]:{self.port}" if ":" in self.name else f"{self.name}:{self.port}"


def _ascii(name: str) -> str:
    """The name as DNS has it: by UTS 46, nontransitional, as a kernel's deliveries and browsers convert it.

    The standard library follows the rules of 2003, by which a name with ß or a final sigma is another host.
    """
    import idna

    try:
        return idna.encode(name, uts46=True, transitional=False).decode("ascii")
    except idna.IDNAError:
        told = f"The host, {shape(name)}, has characters that no name of a host can have."
    raise InvalidConnectionStringError(
        told, field="host", hint="Check how the name is written, and where it comes from."
    )


def parse_port(text: str, *, field: str = "port") -> int:
    """Parse a port. An error never repeats the text.

    :param field: the name of the option; ``port`` is the part of a host after its colon.
    """
    # Not int() with except: its error would contain the text in its traceback.
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and 1 <= int(text) <= 65535):
        raise InvalidConnectionStringError(
            f"{field} must be a number from 1 to 65535, not {shape(text)}.",
            field=field,
            hint="If this was part of a password, write '/', '?', '@' and ':' in it as %2F, %3F, %40 and %3A."
            if field == "port"
            else "",
        )
    return int(text)


def shape(text: str) -> str:
    """A description of a text without the text: ``a text of 5 characters``."""
    if not text:
        return "an empty text"
    kind = "digit" if text.isascii() and text.isdecimal() else "character"
    return f"a {'number' if kind == 'digit' else 'text'} of {len(text)} {kind}{'' if len(text) == 1 else 's'}"


def _is_ipv6(text: str) -> bool:
    from ipaddress import IPv6Address

    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True
