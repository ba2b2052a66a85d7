"""The state of a plan's card: the plan, the outcome of each change, and the result. Nothing here imports ipywidgets."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from chronicle_notebook.base._text import count
from chronicle_notebook.desired._applied import Applied
from chronicle_notebook.desired._plan import StatePlan
from chronicle_notebook.desired._state import DesiredState
from chronicle_notebook.registration._outcome import Outcome
from chronicle_notebook.widgets._job import Jobs, Result
from chronicle_notebook.widgets._message import Level, Told, told_error, told_outcome

WAITING = "waits"
SENDING = "is being sent"
UNKNOWN = "interrupted: it may be in effect. Plan again to see it"
NOT_SENT = "not sent"


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """The outcome of one change until now."""

    webhook: str
    action: str
    state: str = WAITING
    level: Level = Level.PLAIN
    lines: tuple[str, ...] = ()


class PlanModel:
    """A plan that a person looks at, and its application. ``changed`` is called after each change, in any thread."""

    def __init__(self, plan: StatePlan, changed: Callable[[str], None]) -> None:
        self._changed = changed
        self.plan = plan
        """The plan that is shown."""
        self.changes: dict[str, PlannedChange] = {}
        """The outcome of each change, by id; empty before the plan is applied."""
        self.applied: Applied | None = None
        """The result; None before the plan was carried out to its end."""
        self.foot = ""
        """Where the state of before is, and what a new plan said afterwards."""
        self.told: Told | None = None
        self.jobs = Jobs(lambda: changed("job"))

    @property
    def begun(self) -> bool:
        """Whether something of this plan was sent: then it cannot be applied any more."""
        return bool(self.changes)

    def tell(self, told: Told | None) -> None:
        """Show a message, or none."""
        self.told = told
        self._changed("told")

    def apply(self, consents: Collection[str]) -> None:
        """Carry the plan out.

        :param consents: the names of what the person agreed to, of those in :attr:`StatePlan.consents`.
        """
        if self.begun or not self.plan.changes:
            return
        plan, notes = self.plan, list[str]()

        def work() -> Applied:
            try:
                return plan.apply(
                    allow_removals="allow_removals" in consents,
                    take_over="take_over" in consents,
                    on_change=self._note,
                    on_progress=self._progressed,
                )
            except BaseException as error:
                notes.extend(getattr(error, "__notes__", ()))
                raise

        label = f"Applying {count(len(plan.changes), 'change')}"
        self._start(label, work, self._ended, lambda error: self._stopped(error, notes))

    def take(self, applied: Applied) -> None:
        """Show the result of the plan, which was applied without the card."""
        if self.applied is not None or self.jobs.current is not None:
            return
        self.changes = {each.id: PlannedChange(each.id, each.action.value) for each in self.plan.changes}
        self._ended(applied)

    def again(
        self, *, prune: bool | None = None, replace: bool | None = None, resend_secrets: bool | None = None
    ) -> None:
        """Plan for what is registered now. A file is read again."""
        plan = self.plan

        def work() -> StatePlan:
            state = None if plan.path is None else DesiredState.read(plan.path, profile=plan.profile)
            return plan.again(state, prune=prune, replace=replace, resend_secrets=resend_secrets)

        self._start("Planning again", work, self._planned, lambda error: self.tell(told_error(error)))

    def go_back(self) -> None:
        """Show the plan that leads back to the state of before."""
        applied = self.applied
        before = None if applied is None else applied.before
        if before is None:
            return
        plan = self.plan

        def work() -> StatePlan:
            state = DesiredState.read(before)
            return plan.again(state, prune=state.owned_by is not None, replace=True)

        self._start("Planning the way back", work, self._planned, lambda error: self.tell(told_error(error)))

    def close(self) -> None:
        """End what runs."""
        self.jobs.close()

    def _start(
        self,
        label: str,
        work: Callable[[], Result],
        done: Callable[[Result], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self.tell(None)
        self.jobs.start(label, work, done, failed)

    def _note(self, webhook: str, outcome: Outcome | None) -> None:
        """A change is sent, or its outcome was read back."""
        if not self.changes:
            self.changes = {each.id: PlannedChange(each.id, each.action.value) for each in self.plan.changes}
        action = self.changes[webhook].action
        if outcome is None:
            self.changes[webhook] = PlannedChange(webhook, action, SENDING)
        else:
            self.changes[webhook] = _came(action, outcome)

    def _progressed(self, done: int, of: int) -> None:
        """Show all changes together: a list of a thousand would else be sent to the browser a thousand times."""
        self._changed("changes")
        self.jobs.report(done, of)

    def _ended(self, applied: Applied) -> None:
        self.applied = applied
        for each, told in zip(applied, applied.to_dict()["webhooks"], strict=True):
            came = _came(self.changes[each.webhook].action, each)
            if told["took_effect"]:  # shorter: the card names the event store above
                came = replace(came, state=told["took_effect"])
            self.changes[each.webhook] = came
        self.foot = "" if applied.before is None else f"What was registered before is in {applied.before}."
        self.tell(Told(Level.GOOD if applied else Level.WARNING, f"Applied: {applied.summary}"))
        self._changed("changes")

    def _stopped(self, error: Exception, notes: Collection[str]) -> None:
        ends = {WAITING: (NOT_SENT, Level.WARNING), SENDING: (UNKNOWN, Level.WARNING)}
        for each in list(self.changes.values()):
            if each.state in ends:
                self.changes[each.webhook] = PlannedChange(each.webhook, each.action, *ends[each.state])
        told = told_error(error)
        self.tell(Told(told.level, told.title, (*told.lines, *notes)))
        self._changed("changes")

    def _planned(self, plan: StatePlan) -> None:
        self.plan, self.changes, self.applied, self.foot = plan, {}, None, ""
        self._changed("changes")
        self._changed("plan")


def _came(action: str, outcome: Outcome) -> PlannedChange:
    """What an outcome says of a change."""
    told = told_outcome(outcome)
    return PlannedChange(outcome.webhook, action, told.title, told.level, told.lines)
