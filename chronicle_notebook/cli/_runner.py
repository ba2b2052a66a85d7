"""``chronicle-notebook run``: runs a runbook from the command line, with papermill."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chronicle_notebook.base._errors import ChronicleError, InvalidInputError, did_you_mean, missing
from chronicle_notebook.cli import _output_path, _report
from chronicle_notebook.cli._execution import execute, interruptible
from chronicle_notebook.runbook.engine._outcome import MIME, RunbookError
from chronicle_notebook.runbook.engine._schema import STANDARD, Kind, check_required, known
from chronicle_notebook.runbook.engine._source import required_of, schema_of
from chronicle_notebook.scan import Leak, scan_notebook
from chronicle_notebook.session._guard import CONFIRMED

HALF_WAY = "Started steps may be done. Run it again with the same parameters: it skips the steps that are done."


def run(
    runbook: str,
    *,
    given: Sequence[str] = (),
    apply: bool = False,
    output: Path | None = None,
    page: Path | None = None,
    confirm: str | None = None,
    kernel: str | None = None,
    as_json: bool = False,
) -> int:
    """Run a runbook and print its outcome, its steps and its findings. Returns 0 if the goal was reached, else 1.

    The outcome goes to the standard output; the runbook's own output goes to the standard error. A signal interrupts
    the running cell, so that the runbook can leave its outcome, which is printed then too.

    :param runbook: a file, or the name of one of the project's runbooks.
    :param given: parameters, each ``name=value``.
    :param output: the file for the executed notebook. It is saved after each cell, without the state of widgets.
    :param page: the file for a static page.
    :param confirm: the name of the protected event store that may be written to.
    :param kernel: the name of the Jupyter kernel that runs the notebook; by default this interpreter.
    :param as_json: print the outcome as JSON, see :meth:`RunbookOutcome.to_dict`.
    :raises ChronicleError: the runbook cannot be started (a wrong parameter, a missing file, a file that cannot be
        written); or it ended without an outcome; or the page could not be written.
    :raises KeyboardInterrupt: the run was interrupted.
    """
    path = _found(runbook)
    # What is missing is said before anything is started.
    try:
        import ipykernel  # noqa: F401
        import nbformat
        import papermill  # noqa: F401
    except ImportError as error:
        raise missing("runbooks", "Running a runbook", error) from None
    cells = _cells(path, nbformat)
    parameters = read_parameters(cells, given)
    if apply and parameters.setdefault("apply", True) is False:
        raise InvalidInputError("--apply was given, and apply=false too.", field="apply", hint="Leave out one of them.")
    check_required(parameters, required_of(cells))
    _output_path.check(path, output=output, page=page)
    _check_needs(kernel, page)
    with interruptible() as interruption, _confirmed(confirm), _kept(output) as saved:
        before = _written(saved)
        failure = execute(path, saved, parameters, interruption, kernel)
        notebook = _executed(saved, before, nbformat)
    outcome = outcome_of(notebook)
    # First of all, because later steps may fail or take time, and what was done is done.
    if outcome is not None:
        _tell(outcome, as_json=as_json)
    leaks = scan_notebook(notebook, file=path.stem)
    for leak in leaks:
        what = "Not looked at" if leak.unreadable else "Secret"
        print(f"{what} in {output or 'the executed notebook'}: {leak.place}: {leak.kind}", file=sys.stderr)
    if interruption:
        if parameters.get("apply") and (outcome is None or not outcome["ok"]):
            print(HALF_WAY, file=sys.stderr)
        raise interruption.error()
    if page is not None:
        _write(notebook, page, path.stem, leaks)
    if outcome is None:
        raise _without_outcome(path.stem, failure, applied=bool(parameters.get("apply")))
    if failure and outcome["ok"]:
        raise ChronicleError(f"The outcome is good, but the notebook failed afterwards: {failure}")
    return 0 if outcome["ok"] and not leaks else 1


def _executed(saved: Path, before: int, nbformat: Any) -> Any:
    """The executed notebook; an empty one if none was saved. The notebook of an earlier run does not count."""
    notebook = _read(saved, nbformat) if _written(saved) != before else None
    return notebook or nbformat.v4.new_notebook()


def _written(file: Path) -> int:
    return file.stat().st_mtime_ns if file.exists() else 0


def _write(notebook: Any, page: Path, title: str, leaks: Sequence[Leak]) -> None:
    if leaks:
        print(f"No page was written to {page}, because it would show them.", file=sys.stderr)
        return
    from chronicle_notebook.cli._html import export

    try:
        export(notebook, page, title=title)
    except OSError as error:
        raise ChronicleError(
            f"The page could not be written: {page}: {error.strerror or type(error).__name__}.",
            hint="The runbook itself has ended. Its outcome is above.",
        ) from None


def _without_outcome(name: str, failure: str, *, applied: bool) -> RunbookError:
    hint = "Run it in JupyterLab to see where it fails, or save it with --output."
    return RunbookError(
        f"{name} ended without an outcome. {failure}".rstrip(), hint=f"{HALF_WAY} {hint}" if applied else hint
    )


def _tell(outcome: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(_report.as_json(outcome), flush=True)
        return
    for line in _report.lines(outcome):
        print(line)
    sys.stdout.flush()  # before the next output, so that the order is right if both go to one file
    for problem in _report.unlisted(outcome):
        print(f"  {problem}", file=sys.stderr)


def read_parameters(cells: Sequence[str], given: Sequence[str]) -> dict[str, Any]:
    """The parameters of a command line, checked against the schema in the notebook.

    :raises InvalidInputError: a parameter is unknown, has a wrong type, is given twice, or is a secret in plain text.
        The error repeats no value.
    """
    schema = schema_of(cells)
    kinds = {name: Kind.of(kind) for name, kind in STANDARD.items()} if schema is None else schema
    parameters: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise InvalidInputError(
                "A parameter must have the form name=value.",
                field="-p",
                hint="Write -p webhook=ledger-mirror, for example.",
            )
        if schema is not None:
            known(name, kinds)
        if name in parameters:
            raise InvalidInputError(f"Parameter {name!r} is given twice.", field=name, hint="Give it once.")
        kind = kinds.get(name)
        parameters[name] = value if kind is None else kind.read(name, value)
    return parameters


def outcome_of(notebook: Any) -> Mapping[str, Any] | None:
    """The last outcome in an executed notebook; None if there is none."""
    found: Mapping[str, Any] | None = None
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            found = output.get("data", {}).get(MIME, found)
    return found


def shipped() -> dict[str, Path]:
    """The project's runbooks by name: those of the checkout, else those of the package."""
    here = Path(__file__).resolve()
    for folder in (here.parents[2] / "notebooks" / "runbooks", here.parents[1] / "runbook" / "books"):
        found = {each.stem: each for each in folder.glob("*.ipynb")}
        if found:
            return found
    return {}


