"""The receivers of this process that serve, found by the URL that leads to them."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from chronicle_notebook.receiver._receiver import Receiver

RUNNING: weakref.WeakSet[Receiver] = weakref.WeakSet()
"""Those that were started and not stopped."""

_LOOPBACK = {"127.0.0.1", "localhost"}


def receiver_at(url: str) -> Receiver | None:
    """The receiver of this process that a URL leads to, or None."""
    try:
        target = urlsplit(url)
        host, port = target.hostname, target.port
    except ValueError:
        return None
    if target.scheme != "http" or host not in _LOOPBACK:
        return None
    for receiver in list(RUNNING):
        if receiver.running and receiver.port == port:
            base = urlsplit(receiver.url).path.rstrip("/")
            if target.path == base or target.path.startswith(f"{base}/"):
                return receiver
    return None
