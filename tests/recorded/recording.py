"""Reads the recordings in ``tests/recordings``: what real kernels answered, and what real targets received.

A recording is a file of one JSON object a line, in the order of time, ``NAME.jsonl`` or, packed, ``NAME.jsonl.xz``.
A file that is put there is read, served and led through with the others. ``python -m tests.recorded.recording FILE``
packs files, without the texts and sets of descriptors of a kernel's contract, which do not belong here.
"""

from __future__ import annotations

import base64
import json
import lzma
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import clients_pb2, host_pb2

FOLDER = Path(__file__).parent.parent / "recordings"
ENDINGS = (".jsonl.xz", ".jsonl")
TEXT = "the text of the contract"
BEFORE = "before the first step"
"""The step of what was said before a step had a name."""


@dataclass(frozen=True, slots=True)
class Call:
    """A unary call and its answer: the bytes of a message, or a status with details."""

    path: str
    request: bytes
    response: bytes | None
    """None when the call failed, or when the answer is the text of a contract, which is left out."""
    status: str = "OK"
    details: str = ""
    milliseconds: float = 0.0
    at: float = field(default=0.0, compare=False)
    """Seconds since the recording began."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A stream of answers was opened."""

    path: str
    request: bytes


@dataclass(frozen=True, slots=True)
class Element:
    """One answer of a stream."""

    path: str
    message: bytes
    after: float
    """Seconds since the stream was opened."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a stream; a status other than OK or CANCELLED is the kernel's."""

    path: str
    status: str
    details: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """A request that a target received, with its headers in their order, and the status that it gave."""

    path: str
    verb: str
    headers: tuple[tuple[str, str], ...]
    body: str
    answered: int | None
    """None when the target was gone before it answered."""

    @property
    def payload(self) -> Any:
        return json.loads(self.body)


Entry = Call | Opened | Element | Ended | Delivered


@dataclass(frozen=True, slots=True)
class Step:
    """One step of those that each kernel was led through, with all that was said in it."""

    name: str
    entries: tuple[Entry, ...]

    @property
    def calls(self) -> tuple[Call, ...]:
        return tuple(each for each in self.entries if isinstance(each, Call))

    @property
    def deliveries(self) -> tuple[Delivered, ...]:
        return tuple(each for each in self.entries if isinstance(each, Delivered))


@dataclass(frozen=True, slots=True)
class Recording:
    """One run of the steps against one kernel."""

    name: str
    steps: tuple[Step, ...]
    receiver: str
    """The address of the target in this run; empty where there was none."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(entry for step in self.steps for entry in step.entries)

    @property
    def calls(self) -> tuple[Call, ...]:
        return tuple(each for each in self.entries if isinstance(each, Call))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the steps, in their order."""
        return tuple(step.name for step in self.steps)

    @property
    def generation(self) -> str:
        """The wire generation: a kernel that judges contracts speaks ``commands``."""
        check = methods.CHECK_COMPATIBILITY.path
        answered = any(call.path == check and call.status == "OK" for call in self.calls)
        return "commands" if answered else "classic"

    @property
    def version(self) -> str:
        """What the kernel called itself."""
        path = methods.GET_VERSION_INFO.path
        (first, *_) = [call for call in self.calls if call.path == path and call.response is not None]
        assert first.response is not None
        return host_pb2.ServerVersionInfo.FromString(first.response).Version

    @property
    def in_memory(self) -> bool:
        """Whether the kernel kept everything in memory; the others are of databases of tables."""
        return "memory" in self.name

    def step(self, name: str) -> Step:
        """The step of a name."""
        (found,) = [step for step in self.steps if step.name == name]
        return found


def names(folder: Path = FOLDER) -> list[str]:
    """The names of all recordings."""
    return sorted({_name(file) for ending in ENDINGS for file in folder.glob(f"*{ending}")})


