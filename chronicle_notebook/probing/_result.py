"""The result of a probe: what was seen of each known defect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, overload

from chronicle_notebook.base._errors import InvalidInputError, did_you_mean
from chronicle_notebook.base._public import public
from chronicle_notebook.display._displayed import Displayed
from chronicle_notebook.display._listing import Column, Listing
from chronicle_notebook.display._table_and_card import Table, clock

if TYPE_CHECKING:
    import pandas as pd


@public
class ProbeVerdict(StrEnum):
    """What a probe found out about one defect."""

    PRESENT = "present"
    """The kernel was seen to have it."""
    ABSENT = "absent"
    """It was looked for and not seen."""
    NOT_MEASURED = "not measured"
    """It was not looked for, or what was seen says nothing."""


@public
@dataclass(frozen=True, slots=True)
class ProbeFinding:
    """What a probe saw of one defect."""

    key: str
    """The name of the defect, as in :class:`KnownDefect`."""
    verdict: ProbeVerdict
    seen: str
    """What was seen, or why nothing was measured; a sentence."""


_SIGNS = {
    ProbeVerdict.PRESENT: "! present",
    ProbeVerdict.ABSENT: "✓ absent",
    ProbeVerdict.NOT_MEASURED: "· not measured",
}
_COLUMNS = (
    Column[ProbeFinding]("key", "Defect", lambda each: each.key),
    Column[ProbeFinding](
        "verdict",
        "Verdict",
        lambda each: each.verdict.value,
        "category",
        text=lambda each: _SIGNS[each.verdict].replace(" ", "\N{NO-BREAK SPACE}"),
    ),
    Column[ProbeFinding]("seen", "What was seen", lambda each: each.seen),
)


@public
class ProbeResult(Displayed, Sequence[ProbeFinding]):
    """What a probe found out about a kernel, one finding for each known defect.

    ``result[0]`` is by position, ``result["updates-dropped"]`` by the name of a defect.
    """

    def __init__(  # noqa: PLR0913 - made by a probe alone
        self,
        findings: Sequence[ProbeFinding],
        *,
        server: str,
        version: str,
        generation: str,
        taken: datetime,
        duration: float = 0.0,
        left_behind: Sequence[str] = (),
        kept: bool = False,
        banner: str = "",
    ) -> None:
        self._findings = tuple(findings)
        self.server = server
        """``host:port`` of the kernel."""
        self.version = version
        """The version that the kernel reported."""
        self.generation = generation
        """The wire generation of the kernel."""
        self.taken = taken
        """When the probe began, in UTC."""
        self.duration = duration
        """The time that the probe took, in seconds."""
        self.left_behind = tuple(left_behind)
        """What could not be cleaned up, as sentences; empty if only the event store stays behind."""
        self.kept = kept
        """Whether the result is kept on this machine, so that other outputs use it."""
        self._banner = banner

    def __len__(self) -> int:
        return len(self._findings)

    def __iter__(self) -> Iterator[ProbeFinding]:
        return iter(self._findings)

    @overload
    def __getitem__(self, key: int | str) -> ProbeFinding: ...

    @overload
    def __getitem__(self, key: slice) -> tuple[ProbeFinding, ...]: ...

    def __getitem__(self, key: int | str | slice) -> ProbeFinding | tuple[ProbeFinding, ...]:
        if not isinstance(key, str):
            return self._findings[key]
        found = next((each for each in self._findings if each.key == key), None)
        if found is None:
            keys = [each.key for each in self._findings]
            raise InvalidInputError(
                f"The probe knows no defect {key!r}.",
                field="key",
                hint=did_you_mean(key, keys) or "List them with [each.key for each in result].",
            )
        return found

    def _keys(self, verdict: ProbeVerdict) -> frozenset[str]:
        return frozenset(each.key for each in self._findings if each.verdict is verdict)

    @property
    def present(self) -> frozenset[str]:
        """The names of the defects that the kernel was seen to have."""
        return self._keys(ProbeVerdict.PRESENT)

    @property
    def absent(self) -> frozenset[str]:
        """The names of the defects that were looked for and not seen."""
        return self._keys(ProbeVerdict.ABSENT)

    @property
    def not_measured(self) -> frozenset[str]:
        """The names of the defects that nothing was found out about."""
        return self._keys(ProbeVerdict.NOT_MEASURED)

    @property
    def summary(self) -> str:
        """One sentence about the result."""
        return (
            f"Kernel {self.version or 'of unknown version'} on {self.server}: {len(self.present)} of "
            f"{len(self._findings)} known defects present, {len(self.absent)} absent, "
            f"{len(self.not_measured)} not measured"
        )

    def as_kept(self) -> ProbeResult:
        """The same result, which is kept on this machine."""
        return ProbeResult(
            self._findings,
            server=self.server,
            version=self.version,
            generation=self.generation,
            taken=self.taken,
            duration=self.duration,
            left_behind=self.left_behind,
            kept=True,
            banner=self._banner,
        )

    def to_frame(self) -> pd.DataFrame:
        """The findings as a DataFrame whose index is the name of the defect."""
        return Listing(self._findings, _COLUMNS, caption="", empty="").to_frame()

    def _display(self) -> Table:
        order = list(ProbeVerdict)
        ordered = sorted(self._findings, key=lambda each: order.index(each.verdict))
        took = f", in {self.duration:.0f} s" if self.duration else ""
        foot = [f"Measured {clock(self.taken)}{took}."]
        if self.kept:
            foot.append("Kept: known_defects, plans and outcomes of this kernel say from now on what was measured.")
        return Table(
            caption=self.summary,
            titles=[column.title for column in _COLUMNS],
            rows=[[column.cell(each) for column in _COLUMNS] for each in ordered],
            foot=" ".join([*foot, *(f"! {each}" for each in self.left_behind)]),
            empty="Nothing was measured.",
            banner=self._banner,
        )
