"""``chronicle-notebook export``, ``plan``, ``apply`` and ``drift``: webhooks as code, for a terminal and a pipeline."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from chronicle_notebook.base._errors import ChronicleError, InvalidInputError, PlanRefusedError, ProtectedError
from chronicle_notebook.base._text import count
from chronicle_notebook.cli import _output_path
from chronicle_notebook.cli._command_words import WAY_BACK, in_commands
from chronicle_notebook.cli._named_kernel import connect_named
from chronicle_notebook.definition.file._ownership import Ownership
from chronicle_notebook.desired._applied import Applied
from chronicle_notebook.desired._plan import StatePlan
from chronicle_notebook.desired._state import DesiredState
from chronicle_notebook.display._terminal import Terminated
from chronicle_notebook.registration._outcome import Outcome
from chronicle_notebook.session._client import Client
from chronicle_notebook.session._profiles import profile as read_profile
from chronicle_notebook.session._server_choice import PROFILE

AGREES, FAILED, DIFFERS = 0, 1, 2
"""The exit codes: nothing to do; an error, also of the command line; there are differences."""

PACE = 5.0
"""The seconds between two lines of progress: a pipeline keeps every one of them."""


def run(options: argparse.Namespace) -> int:
    """Run one of the four commands, and return its exit code.

    :raises ChronicleError: it failed. The exit code is 1.
    """
    if options.command == "export":
        return _export(options)
    _output_path.check_markdown(options.markdown, read=options.file)
    state = DesiredState.read(options.file, profile=options.profile)
    with _connected(options, state) as client:
        if options.command == "drift":
            return _drift(options, state, client)
        plan = state.plan(
            client,
            prune=options.prune,
            replace=options.replace,
            resend_secrets=options.resend_secrets,
            ignore=options.ignore,
            ignore_headers=options.ignore_header,
        )
        return _plan(options, plan) if options.command == "plan" else _apply(options, plan, client)


def _connected(options: argparse.Namespace, state: DesiredState | None = None) -> Client:
    """The client. The profile of the command line is one of the file alone if a connection is given."""
    profile = None if options.connection is not None else options.profile
    try:
        store = options.store or _store_of_file(profile, options, state)
        return connect_named(
            options.connection, profile=profile, event_store=store, name=options.command, field="--connection"
        )
    except InvalidInputError as error:
        if error.field == "profile" and profile is not None and state is not None:
            error.hint = (
                f"{error.hint} Or give --connection: then --profile chooses the file's variables alone.".strip()
            )
        raise


def _store_of_file(profile: str | None, options: argparse.Namespace, state: DesiredState | None) -> str | None:
    """The event store of the file, unless a profile has one: a file for another event store is then refused."""
    named = profile or (os.getenv(PROFILE, "").strip() if options.connection is None else "")
    of_profile = read_profile(named).event_store if named else None
    return None if of_profile or state is None else state.event_store


def _export(options: argparse.Namespace) -> int:
    path: Path | None = options.file
    if path is not None and path.exists() and not options.overwrite:
        raise InvalidInputError(
            f"{path} exists already.",
            field="FILE",
            hint="Give --overwrite to replace it. An export has values in place of the file's variables.",
        )
    owner, hosts = _owner(options), _hosts(options.map_host)
    with _connected(options) as client:
        state = DesiredState.of(client, owned_by=owner).mapped(hosts, event_store=options.for_store)
        if path is None:
            print(str(state.to_yaml()), end="", flush=True)
        else:
            state.write(path)
        left = (
            f" {count(len(state.unmanaged), 'webhook')} that no file can have are unmanaged." if state.unmanaged else ""
        )
        _note(f"{count(len(state), 'webhook')} of event store {client.event_store!r} on {client.server}.{left}")
    return AGREES


def _owner(options: argparse.Namespace) -> Ownership | None:
    if options.owned_ids:
        return Ownership(ids=tuple(options.owned_ids))
    if options.owned_header is None:
        return None
    name, _, value = options.owned_header.partition("=")
    if not name or not value:
        raise InvalidInputError(
            "A header has the form NAME=VALUE.", field="--owned-header", hint="Write --owned-header x-managed-by=git."
        )
    return Ownership(header=name, value=value)


def _hosts(given: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in given:
        old, _, new = each.partition("=")
        if not old or not new or old in found:
            raise InvalidInputError(
                "Hosts are mapped by OLD=NEW, each old one once.",
                field="--map-host",
                hint="Write --map-host hooks.staging.example.com=hooks.example.com.",
            )
        found[old] = new
    return found


def _plan(options: argparse.Namespace, plan: StatePlan) -> int:
    _tell(options, text=repr(plan), facts=plan.to_dict(), markdown=plan.to_markdown())
    return DIFFERS if plan.differs(strict=options.strict) else AGREES


def _drift(options: argparse.Namespace, state: DesiredState, client: Client) -> int:
    drift = state.drift(client, strict=options.strict, ignore=options.ignore, ignore_headers=options.ignore_header)
    _tell(options, text=repr(drift), facts=drift.to_dict(), markdown=drift.to_markdown())
    return DIFFERS if drift else AGREES


def _apply(options: argparse.Namespace, plan: StatePlan, client: Client) -> int:
    _check_confirmed(options, client)
    if options.before is not None and _output_path.same(options.before, options.markdown):
        raise InvalidInputError(
            "--before and --markdown are one file.", field="--before", hint="Name another for one of them."
        )
    if options.markdown is not None:  # what was to be done is known also if it fails half-way
        _write(options.markdown, plan.to_markdown())
    if not options.json:
        print(in_commands(repr(plan)), flush=True)
    with _terminable():
        applied = _applied(options, plan)
    _tell(
        options,
        text=_with_way_back(options, repr(applied)),
        facts={"plan": plan.to_dict(), "applied": applied.to_dict()},
        markdown=f"{plan.to_markdown()}\n{applied.to_markdown()}",
    )
    if len(applied) > len(applied.in_effect) + len(applied.in_part):
        return FAILED
    if applied.ignored or (options.strict and plan.untaken):
        return DIFFERS
    return AGREES if all(_is_foretold(each, plan) for each in applied.in_part) else DIFFERS


def _with_way_back(options: argparse.Namespace, text: str) -> str:
    """The result, with a command to go back that reaches the same event store. A connection string is not repeated."""
    given = {"connection": options.connection, "profile": options.profile, "store": options.store}
    if options.connection is not None and not options.connection.startswith("env:"):
        given["connection"] = "env:NAME"
    told = "".join(f" --{name} {shlex.quote(value)}" for name, value in given.items() if value is not None)
    return in_commands(text).replace(WAY_BACK, f"{WAY_BACK}{told}")


def _is_foretold(outcome: Outcome, plan: StatePlan) -> bool:
    """Whether the plan said of all that did not take effect that a kernel like this one does not keep it."""
    return {each.field for each in outcome.ineffective} <= {each.field for each in plan[outcome.webhook].untaken}


def _applied(options: argparse.Namespace, plan: StatePlan, *, plans: int = 5) -> Applied:
    """Carry the plan out, with its progress on the standard error. Hints name options in place of arguments.

    :param plans: how often the same plan is made again, because others change what they have in the same event store.
    """
    total = count(len(plan.changes), "change")
    begun: list[str] = []

    def begin(webhook: str, _outcome: Outcome | None) -> None:
        if not begun:  # everything that can refuse the plan was asked before
            _note(f"Sending {total}.")
        begun.append(webhook)

    try:
        return plan.apply(
            confirm=options.confirm,
            allow_removals=options.allow_removals,
            take_over=options.take_over,
            before=options.before,
            on_progress=_Progress(),
            on_change=begin,
        )
    except ProtectedError as error:
        error.hint = f"Give --confirm {error.event_store}."
        raise
    except PlanRefusedError as error:
        again = _made_again(plan, error) if plans else None
        if again is not None:
            return _applied(options, again, plans=plans - 1)
        for argument, option in (("allow_removals=True", "--allow-removals"), ("take_over=True", "--take-over")):
            error.hint = error.hint.replace(argument, option)
        raise
    except ChronicleError as error:  # the notes of an interruption are told by the program
        for note in getattr(error, "__notes__", ()):
            _note(in_commands(note))
        raise
    except KeyboardInterrupt as interruption:  # its notes are told where the program ends
        notes = getattr(interruption, "__notes__", [])
        notes[:] = map(in_commands, notes)
        raise


def _made_again(plan: StatePlan, refused: PlanRefusedError) -> StatePlan | None:
    """The same plan for what is registered now, if nothing that it changes was changed meanwhile; else None."""
    if not refused.webhooks or not {each.id for each in plan.changes}.isdisjoint(refused.webhooks):
        return None
    again = plan.again()
    return again if again.changes == plan.changes else None


def _check_confirmed(options: argparse.Namespace, client: Client) -> None:
    if options.confirm is not None and options.confirm != client.event_store:
        raise InvalidInputError(
            f"--confirm names {options.confirm!r}, and the event store is {client.event_store!r}.",
            field="--confirm",
            hint="Give the name of the event store that may be written to.",
        )


def _tell(options: argparse.Namespace, *, text: str, facts: Mapping[str, Any], markdown: str) -> None:
    print(json.dumps(facts) if options.json else in_commands(text), flush=True)
    options.json = False  # an error after the result has no object of its own
    if options.markdown is not None:
        _write(options.markdown, markdown)


def _write(page: Path, markdown: str) -> None:
    """Write the page. It is written in place: a pipeline may give a file that it has opened, or a device."""
    try:
        page.write_text(markdown, encoding="utf-8")
    except OSError as error:
        raise ChronicleError(
            f"The page could not be written: {page}: {error.strerror or type(error).__name__}.",
            hint="The result is above.",
        ) from None


class _Progress:
    """Tells how many webhooks are done: the last number always, the others every few seconds."""

    def __init__(self) -> None:
        self._next = time.monotonic() + PACE

    def __call__(self, done: int, of: int) -> None:
        """Tell it. A reader that has gone, such as ``head``, must not stop a change half-way."""
        now = time.monotonic()
        if done < of and now < self._next:
            return
        self._next = now + PACE
        with suppress(BrokenPipeError):
            _note(f"{done:,} of {of:,} done.")


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM, by which a pipeline is cancelled, interrupt the block as Ctrl-C does, so that the record of what was
    sent is written."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        raise Terminated

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
