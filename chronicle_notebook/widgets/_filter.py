"""Which webhooks an explorer shows: text, event type, authorization, state. The browser uses the same rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chronicle_notebook.base._url import shown
from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.widgets._health import GROUPS


@dataclass(frozen=True, slots=True)
class ExplorerFilter:
    """A filter. Empty texts match everything."""

    text: str = ""
    """Words that must all occur in the id, the shown target URL or an event type. Upper and lower case do not
    matter."""
    event_type: str = ""
    """The id of an event type. The generation does not matter, as in a kernel."""
    authorization: str = ""
    """``none``, ``basic``, ``bearer`` or ``oauth``."""
    state: str = ""
    """A state of :mod:`chronicle_notebook.widgets._health`; ``failing`` includes what is given up or quarantined."""

    @classmethod
    def read(cls, given: Mapping[str, object]) -> ExplorerFilter:
        """The filter that a browser sent. Unknown keys are ignored."""
        names = ("text", "event_type", "authorization", "state")
        return cls(**{name: str(given.get(name) or "") for name in names})

    def accepts(self, definition: WebhookDefinition, state: str) -> bool:
        """Whether a webhook matches."""
        if self.event_type and all(kind.id != self.event_type for kind in definition.event_types):
            return False
        if self.authorization and definition.authorization.kind.value != self.authorization:
            return False
        if self.state and state not in GROUPS.get(self.state, (self.state,)):
            return False
        text = haystack(definition)
        return all(word in text for word in self.text.lower().split())


def haystack(definition: WebhookDefinition) -> str:
    """The text in which the words of a filter are searched."""
    return "\n".join((definition.id, shown(definition.target_url), *map(str, definition.event_types))).lower()
