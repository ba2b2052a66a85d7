"""The kept results of probes: one small file for each server and release, without any secret.

The folder is ``$CHRONICLE_NOTEBOOK_PROBES``, else ``chronicle-notebook/probes`` in the user's data folder
(``$XDG_DATA_HOME`` or ``~/.local/share``; ``~/Library/Application Support`` on macOS; ``%LOCALAPPDATA%`` on Windows).
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.base._user_folders import named_folder, user_folder
from chronicle_notebook.base._whole_file import write_whole
from chronicle_notebook.contracts._defects import DEFECTS
from chronicle_notebook.contracts._kernel_defects import Measurement
from chronicle_notebook.model import ServerVersion

if TYPE_CHECKING:
    from chronicle_notebook.probing._result import ProbeResult

PROBES = "CHRONICLE_NOTEBOOK_PROBES"
"""The environment variable that names the folder."""
_FORM = 1
"""The form of the files. A file of any other form counts as not there."""
_passing: dict[tuple[str, str], ProbeResult] = {}
"""The results of the sandbox of this process, which ends with it."""
_KEYS = frozenset(defect.key for defect in DEFECTS)


def folder() -> Path:
    """The folder of the results.

    :raises InvalidInputError: nobody knows the home directory, and the folder is in it.
    """
    if given := os.getenv(PROBES):
        return named_folder(given, variable=PROBES, field="keep")
    return user_folder("data", "the result of a probe", variable=PROBES, field="keep") / "probes"


def _file(server: str, version: str) -> Path:
    name = hashlib.sha256("\n".join((server, version)).encode()).hexdigest()[:24]
    return folder() / f"{name}.json"


def keep(result: ProbeResult, *, passing: bool = False) -> None:
    """Write a result, in place of an earlier one of the same server and release.

    :param passing: keep it only as long as this process lives.
    :raises InvalidInputError: the folder cannot be written.
    """
    if passing:
        _passing[result.server, result.version] = result
        return
    path = _file(result.server, result.version)
    document = {
        "form": _FORM,
        "server": result.server,
        "version": result.version,
        "generation": result.generation,
        "taken": result.taken.astimezone(UTC).isoformat(),
        "findings": [[each.key, each.verdict.value, each.seen] for each in result],
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, json.dumps(document, ensure_ascii=False, indent=1))
    except OSError as error:
        raise InvalidInputError(
            f"The result of the probe cannot be kept in {path.parent}: {error.strerror or type(error).__name__}.",
            field="keep",
            hint=f"Name another folder in {PROBES}, or give keep=False.",
        ) from None


def kept(server: str, version: str) -> ProbeResult | None:
    """The kept result of a server and release; None if there is none that can be read."""
    if (server, version) in _passing:
        return _passing[server, version]
    try:
        document: Any = json.loads(_file(server, version).read_text(encoding="utf-8"))
        if document["form"] != _FORM or (document["server"], document["version"]) != (server, version):
            return None
        from chronicle_notebook.probing._result import ProbeFinding, ProbeResult, ProbeVerdict

        return ProbeResult(
            [
                ProbeFinding(str(key), ProbeVerdict(verdict), str(seen))
                for key, verdict, seen in document["findings"]
                if key in _KEYS
            ],
            server=server,
            version=version,
            generation=str(document["generation"]),
            taken=datetime.fromisoformat(document["taken"]),
            kept=True,
        )
    except (InvalidInputError, OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def recall(server: str, version: ServerVersion) -> Measurement | None:
    """What was measured on a server while it had this version."""
    found = kept(server, version.version)
    return None if found is None else Measurement(found.taken, found.present, found.absent)


def forget(server: str, version: str) -> bool:
    """Delete the kept result of a server and release. Returns whether there was one."""
    there = _passing.pop((server, version), None) is not None
    with suppress(InvalidInputError, OSError):
        path = _file(server, version)
        there = there or path.exists()
        path.unlink(missing_ok=True)
    return there
