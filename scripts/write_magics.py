"""Write the reference of the magics into the README, between its two markers."""

from __future__ import annotations

import sys
from pathlib import Path

from chronicle_notebook.magics._help import reference

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- magics -->\n", "<!-- /magics -->"


def main() -> int:
    """Replace the block; 1 when the markers are missing."""
    before, begin, rest = README.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        print(f"{README} has no block between {BEGIN.strip()} and {END}", file=sys.stderr)
        return 1
    README.write_text(f"{before}{begin}\n{reference()}\n\n{end}{after}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
