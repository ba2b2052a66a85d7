"""In which other files pauses are kept: ``pause(id, file=F)`` writes the definition into F, and a list beside the usual
file names F. Without it, whoever does not know of F takes the webhook for removed.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path

from chronicle_notebook.base._errors import ChronicleWarning, InvalidInputError
from chronicle_notebook.base._whole_file import alone_in, write_whole


class OtherFiles:
    """The list of the other files of an event store: JSON with the path of the file for each id, mode 0600.

    It only says where to look. Whether a webhook is paused, and its definition, are in the files themselves.
    """

    def __init__(self, usual: Path) -> None:
        """Take the list beside the usual file. It need not exist.

        :param usual: the path of the usual file.
        """
        self.usual, self.path = usual, usual.with_suffix(".files")  # no usual file ends with this

    def read(self) -> dict[str, Path]:
        """The file of each id that is paused with another file.

        :raises InvalidInputError: the list cannot be read, or is no such list.
        """
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._unusable(f"cannot be read: {error.strerror}.") from None
        except ValueError:
            found = None
        if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
            raise self._unusable("is not a list of the files with paused webhooks.")
        return {webhook: Path(file) for webhook, file in found.items()}

    def note(self, webhook: str, file: Path | None) -> None:
        """Note in which file a webhook is paused; None if it is the usual file, or if the pause is over.

        A list that cannot be written gives a warning: the pause itself stands, and its file is known to the caller.
        """
        try:
            if file is None and webhook not in self.read():
                return
            with alone_in(self.path.parent):
                noted = {name: str(path) for name, path in self.read().items() if name != webhook}
                if file is not None:
                    noted[webhook] = str(file.absolute())
                write_whole(self.path, json.dumps(noted, indent=1, ensure_ascii=False) + "\n")
        except InvalidInputError as error:
            self._warn(webhook, file, error.message)
        except OSError as error:
            self._warn(webhook, file, f"{self.path} cannot be written: {error.strerror}.")

    def _warn(self, webhook: str, file: Path | None, why: str) -> None:
        told = (
            f"That the pause of {webhook!r} is over could not be noted."
            if file is None
            else f"Only calls with file={str(file)!r} find the pause of {webhook!r}: triage, the explorer and "
            "%webhooks do not show it."
        )
        warnings.warn(f"{told} {why}", ChronicleWarning, stacklevel=2)

    def _unusable(self, what: str) -> InvalidInputError:
        return InvalidInputError(
            f"{self.path} {what} It names the other files in which webhooks are paused.",
            field="file",
            hint="Make it readable. If that is not possible, delete it, and name the file of each pause: "
            "client.webhooks.resume(ID, file=FILE).",
        )
