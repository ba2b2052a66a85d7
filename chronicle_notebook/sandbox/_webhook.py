"""A webhook as the kernel stores it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache

from chronicle_notebook.sandbox._event_type import EventTypeGeneration, event_types_json


class WireAuthorizationKind(IntEnum):
    """The kinds of authorization, with their numbers on the wire."""

    NONE = 0
    BASIC = 1
    BEARER = 2
    OAUTH = 3


@dataclass(frozen=True, slots=True)
class Authorization:
    """How a webhook proves its identity to its target."""

    kind: WireAuthorizationKind = WireAuthorizationKind.NONE
    user: str = ""
    """User name or client id."""
    secret: str = field(default="", repr=False)
    """Password, token or client secret; encrypted, except in a request."""
    authority: str = ""

    def json(self) -> dict[str, str]:
        """The stored form. Call it only with an encrypted secret."""
        return {"kind": self.kind.name, "user": self.user, "secret": self.secret, "authority": self.authority}

    @classmethod
    def of(cls, value: dict[str, str]) -> Authorization:
        """The authorization of a stored form."""
        return cls(WireAuthorizationKind[value["kind"]], value["user"], value["secret"], value["authority"])


NO_AUTHORIZATION = Authorization()


@dataclass(frozen=True, slots=True)
class Webhook:
    """A definition. It belongs to an event store and observes its sequence in every namespace."""

    id: str
    url: str
    sequence: str
    event_types: tuple[EventTypeGeneration, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    authorization: Authorization = NO_AUTHORIZATION
    replayable: bool = True
    active: bool = True

    event_type_ids: frozenset[str] = field(init=False, repr=False, compare=False)
    """The ids by which events are matched, whatever their generation."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "event_type_ids", frozenset(event_type.id for event_type in self.event_types))


@lru_cache(1_000)
def event_types_text(event_types: tuple[EventTypeGeneration, ...]) -> str:
    """Event types as the JSON text that is stored."""
    return json.dumps(event_types_json(event_types))
