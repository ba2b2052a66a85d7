"""``chronicle-notebook status``: whether a webhook of an event store fails, for a terminal, a script and a monitor."""

from __future__ import annotations

import json
import time

from chronicle_notebook.base._errors import ChronicleError, InvalidInputError
from chronicle_notebook.cli._command_words import tell
from chronicle_notebook.cli._named_kernel import connect_named
from chronicle_notebook.session._client import Client
from chronicle_notebook.triage._triage import Triage

FAILS, CALM, WRONG = 1, 0, 2
"""The exit codes: something fails or the kernel does not answer; nothing fails; the command line is wrong, or names an
event store that does not exist. With ``--json`` a look that was not possible has the key ``error``, and no ``rows``."""


def status(
    connection: str | None,
    *,
    profile: str | None,
    event_store: str | None,
    strict: bool,
    as_json: bool,
    watch: float | None,
) -> int:
    """Show what fails, and return the exit code.

    :param connection: a connection string; its secrets can be references such as ``env:NAME``.
    :param strict: whether a stalled or disconnected webhook counts as failing.
    :param as_json: print one JSON object on one line, for each look, also for one that was not possible.
    :param watch: look again after so many seconds, until interrupted; None for one look.
    """
    try:
        with _client(connection, profile, event_store) as client:
            if watch is not None:
                return _watched(client, watch, strict=strict, as_json=as_json)
            found = client.triage()
    except ChronicleError as error:
        tell(error, as_json=as_json)
        return WRONG if isinstance(error, InvalidInputError) else FAILS
    _show(found, as_json=as_json)
    return _code(found, strict=strict)


def _client(connection: str | None, profile: str | None, event_store: str | None) -> Client:
    if connection is not None and profile is not None:
        raise InvalidInputError("Both a connection and a profile are given.", field="--profile", hint="Give one.")
    return connect_named(connection, profile=profile, event_store=event_store, name="status")


def _watched(client: Client, pause: float, *, strict: bool, as_json: bool) -> int:
    """Look again and again until an interrupt, and return the exit code of the last look."""
    code, before, shown = CALM, None, ""
    try:
        while True:
            try:
                found = client.triage(before=before)
            except ChronicleError as error:
                code, text = FAILS, f"{error.message} {error.hint}".strip()
                if as_json or text != shown:
                    tell(error, as_json=as_json)
                shown = text
            else:
                before, text, code = found, _summary(found), _code(found, strict=strict)
                if as_json or text != shown:
                    _show(found, as_json=as_json)
                shown = text
            time.sleep(pause)
    except KeyboardInterrupt:
        return code


def _show(found: Triage, *, as_json: bool) -> None:
    print(json.dumps(found.facts()) if as_json else found, flush=True)


def _code(found: Triage, *, strict: bool) -> int:
    wrong = {"high", "medium"} if strict else {"high"}
    return FAILS if any(each.severity in wrong for each in found) else CALM


def _summary(found: Triage) -> str:
    """What must change for a look to be shown: times and counts of attempts change all the time."""
    return repr(
        [(each.webhook, each.condition, len(each.failed), each.given_up, str(each.cause)) for each in found.troubled]
    )