@cache
def recording(name: str, folder: Path = FOLDER) -> Recording:
    """The recording of a name."""
    steps: list[Step] = [Step(BEFORE, ())]
    receiver = ""
    for line in lines(name, folder):
        if "step" in line:
            steps.append(Step(line["step"], ()))
        elif "receiver" in line:
            receiver = line["receiver"]
        elif (entry := _entry(line)) is not None:
            steps[-1] = replace(steps[-1], entries=(*steps[-1].entries, entry))
    return Recording(name, tuple(step for step in steps if step.name != BEFORE or step.entries), receiver)


def lines(name: str, folder: Path = FOLDER) -> list[dict[str, Any]]:
    """The lines of a recording as they stand there, without contracts."""
    for ending in ENDINGS:
        file = folder / f"{name}{ending}"
        if file.exists():
            return [stripped(json.loads(line)) for line in _text(file).splitlines()]
    raise FileNotFoundError(f"no recording {name!r} in {folder}")


def stripped(line: dict[str, Any]) -> dict[str, Any]:
    """A line without the text of a contract and without a set of descriptors."""
    path, line = line.get("call"), dict(line)
    if path == methods.GET_DESCRIPTOR_SET.path and line.get("response"):
        line["response"] = ""
        line["left_out"] = TEXT
    if path == methods.CHECK_COMPATIBILITY.path and line.get("request"):
        request = clients_pb2.CompatibilityRequest.FromString(base64.b64decode(line["request"]))
        if request.DescriptorSet:
            request.ClearField("DescriptorSet")
            line["request"] = base64.b64encode(request.SerializeToString()).decode()
            line["left_out"] = "the set of descriptors"
    return line


def pack(file: Path, folder: Path = FOLDER) -> Path:
    """Write a recording into the folder, packed."""
    # A recording of a client has the path of a call in one line, and what was sent in another.
    paths: dict[Any, str] = {}
    kept = []
    for line in map(json.loads, _text(file).splitlines()):
        if "n" in line and "call" in line:
            paths[line["n"]] = line["call"]
        path = paths.get(line.get("n"), line.get("call"))
        without = stripped({**line, "call": path})
        if "call" not in line:
            del without["call"]
        kept.append(json.dumps(without, ensure_ascii=False, separators=(",", ":")))
    packed = folder / f"{_name(file)}.jsonl.xz"
    packed.write_bytes(lzma.compress(("\n".join(kept) + "\n").encode(), preset=9 | lzma.PRESET_EXTREME))
    return packed


def _text(file: Path) -> str:
    data = file.read_bytes()
    return (lzma.decompress(data) if file.suffix == ".xz" else data).decode()


def _name(file: Path) -> str:
    return next(file.name.removesuffix(ending) for ending in ENDINGS if file.name.endswith(ending))


def _entry(line: dict[str, Any]) -> Entry | None:
    """What a line tells of the kernel; None for what a client said at that time."""
    if "call" in line:
        answered = "response" in line and line.get("left_out") != TEXT
        return Call(
            path=line["call"],
            request=base64.b64decode(line["request"]),
            response=base64.b64decode(line["response"]) if answered else None,
            status=line.get("status", "OK"),
            details=line.get("details", ""),
            milliseconds=line["ms"],
            at=line.get("at", 0.0),
        )
    if "delivery" in line:
        headers = tuple((name, value) for name, value in line["headers"])
        return Delivered(line["delivery"], line["method"], headers, line["body"], line["answered"])
    if "stream" not in line:
        return None
    if "request" in line:
        return Opened(line["stream"], base64.b64decode(line["request"]))
    if "message" in line:
        return Element(line["stream"], base64.b64decode(line["message"]), line["after"])
    return Ended(line["stream"], line["ended"], line["details"])


def _packed(files: list[str]) -> Iterator[str]:
    for file in map(Path, files):
        written = pack(file, FOLDER / "clients" if file.parent.name == "clients" else FOLDER)
        yield f"{written}: {written.stat().st_size:,} bytes"


if __name__ == "__main__":
    print("\n".join(_packed(sys.argv[1:])))
