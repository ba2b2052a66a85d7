"""Which webhooks an explorer shows: text, event type, authorization, state. The browser applies the same rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chronicle_notebook.base._url import shown
from chronicle_notebook.model import WebhookDefinition


@dataclass(frozen=True, slots=True)
class Filter:
    """Empty texts let everything through."""

    text: str = ""
    """Words that must all occur in the id, the target URL as it is shown or an event type, in any case."""
    event_type: str = ""
    """The id of an event type; its generation does not matter, as it does not to a kernel."""
    authorization: str = ""
    """``none``, ``basic``, ``bearer`` or ``oauth``."""
    state: str = ""
    """A state as :mod:`chronicle_notebook.widgets._health` names them."""

    @classmethod
    def read(cls, given: Mapping[str, object]) -> Filter:
        """From what a browser sent; anything unknown is passed over."""
        names = ("text", "event_type", "authorization", "state")
        return cls(**{name: str(given.get(name) or "") for name in names})

    def accepts(self, definition: WebhookDefinition, state: str) -> bool:
        """Whether a webhook is shown."""
        if self.event_type and all(kind.id != self.event_type for kind in definition.event_types):
            return False
        if self.authorization and definition.authorization.kind.value != self.authorization:
            return False
        if self.state and state != self.state:
            return False
        text = haystack(definition)
        return all(word in text for word in self.text.lower().split())


def haystack(definition: WebhookDefinition) -> str:
    """What the text of a filter is looked for in."""
    return "\n".join((definition.id, shown(definition.target_url), *map(str, definition.event_types))).lower()