def _found(runbook: str) -> Path:
    path = Path(runbook)
    if path.is_file():
        return path
    own = shipped()
    names = sorted(own)
    if runbook in own:
        return own[runbook]
    raise InvalidInputError(
        f"There is no runbook {runbook!r}.",
        field="runbook",
        hint=did_you_mean(path.stem, names) or f"Name a notebook file{', or ' if names else ''}{', '.join(names)}.",
    )


def _cells(path: Path, nbformat: Any) -> list[str]:
    notebook = _read(path, nbformat)
    if notebook is None:
        raise InvalidInputError(f"{path} is not a notebook.", field="runbook", hint="Name an .ipynb file.")
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def _read(path: Path, nbformat: Any) -> Any:
    """A notebook; None if there is no file, or only half of one, as after the second signal."""
    try:
        return nbformat.read(path, as_version=4)
    except Exception:  # noqa: BLE001 - what nbformat raises for a file that is none is not settled
        return None


def _check_needs(name: str | None, page: Path | None) -> None:
    """Look for what the options need, before anything is carried out."""
    from jupyter_client.kernelspec import KernelSpecManager

    from chronicle_notebook.cli._html import check

    if page is not None:
        check()
    if name is None:
        return
    names = sorted(KernelSpecManager().find_kernel_specs())
    if name not in names:
        raise InvalidInputError(
            f"There is no Jupyter kernel {name!r}.",
            field="--kernel",
            hint=did_you_mean(name, names) or f"There are {', '.join(names)}; without --kernel it is this Python.",
        )


@contextmanager
def _confirmed(store: str | None) -> Iterator[None]:
    """Pass the confirmed name to the Jupyter kernel, which inherits the environment."""
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
    """The path for the notebook: the requested one, or one in a temporary folder."""
    import tempfile

    if output is not None:
        yield output
        return
    try:
        folder = tempfile.TemporaryDirectory(prefix="chronicle-runbook-")
    except OSError as error:
        raise ChronicleError(
            f"No temporary folder can be made for the executed notebook: {error.strerror}.",
            hint="Nothing was started. Name a file with --output, or set TMPDIR to a folder that can be written.",
        ) from None
    with folder as path:
        yield Path(path) / "executed.ipynb"
