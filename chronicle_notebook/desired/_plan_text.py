"""A plan as text, as Markdown for a pull request, and as facts for a program."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chronicle_notebook.base._text import count, readable
from chronicle_notebook.desired._plan_content import PlanContent
from chronicle_notebook.desired._plan_frame import PlanRow, rows
from chronicle_notebook.desired._planned import FieldEffect, PlannedWebhook, StateAction
from chronicle_notebook.display._table_and_card import banner_text

MOST = 200
"""The largest number of webhooks with a line of their own."""
COUNTED = (
    (StateAction.CREATE, "to create"),
    (StateAction.UPDATE, "to update"),
    (StateAction.REPLACE, "to replace"),
    (StateAction.IGNORED, "ignored by this kernel"),
    (StateAction.NOT_TAKEN, "not taken by this kernel"),
    (StateAction.REMOVE, "to remove"),
    (StateAction.KEPT, "not in the file"),
    (StateAction.UNCHANGED, "unchanged"),
)


def counts(plan: PlanContent) -> list[tuple[str, int, str]]:
    """The sign, the number and the words of each action that occurs. What others own is counted apart."""
    found = []
    for action, words in COUNTED:
        number = sum(each.owned for each in plan.of(action))
        if number:
            found.append((action.sign, number, words))
    others = len(_of_others(plan))
    return [*found, ("·", others, "of others")] if others else found


def summary(plan: PlanContent) -> str:
    """The counts, in one sentence."""
    told = [f"{sign} {number:,} {words}" for sign, number, words in counts(plan)]
    return f"{', '.join(told) or 'Nothing is wanted and nothing is registered'}. Nothing was sent."


def shown(plan: PlanContent) -> tuple[list[PlannedWebhook], int]:
    """The webhooks with lines of their own, and how many others differ too."""
    found = [each for each in plan.items if each.owned and each.action is not StateAction.UNCHANGED]
    return found[:MOST], max(0, len(found) - MOST)


def _of_others(plan: PlanContent) -> list[PlannedWebhook]:
    return [each for each in plan.items if not each.owned]


def place(plan: PlanContent) -> str:
    """The event store, the kernel and its release."""
    release = plan.client.version.version
    where = f"{plan.client.event_store} on {plan.client.server}"
    return f"{where}, {release}" if release else where


def source(plan: PlanContent) -> str:
    """The file and the profile."""
    name = str(plan.wanted.path or "this process")
    return f"{name}, profile {plan.wanted.profile}" if plan.wanted.profile else name


def notes(plan: PlanContent) -> Iterator[str]:
    """What else to know, each as a sentence."""
    left = shown(plan)[1]
    if left:
        yield f"{count(left, 'further webhook')} differ: to_frame() has all of them."
    if plan.not_compared:
        number = count(len(plan.not_compared), "webhook")
        yield f"Secrets of {number} cannot be compared. resend_secrets=True (--resend-secrets) sends them."
    if plan.of(StateAction.IGNORED):
        yield "This kernel ignores some changes. replace=True (--replace) removes and registers these webhooks again."
    if any(each.owned for each in plan.of(StateAction.KEPT)) and plan.wanted.owned_by is not None:
        yield "prune=True (--prune) removes what the file owns and does not name."
    if plan.taken_over:
        names = ", ".join(repr(each.id) for each in plan.taken_over[:5])
        more = " and others" if len(plan.taken_over) > 5 else ""
        yield f"Another owner has {names}{more}. apply() needs take_over=True (--take-over)."
    if plan.untaken:
        yield f"A kernel like this one does not keep everything of {count(len(plan.untaken), 'webhook')}."
    reasons = {row.reason: row.effect for item in plan.items for row in rows(item) if _worth(row)}
    yield from (f"{effect}: {reason}" for reason, effect in reasons.items())
    yield from plan.remarks
    if plan.bugs:
        told = ", ".join(plan.bugs)
        yield f"Known bugs of this kernel that concern a plan: {told}. client.known_defects explains them."


def _worth(row: PlanRow) -> bool:
    return bool(row.reason) and row.effect not in {FieldEffect.NOT_COMPARED.value, FieldEffect.SENT_AGAIN.value}


def text(plan: PlanContent) -> str:
    """The plan for a terminal."""
    lines = [f"Plan for {place(plan)}, from {source(plan)}"]
    if plan.wanted.owned_by is not None:
        lines.append(f"Owned: {plan.wanted.owned_by}")
    found = [row for item in shown(plan)[0] for row in rows(item)]
    width = max((len(readable(row.id)) for row in found), default=0)
    lines += [_line(row, width) for row in found]
    lines += [summary(plan), *notes(plan)]
    banner = banner_text(plan.registered.origin.banner)
    return "\n".join(filter(None, [banner, *map(readable, lines)]))


def _line(row: PlanRow, width: int) -> str:
    name = readable(row.id) if row.sign else ""
    head = f"  {row.sign or ' '} {name.ljust(width)}  "
    if row.field == "all":
        return f"{head}{row.effect}  {row.wanted or row.registered}"
    change = f"{row.registered or '-'} -> {row.wanted}" if row.field != "event_types" else row.wanted
    return f"{head}{row.field}: {change}  ({row.effect})"


def markdown(plan: PlanContent) -> str:
    """The plan for a pull request: Markdown as GitHub and GitLab read it."""
    found, _ = shown(plan)
    lines = [f"### Plan: {as_cell(summary(plan))}", "", f"`{as_code(source(plan))}` for {as_cell(place(plan))}"]
    if found:
        lines += ["", "| | id | field | registered | wanted | effect |", "| --- | --- | --- | --- | --- | --- |"]
        for item in found:
            for row in rows(item):
                cells = (row.id if row.sign else "", row.field, row.registered, row.wanted, row.effect)
                sign = f"`{row.sign}`" if row.sign else ""
                lines.append(f"| {sign} | {' | '.join(map(as_cell, cells))} |")
    lines += ["", *(f"- {as_cell(note)}" for note in notes(plan))]
    return "\n".join(lines).rstrip() + "\n"


def as_cell(told: str) -> str:
    """A text that Markdown shows as it is."""
    flat = " ".join(readable(told).split())
    return "".join(f"\\{each}" if each in "\\`*_{}[]<>#|~" else each for each in flat)


def as_code(told: str) -> str:
    """A text for a code span of Markdown."""
    return " ".join(readable(told).replace("`", "'").split())


def facts(plan: PlanContent) -> dict[str, Any]:
    """The plan for a program: what JSON can have, without secrets."""
    return {
        "event_store": plan.client.event_store,
        "server": plan.client.server,
        "release": plan.client.version.version,
        "file": None if plan.wanted.path is None else str(plan.wanted.path),
        "profile": plan.wanted.profile,
        "counts": {action.value: len(plan.of(action)) for action in StateAction},
        "differences": len(plan.differences),
        "changes": len(plan.changes),
        "not_taken": [each.id for each in plan.untaken],
        "not_compared": [each.id for each in plan.not_compared],
        "webhooks": [
            {
                "id": item.id,
                "action": item.action.value,
                "owned": item.owned,
                "note": item.note,
                "fields": [
                    {
                        "field": each.field,
                        "registered": each.registered,
                        "wanted": each.wanted,
                        "effect": each.effect.value,
                        "reason": each.reason,
                    }
                    for each in item.fields
                ],
            }
            for item in plan.items
        ],
        "notes": list(notes(plan)),
    }
