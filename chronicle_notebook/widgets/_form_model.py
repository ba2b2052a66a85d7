"""The state and the actions of a form, without any widget: fields, remarks, previews, the plan of an edit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chronicle_notebook.base._errors import ChronicleError
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.contracts._kernel_defects import by_key
from chronicle_notebook.definition._code import STYLES, render
from chronicle_notebook.model import EventType, UndisclosedAuthorization, WebhookDefinition
from chronicle_notebook.model._authorization import authorization_keys
from chronicle_notebook.registration._outcome import Outcome
from chronicle_notebook.registration._plan import Plan, plan_for
from chronicle_notebook.registration._replace import ReplacementError
from chronicle_notebook.widgets._form_fields import TYPED, Fields, HeaderRow, changed
from chronicle_notebook.widgets._form_file import StateFile
from chronicle_notebook.widgets._form_rules import SECRET, Obstacle, Remarks, obstacle, remarks
from chronicle_notebook.widgets._job import Jobs
from chronicle_notebook.widgets._message import Level, Told, told_answer, told_error, told_outcome
from chronicle_notebook.widgets._session import Session


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices of the event store. They are read when the form opens and after each action."""

    event_types: tuple[EventType, ...] = ()
    sequences: tuple[tuple[str, int | None], ...] = ()
    """The sequences, each with the number of its last event."""
    hooks: tuple[WebhookDefinition, ...] = ()

    def find(self, webhook: str) -> WebhookDefinition | None:
        """The registered webhook of an id."""
        return next((each for each in self.hooks if each.id == webhook), None)


