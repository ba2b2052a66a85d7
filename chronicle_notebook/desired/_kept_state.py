"""The state of before: what was registered, in a file that can be applied."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from chronicle_notebook.definition.file._ownership import Ownership
from chronicle_notebook.definition.file._writer import written
from chronicle_notebook.desired._export import exported, literal
from chronicle_notebook.desired._plan_content import PlanContent
from chronicle_notebook.desired._text_file import write_text
from chronicle_notebook.model import WebhookDefinition


def before_path(path: Path | None, now: datetime) -> Path:
    """``webhooks.before-2026-11-28T0312.yaml`` beside the file, or in the current folder; a name that is free."""
    folder, stem = (Path(), "webhooks") if path is None else (path.parent, path.stem.partition(".before-")[0])
    base = f"{stem}.before-{now.strftime('%Y-%m-%dT%H%M')}"
    found, number = folder / f"{base}.yaml", 2
    while found.exists():
        found, number = folder / f"{base}-{number}.yaml", number + 1
    return found


def write_before(plan: PlanContent, path: Path) -> Path:
    """Write the webhooks that the plan touches, as they are registered.

    The file owns exactly these ids, and those that the plan creates. So pruning with it removes what was created, and
    nothing else.
    """
    touched = plan.changes
    before = [_as_before(each.registered, each.wanted) for each in touched if each.registered is not None]
    kept, left = exported(before)
    text = written(
        kept,
        event_store=plan.client.event_store,
        owned_by=Ownership(ids=tuple(sorted(literal(each.id) for each in touched))),
        comments=(
            f"What was registered on {plan.client.server} before {plan.wanted.path or 'a plan'} was applied.",
            "Applying this file with prune and replace goes back.",
            *(f"A file cannot have {each.id!r}, which was registered too." for each in left),
        ),
    )
    return write_text(path, text, private=True)


def _as_before(found: WebhookDefinition, wanted: WebhookDefinition | None) -> WebhookDefinition:
    """The registered webhook, with the references of the state where its credentials are of the same kind."""
    if wanted is None or wanted.authorization.kind is not found.authorization.kind:
        return found
    return found.changed(authorization=wanted.authorization)
