"""The contract of a kernel release: every service, method, message, field and enum of its contract.

The facts are in ``contracts.txt`` beside this module: one line for each declaration, with the releases that have it.
They come from what kernels 16.33.0 and 16.37.1 answered to GetDescriptorSet, and from the descriptor sets that the
clients of 16.38 and 19.29.4 send. ``scripts/contract_table.py`` adds a release.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources

ROOT = "Cratis.Chronicle.Contracts"
"""The package that contains all packages of the contract."""
EMPTY = ".google.protobuf.Empty"
_SHORT = {"-": EMPTY, "guid": ".bcl.Guid"}
_ZERO_GUID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class DeclaredField:
    """A field of a message. ``type`` is a scalar, a map, a name of the same package, or a full name with a point."""

    name: str
    number: int
    type: str
    repeated: bool = False
    packed: bool = True
    default: str = ""
    """A default value that the text of the kernel only mentions; empty when there is none."""


@dataclass(frozen=True, slots=True)
class DeclaredMessage:
    """A message, with its fields by number."""

    name: str
    fields: tuple[DeclaredField, ...]


@dataclass(frozen=True, slots=True)
class DeclaredEnum:
    """An enum, with names and numbers. ``flags`` means that its values are added up."""

    name: str
    values: tuple[tuple[str, int], ...]
    flags: bool = False


@dataclass(frozen=True, slots=True)
class DeclaredMethod:
    """A method of a service, with the types of its request and its response, and which of them are streams."""

    name: str
    request: str
    response: str
    request_streamed: bool = False
    response_streamed: bool = False


@dataclass(frozen=True, slots=True)
class DeclaredService:
    """A service, with its methods by name."""

    name: str
    methods: tuple[DeclaredMethod, ...]


@dataclass(frozen=True, slots=True)
class DeclaredPackage:
    """A package. ``types`` are its messages and enums by name."""

    name: str
    types: tuple[DeclaredMessage | DeclaredEnum, ...]
    services: tuple[DeclaredService, ...]

    def full_name(self, type_name: str) -> str:
        """The full name of a type that is used in this package, with a leading point; a scalar stays as it is."""
        if any(entry.name == type_name for entry in self.types):
            return f".{self.name}.{type_name}"
        return type_name


@dataclass(frozen=True)
class Contract:
    """The contract of a release. ``packages`` are in the order of the kernel's text.

    ``assumed`` are the packages that nobody has seen in this release: they are taken from the release before it.
    """

    release: str
    packages: tuple[DeclaredPackage, ...]
    assumed: frozenset[str] = frozenset()

    @cached_property
    def paths(self) -> dict[str, tuple[DeclaredPackage, DeclaredMethod]]:
        """Every method by its path, with its package."""
        return {
            f"/{package.name}.{service.name}/{method.name}": (package, method)
            for package in self.packages
            for service in package.services
            for method in service.methods
        }

    def __hash__(self) -> int:
        return hash(self.release)


def releases() -> tuple[str, ...]:
    """The releases whose contracts are known, oldest first."""
    return tuple(_read())


@cache
def contract(release: str) -> Contract:
    """The contract of a release, for example ``16.37``. Raises KeyError when it is not known."""
    return _read()[release]


def release_of(version: str) -> str:
    """The newest release with a known contract that is not newer than a version, for example ``16.37`` for ``16.37.1``.

    A version before the first one gets the first one.
    """
    wanted = tuple(map(int, version.partition("-")[0].split(".")[:2]))
    known = releases()
    return max((name for name in known if _numbers(name) <= wanted), key=_numbers, default=known[0])


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(map(int, release.split(".")))


@cache
def _read() -> dict[str, Contract]:
    text = resources.files(__package__).joinpath("contracts.txt").read_text(encoding="utf-8")
    return {entry.release: entry for entry in read_table(text)}


def read_table(text: str) -> tuple[Contract, ...]:
    """The contracts in a table. The head of the table explains its form."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    heads = {words[1]: words[2:] for words in map(str.split, lines) if words[0] == "release"}
    names = {letter: words[0] for letter, words in heads.items()}
    packages: dict[str, list[DeclaredPackage]] = {letter: [] for letter in names}
    current: dict[str, tuple[list[DeclaredMessage | DeclaredEnum], list[DeclaredService]]] = {}
    package = ""

    def close() -> None:
        for letter, (types, services) in current.items():
            packages[letter].append(DeclaredPackage(package, tuple(types), tuple(services)))
        current.clear()

    for line in lines:
        if line.startswith("release "):
            continue
        letters, _, rest = line.partition(" ")
        kind, _, rest = rest.partition(" ")
        if kind == "package":
            close()
            package = f"{ROOT}.{rest}" if rest else ROOT
            current.update((letter, ([], [])) for letter in letters)
            continue
        name, _, body = rest.partition(":")
        for letter in letters:
            types, services = current[letter]
            if kind == "service":
                services.append(DeclaredService(name, tuple(map(_method, _parts(body)))))
            elif kind == "message":
                types.append(DeclaredMessage(name, tuple(_fields(_parts(body)))))
            else:
                types.append(DeclaredEnum(name, tuple(map(_value, _parts(body))), flags=kind == "flags"))
    close()
    return tuple(
        Contract(name, tuple(packages[letter]), frozenset(f"{ROOT}.{each}" for each in heads[letter][1:]))
        for letter, name in names.items()
    )


def _parts(body: str) -> list[str]:
    return [part.strip() for part in body.split(";") if part.strip()]


def _value(part: str) -> tuple[str, int]:
    name, _, number = part.rpartition(" ")
    return name, int(number)


def _fields(parts: Iterable[str]) -> Iterator[DeclaredField]:
    number = 0
    for part in parts:
        words, _, default = part.partition(" = ")
        name, _, kind = words.rpartition(" ")
        name, _, given = name.partition(" ")
        number = int(given) if given else number + 1
        repeated = kind.startswith("*")
        packed = not kind.endswith("!")
        kind = kind.removeprefix("*").removesuffix("!")
        yield DeclaredField(
            name,
            number,
            _SHORT.get(kind, kind),
            repeated=repeated,
            packed=packed,
            default=_ZERO_GUID if default == "0" and kind == "guid" else default,
        )


def _method(part: str) -> DeclaredMethod:
    name, request, response = part.split()
    return DeclaredMethod(
        name,
        _SHORT.get(request.removeprefix("*"), request.removeprefix("*")),
        _SHORT.get(response.removeprefix("*"), response.removeprefix("*")),
        request_streamed=request.startswith("*"),
        response_streamed=response.startswith("*"),
    )
