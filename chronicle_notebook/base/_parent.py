"""Ending together with the process that started this one, however that process ends, also by kill -9."""

from __future__ import annotations

import os
import signal
import threading
import time

EVERY = 0.5
"""The time in seconds between two checks of the parent."""
GRACE = 6.0
"""The time in seconds that this process has to end in order before it is killed."""


def end_with_parent(parent: int) -> None:
    """Watch the parent from a thread, and end this process by SIGTERM as soon as the parent has ended.

    :param parent: the process id of the parent. If this process already has another parent, it ends at once.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(EVERY)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE)
        os._exit(1)

    threading.Thread(target=watch, name="chronicle-parent", daemon=True).start()
