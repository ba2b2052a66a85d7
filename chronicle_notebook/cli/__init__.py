"""The command line: ``chronicle-notebook lab``, ``sandbox``, ``doctor``, ``status``, ``run``, ``scan``, and ``export``,
``plan``, ``apply`` and ``drift`` for webhooks as code."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from chronicle_notebook._version import __version__
from chronicle_notebook.base._errors import ChronicleError, InvalidInputError, did_you_mean
from chronicle_notebook.base._revealed import revealed
from chronicle_notebook.cli import _as_code_options
from chronicle_notebook.display._terminal import Parser, ended, ended_in_order

if TYPE_CHECKING:
    from chronicle_notebook.probing._result import ProbeResult

PROGRAM = "chronicle-notebook"

_COMMANDS = ("lab", "doctor", "run", "scan", "status", *_as_code_options.COMMANDS, "sandbox")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit code.

    The exit code is 0 for success, 1 if the command failed, 2 for a wrong command line, 130 if it was interrupted, 141
    if the reader of its output has gone. ``lab`` and ``sandbox`` run until they are interrupted, so for them an
    interrupt means 0. For ``plan``, ``apply`` and ``drift`` 0 means that nothing differs, 2 that there are differences,
    and 1 also a wrong command line.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    with revealed():
        return ended(lambda: _main(given))


def _main(given: list[str]) -> int:
    options = argparse.Namespace()
    try:
        if given[:1] == ["sandbox"]:
            return _sandbox(given[1:])
        parser = _parser()
        _check_first(parser, given[:1])
        parser.parse_args(given, options)
        commands = {"doctor": _doctor, "lab": _open_lab, "run": _run, "scan": _scan, "status": _say_status}
        commands |= dict.fromkeys(_as_code_options.COMMANDS, _webhooks_as_code)
        return commands[options.command](options)
    except ChronicleError as error:
        # A runbook has printed its outcome already if its page cannot be written.
        from chronicle_notebook.cli._command_words import tell

        tell(error, as_json=getattr(options, "json", False) and options.command != "run")
        return 1


def _check_first(parser: Parser, words: list[str]) -> None:
    """Suggest the most similar command or option for an unknown first word. Without the right command, the rest cannot
    be read."""
    for word in words:
        if word.startswith("-") and word not in {"-h", "--help", "--version"}:
            parser.refuse(words)
        if not word.startswith("-") and word not in _COMMANDS:
            hint = did_you_mean(word, _COMMANDS) or f"There are {', '.join(_COMMANDS)}."
            parser.error(f"there is no command {word!r}. {hint}")


def _parser() -> Parser:
    parser = Parser(prog=PROGRAM, description="Look after the webhooks of a Cratis Chronicle event store.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    lab = commands.add_parser("lab", help="open JupyterLab on the first tutorial, with a sandbox kernel beside it")
    lab.add_argument("--port", type=_port, default=8888, help="the port of JupyterLab (%(default)s)")
    lab.add_argument("--no-browser", action="store_true", help="print the address, but open no browser")
    lab.add_argument(
        "--token",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="ask for a token, which is part of the printed address; without one every account of this machine can run "
        "code as you",
    )
    lab.add_argument("--notebooks", type=Path, default=None, help="the folder to open (copies of the project's)")
    lab.add_argument(
        "--newer",
        action="store_true",
        help="replace copies that you edited by newer versions of the project; yours stay beside them",
    )
    doctor = commands.add_parser("doctor", help="check the way to a kernel step by step; 1 if a step fails")
    doctor.add_argument(
        "connection",
        nargs="?",
        metavar="CONNECTION",
        help="a connection string, with secrets as env:NAME, or env:NAME alone ($CHRONICLE_CONNECTION_STRING)",
    )
    doctor.add_argument("--profile", default=None, help="the name of a profile")
    doctor.add_argument("--store", default=None, help="an event store to check")
    doctor.add_argument("--namespace", default=None, help="a namespace of the event store to check")
    _add_probe(doctor)
    _add_run(commands.add_parser("run", help="run a runbook; 1 if it does not reach its goal"))
    _add_status(commands.add_parser("status", help="say which webhooks fail, and why; 1 if one does"))
    _as_code_options.add_commands(commands)
    scan = commands.add_parser("scan", help="find secrets in notebooks and in named files; 1 if there are any")
    scan.add_argument("paths", nargs="+", metavar="PATH", help="a file, or a folder with notebooks")
    # python -m chronicle_notebook.sandbox reads the options of this command.
    commands.add_parser("sandbox", help="run a sandbox kernel until interrupted", add_help=False)
    return parser


def _add_probe(doctor: Parser) -> None:
    doctor.add_argument(
        "--probe",
        action="store_true",
        help="if every step passes, measure which known defects the kernel has; it says what it does, and asks",
    )
    doctor.add_argument("--confirm", default=None, metavar="chronicle-probe", help="the answer to the probe's question")
    doctor.add_argument(
        "--receiver-url",
        default=None,
        metavar="URL",
        help="the URL under which the kernel reaches the probe's receiver",
    )
    doctor.add_argument(
        "--receiver-port", type=_port, default=0, metavar="PORT", help="the port that this URL leads to"
    )
    doctor.add_argument("--deadline", type=float, default=60.0, metavar="SECONDS", help="of the probe (%(default)g)")


def _port(text: str) -> int:
    if text.isdecimal() and 0 < int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 1 to 65535")


def _add_run(run: Parser) -> None:
    run.add_argument("runbook", metavar="RUNBOOK", help="a notebook, or the name of a runbook of the project")
    run.add_argument(
        "-p",
        dest="parameters",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter; secrets as env:NAME",
    )
    run.add_argument("--apply", action="store_true", help="do the planned steps; without this nothing is changed")
    run.add_argument("--output", type=Path, default=None, metavar="FILE", help="where to save the executed notebook")
    run.add_argument("--html", type=Path, default=None, metavar="FILE", help="where to write it as a static page")
    run.add_argument(
        "--kernel", default=None, metavar="NAME", help="the Jupyter kernel to run it in (the Python of this command)"
    )
    run.add_argument("--json", action="store_true", help="print the outcome as JSON, for a program")
    run.add_argument(
        "--confirm", default=None, metavar="STORE", help="the protected event store that may be written to"
    )


def _add_status(status: Parser) -> None:
    status.add_argument(
        "connection",
        nargs="?",
        metavar="CONNECTION",
        help="a connection string, with secrets as env:NAME, or env:NAME alone ($CHRONICLE_CONNECTION_STRING)",
    )
    status.add_argument("--profile", default=None, help="the name of a profile")
    status.add_argument("--store", default=None, help="the event store (that of the profile)")
    status.add_argument("--strict", action="store_true", help="1 also if a webhook is stalled or has no observer")
    status.add_argument("--json", action="store_true", help="print one JSON object on one line, for a program")
    status.add_argument(
        "--watch",
        nargs="?",
        type=_seconds,
        const=5.0,
        default=None,
        metavar="SECONDS",
        help="look again every 5 seconds, or as given, and show each change, until interrupted",
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if 0.1 <= seconds <= 86_400:
        return seconds
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds: give one from 0.1 to 86400")


def _say_status(options: argparse.Namespace) -> int:
    from chronicle_notebook.cli._status import status

    return status(
        options.connection,
        profile=options.profile,
        event_store=options.store,
        strict=options.strict,
        as_json=options.json,
        watch=options.watch,
    )


def _run(options: argparse.Namespace) -> int:
    from chronicle_notebook.cli._runner import run

    return run(
        options.runbook,
        given=options.parameters,
        apply=options.apply,
        output=options.output,
        page=options.html,
        confirm=options.confirm,
        kernel=options.kernel,
        as_json=options.json,
    )


def _webhooks_as_code(options: argparse.Namespace) -> int:
    from chronicle_notebook.cli._as_code import run

    return run(options)


def _scan(options: argparse.Namespace) -> int:
    from chronicle_notebook.scan import scan

    told, files = scan(options.paths)
    unread = [each for each in told if each.unreadable]
    leaks = [each for each in told if not each.unreadable]
    for each in (*leaks, *unread):
        print(each)
    sys.stdout.flush()  # before the next output, so that the order is right if both go to one file
    if not files and not told:
        print(
            f"There is no notebook in {', '.join(options.paths)}, so nothing was scanned.\n"
            "Name the folder that has them, or any other file by its own name.",
            file=sys.stderr,
        )
        return 1
    print(_scanned(files, len(leaks), len(unread)), file=sys.stderr)
    if leaks:
        print("Remove them, and change each secret: a saved file may have been copied.", file=sys.stderr)
    if unread:
        print(
            "A file that cannot be read may contain a secret: repair it, or check it yourself before you share it.",
            file=sys.stderr,
        )
    return 1 if told else 0


def _scanned(files: int, leaks: int, unread: int) -> str:
    found = f"{leaks} secret{'' if leaks == 1 else 's'} found" if leaks else "no secret found"
    rest = f", {unread} could not be read" if unread else ""
    return f"{files} file{'' if files == 1 else 's'} scanned, {found}{rest}."


def _sandbox(arguments: Sequence[str]) -> int:
    from chronicle_notebook.base._errors import missing

    try:
        from chronicle_notebook.sandbox._main import main as run
    except ImportError as error:
        raise missing("sandbox", "The sandbox kernel", error) from None
    return run(arguments, program=f"{PROGRAM} sandbox")


def _doctor(options: argparse.Namespace) -> int:
    from chronicle_notebook.definition._references import resolve_text
    from chronicle_notebook.session._connect import doctor

    connection = options.connection and resolve_text(options.connection, {}, field="CONNECTION")
    if connection is not None and options.profile is not None:
        raise InvalidInputError(
            "Both a connection and a profile are given.", field="--profile", hint="Give one of them."
        )
    diagnosis = doctor(connection, profile=options.profile, event_store=options.store, namespace=options.namespace)
    print(diagnosis)
    if not (options.probe and diagnosis):
        return 0 if diagnosis else 1
    print(_probed(options, connection), flush=True)
    return 0


def _probed(options: argparse.Namespace, connection: str | None) -> ProbeResult:
    """The result of a probe of the kernel that the doctor has reached."""
    from chronicle_notebook.connection._string import ConnectionString
    from chronicle_notebook.session._connect import connect
    from chronicle_notebook.session._server_choice import PROFILE, named_by_environment

    named = connection or options.profile or os.getenv(PROFILE) or named_by_environment()
    # If no kernel is named, the doctor takes a kernel's default address, and connect() takes a sandbox.
    kernel = connection if named else ConnectionString()
    with ended_in_order(), connect(kernel, profile=options.profile, name="probe") as client:
        return client.probe(
            confirm=options.confirm,
            receiver_url=options.receiver_url,
            receiver_port=options.receiver_port,
            deadline=options.deadline,
        )


def _open_lab(options: argparse.Namespace) -> int:
    from chronicle_notebook.cli._lab import run

    return run(
        port=options.port,
        browser=not options.no_browser,
        token=options.token,
        notebooks=options.notebooks,
        newer=options.newer,
    )
