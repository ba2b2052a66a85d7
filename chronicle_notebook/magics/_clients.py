"""The client of a magic. gRPC is imported only when it is needed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from chronicle_notebook.base._errors import UnknownClientError

if TYPE_CHECKING:
    from chronicle_notebook.session._client import Client

_REGISTRY = "chronicle_notebook.session._registry"


def current() -> Client:
    """The current client.

    :raises UnknownClientError: there is none.
    """
    found = current_or_none()
    if found is None:
        raise UnknownClientError(
            "No client is connected.",
            field="name",
            hint="Run %chronicle connect CONNECTION; without CONNECTION it starts a sandbox kernel.",
        )
    return found


def current_or_none() -> Client | None:
    """The current client; None if there is none. Cheap before the first connection."""
    if sys.modules.get(_REGISTRY) is None:
        return None
    from chronicle_notebook.session._registry import client, clients

    return client() if clients() else None


def server() -> str:
    """``host:port`` of the current client's kernel; empty if there is no client."""
    found = current_or_none()
    return "" if found is None else found.server


def names() -> list[str]:
    """The names of the clients."""
    if sys.modules.get(_REGISTRY) is None:
        return []
    from chronicle_notebook.session._registry import clients

    return list(clients())
