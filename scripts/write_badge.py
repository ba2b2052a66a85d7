"""Put the Binder badge of this repository into the README: its owner and name come from the git remote ``origin``.

Before the repository is public there is nothing that a badge could open, so until then the README shows its text only.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- badge -->\n", "<!-- /badge -->"
_REMOTE = re.compile(r"github\.com[:/](?P<owner>[\w.-]+)/(?P<name>[\w.-]+?)(?:\.git)?/?$")


def badge(remote: str) -> str | None:
    """The badge of a repository on GitHub by the address of its remote; None for any other address."""
    found = _REMOTE.search(remote.strip())
    if found is None:
        return None
    repository = f"{found['owner']}/{found['name']}"
    address = f"https://mybinder.org/v2/gh/{repository}/HEAD?urlpath=lab/tree/notebooks/01-first-steps.ipynb"
    return f"[![Open in Binder](docs/assets/binder.svg)]({address})"


def main(root: Path = ROOT) -> int:
    """Write it between the README's two markers; 1 when there is no such remote or no such place."""
    command = ["git", "-C", str(root), "remote", "get-url", "origin"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    line = badge(told.stdout)
    if line is None:
        print("The remote 'origin' is no repository on GitHub: git remote add origin URL, then again.", file=sys.stderr)
        return 1
    readme = root / "README.md"
    before, begin, rest = readme.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        print(f"{readme} has no place between {BEGIN.strip()} and {END}", file=sys.stderr)
        return 1
    readme.write_text(f"{before}{begin}\n{line}\n\n{end}{after}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
