"""How long a widget goes on without a sign that somebody looks.

A browser says every half minute that it renders a widget, and when it ceases to. A widget that nobody has spoken of for
a while rests: it keeps what it knows, and ends its streams and threads. Until then it is held here, since nobody else
needs to hold a widget that is only looked at.

While a cell runs, a kernel reads nothing of what browsers say. So silence counts only while the kernel is free to read.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Protocol

from IPython.core.getipython import get_ipython as _get_ipython

LEASE = 150.0
"""Seconds that a sign holds. Browsers let a page that is not in front speak once a minute only."""
FAREWELL = 5.0
"""Seconds that other browsers have to say that they still show a widget, when one has ceased to."""
SHORT = 0.1
"""Seconds that a cell may take without keeping a kernel from reading."""


class Tenant(Protocol):
    """What rests when nobody looks."""

    def rest(self) -> None:
        """End streams and threads for now; called on another thread."""


class Reading:
    """Since when this Python kernel is free to read what browsers say."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._free_since = 0.0

    def watch(self) -> None:
        """Take note of what the kernel runs. Outside of IPython nothing is run by it."""
        shell: Any = _get_ipython()
        if shell is not None and self._enter not in shell.events.callbacks["pre_execute"]:
            shell.events.register("pre_execute", self._enter)
            shell.events.register("post_execute", self._leave)
            self._enter()  # what asks for this is itself run by the kernel

    def free_for(self) -> float:
        """Seconds that it has been free for; 0 while something runs."""
        return 0.0 if self._began is not None else time.monotonic() - self._free_since

    def _enter(self) -> None:
        self._began = time.monotonic()

    def _leave(self) -> None:
        began, self._began = self._began, None
        now = time.monotonic()
        if began is not None and now - began > SHORT:
            self._free_since = now


class Leases:
    """Who is looked at, and until when. Its thread runs only while there is somebody."""

    def __init__(self) -> None:
        self._until: dict[Tenant, float] = {}
        self._news = threading.Condition()  # reentrant: a widget may be disposed of at any moment
        self._thread: threading.Thread | None = None
        self._reading = Reading()

    def renew(self, tenant: Tenant) -> None:
        """Somebody looks."""
        self._reading.watch()
        with self._news:
            self._until[tenant] = time.monotonic() + LEASE
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="widget-leases", daemon=True)
                self._thread.start()
            self._news.notify_all()

    def shorten(self, tenant: Tenant) -> None:
        """Somebody has ceased to look, and perhaps nobody else does."""
        with self._news:
            if tenant in self._until:
                self._until[tenant] = min(self._until[tenant], time.monotonic() + FAREWELL)
                self._news.notify_all()

    def end(self, tenant: Tenant) -> None:
        """There is nothing more to look at."""
        with self._news:
            if self._until.pop(tenant, None) is not None:
                self._news.notify_all()

    def holds(self, tenant: Tenant) -> bool:
        """Whether somebody looks, as far as is known."""
        return tenant in self._until

    def _watch(self) -> None:
        while (over := self._over()) is not None:
            while over:
                over.pop().rest()  # nothing of it stays here, so that it can be disposed of

    def _over(self) -> list[Tenant] | None:
        """Wait, and give those at whom nobody looks any more; None when there is nobody left to wait for."""
        with self._news:
            now = time.monotonic()
            free_at = now + FAREWELL - self._reading.free_for()
            over = [tenant for tenant, until in self._until.items() if max(until, free_at) <= now]
            for tenant in over:
                del self._until[tenant]
            if over:
                return over
            if not self._until:
                self._thread = None
                return None
            self._news.wait(max(min(self._until.values()), free_at) - now)
            return over


LEASES = Leases()
"""Those of this process."""
