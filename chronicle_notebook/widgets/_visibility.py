"""How long a widget works without a sign that somebody looks at it.

Every half minute a browser says that it renders a widget, and it says when it stops. A widget without such messages for
some time rests: it keeps its data, and ends its streams and threads. Until then this module holds the widget, because
nothing else needs to hold a widget that is only looked at.

While a cell runs, a kernel reads no messages of browsers. So silence counts only while the kernel is free to read.

In the other direction, the thread of this module says every second and a half that Python lives, also while a cell
runs. A browser that misses this for four seconds shows that its widget is not connected.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Protocol

from IPython.core.getipython import get_ipython as _get_ipython

LEASE = 150.0
"""The time in seconds for which a message is valid. A browser lets a page in the background speak only once a
minute."""
FAREWELL = 5.0
"""The time in seconds in which other browsers can say that they still show a widget, after one has stopped."""
BEAT = 1.5
"""The time in seconds between two signs of life to the browsers."""
SHORT = 0.1
"""The longest time in seconds that a cell may take without counting as busy."""


class Tenant(Protocol):
    """An object that rests when nobody looks."""

    def rest(self) -> None:
        """End streams and threads for now. Called in another thread."""

    def beat(self) -> None:
        """Tell the browsers that Python lives. Called in another thread."""


class FreeTime:
    """Since when this Python kernel is free to read messages of browsers."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._free_since = 0.0

    def watch(self) -> None:
        """Watch what the kernel runs. Outside of IPython a kernel runs nothing."""
        shell: Any = _get_ipython()
        if shell is not None and self._enter not in shell.events.callbacks["pre_execute"]:
            shell.events.register("pre_execute", self._enter)
            shell.events.register("post_execute", self._leave)
            self._enter()  # the kernel itself runs the caller

    def free_for(self) -> float:
        """The seconds since the kernel became free; 0 while something runs."""
        return 0.0 if self._began is not None else time.monotonic() - self._free_since

    def _enter(self) -> None:
        self._began = time.monotonic()

    def _leave(self) -> None:
        began, self._began = self._began, None
        now = time.monotonic()
        if began is not None and now - began > SHORT:
            self._free_since = now


class Leases:
    """Which widgets are looked at, and until when. Its thread runs only while there are such widgets."""

    def __init__(self) -> None:
        self._until: dict[Tenant, float] = {}
        self._news = threading.Condition()  # reentrant: a widget may be deleted at any moment
        self._thread: threading.Thread | None = None
        self._reading = FreeTime()
        self._next_beat = 0.0

    def renew(self, tenant: Tenant) -> None:
        """Note that somebody looks."""
        self._reading.watch()
        with self._news:
            self._until[tenant] = time.monotonic() + LEASE
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="widget-leases", daemon=True)
                self._thread.start()
            self._news.notify_all()

    def shorten(self, tenant: Tenant) -> None:
        """Note that somebody has stopped looking. Perhaps nobody else looks."""
        with self._news:
            if tenant in self._until:
                self._until[tenant] = min(self._until[tenant], time.monotonic() + FAREWELL)
                self._news.notify_all()

    def end(self, tenant: Tenant) -> None:
        """Forget a widget."""
        with self._news:
            if self._until.pop(tenant, None) is not None:
                self._news.notify_all()

    def holds(self, tenant: Tenant) -> bool:
        """Whether somebody looks, as far as is known."""
        return tenant in self._until

    def _watch(self) -> None:
        while (over := self._over()) is not None:
            while over:
                over.pop().rest()  # no reference stays here, so that the widget can be deleted
            shown = self._due()
            while shown:
                shown.pop().beat()

    def _due(self) -> list[Tenant]:
        """The widgets to which a sign of life is due."""
        with self._news:
            now = time.monotonic()
            if now < self._next_beat:
                return []
            self._next_beat = now + BEAT
            return list(self._until)

    def _over(self) -> list[Tenant] | None:
        """Wait, and return the widgets at which nobody looks any more; None if there is no widget left."""
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
            next_end = max(min(self._until.values()), free_at)
            self._news.wait(max(min(next_end, self._next_beat) - now, 0.0))
            return over


LEASES = Leases()
"""The visible widgets of this process."""
