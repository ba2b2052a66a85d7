"""The command line: ``chronicle-notebook lab``, ``sandbox``, ``doctor``, ``run`` and ``scan``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from chronicle_notebook._errors import ChronicleError
from chronicle_notebook._version import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0, 1 when it could not do it, 2 for a wrong command line."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if given[:1] == ["sandbox"]:
            return _sandbox(given[1:])
        options = _parser().parse_args(given)
        commands = {"doctor": _doctor, "lab": _lab, "run": _run, "scan": _scan}
        return commands[options.command](options)
    except ChronicleError as error:
        print(f"{error.message}\n{error.hint}".strip(), file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="chronicle-notebook", description="Look after the webhooks of a Cratis Chronicle event store."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    lab = commands.add_parser("lab", help="open JupyterLab on the notebooks, with a sandbox kernel beside it")
    lab.add_argument("--port", type=_port, default=8888, help="the port of JupyterLab (%(default)s)")
    lab.add_argument("--no-browser", action="store_true", help="print the address and open no browser")
    lab.add_argument("--token", action="store_true", help="ask for a token, as on a machine that others use too")
    lab.add_argument("--notebooks", type=Path, default=None, help="the folder to open (the project's notebooks)")
    doctor = commands.add_parser("doctor", help="walk the way to a kernel, and say where it ends; 1 when it does")
    doctor.add_argument(
        "connection",
        nargs="?",
        metavar="CONNECTION",
        help="a connection string, with secrets as env:NAME, or env:NAME alone ($CHRONICLE_CONNECTION_STRING)",
    )
    doctor.add_argument("--store", default=None, help="an event store to look for")
    doctor.add_argument("--namespace", default=None, help="a namespace to look for")
    _add_run(commands.add_parser("run", help="run a runbook; 1 unless the outcome is what was asked"))
    scan = commands.add_parser("scan", help="find secrets in notebooks, and in files that are named; 1 when there are")
    scan.add_argument("paths", nargs="+", metavar="PATH", help="a file, or a folder with notebooks")
    # Its options are those of python -m chronicle_notebook.sandbox, which reads them.
    commands.add_parser("sandbox", help="run a sandbox kernel until interrupted", add_help=False)
    return parser


def _port(text: str) -> int:
    if text.isdecimal() and 0 < int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 1 to 65535")


def _add_run(run: argparse.ArgumentParser) -> None:
    run.add_argument("runbook", metavar="RUNBOOK", help="a notebook, or the name of one that comes with the project")
    run.add_argument(
        "-p",
        dest="parameters",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter; secrets as env:NAME",
    )
    run.add_argument("--apply", action="store_true", help="do what is planned; without it nothing is changed")
    run.add_argument("--output", type=Path, default=None, metavar="FILE", help="where to save the executed notebook")
    run.add_argument("--html", type=Path, default=None, metavar="FILE", help="where to write it as a static page")
    run.add_argument(
        "--confirm", default=None, metavar="STORE", help="the protected event store that may be written to"
    )


def _run(options: argparse.Namespace) -> int:
    from chronicle_notebook.runbook._runner import run

    return run(
        options.runbook,
        given=options.parameters,
        apply=options.apply,
        output=options.output,
        page=options.html,
        confirm=options.confirm,
    )


def _scan(options: argparse.Namespace) -> int:
    from chronicle_notebook.scan import scan

    leaks, files = scan(options.paths)
    for leak in leaks:
        print(leak)
    told = f"{len(leaks)} found" if leaks else "nothing found"
    print(f"{files} file{'' if files == 1 else 's'} looked at, {told}.", file=sys.stderr)
    if leaks:
        print("Take them out, and change each secret: what was saved once may have been copied.", file=sys.stderr)
    return 1 if leaks else 0


def _sandbox(arguments: Sequence[str]) -> int:
    from chronicle_notebook._errors import missing

    try:
        from chronicle_notebook.sandbox._main import main as run
    except ImportError as error:
        raise missing("sandbox", "The sandbox kernel", error) from None
    return run(arguments)


def _doctor(options: argparse.Namespace) -> int:
    from chronicle_notebook._connect import doctor
    from chronicle_notebook.webhooks._references import resolve_text

    connection = options.connection and resolve_text(options.connection, {}, field="CONNECTION")
    diagnosis = doctor(connection, event_store=options.store, namespace=options.namespace)
    print(diagnosis)
    return 0 if diagnosis else 1


def _lab(options: argparse.Namespace) -> int:
    from chronicle_notebook._lab import run

    return run(port=options.port, browser=not options.no_browser, token=options.token, notebooks=options.notebooks)


if __name__ == "__main__":
    sys.exit(main())
