"""A running runbook: parameters, plan, guard, outcome."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from chronicle_notebook.base._errors import ChronicleError, InvalidInputError
from chronicle_notebook.base._public import public_in
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.base._traceback import lines_of
from chronicle_notebook.display._table_and_card import Card
from chronicle_notebook.runbook.engine._outcome import RunbookError, RunbookOutcome, RunStatus, Shown, steps_table
from chronicle_notebook.runbook.engine._perform import carry_out, look, unfinished, verify
from chronicle_notebook.runbook.engine._schema import STANDARD, check
from chronicle_notebook.runbook.engine._source import injected_names
from chronicle_notebook.runbook.engine._step import Done, Progress, State, Step
from chronicle_notebook.session._guard import LOCK

if TYPE_CHECKING:
    from chronicle_notebook.session._client import Client

DEMO_STORE = "banking"
"""The event store of a sandbox's demo. A runbook uses it if nobody names an event store."""
DRY = "Dry run: nothing was changed. Run it again with apply = True to do this."
THROW_AWAY = "No connection was named, so this used a temporary sandbox in this process."

_BEGUN = frozenset({State.DONE, State.FAILED, State.UNKNOWN})

_running: list[Run] = []


def start(
    name: str,
    namespace: Mapping[str, Any],
    *,
    schema: Mapping[str, Any] | None = None,
    required: Collection[str] = (),
) -> Run:
    """Start a runbook: check its parameters before anything else happens.

    :param name: the name of the runbook in its outcome.
    :param namespace: the variables with the parameters: ``globals()``.
    :param schema: the parameters and their types, see ``runbook/engine/_schema.py``. Every schema also has ``apply``
        and ``sandbox`` (by default false), ``profile``, ``event_store`` and ``outcome_file``.
    :param required: the parameters whose values in the notebook are only examples. Whoever gives any parameter on a
        command line must give these too.
    :raises InvalidInputError: a parameter is unknown, missing or has a wrong type, or a secret is in plain text.
    """
    while _running:
        _running.pop().end()
    try:
        _check_names(schema or {})
        assigned = injected_names(map(str, namespace.get("In", ())))
        parameters = check(namespace, schema or {}, assigned=assigned, required=required)
    except InvalidInputError as error:
        _shortened(error)
        raise
    run = Run(name, parameters, namespace)
    _running.append(run)
    return run


