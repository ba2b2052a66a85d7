"""``%webhooks export``, ``plan``, ``apply`` and ``drift``: the webhooks of an event store as a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chronicle_notebook.base._errors import InvalidInputError, PlanRefusedError, ProtectedError
from chronicle_notebook.base._revealed import hidden
from chronicle_notebook.base._text import count
from chronicle_notebook.magics._clients import current
from chronicle_notebook.magics._parse import Call
from chronicle_notebook.magics._question import agreed, answered

if TYPE_CHECKING:
    from chronicle_notebook.definition.file._ownership import Ownership
    from chronicle_notebook.desired._applied import Applied
    from chronicle_notebook.desired._drift import Drift
    from chronicle_notebook.desired._plan import StatePlan
    from chronicle_notebook.desired._state import DesiredState
    from chronicle_notebook.session._client import Client

NOTHING_SENT = "Nothing was sent."


def _export(call: Call) -> DesiredState:
    from chronicle_notebook.desired._state import DesiredState

    path = Path(call.required("FILE"))
    if path.exists() and "--overwrite" not in call.switches:
        raise InvalidInputError(
            f"{path} exists already.",
            field="FILE",
            hint="Add --overwrite to replace it. An export has values in place of the file's variables.",
        )
    state = DesiredState.of(current(), owned_by=_owner(call))
    state.write(path)
    print(f"{count(len(state), 'webhook')} written to {hidden(str(path))}.")  # noqa: T201 - what the magic did
    return state


def _owner(call: Call) -> Ownership | None:
    from chronicle_notebook.definition.file._ownership import Ownership

    header, ids = call.text("--owned-header"), call.text("--owned-ids")
    if header is not None and ids is not None:
        raise InvalidInputError(
            "--owned-header and --owned-ids exclude each other.", field="line", hint="Give one of them."
        )
    if ids is not None:
        return Ownership(ids=tuple(each.strip() for each in ids.split(",") if each.strip()))
    if header is None:
        return None
    name, _, value = header.partition("=")
    return Ownership(header=name, value=value)


def _read(call: Call) -> DesiredState:
    from chronicle_notebook.desired._state import DesiredState

    return DesiredState.read(call.required("FILE"), profile=call.text("--profile"))


def _plan(call: Call) -> StatePlan:
    return _read(call).plan(
        current(),
        prune="--prune" in call.switches,
        replace="--replace" in call.switches,
        resend_secrets="--resend-secrets" in call.switches,
    )


def _apply(call: Call) -> Applied | StatePlan | None:
    from IPython.display import display

    client, plan = current(), _plan(call)
    if not plan.changes:
        return plan
    # Without buttons: the question below is the only one that is open.
    display({"text/plain": repr(plan), "text/html": plan._repr_html_()}, raw=True)  # type: ignore[no-untyped-call]
    confirm = None
    if client.locked:
        confirm = _name_typed(client)
    elif "--yes" not in call.switches and not _is_agreed(client, plan):
        print(NOTHING_SENT)  # noqa: T201 - the answer to the question
        return None
    try:
        return plan.apply(
            confirm=confirm,
            allow_removals="--allow-removals" in call.switches,
            take_over="--take-over" in call.switches,
        )
    except PlanRefusedError as error:
        for argument, flag in (("allow_removals=True", "--allow-removals"), ("take_over=True", "--take-over")):
            error.hint = error.hint.replace(f"give {argument}", f"add {flag}")
        raise


def _is_agreed(client: Client, plan: StatePlan) -> bool:
    changes = count(len(plan.changes), "change")
    return agreed(
        f"Apply {changes} to event store {client.event_store!r} on {client.server}?",
        to=f"apply {changes} to {client.event_store!r} on {client.server}",
    )


def _name_typed(client: Client) -> str:
    """The name of a protected event store, typed by a person.

    :raises ProtectedError: nobody can be asked here.
    """
    answer = answered(
        f"{client.event_store!r} on {client.server} is protected. Type the event store's name to apply the plan: "
    )
    if answer is None:
        raise ProtectedError(
            f"Event store {client.event_store!r} on {client.server} is protected and nobody can answer here, so "
            "nothing was sent.",
            event_store=client.event_store,
            hint=f'Write client.unlock("{client.event_store}") first.',
        )
    return answer.strip()


def _drift(call: Call) -> Drift:
    return _read(call).drift(current(), strict="--strict" in call.switches)


COMMANDS: Mapping[str, Callable[[Call], Any]] = {
    "export": _export,
    "plan": _plan,
    "apply": _apply,
    "drift": _drift,
}
"""The subcommands of ``%webhooks``."""
