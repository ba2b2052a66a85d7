"""The sandbox in the foreground of a process."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from chronicle_notebook.base._errors import InvalidInputError, SandboxError
from chronicle_notebook.base._parent import end_with_parent
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.display._terminal import Parser
from chronicle_notebook.sandbox._profile import GENERATIONS, PROFILES
from chronicle_notebook.sandbox._sandbox import Sandbox
from chronicle_notebook.sandbox._unserved import FLAG


def serve(sandbox: Sandbox, *, announce: Callable[[str], None]) -> int:
    """Run until SIGINT or SIGTERM, and return 0. ``announce`` gets the connection string as one line when calls are
    answered.

    Call it from the main thread, which receives the signals. Raises SandboxError if the sandbox cannot start.
    """
    ended = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        ended.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with sandbox:
            announce(sandbox.connection_string)
            ended.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def main(arguments: Sequence[str] | None = None, *, program: str = "python -m chronicle_notebook.sandbox") -> int:
    """Read the command line and `serve`. Returns the exit code: 0, 1 if it cannot start, 2 for a wrong command line.

    ``program`` is the name of the command, for its help and its messages.
    """
    given = _parser(program).parse_args(arguments)
    try:
        sandbox = Sandbox(
            port=given.port,
            data=given.data,
            seed=given.seed,
            settle_delay=given.settle_delay,
            time_scale=given.time_scale,
            contract=given.contract,
            behaves_like=given.behaves_like,
            auth=given.auth,
            clients=dict(given.client),
            development_client=not given.client,
            accept_unserved=given.accept_unserved,
        )
    except InvalidInputError as error:
        print(f"{error.message}\n{error.hint}".strip(), file=sys.stderr)  # noqa: T201 - a program speaks to its terminal
        return 2
    if given.parent is not None:
        end_with_parent(given.parent)
    if given.log_calls:
        # Imported here: it loads gRPC, which the help does not need.
        from chronicle_notebook.sandbox._call_log import print_calls

        print_calls()
    try:
        return serve(sandbox, announce=_print)
    except SandboxError as error:
        print(f"{error.message}\n{error.hint}".strip(), file=sys.stderr)  # noqa: T201 - a program speaks to its terminal
        return 1


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a program speaks to its terminal


def _parser(program: str) -> Parser:
    profiles = "\n".join(f"  {name:17} compared with {entry.held_against}" for name, entry in PROFILES.items())
    parser = Parser(
        prog=program,
        description="Run an embedded Chronicle kernel until interrupted.",
        epilog=f"values of --behaves-like:\n{profiles}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--port", type=_port, default=35000, help="the port to listen on, 0 for a free one (%(default)s)"
    )
    parser.add_argument("--data", type=Path, help="the folder for all data (default: a temporary one)")
    parser.add_argument("--seed", action="store_true", help="start with the example event store 'banking'")
    parser.add_argument(
        "--settle-delay", type=_seconds, default=0.05, help="seconds until a registration takes effect (%(default)s)"
    )
    parser.add_argument(
        "--time-scale", type=_seconds, default=1.0, help="multiplies retry and back-off delays (%(default)s)"
    )
    parser.add_argument(
        "--contract", choices=GENERATIONS, help="the form of the wire contract (commands, or that of --behaves-like)"
    )
    parser.add_argument(
        "--behaves-like",
        choices=tuple(PROFILES),
        help="imitate the version, the contract and the known defects of a kernel (documented); see below",
    )
    parser.add_argument(
        "--auth",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="require an access token with each call, as a kernel does; the development client gets one",
    )
    parser.add_argument(
        "--client",
        type=_client,
        action="append",
        default=[],
        metavar="ID=REFERENCE",
        help="let in only this client, which proves itself by the value of env:NAME or file:PATH, and not the "
        "development client, which everybody can be; may be given several times",
    )
    parser.add_argument(
        "--parent", type=int, metavar="PID", help="end when this process has ended, which started the sandbox"
    )
    parser.add_argument(
        FLAG,
        action="store_true",
        help="accept projections, reactors, reducers, constraints, migrations and so on, without executing them",
    )
    parser.add_argument(
        "--log-calls",
        action="store_true",
        help="print each call with its status to standard error, without its content",
    )
    return parser


def _client(text: str) -> tuple[str, Secret]:
    id_, _, reference = text.partition("=")
    if not id_:
        raise argparse.ArgumentTypeError("a client has an id: write ID=env:NAME or ID=file:PATH")
    try:
        return id_, Secret.parse(reference)
    except InvalidInputError as error:
        told = f"the secret of the client is not a reference. {error.hint}"
    raise argparse.ArgumentTypeError(told)


def _port(text: str) -> int:
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 0 to 65535")


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if 0 <= value < 86400:
        return value
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of 0 or more")
