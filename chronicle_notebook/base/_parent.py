"""Ending with the process that started this one, however that one ends: kill -9 too, which tells nobody."""

from __future__ import annotations

import os
import signal
import threading
import time

EVERY = 0.5
"""Seconds between two looks at who the parent is."""
GRACE = 6.0
"""Seconds that this process has to end in order before it is ended at once."""


def end_with_parent(parent: int) -> None:
    """Watch from a thread, and end this process by SIGTERM as soon as its parent is another one.

    :param parent: the process id of the parent. When this process has another parent already, it ends at once.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(EVERY)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE)
        os._exit(1)

    threading.Thread(target=watch, name="chronicle-parent", daemon=True).start()
