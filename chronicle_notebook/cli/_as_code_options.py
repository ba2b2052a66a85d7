"""The options of ``chronicle-notebook export``, ``plan``, ``apply`` and ``drift``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chronicle_notebook.display._terminal import Parser

COMMANDS = ("export", "plan", "apply", "drift")
_WRONG = 1
"""The exit code for a wrong command line: 2 means that there are differences, and a pipeline must not take a typing
error for them."""


def add_commands(commands: Any) -> None:
    """Add the four commands to the parser of the program."""
    export = _command(commands, "export", "write the registered webhooks as a file for git, without secrets")
    export.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help="the file to write (the standard output unless given)"
    )
    export.add_argument("--overwrite", action="store_true", help="replace the file if it exists")
    owner = export.add_mutually_exclusive_group()
    owner.add_argument(
        "--owned-header", default=None, metavar="NAME=VALUE", help="only webhooks with this header, which the file owns"
    )
    owner.add_argument(
        "--owned-ids",
        action="append",
        default=[],
        metavar="PATTERN",
        help="only webhooks with ids like this, which the file owns (can be given several times)",
    )
    export.add_argument(
        "--map-host",
        action="append",
        default=[],
        metavar="OLD=NEW",
        help="write another host, for another environment; *.OLD=*.NEW maps all below a domain (several times)",
    )
    export.add_argument("--for-store", default=None, metavar="NAME", help="write another event store into the file")
    plan = _command(commands, "plan", "show what would make the webhooks those of a file; 2 if there are differences")
    _add_reading(plan)
    _add_planning(plan)
    apply = _command(
        commands, "apply", "make the webhooks those of a file; 2 if the kernel did not take everything, 1 if it failed"
    )
    _add_reading(apply)
    _add_planning(apply)
    apply.add_argument(
        "--confirm", default=None, metavar="STORE", help="the name of the event store, which a protected one needs"
    )
    apply.add_argument(
        "--allow-removals", action="store_true", help="agree that more than a fifth of what the file owns is removed"
    )
    apply.add_argument(
        "--take-over", action="store_true", help="agree that webhooks are changed which have the mark of another owner"
    )
    apply.add_argument(
        "--before",
        type=Path,
        default=None,
        metavar="BACKUP",
        help="where to write the state of before (beside FILE, with the time in its name)",
    )
    drift = _command(commands, "drift", "compare the webhooks with a file; 2 if there are differences")
    _add_reading(drift)


def _command(commands: Any, name: str, summary: str) -> Parser:
    parser: Parser = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
    parser.wrong_line = _WRONG
    parser.add_argument(
        "--profile",
        default=None,
        metavar="NAME",
        help="the profile: it chooses the file's variables and, without --connection, the kernel",
    )
    parser.add_argument(
        "--connection",
        default=None,
        metavar="CONNECTION",
        help="a connection string, with secrets as env:NAME, or env:NAME alone ($CHRONICLE_CONNECTION_STRING)",
    )
    parser.add_argument(
        "--store", default=None, metavar="NAME", help="the event store (that of the profile, else that of the file)"
    )
    return parser


def _add_reading(parser: Parser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the file with the webhooks")
    parser.add_argument(
        "--strict", action="store_true", help="also count what a kernel like this one does not keep as a difference"
    )
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="FIELD", help="a field that may differ, for example active"
    )
    parser.add_argument(
        "--ignore-header", action="append", default=[], metavar="NAME", help="a header that may differ, such as x-env"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object on one line, for a program")
    parser.add_argument(
        "--markdown", type=Path, default=None, metavar="PAGE", help="also write it as Markdown, for a pull request"
    )


def _add_planning(parser: Parser) -> None:
    parser.add_argument("--prune", action="store_true", help="remove what the file owns and does not name")
    parser.add_argument(
        "--replace", action="store_true", help="remove and register again where the kernel ignores a change"
    )
    parser.add_argument(
        "--resend-secrets", action="store_true", help="send credentials that cannot be compared, as for a rotation"
    )
