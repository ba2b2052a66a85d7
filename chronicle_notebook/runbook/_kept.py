"""Definitions kept in a file between a pause and a resumption: YAML without a secret."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from chronicle_notebook._errors import InvalidInputError
from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.webhooks._code import render

_SEPARATOR = "---\n"


class KeptDefinitions:
    """A file of definitions, each as ``webhooks.code(id, "yaml")`` writes it: secrets are references in it."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def documents(self) -> dict[str, str]:
        """The text of each by its id; empty when there is no file.

        :raises InvalidInputError: the file is not one of these.
        """
        if not self.path.exists():
            return {}
        import yaml

        found: dict[str, str] = {}
        for text in self.path.read_text(encoding="utf-8").split(f"\n{_SEPARATOR}"):
            bare = text.removeprefix(_SEPARATOR)
            try:
                node = yaml.safe_load(bare)
            except yaml.YAMLError:
                node = ()
            if node is None:
                continue
            if not isinstance(node, Mapping) or not isinstance(node.get("id"), str):
                raise InvalidInputError(
                    f"{self.path} does not hold definitions of webhooks.",
                    field="file",
                    hint="Name the file that pausing wrote, or one that is not there yet.",
                )
            found[node["id"].removeprefix("literal:")] = bare.strip("\n") + "\n"
        return found

    def keep(self, definition: WebhookDefinition) -> None:
        """Put a definition in, in place of an earlier one of its id. The file is never half written."""
        documents = {**self.documents(), definition.id: str(render(definition, "yaml"))}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        written = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write("".join(_SEPARATOR + text.strip("\n") + "\n" for text in documents.values()))
            written.replace(self.path)
        except BaseException:
            written.unlink(missing_ok=True)
            raise

    def holds(self, definition: WebhookDefinition) -> bool:
        """Whether it is in the file as it is now."""
        kept = self.documents().get(definition.id)
        return kept is not None and kept.strip() == str(render(definition, "yaml")).strip()
