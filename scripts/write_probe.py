"""Write into ``docs/probe.md`` what a probe finds on each profile of the sandbox, between the markers of the page."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import chronicle_notebook as cn
from chronicle_notebook.contracts._defects import DEFECTS
from chronicle_notebook.probing._unmeasured import REASONS
from chronicle_notebook.sandbox._profile import PROFILES

FILE = Path(__file__).parents[1] / "docs" / "probe.md"
BEGIN, END = "<!-- profiles -->\n", "<!-- /profiles -->"


def table(results: Mapping[str, cn.ProbeResult]) -> str:
    """The findings, one row for each defect that a probe measures, and the reasons for the others."""
    signs = {cn.ProbeVerdict.PRESENT: "present", cn.ProbeVerdict.ABSENT: "–", cn.ProbeVerdict.NOT_MEASURED: "?"}
    measured = [defect.key for defect in DEFECTS if defect.key not in REASONS]
    rows = [
        [f"[{key}](defects/{key}.md)", *(signs[result[key].verdict] for result in results.values())] for key in measured
    ]
    unmeasured = [[f"[{key}](defects/{key}.md)", why] for key, why in REASONS.items()]
    return "\n\n".join([_rows(["Defect", *results], rows), _rows(["Defect", "Why no probe measures it"], unmeasured)])


def _rows(titles: list[str], rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (titles, ["---"] * len(titles), *rows))


def main() -> int:
    """Probe every profile and replace the block; 1 when the markers are missing."""
    before, begin, rest = FILE.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        print(f"{FILE} has no block between {BEGIN.strip()} and {END}", file=sys.stderr)
        return 1
    results = {}
    for name in PROFILES:
        with cn.Sandbox(behaves_like=name) as sandbox, cn.connect(sandbox.connection_string) as client:
            results[name] = client.probe(confirm="chronicle-probe", keep=False)
    FILE.write_text(f"{before}{begin}\n{table(results)}\n\n{end}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
