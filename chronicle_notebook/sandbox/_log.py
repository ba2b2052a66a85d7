"""Event sequences: appending to them and reading them."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chronicle_notebook.contracts._scalars import UNAVAILABLE
from chronicle_notebook.sandbox import _moment
from chronicle_notebook.sandbox._behaviour import Behaviour
from chronicle_notebook.sandbox._content import ConversionError, Violation, conformed, parsed, violations
from chronicle_notebook.sandbox._event import SYSTEM_IDENTITY, Event
from chronicle_notebook.sandbox._event_types import EventTypes
from chronicle_notebook.sandbox._exceptions import InvalidOperationException
from chronicle_notebook.sandbox._identity import Identities, turned
from chronicle_notebook.sandbox._stores import SequenceScope, Store
from chronicle_notebook.sandbox.storage._database import Database
from chronicle_notebook.sandbox.storage._events import EventTable, Filter

_NONE_EXPECTED = UNAVAILABLE - 2
"""What a kernel tells as expected where no event at all was."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """The condition of a concurrency scope: no matching event has a number above ``number``."""

    number: int
    wanted: Filter
    none_at_all: bool = False

    @property
    def checked(self) -> bool:
        """Whether there is anything to check."""
        return self.none_at_all or self.number < UNAVAILABLE - 1


@dataclass(frozen=True, slots=True)
class Conflict:
    """A concurrency scope whose condition does not hold."""

    source: str
    expected: int
    actual: int


@dataclass(frozen=True, slots=True)
class SchemaConflict:
    """Content that the schema of its event type does not allow."""

    type: str
    violation: Violation


@dataclass(slots=True)
class Appended:
    """The outcome of an append: the numbers, or why nothing was appended."""

    numbers: list[int] = field(default_factory=list)
    schema_conflicts: list[SchemaConflict] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    checked: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether the events were appended."""
        return not (self.schema_conflicts or self.conflicts or self.errors)


class Log:
    """Appends to sequences, all or nothing, and tells the engine. An append is durable before it returns."""

    def __init__(self, database: Database, events: EventTable, types: EventTypes, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._database = database
        self._events = events
        self._types = types
        self._mutex = threading.Lock()
        self._tails: dict[int, int] = {}
        self._identities = Identities()
        self.on_stored: Callable[[int, int, int], None] = lambda _sequence, _first, _last: None
        self.on_appended: Callable[[int, frozenset[str], int], None] = lambda _sequence, _types, _last: None

    def load(self, scopes: Mapping[int, SequenceScope]) -> None:
        """Read where the sequences end, and who caused their events."""
        self._tails = self._events.tails()
        if self._behaviour.identity_spoils:
            self._identities.load((scopes[key], text) for key, text in self._events.identities())

    def tail(self, sequence: int) -> int | None:
        """The number of the last event of a sequence; None if the sequence is empty."""
        return self._tails.get(sequence)

    def append(
        self, store: Store, scope: SequenceScope, events: Sequence[Event], expected: Mapping[str, Expectation]
    ) -> Appended:
        """Append events whose content is checked against their types; ``expected`` is by event source id."""
        outcome = Appended(checked=any(expectation.checked for expectation in expected.values()))
        shaped = [self._shaped(store, event, outcome) for event in events]
        if not outcome.succeeded:
            return outcome
        with self._mutex, self._database.transaction():
            for source, expectation in expected.items():
                self._check(scope, source, expectation, outcome)
            if outcome.succeeded:
                outcome.numbers = self._store(scope, shaped)
        if outcome.numbers:
            spoiled = self._spoiled_by(scope, shaped)
            if spoiled:
                self._moved(scope, outcome.numbers[-1])
                outcome.numbers, outcome.errors = [], [spoiled]
            else:
                self._announce(scope, shaped, outcome.numbers[-1])
        return outcome

    def check_readable(self, scope: SequenceScope) -> None:
        """Raise the error of reading a scope whose namespace an identity spoiled."""
        spoiled = self.spoiled(scope)
        if spoiled:
            raise InvalidOperationException(spoiled)

    def spoiled(self, scope: SequenceScope) -> str:
        """Why the events of a scope cannot be read; empty if they can."""
        return self._identities.spoiled(scope)

    def _spoiled_by(self, scope: SequenceScope, events: Sequence[Event]) -> str:
        if not self._behaviour.identity_spoils:
            return ""
        with self._mutex:
            return next(filter(None, [self._identities.stored(scope, event.caused_by) for event in events]), "")

    def append_own(
        self, scope: SequenceScope, events: Sequence[Event], within: Callable[[list[int]], None]
    ) -> list[int]:
        """Append events of the kernel itself. ``within`` gets their numbers inside the transaction. Returns the
        numbers."""
        with self._mutex, self._database.transaction():
            numbers = self._store(scope, events)
            within(numbers)
        if numbers:
            self._announce(scope, events, numbers[-1])
        return numbers

    def _store(self, scope: SequenceScope, events: Iterable[Event]) -> list[int]:
        numbers = [event.number for event in self._events.append(scope.key, events)]
        if numbers:
            self.on_stored(scope.key, numbers[0], numbers[-1])
        return numbers

    def _moved(self, scope: SequenceScope, last: int) -> None:
        with self._mutex:
            self._tails[scope.key] = max(last, self._tails.get(scope.key, 0))

    def _announce(self, scope: SequenceScope, events: Iterable[Event], last: int) -> None:
        self._moved(scope, last)
        self.on_appended(scope.key, frozenset(event.type.id for event in events), last)

    def _shaped(self, store: Store, event: Event, outcome: Appended) -> Event:
        content: dict[str, Any] = {}
        text = ""
        try:
            content = parsed(event.content)
            schema = self._schema(store, event)
            found = list(violations(content, schema))
            outcome.schema_conflicts.extend(SchemaConflict(event.type.id, violation) for violation in found)
            text = "" if found else conformed(content, schema)
        except (LookupError, ConversionError) as error:
            outcome.errors.append(str(error.args[0]))
        if self._behaviour.context_reduced:
            return replace(event, content=text, caused_by=SYSTEM_IDENTITY)
        if self._behaviour.events_as_sql:
            event = replace(event, occurred=_moment.coarse(event.occurred), caused_by=turned(event.caused_by))
        digest = hashlib.sha256(f"{event.type.id}\n{text}".encode()).digest()
        return replace(event, content=text, hash=base64.b64encode(digest).decode())

    def _schema(self, store: Store, event: Event) -> Mapping[str, Any]:
        try:
            return self._types.schema(store, event.type)
        except LookupError:
            if self._behaviour.unregistered_accepted:
                return {}
            raise

    def _check(self, scope: SequenceScope, source: str, expectation: Expectation, outcome: Appended) -> None:
        if not expectation.checked:
            return
        tail = self._events.tail(scope.key, expectation.wanted, uncommitted=True)
        if tail is not None and (expectation.none_at_all or tail > expectation.number):
            expected = _NONE_EXPECTED if expectation.none_at_all else expectation.number
            outcome.conflicts.append(Conflict(source, expected, tail))
