"""What a file of definitions has in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chronicle_notebook.definition.file._ownership import Ownership
from chronicle_notebook.model import WebhookDefinition


@dataclass(frozen=True, slots=True)
class StateContent:
    """The webhooks of a file for one profile, and what the file says about itself."""

    webhooks: tuple[WebhookDefinition, ...]
    """Sorted by id, each with the header of its owner."""
    event_store: str | None = None
    owned_by: Ownership | None = None
    unmanaged: tuple[str, ...] = ()
    """Ids and patterns of webhooks that stay as they are."""
    lines: Mapping[str, int] = field(default_factory=dict)
    """The line where each webhook begins, by its id."""
    profiles: tuple[str, ...] = ()
    """The profiles that the file has variables for."""
