"""The messages between a form and the browser, for a separate form and for a form inside an explorer.

From the browser: ``set`` (field, value), ``secret`` (value), ``add_header`` (key), ``header`` (key, name, value),
``drop_header`` (key), ``reload``, ``test``, ``register``, ``replace``, ``cancel``, ``dismiss``, ``unlock`` (name),
``hello``; each with the name of the view ``by`` and a number ``seq`` that this view counts. To the browser: ``state``,
the whole form without values that must not be shown, with ``seq``, the latest number of each view, and ``choices``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from chronicle_notebook.base._url import shown
from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.model._authorization import KINDS, Content, text_fields
from chronicle_notebook.registration._differences import Effect
from chronicle_notebook.registration._plan import Plan, PlannedAction
from chronicle_notebook.widgets._form_fields import ENVIRONMENT, suggested_variable
from chronicle_notebook.widgets._form_file import StateFile
from chronicle_notebook.widgets._form_model import FormModel, needs_credentials
from chronicle_notebook.widgets._message import told_error
from chronicle_notebook.widgets._session import Session
from chronicle_notebook.widgets._view import lock_of, unlock

Message = Mapping[str, Any]

FORM_SCRIPTS = ("common", "lock", "field", "choice", "preview", "form")
"""The modules of a form in the browser."""


KEPT_VIEWS = 50
"""The most views whose numbers are kept. A page that is loaded again is a new view."""


class FormPort:
    """Connects the model of a form to a function that sends messages."""

    def __init__(
        self,
        client: Session,
        send: Callable[[Message], None],
        definition: WebhookDefinition | None = None,
        file: StateFile | None = None,
    ) -> None:
        self._send = send
        self._order = threading.RLock()
        self._seq: dict[str, int] = {}
        self._sent_choices: object = None
        self.model = model = FormModel(client, self.push, definition, file)
        self._acts: dict[str, Callable[[Message], None]] = {
            "hello": self._greet,
            "set": lambda it: model.set(str(it.get("field")), it.get("value")),
            "secret": lambda it: model.give_secret(str(it.get("value") or "")),
            "header": lambda it: model.set_header(int(it["key"]), it.get("name"), it.get("value")),
            "add_header": lambda it: model.add_header(None if it.get("key") is None else int(it["key"])),
            "drop_header": lambda it: model.drop_header(int(it["key"])),
            "reload": lambda _: model.read_again(),
            "test": lambda _: model.test(),
            "register": lambda _: model.register(),
            "replace": lambda _: model.replace(),
            "cancel": lambda _: model.jobs.cancel(),
            "dismiss": lambda _: model.tell(None),
            "unlock": self._unlock,
        }

    def start(self) -> None:
        """Start."""
        self.model.start()

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of messages that it accepts."""
        return tuple(self._acts)

    def close(self) -> None:
        """End all calls."""
        self.model.close()

    def receive(self, message: Message) -> None:
        """Handle a message from the browser. Errors are shown in the form."""
        by = str(message.get("by") or "")
        # To the end, so that the views that were silent for longest are forgotten first.
        self._seq[by] = max(self._seq.pop(by, 0), int(message.get("seq") or 0))
        if len(self._seq) > KEPT_VIEWS:
            del self._seq[next(iter(self._seq))]
        try:
            self._acts[str(message.get("kind"))](message)
        except Exception as error:  # noqa: BLE001 - it is shown to the person who caused it
            self.model.tell(told_error(error))

    def _greet(self, _message: Message) -> None:
        self._sent_choices = None
        self.push()

    def _unlock(self, message: Message) -> None:
        unlock(self.model.client, message)
        self.model.tell(None)

    def push(self) -> None:
        """Send the whole form. The messages keep the order of the changes."""
        with self._order:
            if self.model.choices is not self._sent_choices:
                self._send(self._choices())
                self._sent_choices = self.model.choices
            self._send(self.state())

    def _choices(self) -> Message:
        choices = self.model.choices
        types = sorted(map(str, choices.event_types)) if choices else []
        return {
            "kind": "choices",
            "event_types": types,
            "sequences": [name for name, _ in choices.sequences] if choices else [],
        }

    def state(self) -> dict[str, Any]:
        """The form for the browser, without secrets and without values of headers that are secrets."""
        model, fields = self.model, self.model.fields
        remarks, job = model.remarks, model.jobs.current
        obstacle = model.obstacle
        return {
            "kind": "state",
            "seq": dict(self._seq),
            "title": _title(model),
            "store": model.client.event_store,
            "lock": lock_of(model.client),
            "server": model.client.server,
            "unread": model.choices is None and model.choices_error is not None,
            "loading": model.choices is None and model.choices_error is None,
            "editing": model.editing,
            "fields": {
                "id": fields.id,
                "target_url": fields.target_url,
                "event_sequence_id": fields.event_sequence_id,
                "all_known": fields.all_known,
                "event_types": list(fields.event_types),
                "typed_type": fields.typed_type,
                "kind": fields.kind.value,
                **{part.name: fields.texts.get(part.name, "") for part in text_fields()},
                "source": fields.source,
                "variable": fields.variable,
                "replayable": fields.replayable,
                "active": fields.active,
            },
            "kinds": [("none", "None"), *((name, each.title) for name, each in KINDS.items())],
            "credentials": [
                {
                    "name": part.name,
                    "label": part.label,
                    "url": part.content is Content.URL,
                    "kinds": [name for name, each in KINDS.items() if part in each.parts()],
                }
                for part in text_fields()
            ],
            "secret_names": {name: each.secret_part().label for name, each in KINDS.items()},
            "suggested": suggested_variable(fields),
            "has_secret": fields.secret is not None,
            "undisclosed": model.begun_with is not None and needs_credentials(model.begun_with),
            "headers": [
                {"key": row.key, "name": row.name, "value": row.shown, "masked": row.masked} for row in fields.headers
            ],
            "wrong": model.complaints(remarks.wrong),
            "doubtful": remarks.doubtful,
            "plain": remarks.plain,
            "obstacle": None
            if obstacle is None
            else {"text": obstacle.text, "first": obstacle.first, "wrong": obstacle.wrong},
            "complete": not remarks.wrong,
            "previews": model.previews(),
            "plan": _plan(model.plan),
            "reach": model.reach(),
            "job": None if job is None else {"number": job.number, "label": job.label},
            "told": None if model.told is None else model.told.wire(),
        }


