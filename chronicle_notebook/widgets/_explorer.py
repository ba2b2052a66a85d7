"""``WebhookExplorer``: all webhooks of an event store, live, in a table with filters, selection and actions.

From the browser: ``hello``, ``shown``, ``new``, ``edit``, ``duplicate``, ``test``, ``retry``, ``pause``, ``resume``,
``replay`` (look at it), ``replay_now``, ``replay_no``, ``remove`` (each with ``id``), ``bulk`` (``action`` and
``ids``), ``undo``, ``cancel``, ``dismiss``, ``exported`` (the export was closed), ``unlock`` (``name``), ``form`` (a
message for the open form), ``close_form``; the traits ``selected_ids`` and ``filter``. To the browser: ``head``,
``rows`` or ``patch``, ``others`` (what has a row and is not registered), ``states``, ``link``, ``details``, ``job``,
``told``, ``export``, ``replay`` (the question), ``form``, ``form_closed``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets

from chronicle_notebook.base._arguments import check_names
from chronicle_notebook.base._public import public_in
from chronicle_notebook.desired._state import DesiredState
from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.model._authorization import kind_names
from chronicle_notebook.widgets import _rows
from chronicle_notebook.widgets._details import details
from chronicle_notebook.widgets._explorer_model import ExplorerModel
from chronicle_notebook.widgets._filter import ExplorerFilter
from chronicle_notebook.widgets._form_file import StateFile
from chronicle_notebook.widgets._form_port import FORM_SCRIPTS, FormPort
from chronicle_notebook.widgets._health import GROUPS, WORST_FIRST
from chronicle_notebook.widgets._message import Told
from chronicle_notebook.widgets._session import Session
from chronicle_notebook.widgets._still import still
from chronicle_notebook.widgets._view import Message, View, lock_of, script, style, unlock

if TYPE_CHECKING:
    import pandas as pd

EXPLORER_SCRIPTS = (
    "grid_head",
    "grid",
    "question",
    "menu",
    "failures",
    "details",
    "columns",
    "filters",
    "bulk",
    "export",
    "overview",
    "explorer",
)
FIRST_LIST = 2.0
"""The time in seconds to wait for the first list, and for the first states, for the static form or for a cell."""
FEW = 1_000
"""So many webhooks may delay a cell until their states were read. Those of more follow in the static form."""
REDRAW = 10.0
"""The least time in seconds between two static forms: each of them changes the notebook."""
NOWHERE = object()
"""The static form was not shown yet."""


@public_in("widgets")
class WebhookExplorer(View):
    """All webhooks of a client's event store, kept up to date while the widget is open.

    ::

        explorer = client.webhooks.explore()
        explorer                # click around, then, in another cell:
        explorer.selected, explorer.frame

    When no browser shows the widget any more, for example because its cell was run again, it rests: its stream and
    threads end after a few seconds, or after a few minutes if the browser could not report it. Selection and filter
    stay. It reads the webhooks again when it is shown again, or when :attr:`selected` or :attr:`frame` is read.
    ``close()`` ends it at once.

    :param file: a file of webhooks as code. The details of a webhook say whether the file owns it.
    :param profile: the profile whose variables count in the file.
    :raises StateFileError: the file cannot be read, or something in it is wrong.
    """

    _esm = script(*FORM_SCRIPTS, *EXPLORER_SCRIPTS)
    _css = style("common", "form", "grid", "explorer")

    selected_ids = traitlets.List(traitlets.Unicode()).tag(sync=True)
    """The ids of the selected webhooks. They can be set."""
    filter = traitlets.Dict(value_trait=traitlets.Unicode()).tag(sync=True)
    """``text``, ``event_type``, ``authorization``, ``state``. They can be set."""

    def __init__(self, client: Session, *, file: str | Path | None = None, profile: str | None = None) -> None:
        check_names(profile=profile)
        if file is not None:
            DesiredState.read(file, profile=profile)  # an error in the file comes before the explorer
        super().__init__()
        self._file = None if file is None else StateFile(Path(file), profile)
        self.model = ExplorerModel(client, self.guarded(self._changed))
        self._form: FormPort | None = None
        self._drawn: Any = NOWHERE
        self._next_drawing = 0.0
        self._sent: tuple[WebhookDefinition, ...] | None = None
        self._sent_states: dict[str, list[Any]] = {}
        self._sent_others: list[list[Any]] = []
        self._news: dict[str, Callable[[], None]] = {
            "rows": self._push_rows,
            "deliveries": self._push_states,
            "link": self._push_link,
            "job": self._push_job,
            "told": self._push_told,
            "export": self._push_export,
            "replay": self._push_replay,
        }
        self._handlers = {
            "hello": self._hello,
            "shown": lambda _: self.model.shown(),
            "new": lambda _: self._open_form(None),
            "edit": lambda message: self._open_form(self._find(message)),
            "duplicate": lambda message: self._open_form(_copy(self._find(message))),
            "test": lambda message: self.model.test(self._find(message).id),
            "retry": lambda message: self.model.retry(str(message.get("id"))),
            "bulk": self._bulk,
            "pause": lambda message: self.model.pause_webhooks([str(message.get("id"))]),
            "resume": lambda message: self.model.resume_webhooks([str(message.get("id"))]),
            "replay": lambda message: self.model.replays.look(self._find(message).id),
            "replay_now": lambda message: self.model.replays.run(str(message.get("id"))),
            "replay_no": lambda _: self.model.replays.drop(),
            "remove": lambda message: self.model.remove(self._find(message).id),
            "undo": lambda _: self._undo(),
            "cancel": lambda _: self.model.jobs.cancel(),
            "exported": lambda _: self.model.close_export(),
            "dismiss": lambda _: self.model.tell(None),
            "unlock": self._unlock,
            "form": self._to_form,
            "close_form": lambda _: self._close_form(),
        }
        self.observe(self.guarded(self._take_selection), "selected_ids")
        self.observe(self.guarded(self._take_filter), "filter")
        self.model.start()

    @property
    def selected(self) -> list[WebhookDefinition]:
        """The definitions of the selected webhooks."""
        self._ask()
        return self.model.selected

    @property
    def frame(self) -> pd.DataFrame:
        """The webhooks that match the filter, as a DataFrame like :meth:`Webhooks.to_frame`."""
        self._ask()
        return self.model.frame

    def __repr__(self) -> str:
        hooks = self.model.hooks
        # A saved notebook keeps the first of these texts, so it does not say that nothing was read yet.
        state = "" if hooks is None else f": {self.model.link}, {len(hooks):,} webhooks"
        client = self.model.client
        return f"<WebhookExplorer of {client.event_store!r} on {client.server}{state}>"

    def _end(self) -> None:
        self._close_form()
        self.model.close()

    def _pause(self) -> None:
        self.model.pause()

    def _resume(self) -> None:
        self.model.start()

    def _ask(self) -> None:
        """Python asks for data: read what is out of date, if this is quick."""
        self._wake()
        if not self.closed:
            self.model.wait_for_first(FIRST_LIST)

    # -- from the browser ----------------------------------------------------------------------------------------

    def _head(self) -> Message:
        client = self.model.client
        return {
            "kind": "head",
            "store": client.event_store,
            "lock": lock_of(client),
            "namespace": client.namespace,
            "server": client.server,
            "sandbox": client.sandbox,
            "version": client.version.version,
            "generation": client.generation,
            "states": list(WORST_FIRST),
            "groups": GROUPS,
            "kinds": kind_names(),
        }

    def _hello(self, _message: Message) -> None:
        with self._sending:
            self.tell(self._head())
            self._sent = None
            self._sent_states, self._sent_others = {}, []
            for push in self._news.values():
                push()
            self._push_details()
            self._push_replay()  # after the details, to which the question belongs
        self.model.shown()  # last, so that reading the observers does not delay the rows
        form = self._form  # outside the lock, because a form takes this lock after its own
        if form is not None:
            form.receive({"kind": "hello"})

    def _take_selection(self, change: Message) -> None:
        self.model.select(change["new"])
        self._push_details()

    def _take_filter(self, change: Message) -> None:
        self.model.filter = ExplorerFilter.read(change["new"])

    def _find(self, message: Message) -> WebhookDefinition:
        webhook = str(message.get("id"))
        found = self.model.find(webhook)
        # The list may have changed since the click. Then the service raises an error.
        return self.model.client.webhooks.get(webhook) if found is None else found

    def _bulk(self, message: Message) -> None:
        """Act on several webhooks: those whose ids the browser sent."""
        acts: dict[str, Callable[[list[str]], None]] = {
            "retry": lambda ids: self.model.retry(*ids),
            "test": self.model.test_all,
            "pause": self.model.pause_webhooks,
            "resume": self.model.resume_webhooks,
            "export": self.model.export,
        }
        ids, act = message.get("ids"), acts.get(str(message.get("action")))
        if act is not None and isinstance(ids, list) and ids:
            act([str(each) for each in ids])

    def _unlock(self, message: Message) -> None:
        unlock(self.model.client, message)
        self.model.tell(None)
        self.tell(self._head())

    def _undo(self) -> None:
        definition = self.model.undo()
        if definition is not None:
            self.model.tell(None)
            self._open_form(definition)

    def _open_form(self, definition: WebhookDefinition | None) -> None:
        self._close_form()
        self._form = FormPort(self.model.client, self._from_form, definition)
        self._form.start()
        self._form.receive({"kind": "hello"})

    def _close_form(self) -> None:
        form, self._form = self._form, None
        if form is not None:
            form.close()
            self.tell({"kind": "form_closed"})
            self.tell(self._head())  # the form may have unlocked the event store

    def _to_form(self, message: Message) -> None:
        inner = message.get("form")
        if self._form is not None and isinstance(inner, dict):
            self._form.receive(inner)

    # -- to the browser ------------------------------------------------------------------------------------------

    def _changed(self, what: str) -> None:
        self._news[what]()

    def _from_form(self, message: Message) -> None:
        self.tell({"kind": "form", "form": dict(message)})

    def _push_rows(self) -> None:
        with self._sending:
            hooks = self.model.hooks
            if hooks is None:
                return
            if self._sent is None:
                self.tell({"kind": "rows", "rows": _rows.columns(hooks), "read_at": hooks.read_at.timestamp()})
            else:
                patch = _rows.patch(self._sent, hooks)
                if patch is not None:
                    self.tell({"kind": "patch", **patch, "read_at": hooks.read_at.timestamp()})
            self._sent = tuple(hooks)
            self._push_states()

    def _push_states(self) -> None:
        with self._sending:
            deliveries = self.model.deliveries
            if deliveries is None:
                return  # the rows already say which webhooks are inactive
            others = _rows.unregistered(deliveries)
            if others != self._sent_others:
                self.tell({"kind": "others", "rows": others})
            ids = [each.id for each in self.model.hooks or ()] + [webhook for webhook, *_ in others]
            now = _rows.states(deliveries, ids)
            news = {webhook: state for webhook, state in now.items() if self._sent_states.get(webhook) != state}
            about = {"read_at": deliveries.seen_at.timestamp(), "namespaces": deliveries.namespaces}
            self.tell({"kind": "states", "states": news, **about})
            self._sent_states, self._sent_others = now, others
            self._push_details()
        self._redraw_if_needed()  # outside the lock: it asks for everything that was read

    def _push_link(self) -> None:
        model = self.model
        why = "" if model.link_error is None else model.link_error.message
        self.tell({"kind": "link", "state": model.link.value, "since": model.link_since.timestamp(), "why": why})

    def _push_job(self) -> None:
        job = self.model.jobs.current
        shown = None if job is None else {"number": job.number, "label": job.label, **asdict(self.model.jobs.progress)}
        self.tell({"kind": "job", "job": shown})

    def _push_told(self) -> None:
        told = self.model.told
        self.tell({"kind": "told", "told": None if told is None else told.wire()})

    def _push_export(self) -> None:
        self.tell({"kind": "export", "text": self.model.exported})

    def _push_replay(self) -> None:
        self.tell({"kind": "replay", "replay": self.model.replays.wire()})

    def _push_details(self) -> None:
        ids = self.model.selected_ids
        shown = details(self.model, ids[0], self._file) if len(ids) == 1 else None
        count = len(ids) if len(ids) > 1 else int(shown is not None)
        self.tell({"kind": "details", "details": shown, "selected": count})

    def _show(self, told: Told) -> None:
        self.model.tell(told)

    def _static(self) -> str:
        self.model.wait_for_first(FIRST_LIST)
        if len(self.model.hooks or ()) <= FEW:
            self.model.wait_for_states(FIRST_LIST)
        self._drawn = self._standing()
        return still(self.model, self._to_live()).html()

    def _standing(self) -> Any:
        """What must be right in the static form: whether states were read, which webhooks need a person, and the
        filter."""
        deliveries = self.model.deliveries
        if deliveries is None:
            return None
        return self.model.filter, [(row.webhook, row.condition, len(row.failed)) for row in deliveries.triage.troubled]

    def _redraw_if_needed(self) -> None:
        now = time.monotonic()
        if self._drawn is not NOWHERE and self._drawn != self._standing() and now >= self._next_drawing:
            self._next_drawing = now + REDRAW
            self._redraw()


def _copy(definition: WebhookDefinition) -> WebhookDefinition:
    """The same definition with a new id. Credentials that were not returned must be filled in."""
    return definition.changed(id=f"{definition.id}-copy")
