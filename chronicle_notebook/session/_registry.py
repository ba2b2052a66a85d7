"""The clients of this process by name, and which of them is the current one."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from chronicle_notebook.base._arguments import check_names
from chronicle_notebook.base._errors import UnknownClientError, did_you_mean

if TYPE_CHECKING:
    from chronicle_notebook.session._client import Client

NAME_IT = "Connect with cn.connect(), and give it a name with name=."
"""The hint if there is no client of a name."""


class _Registry:
    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Forget all clients and the lock. After a fork they belong to the parent process."""
        self.lock = threading.RLock()
        self.by_name: dict[str, Client] = {}
        self.recent: list[str] = []
        """The names of the clients in the order in which they became the current one. The last one is current."""


_known = _Registry()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_known.forget)


def client(name: str | None = None) -> Client:
    """The current client, or the client of the given name.

    :raises UnknownClientError: there is none.
    """
    check_names(name=name)
    with _known.lock:
        known = list(_known.by_name)
        wanted = _known.recent[-1] if name is None and known else name
        if wanted is not None and wanted in known:
            return _known.by_name[wanted]
    raise UnknownClientError(
        "No client is connected." if name is None else f"No client is connected as {name!r}.",
        field="name",
        hint=did_you_mean(name or "", known) or NAME_IT,
    )


def clients() -> dict[str, Client]:
    """All clients of this process by name."""
    with _known.lock:
        return dict(_known.by_name)


def recent() -> list[Client]:
    """All clients in the order in which they became the current one."""
    with _known.lock:
        return [_known.by_name[name] for name in _known.recent]


def take(opened: Client) -> Client | None:
    """Make a client the current one, unless it was closed. Returns the client that had its name before."""
    with _known.lock:
        before = _known.by_name.get(opened.name)
        if not opened.closed:
            _known.by_name[opened.name] = opened
            _known.recent = [name for name in _known.recent if name != opened.name] + [opened.name]
    return before


def remember(opened: Client) -> None:
    """Add a client that was just connected, and close the client that had its name before."""
    before = take(opened)
    if before is not None:
        before.close()


def let_go(closed: Client) -> None:
    """Forget a client that was closed, whatever its event store is now."""
    with _known.lock:
        held = _known.by_name.get(closed.name)
        if held is not None and held.shares_connection_with(closed):
            del _known.by_name[closed.name]
            _known.recent.remove(closed.name)
