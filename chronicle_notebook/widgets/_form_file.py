"""The file of webhooks as code that a form writes into, as well as to the kernel."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chronicle_notebook.base._errors import ChronicleError
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

    def put(self, definition: WebhookDefinition) -> str:
        """Write the webhook into the file. Returns a sentence about success or the error: the webhook is registered by
        now, so an error must not hide the outcome."""
        try:
            DesiredState.put(self.path, definition, profile=self.profile)
        except ChronicleError as error:
            return f"It was not written to {self.path}: {error.message} {error.hint}".strip()
        return f"{self.path} has it too."
