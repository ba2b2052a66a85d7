"""``PlanCard``: a plan of webhooks as code, live: apply it, see the outcome of each change, plan again.

From the browser: ``hello``, ``apply`` (``consents``), ``again`` (``prune``, ``replace``, ``resend_secrets``), ``back``,
``cancel``, ``dismiss``, ``unlock`` (``name``). To the browser: ``head``, ``plan``, ``changes``, ``job``, ``told``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime

from chronicle_notebook.base._public import public_in
from chronicle_notebook.base._text import count, readable
from chronicle_notebook.desired._applied import Applied
from chronicle_notebook.desired._plan import StatePlan
from chronicle_notebook.desired._planned import StateAction
from chronicle_notebook.display._table_and_card import Table, clock
from chronicle_notebook.widgets._message import Level, Told
from chronicle_notebook.widgets._plan_model import PlanModel, PlannedChange
from chronicle_notebook.widgets._view import Message, View, lock_of, script, style, unlock

SHOWN = 200
"""The largest number of changes with a row of their own. What did not take effect always has one."""
_OPTIONS = ("prune", "replace", "resend_secrets")
_VERBS = {
    StateAction.CREATE: "creates",
    StateAction.UPDATE: "updates",
    StateAction.REPLACE: "removes and registers again",
    StateAction.REMOVE: "removes",
}


@public_in("widgets")
class PlanCard(View):
    """A plan of webhooks as code with buttons: apply it, cancel, plan again, go back.

    ::

        plan = cn.DesiredState.read("webhooks.yaml").plan(client)
        plan                    # look, press Apply, then, in another cell:
        plan.applied

    In JupyterLab a plan shows itself by this widget. ``card = cn.widgets.PlanCard(plan)`` is the widget as a value:
    ``card.plan`` is then also the plan of *Plan again*, and ``card.applied`` the result of that one.

    Each change has its outcome on the card, also after a failure or a cancellation: not sent, in effect, in part, or
    not known. *Plan again* reads the file again. Of a protected event store the card asks for the name.
    """

    _esm = script("common", "lock", "question", "plan")
    _css = style("common", "plan")

    def __init__(self, plan: StatePlan) -> None:
        super().__init__()
        self.model = PlanModel(plan, self.guarded(self._changed))
        self._client = plan.client
        self._news: dict[str, Callable[[], None]] = {
            "plan": self._push_plan,
            "changes": self._push_changes,
            "job": self._push_job,
            "told": self._push_told,
        }
        self._handlers = {
            "hello": self._hello,
            "apply": lambda message: self.model.apply([str(each) for each in message.get("consents") or ()]),
            "again": lambda message: self.model.again(
                **{name: bool(message[name]) for name in _OPTIONS if name in message}
            ),
            "back": lambda _: self.model.go_back(),
            "cancel": lambda _: self.model.jobs.cancel(),
            "dismiss": lambda _: self.model.tell(None),
            "unlock": self._unlock,
        }

    @property
    def plan(self) -> StatePlan:
        """The plan that is shown: the given one, or the one of *Plan again*."""
        return self.model.plan

    @property
    def applied(self) -> Applied | None:
        """The result of *Apply*; None before its end, and after a new plan."""
        return self.model.applied

    def take(self, applied: Applied) -> None:
        """Show the result of the plan, which was applied by :meth:`StatePlan.apply` and not by the button."""
        self.guarded(self.model.take)(applied)

    def __repr__(self) -> str:
        done = self.applied
        return repr(self.plan) if done is None else repr(done)

    def _end(self) -> None:
        self.model.close()

    def _unlock(self, message: Message) -> None:
        unlock(self._client, message)
        self.model.tell(None)
        self._push_head()

    def _changed(self, what: str) -> None:
        self._news[what]()
        if what in {"plan", "changes"} and self.model.jobs.progress.done == self.model.jobs.progress.total:
            self._redraw()

    def _hello(self, _message: Message) -> None:
        with self._sending:
            self._push_head()
            for push in self._news.values():
                push()

    def _push_head(self) -> None:
        self.tell({"kind": "head", "lock": lock_of(self._client)})

    def _push_plan(self) -> None:
        plan = self.model.plan
        verbs = [(verb, len(plan.of(action))) for action, verb in _VERBS.items()]
        self.tell(
            {
                "kind": "plan",
                "html": plan._repr_html_(),  # escaped, and without script
                "markdown": plan.to_markdown(),
                "changes": len(plan.changes),
                "question": f"Apply {count(len(plan.changes), 'change')} to {readable(self._client.event_store)} on "
                f"{readable(self._client.server)}?",
                "counts": "; ".join(f"{verb} {count(number, 'webhook')}" for verb, number in verbs if number),
                "consents": [[name, readable(why)] for name, why in plan.consents.items()],
                "options": {name: getattr(plan.options, name) for name in _OPTIONS},
                "offered": self._offered(),
            }
        )

    def _offered(self) -> dict[str, bool]:
        """Which options make a difference for this plan."""
        plan = self.model.plan
        return {
            "prune": plan.options.prune or (plan.owned and any(each.owned for each in plan.of(StateAction.KEPT))),
            "replace": plan.options.replace or bool(plan.of(StateAction.IGNORED)),
            "resend_secrets": plan.options.resend_secrets or bool(plan.not_compared),
        }

    def _push_changes(self) -> None:
        model = self.model
        found = list(model.changes.values())
        shown = [each for place, each in enumerate(found) if place < SHOWN or each.level is Level.WARNING]
        self.tell(
            {
                "kind": "changes",
                "rows": [[each.webhook, each.action, each.level.value, each.state, *each.lines] for each in shown],
                "left": len(found) - len(shown),
                "title": self._title(),
                "back": model.applied is not None and model.applied.before is not None,
                "foot": readable(model.foot),
            }
        )

    def _title(self) -> list[str]:
        """The title of the outcomes: whether the plan was applied, its file, and its event store."""
        model, plan = self.model, self.model.plan
        ended = "Applied" if model.applied is not None else "Not applied to the end"
        file = f"{plan.path or 'this process'}{f', profile {plan.profile}' if plan.profile else ''}"
        place = f"{plan.client.event_store} on {plan.client.server}"
        return ["Applying" if model.jobs.current is not None else ended, readable(file), readable(place)]

    def _push_job(self) -> None:
        jobs = self.model.jobs
        job, at = jobs.current, jobs.progress
        shown = None if job is None else {"number": job.number, "label": job.label, **asdict(at)}
        self.tell({"kind": "job", "job": shown})

    def _push_told(self) -> None:
        told = self.model.told
        self.tell({"kind": "told", "told": None if told is None else told.wire()})

    def _show(self, told: Told) -> None:
        self.model.tell(told)

    def _static(self) -> str:
        model = self.model
        if model.applied is not None:
            return model.applied._repr_html_()
        if not model.begun:
            return model.plan._repr_html_()
        return Table(
            caption=f"An application that did not come to its end, {clock(datetime.now(UTC))}",
            titles=("Id", "Action", "Outcome"),
            rows=[_cells(each) for each in model.changes.values()],
            foot="Plan again to see what is in effect.",
            banner=model.plan.origin.banner,
            most=max(SHOWN, len(model.changes)),
        ).html()


def _cells(change: PlannedChange) -> tuple[str, str, str]:
    return change.webhook, change.action, " ".join([change.state, *change.lines])
