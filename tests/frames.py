"""What a traceback with local variables shows of the package, without the frames of the test itself."""

from __future__ import annotations

import traceback
from pathlib import Path

_TESTS = str(Path(__file__).parent)


def package_frames(error: BaseException) -> str:
    """The frames of the package and below it, with their local variables."""
    stack = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), capture_locals=True)
    told = [frame for frame in stack if not frame.filename.startswith(_TESTS)]
    assert told, "there must be something to look at"
    return "".join(traceback.StackSummary.from_list(told).format())
