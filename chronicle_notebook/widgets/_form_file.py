"""A file of webhooks as code: a form writes into it, as well as to the kernel, and an explorer shows what it owns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from chronicle_notebook.base._errors import ChronicleError, StateFileError
from chronicle_notebook.definition.file._ownership import Ownership
from chronicle_notebook.desired._state import DesiredState
from chronicle_notebook.model import WebhookDefinition


@dataclass(frozen=True, slots=True)
class StateFile:
    """A file, and the profile whose variables count in it."""

    path: Path
    profile: str | None = None

    def marked(self, definition: WebhookDefinition) -> WebhookDefinition:
        """The webhook with the mark of the file's owner.

        :raises StateFileError: the file cannot be read, or something in it is wrong.
        """
        owner = DesiredState.read(self.path, profile=self.profile).owned_by
        return definition if owner is None else owner.marked(definition)

    def owner_of(self, definition: WebhookDefinition) -> str:
        """What says that the file owns a webhook, in a few words; empty if it does not, or cannot be read any more."""
        try:
            there = self.path.stat()
            owner = _owner(self, (there.st_mtime_ns, there.st_size))
        except (OSError, StateFileError):
            return ""
        return "" if owner is None or not owner.owns(definition) else f"{self.path.name} ({owner})"

    def put(self, definition: WebhookDefinition) -> str:
        """Write the webhook into the file. Returns a sentence about success or the error: the webhook is registered by
        now, so an error must not hide the outcome."""
        try:
            DesiredState.put(self.path, definition, profile=self.profile)
        except ChronicleError as error:
            return f"It was not written to {self.path}: {error.message} {error.hint}".strip()
        return f"{self.path} has it too."


@lru_cache(maxsize=8)
def _owner(file: StateFile, _stamp: tuple[int, int]) -> Ownership | None:
    """The owner of a file; it is read again when it has changed."""
    return DesiredState.read(file.path, profile=file.profile).owned_by