@public_in("runbook")
class Run:
    """One run of a runbook. Its parameters are its attributes: ``run.webhook``."""

    def __init__(self, name: str, parameters: Mapping[str, Any], namespace: Mapping[str, Any]) -> None:
        self.name = name
        self._namespace = namespace
        self._given = {name: _copy(namespace.get(name)) for name in parameters}
        self.parameters = dict(parameters)
        """All parameters, secrets as :class:`~chronicle_notebook.Secret`."""
        self.outcome: RunbookOutcome | None = None
        """The outcome; None until the run has ended."""
        self._client: Client | None = None
        self._progress: list[Progress] = []
        self._looked = self._finished = False
        self._started = datetime.now(UTC)
        self._shell = _shell()
        if self._shell is not None:
            self._shell.events.register("post_run_cell", self._after_cell)

    def __getattr__(self, name: str) -> Any:
        parameters = self.__dict__.get("parameters", {})
        if name in parameters:
            return parameters[name]
        raise AttributeError(f"The runbook has no parameter {name!r}.")

    @property
    def applying(self) -> bool:
        """Whether the run may change anything: the parameter ``apply``."""
        return bool(self.parameters["apply"])

    def connect(self) -> Client:
        """Connect with the parameters ``profile`` and ``event_store``, see :func:`cn.connect`, and with ``namespace``
        if the schema of the runbook has it.

        If neither a parameter nor the environment names an event store, the demo of a sandbox is used.

        :raises InvalidInputError: ``apply`` is true and no connection is named, so the run would change a temporary
            sandbox and look like a success; or the event store has no such namespace.
        """
        from chronicle_notebook.session._connect import DEFAULT_STORE, connect, use

        wanted = {name: self.parameters[name] for name in ("profile", "event_store")}
        client = self._client = connect(**wanted)
        if client.embedded and self.applying and not self.parameters["sandbox"]:
            raise InvalidInputError(
                "No connection is named, so this would change only a temporary sandbox in this process.",
                field="apply",
                hint="Set CHRONICLE_CONNECTION_STRING, or give profile=NAME. To try it on the sandbox: sandbox=true.",
            )
        named = self.parameters["event_store"] or self.parameters["profile"]
        unnamed = named is None and client.event_store == DEFAULT_STORE
        if unnamed and client.sandbox and DEMO_STORE in client.event_stores():
            client = use(event_store=DEMO_STORE)
        namespace = self.parameters.get("namespace")
        if namespace is not None:
            client = use(namespace=namespace)
        self._client = client
        return client

    def add(self, steps: Step | Iterable[Step]) -> None:
        """Plan more steps, after the planned ones."""
        new = [steps] if isinstance(steps, Step) else list(steps)
        self._progress += [Progress(each, State.TO_DO) for each in new]
        self._looked = False

    def step(self, subject: str, what: str, *, do: Callable[[], object], done: Done, note: str = "") -> None:
        """Plan a step: what it does, and how to check that it is done. See :class:`Step`."""
        self.add(Step(subject, what, do, done, note=note))

    def plan(self) -> Shown:
        """The plan as a table. Each step is checked for whether it is already done. Nothing is sent.

        :raises InvalidInputError: a parameter was changed after the start of the runbook.
        """
        self._check_fresh()
        look(self._progress)
        self._looked = True
        to_do = sum(each.state is not State.ALREADY for each in self._progress)
        caption = f"Plan of {self.name}: {to_do} of {len(self._progress)} steps to do"
        foot = "The steps will be done: apply is true." if self.applying else DRY
        return Shown(steps_table(caption, self._facts(), banner=self._banner, foot=foot))

    def apply(self) -> Shown:
        """Do the planned steps if the parameter ``apply`` is true. It stops at the first step that fails.

        A failed step raises no error here, so that the outcome can say what was done and what was not; :meth:`finish`
        raises it.

        :raises InvalidInputError: a parameter was changed after the start of the runbook, or the runbook has ended.
        :raises ProtectedError: the event store is protected, and its name was not given; no step was started.
        """
        self._check_fresh()
        if not self.applying:
            return Shown(Card(DRY, (), banner=self._banner))
        if not self._looked:
            self.plan()
        if self._client is not None and self._client.locked:
            LOCK.require(self._client.server, self._client.event_store)
        carry_out(self._progress, told=print)
        return Shown(steps_table(f"{self.name}: what was done", self._facts(), banner=self._banner))

    def finish(self, summary: str = "", *, findings: Sequence[Mapping[str, Any]] = (), rejected: str = "") -> None:
        """Read back what was done, and leave the outcome: in the notebook, in ``outcome_file`` if it is named, and as
        :attr:`outcome`.

        :param summary: one sentence; by default it says how many steps were done.
        :param findings: the findings of a runbook that changes nothing.
        :param rejected: why the findings are not acceptable; empty if they are.
        :raises RunbookError: the goal was not reached, or the outcome could not be written to ``outcome_file``.
        :raises InvalidInputError: a parameter was changed after the start of the runbook, or the runbook has ended.
        """
        self._check_fresh()
        problems = verify(self._progress) if self.applying else []
        status = self._status(problems, rejected)
        told = summary or self._summary()
        self._finished = True
        outcome = self._leave(status, f"{told} {rejected}".strip(), problems, findings)
        if outcome:
            return
        error = RunbookError(
            f"{self.name}: {status.value}. {outcome.summary}",
            outcome=outcome,
            hint="; ".join(problems) or "The outcome above has the details.",
        )
        _shortened(error)
        raise error

    def end(self) -> None:
        """Stop watching the notebook."""
        if self._shell is not None:
            self._shell.events.unregister("post_run_cell", self._after_cell)
            self._shell = None
        if self in _running:
            _running.remove(self)

    def _check_fresh(self) -> None:
        """Refuse to continue if the notebook's parameters have changed, or if the runbook has ended."""
        changed = [name for name, value in self._given.items() if self._namespace.get(name) != value]
        if not changed and not self._finished:
            return
        error = InvalidInputError(
            f"Parameter {changed[0]!r} was changed after the start of this runbook, so the change has no effect."
            if changed
            else "This runbook has ended. Its outcome is above.",
            field=changed[0] if changed else "",
            hint="Run all cells again, from the parameters on.",
        )
        _shortened(error)
        raise error

    @property
    def _place(self) -> str:
        """The event store and the server, for the summary."""
        if self._client is None:
            return ""
        place = f"Event store {self._client.event_store!r} on {self._client.server}."
        return f"{place} {THROW_AWAY}" if self._client.embedded else place

    @property
    def _server(self) -> str:
        return "" if self._client is None else self._client.server

    @property
    def _banner(self) -> str:
        return "" if self._client is None else self._client.origin.banner

    def _facts(self) -> list[dict[str, str]]:
        return [each.facts() for each in self._progress]

    def _status(self, problems: Sequence[str], rejected: str) -> RunStatus:
        states = {each.state for each in self._progress}
        if problems:
            return RunStatus.INCOMPLETE
        if rejected:
            return RunStatus.REJECTED
        if self._looked and states <= {State.ALREADY}:
            return RunStatus.NOTHING_TO_DO
        if not states:  # a runbook without steps
            return RunStatus.DONE
        return RunStatus.DONE if self.applying else RunStatus.PLANNED

    def _summary(self) -> str:
        def count(*states: State) -> int:
            return sum(each.state in states for each in self._progress)

        total = len(self._progress)
        if not self.applying:
            return f"{count(State.TO_DO, State.CANNOT_TELL)} of {total} steps to do; nothing was changed."
        left = count(State.FAILED, State.UNKNOWN, State.NOT_DONE)
        rest = f", {left} not done" if left else ""
        return f"{count(State.DONE)} of {total} steps done, {count(State.ALREADY)} were done before{rest}."

    def _leave(
        self, status: RunStatus, summary: str, problems: Sequence[str], findings: Sequence[Mapping[str, Any]]
    ) -> RunbookOutcome:
        self.outcome = RunbookOutcome(
            runbook=self.name,
            status=status,
            summary=f"{summary} {self._place}".rstrip(),
            applied=self.applying,
            server=self._server,
            banner=self._banner,
            event_store="" if self._client is None else self._client.event_store,
            started=self._started.isoformat(timespec="seconds"),
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
            parameters={name: _plain(value) for name, value in self.parameters.items()},
            steps=self._facts(),
            findings=findings,
            problems=problems,
        )
        shell = self._shell
        self.end()
        _show(self.outcome, shell)  # first, so that it is shown even if the file cannot be written
        self._write(self.outcome)
        return self.outcome

    def _write(self, outcome: RunbookOutcome) -> None:
        file = self.parameters["outcome_file"]
        if not file:
            return
        try:
            outcome.write(file)
        except OSError as error:
            failure = RunbookError(
                f"The outcome above could not be written: {file}: {error.strerror or type(error).__name__}.",
                outcome=outcome,
                hint="Name another outcome_file.",
            )
            _shortened(failure)
            raise failure from None

    def _after_cell(self, result: Any) -> None:
        """Leave the outcome here if a cell fails: a failing cell ends the notebook before finish()."""
        error = result.error_in_exec or result.error_before_exec
        if error is None or self.outcome is not None:
            return
        told = _told(error)
        try:
            if any(each.state in _BEGUN for each in self._progress):
                self._leave(RunStatus.INCOMPLETE, self._summary(), [*unfinished(self._progress), told], ())
            else:
                self._leave(RunStatus.FAILED, "It ended before anything was changed.", [told], ())
        except RunbookError as unwritten:  # the cell has already failed; the shell would print another error as a crash
            print(unwritten, file=sys.stderr)  # noqa: T201 - there is no other way to say it


