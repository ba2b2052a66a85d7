"""What git holds of the project: files that somebody's work left beside it are none of a test's business."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]


def tracked(*patterns: str) -> list[Path]:
    """The files in git's index that match, in order, as far as they are there."""
    listed = _git("ls-files", "-z", "--", *patterns).decode()
    return [ROOT / name for name in sorted(listed.split("\0")) if name and (ROOT / name).is_file()]


def held(paths: list[Path]) -> dict[Path, bytes]:
    """The content of files in git's index, which the files themselves can differ from."""
    asked = "".join(f":{path.relative_to(ROOT).as_posix()}\n" for path in paths)
    answer = _git("cat-file", "--batch", given=asked.encode())
    found = {}
    for path in paths:
        head, _, answer = answer.partition(b"\n")
        size = int(head.split()[2])
        found[path], answer = answer[:size], answer[size + 1 :]
    return found


def _git(*arguments: str, given: bytes = b"") -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, input=given, capture_output=True, check=True).stdout
