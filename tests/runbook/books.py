"""Running a runbook's cells in this process as papermill would: the shell is real, a kernel process there is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import nbformat

from chronicle_notebook.runbook import RunbookOutcome
from chronicle_notebook.runbook.engine._schema import STANDARD
from tests.tracked import ROOT, tracked

FOLDER = ROOT / "notebooks" / "runbooks"
BOOKS = tracked("notebooks/runbooks/*.ipynb")
CANARY = "canary-9f2b-swordfish"


@dataclass(frozen=True)
class Ran:
    """What became of a runbook's cells."""

    outcome: RunbookOutcome | None
    error: BaseException | None
    cells: int
    """How many cells ran, the failing one included."""


class Desk:
    """Runs runbooks in one shell."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell

    def run(self, name: str, **parameters: Any) -> Ran:
        """Run a runbook from top to bottom, up to a cell that fails."""
        notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
        cells = []
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cells.append(cell.source)
                if "parameters" in cell.metadata.get("tags", []):
                    cells.append(
                        "\n".join(["# Parameters", *(f"{key} = {value!r}" for key, value in parameters.items())])
                    )
        for left in ("run", *STANDARD):  # a kernel process of its own would know none of them
            self.shell.user_ns.pop(left, None)
        for number, source in enumerate(cells, start=1):
            result = self.shell.run_cell(source, store_history=True)
            if not result.success:
                return Ran(self._outcome(), result.error_in_exec or result.error_before_exec, number)
        return Ran(self._outcome(), None, len(cells))

    def _outcome(self) -> RunbookOutcome | None:
        run = self.shell.user_ns.get("run")
        return None if run is None else run.outcome