def _title(model: FormModel) -> str:
    title = f"Edit {model.begun_with.id}" if model.editing and model.begun_with else "New webhook"
    return title if model.file is None else f"{title}, also in {model.file.path}"


def _plan(plan: Plan | None) -> dict[str, Any] | None:
    if plan is None:
        return None
    return {
        "summary": plan.summary,
        "unchanged": plan.action is PlannedAction.UNCHANGED,
        "replace": any(change.effect is Effect.IGNORED for change in plan.changes),
        "changes": [
            {
                "field": change.field.replace("_", " "),
                "before": change.before,
                "after": change.after,
                "effect": change.effect.value,
                "ignored": change.effect is Effect.IGNORED,
                "reason": f"{change.reason} {change.remedy}".strip(),
            }
            for change in plan.changes
        ],
    }


def static_rows(model: FormModel) -> list[tuple[str, str]]:
    """The fields for people, in a static form."""
    fields = model.fields
    types = "all that are known" if fields.all_known else ", ".join(fields.event_types)
    secret = f", secret from env:{fields.variable}" if fields.source == ENVIRONMENT and fields.variable else ""
    return [
        ("id", fields.id or "not filled in"),
        ("target", shown(fields.target_url) or "not filled in"),
        ("event types", types or "none chosen"),
        ("sequence", fields.event_sequence_id),
        ("authorization", f"{fields.kind.value}{secret}"),
        ("headers", ", ".join(row.name for row in fields.headers) or "none"),
        ("active", "yes" if fields.active else "no"),
        ("replayable", "yes" if fields.replayable else "no"),
        *([("file", str(model.file.path))] if model.file is not None else []),
    ]