class FormModel:
    """A webhook that a user is filling in.

    ``changed`` is called after each change, in any thread.

    :param definition: the first content of the form. If its id is registered, the form edits that webhook.
    :param file: a file of webhooks as code that gets the webhook too.
    """

    def __init__(
        self,
        client: Session,
        changed: Callable[[], None],
        definition: WebhookDefinition | None = None,
        file: StateFile | None = None,
    ) -> None:
        self.client = client
        self.file = file
        """The file that gets each webhook after the kernel has accepted it; None for none."""
        self._changed = changed
        self.fields = Fields() if definition is None else Fields.of(definition)
        self.begun_with = definition
        self.choices: Choices | None = None
        """None while they are being read."""
        self.choices_error: ChronicleError | None = None
        self.touched: set[str] = set()
        """The fields that the user has filled in. There are no complaints about other fields."""
        self.told: Told | None = None
        self.outcome: Outcome | None = None
        """The outcome of the last registration."""
        self.jobs = Jobs(self._changed)
        self._loading = Jobs(self._changed)
        self._lock = threading.RLock()

    def start(self) -> None:
        """Start to read the choices."""
        self._load()

    def read_again(self) -> None:
        """Read the choices again after an error."""
        self.choices_error = self.told = None
        self._load()

    def _load(self) -> None:
        self._loading.start("Reading event types", self._read, self._take_choices, self._no_choices)

    def close(self) -> None:
        """End all calls, and delete the secret."""
        self._loading.close()
        self.jobs.close()
        self.fields = replace(self.fields, secret=None, headers=())

    # -- filling in ----------------------------------------------------------------------------------------------

    def set(self, field: str, value: Any) -> None:
        """Fill in a field.

        :raises InvalidInputError: there is no such field, or the field does not accept the value.
        """
        with self._lock:
            self.fields = changed(self.fields, field, value)
            self.touched.add(_TOUCHES.get(field, field))
        self._changed()

    def give_secret(self, value: str) -> None:
        """Set the typed secret. An empty text deletes it."""
        with self._lock:
            self.fields = replace(self.fields, secret=Secret(value) if value else None, source=TYPED)
            self.touched.add("secret")
        self._changed()

    def add_header(self, key: int | None = None) -> None:
        """Add an empty row.

        :param key: the key that the browser has given to the row already, so that no typed character waits for Python.
            None takes the next free one. If the key is there, nothing is added.
        """
        with self._lock:
            rows = self.fields.headers
            key = 1 + max((row.key for row in rows), default=0) if key is None else key
            if all(row.key != key for row in rows):
                self.fields = replace(self.fields, headers=(*rows, HeaderRow(key)))
        self._changed()

    def set_header(self, key: int, name: str | None = None, value: str | None = None) -> None:
        """Fill in a row."""
        with self._lock:
            rows = [row.given(name, value) if row.key == key else row for row in self.fields.headers]
            self.fields = replace(self.fields, headers=tuple(rows))
            self.touched.add(f"headers.{key}")
        self._changed()

    def drop_header(self, key: int) -> None:
        """Remove a row."""
        with self._lock:
            self.fields = replace(self.fields, headers=tuple(row for row in self.fields.headers if row.key != key))
            self.touched.discard(f"headers.{key}")
        self._changed()

    # -- what it amounts to --------------------------------------------------------------------------------------

    @property
    def definition(self) -> WebhookDefinition:
        """The definition that would be registered."""
        return self.fields.definition(self.choices.event_types if self.choices else ())

    @property
    def found(self) -> WebhookDefinition | None:
        """The registered webhook that a registration would change."""
        return self.choices.find(self.fields.id.strip()) if self.choices else None

    @property
    def editing(self) -> bool:
        """Whether the form was opened to edit a registered webhook."""
        return self.begun_with is not None and self.found is not None and self.found.id == self.begun_with.id

    @property
    def remarks(self) -> Remarks:
        """The problems, cautions and notes of each field."""
        known = None if self.choices is None else [kind.id for kind in self.choices.event_types]
        result = remarks(self.fields, self.definition, known)
        found = self.found
        if found is not None and not self.editing and "id" not in result.wrong:
            result.doubtful["id"] = "A webhook of this id is registered: registering changes it."
        return result

    @property
    def plan(self) -> Plan | None:
        """What registering would change; None if no webhook has this id, or if a field is wrong."""
        found = self.found
        if found is None:
            return None
        return plan_for(self.definition, found, defects=by_key(self.client.known_defects))

    def complaints(self, wrong: Mapping[str, str]) -> dict[str, str]:
        """The problems that may be shown: of what the user touched, or what a first definition holds. No kernel gives
        credentials back, which a remark says."""
        begun = self.begun_with
        untold = {SECRET}
        if begun is not None and isinstance(begun.authorization, UndisclosedAuthorization):
            untold |= {*authorization_keys()}
        given = set() if begun is None else set(wrong) - untold
        return {name: text for name, text in wrong.items() if name in self.touched | given}

    @property
    def obstacle(self) -> Obstacle | None:
        """Why the webhook cannot be registered now; None if it can."""
        if self.jobs.current is not None:
            return Obstacle("Something is still running.")
        if self.choices is None:
            return Obstacle(
                "The event store is still being read." if self.choices_error is None else "The event store is not read."
            )
        wrong = self.remarks.wrong
        if not wrong:
            return None
        return obstacle(wrong, self.complaints(wrong))

    def previews(self) -> dict[str, str]:
        """The definition as Python, as a cell and as YAML, with references instead of secrets."""
        shown = self.definition
        if self.fields.all_known:
            shown = shown.changed(event_types=())  # "all known" is written like this
        return {style: render(shown, style, only_credentials=True, client=self.client.name) for style in STYLES}

    def reach(self) -> str:
        """How many events a registration would cause to be sent; empty if this is not known."""
        tails = dict(self.choices.sequences) if self.choices else {}
        sequence = self.fields.event_sequence_id
        if self.found is not None or sequence not in tails:
            return ""
        if not self.fields.active:
            return "It is registered as inactive: nothing is sent until it is registered again as active."
        tail = tails[sequence]
        if tail is None:
            return f"{sequence} is empty in namespace {self.client.namespace}: deliveries begin with its first event."
        return (
            f"Deliveries begin with the first event of {sequence}: up to {tail + 1:,} events in namespace "
            f"{self.client.namespace} alone. If this id was used before, deliveries continue after the last one."
        )

    # -- what can be done ----------------------------------------------------------------------------------------

    def test(self) -> None:
        """Send a test request to the target, with the credentials of the form."""
        definition = self.definition
        self._start(f"Testing {definition.id!r}", lambda: self.client.webhooks.test(definition), told_answer)

    def register(self) -> None:
        """Register the webhook in the form."""
        definition = self.definition
        self._write(f"Registering {definition.id!r}", definition, self.client.webhooks.register)

    def replace(self) -> None:
        """Remove the registered webhook and register the one in the form, as one guarded step."""
        definition = self.definition
        self._write(f"Replacing {definition.id!r}", definition, self.client.webhooks.replace)

    def tell(self, told: Told | None) -> None:
        """Show a message; None removes it."""
        self.told = told
        self._changed()

    def _write(self, label: str, definition: WebhookDefinition, call: Callable[[WebhookDefinition], Outcome]) -> None:
        self.touched.update(self.remarks.wrong)
        if self.obstacle is not None:
            self.tell(Told(Level.ERROR, self.obstacle.text))
            return

        def work() -> tuple[Outcome, str]:
            # The file is read first: an error in it comes before anything is sent.
            sent = definition if self.file is None else self.file.marked(definition)
            outcome = call(sent)
            return outcome, "" if self.file is None or not outcome.accepted else self.file.put(sent)

        def tell(done: tuple[Outcome, str]) -> Told:
            self.outcome, written = done
            self.begun_with = definition  # from now on the form edits the registered webhook
            self._reload()
            told = told_outcome(self.outcome)
            return replace(told, lines=(*told.lines, written)) if written else told

        self._start(label, work, tell)

    def _start(self, label: str, work: Callable[[], Any], tell: Callable[[Any], Told]) -> None:
        self.told = None
        started = self.jobs.start(
            label, work, lambda result: self.tell(tell(result)), lambda error: self.tell(_told_failure(error))
        )
        if not started:
            self.tell(Told(Level.WARNING, "Something else is still running.", ("Wait for it, or cancel it.",)))

    # -- what there is to choose from ----------------------------------------------------------------------------

    def _read(self) -> Choices:
        client = self.client
        types = [each.type for each in client.event_types() if each.owner != "server"]
        return Choices(
            tuple(types),
            tuple((each.id, each.tail) for each in client.event_sequences()),
            tuple(client.webhooks.all()),
        )

    def _reload(self) -> None:
        # This runs in a job, not in the comm thread. An error here must not hide the outcome.
        try:
            self.choices = self._read()
        except ChronicleError as error:
            self.choices_error = error

    def _take_choices(self, choices: Choices) -> None:
        self.choices, self.choices_error = choices, None

    def _no_choices(self, error: Exception) -> None:
        if isinstance(error, ChronicleError):
            self.choices_error = error
        self.told = told_error(error)


def needs_credentials(definition: WebhookDefinition) -> bool:
    """Whether a definition was read back without its credentials."""
    return isinstance(definition.authorization, UndisclosedAuthorization)


def _told_failure(error: Exception) -> Told:
    told = told_error(error)
    if isinstance(error, ReplacementError):
        return replace(told, lines=(*told.lines, "What you filled in is still here: press Register."))
    return told


_TOUCHES = {"all_known": "event_types", "typed_type": "event_types", "variable": "secret"}
"""The field that shows the remark for another field."""