def _check_names(schema: Mapping[str, Any]) -> None:
    taken = {*dir(Run), *STANDARD, "name", "parameters", "outcome"}
    for name in schema:
        if name in taken:
            raise InvalidInputError(
                f"A parameter cannot be called {name!r}: a runbook uses this name itself.",
                field="schema",
                hint="Choose another name.",
            )


def _told(error: BaseException) -> str:
    """An error with its next step. The text of an unexpected error is left out, because it may contain anything."""
    if isinstance(error, ChronicleError):
        return str(error)
    name = type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        return ": ".join([name, error.strerror, *([str(error.filename)] if error.filename else [])])
    return name


def _copy(value: Any) -> Any:
    """A copy of a value, because a list can be changed in place."""
    return list(value) if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    return value.reference if isinstance(value, Secret) else value


def _shell() -> Any:
    """The shell of the notebook; None in a plain program."""
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return None
    return get_ipython()


def _show(outcome: RunbookOutcome, shell: Any) -> None:
    if shell is None:
        print(outcome)  # noqa: T201 - the outcome must be seen where no notebook shows it
        return
    from IPython.display import display

    display(outcome)  # type: ignore[no-untyped-call]


def _shortened(error: ChronicleError) -> None:
    """Show an error in two lines: the frames of a runbook's cell say no more than the message."""
    lines = lines_of(type(error).__name__, error.message, error.hint)
    error._render_traceback_ = lambda: lines  # type: ignore[method-assign]
