"""The kernel that a command line or the environment names."""

from __future__ import annotations

import os

from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.definition._references import resolve_text
from chronicle_notebook.session._client import Client
from chronicle_notebook.session._connect import connect
from chronicle_notebook.session._server_choice import PROFILE, VARIABLE


def connect_named(
    connection: str | None, *, profile: str | None, event_store: str | None, name: str, field: str = "CONNECTION"
) -> Client:
    """Connect to the kernel that is named.

    :param connection: a connection string; its secrets can be references such as ``env:NAME``.
    :param name: the name of the client.
    :param field: the name of the connection string on the command line, for messages.
    :raises InvalidInputError: no kernel is named. ``connect()`` would start a sandbox, and its state would be taken for
        that of a kernel.
    """
    named = connection or profile or os.getenv(VARIABLE, "").strip() or os.getenv(PROFILE, "").strip()
    if not named:
        raise InvalidInputError(
            "No kernel is named.",
            field=field,
            hint=f"Give {_given(field)} or --profile NAME, or set {VARIABLE} or {PROFILE}.",
        )
    given = connection and resolve_text(connection, {}, field=field)
    return connect(given or None, profile=profile, event_store=event_store, name=name)


def _given(field: str) -> str:
    return "a connection string" if field == "CONNECTION" else f"{field} CONNECTION"
