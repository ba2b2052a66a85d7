"""``chronicle-notebook run``: a runbook from the command line, through papermill."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chronicle_notebook._errors import ChronicleError, InvalidInputError, RunbookError, did_you_mean, missing
from chronicle_notebook._guard import CONFIRMED
from chronicle_notebook.runbook._outcome import MIME
from chronicle_notebook.runbook._schema import STANDARD, Kind, known
from chronicle_notebook.runbook._source import schema_of
from chronicle_notebook.scan import rules_for, scan_notebook


def run(
    runbook: str,
    *,
    given: Sequence[str] = (),
    apply: bool = False,
    output: Path | None = None,
    page: Path | None = None,
    confirm: str | None = None,
) -> int:
    """Run a runbook and say in a line what became of it; 0 when it is as asked, else 1.

    :param runbook: a file, or the name of one that comes with the project.
    :param given: parameters, each ``name=value``.
    :param output: where to save the executed notebook; it is saved after each cell, without the state of widgets.
    :param page: where to write it as a static page.
    :param confirm: the name of the protected event store that may be written to.
    :raises ChronicleError: it cannot be run at all: a wrong parameter, no such file. Nothing was started then.
    """
    path = _found(runbook)
    try:
        import nbformat
        import papermill
        from papermill.exceptions import PapermillExecutionError
    except ImportError as error:
        raise missing("runbooks", "Running a runbook", error) from None
    parameters = read_parameters(_cells(path, nbformat), given)
    if apply:
        parameters["apply"] = True
    for target in (output, page):
        if target is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
    failure = ""
    notebook: Any = None
    with _confirmed(confirm), _kept(output) as saved:
        try:
            papermill.execute_notebook(
                str(path),
                str(saved),
                parameters=parameters,
                cwd=str(Path.cwd()),
                progress_bar=sys.stderr.isatty(),
                stdout_file=sys.stdout,
                store_widget_state=False,
                extra_arguments=["--log-level=50"],  # what the kernel process says of itself is no progress
            )
        except PapermillExecutionError as error:
            failure = f"{error.ename}: {error.evalue}"
        notebook = nbformat.read(saved, as_version=4)  # type: ignore[no-untyped-call]
    leaks = scan_notebook(notebook, rules_for(notebook), file=path.stem)
    for leak in leaks:
        print(f"Secret in the executed notebook: {leak.place}: {leak.kind}", file=sys.stderr)
    outcome = outcome_of(notebook)
    if page is not None and not leaks:
        from chronicle_notebook.runbook._html import export

        export(notebook, page, title=path.stem)
    return max(_told(path.stem, outcome, failure), int(bool(leaks)))


def read_parameters(cells: Sequence[str], given: Sequence[str]) -> dict[str, Any]:
    """The parameters of a command line, checked against the schema in the notebook.

    :raises InvalidInputError: one is unknown, of another type, given twice, or a secret that is written out. No value
        is repeated.
    """
    schema = schema_of(cells)
    kinds = {name: Kind.of(kind) for name, kind in STANDARD.items()} if schema is None else schema
    parameters: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise InvalidInputError(
                "A parameter is given as name=value.", field="-p", hint="Write -p webhook=ledger-mirror, for example."
            )
        if schema is not None:
            known(name, kinds)
        if name in parameters:
            raise InvalidInputError(f"Parameter {name!r} is given twice.", field=name, hint="Give it once.")
        kind = kinds.get(name)
        parameters[name] = value if kind is None else kind.read(name, value)
    return parameters


def outcome_of(notebook: Any) -> Mapping[str, Any] | None:
    """The last outcome in an executed notebook; None when there is none."""
    found: Mapping[str, Any] | None = None
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            found = output.get("data", {}).get(MIME, found)
    return found


def _found(runbook: str) -> Path:
    path = Path(runbook)
    if path.is_file():
        return path
    own = Path(__file__).resolve().parents[2] / "notebooks" / "runbooks"
    names = sorted(each.stem for each in own.glob("*.ipynb")) if own.is_dir() else []
    if runbook in names:
        return own / f"{runbook}.ipynb"
    raise InvalidInputError(
        f"There is no runbook {runbook!r}.",
        field="runbook",
        hint=did_you_mean(runbook, names) or f"Name a notebook file{', or ' if names else ''}{', '.join(names)}.",
    )


def _cells(path: Path, nbformat: Any) -> list[str]:
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception:  # noqa: BLE001 - what nbformat raises for a file that is none is not settled
        notebook = None
    if notebook is None:
        raise InvalidInputError(f"{path} is not a notebook.", field="runbook", hint="Name an .ipynb file.")
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


@contextmanager
def _confirmed(store: str | None) -> Iterator[None]:
    """Hand the confirmed name to the kernel, which inherits the environment."""
    before = os.environ.get(CONFIRMED)
    if store is not None:
        os.environ[CONFIRMED] = store
    try:
        yield
    finally:
        if store is not None:
            os.environ.pop(CONFIRMED)
            if before is not None:
                os.environ[CONFIRMED] = before


@contextmanager
def _kept(output: Path | None) -> Iterator[Path]:
    """Where the notebook is saved: where it was asked for, or in a folder that goes away."""
    import tempfile

    if output is not None:
        yield output
        return
    with tempfile.TemporaryDirectory(prefix="chronicle-runbook-") as folder:
        yield Path(folder) / "executed.ipynb"


def _told(name: str, outcome: Mapping[str, Any] | None, failure: str) -> int:
    if outcome is None:
        raise RunbookError(
            f"{name} ended without an outcome. {failure}".rstrip(),
            hint="Run it in JupyterLab to see where it fails, or save it with --output.",
        )
    print(f"{outcome['runbook']}: {outcome['status']}. {outcome['summary']}")
    for problem in outcome["problems"]:
        print(f"  {problem}", file=sys.stderr)
    if failure and outcome["ok"]:
        raise ChronicleError(f"The outcome is good, and the notebook failed afterwards: {failure}")
    return 0 if outcome["ok"] else 1
