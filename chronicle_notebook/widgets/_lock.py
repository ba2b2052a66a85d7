"""What a widget shows of a protected event store, and how its name is typed there."""

from __future__ import annotations

from typing import Any

from chronicle_notebook._client import Client
from chronicle_notebook._display import banner_of


def lock_of(client: Client) -> dict[str, Any] | None:
    """The bar as it goes to the browser; None for a store that is not protected."""
    if not client.protected:
        return None
    return {"banner": banner_of(client.server), "store": client.event_store, "open": not client.locked}


def unlock(client: Client, message: Any) -> None:
    """Take the name that was typed.

    :raises ProtectedError: it is another one.
    """
    client.unlock(str(message.get("name")))
