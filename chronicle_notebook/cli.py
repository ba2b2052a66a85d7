"""The command line: ``chronicle-notebook lab`` and ``chronicle-notebook sandbox``."""

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
        return _lab(options)
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
    # Its options are those of python -m chronicle_notebook.sandbox, which reads them.
    commands.add_parser("sandbox", help="run a sandbox kernel until interrupted", add_help=False)
    return parser


def _port(text: str) -> int:
    if text.isdecimal() and 0 < int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 1 to 65535")


def _sandbox(arguments: Sequence[str]) -> int:
    from chronicle_notebook._errors import missing

    try:
        from chronicle_notebook.sandbox._main import main as run
    except ImportError as error:
        raise missing("sandbox", "The sandbox kernel", error) from None
    return run(arguments)


def _lab(options: argparse.Namespace) -> int:
    from chronicle_notebook._lab import run

    return run(port=options.port, browser=not options.no_browser, token=options.token, notebooks=options.notebooks)


if __name__ == "__main__":
    sys.exit(main())
