"""Registered webhooks as a file: which of them a file can have, and the state of before an application."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.base._whole_file import write_whole
from chronicle_notebook.definition.file._ownership import Ownership, literal
from chronicle_notebook.definition.file._writer import entry, written
from chronicle_notebook.definition.rules._check import problems
from chronicle_notebook.desired._plan_content import PlanContent
from chronicle_notebook.model import AuthorizationKind, UndisclosedAuthorization, WebhookDefinition, registrable


def exported(definitions: Iterable[WebhookDefinition]) -> tuple[list[WebhookDefinition], list[WebhookDefinition]]:
    """The webhooks that a file can have, and the others, which other clients registered."""
    kept: list[WebhookDefinition] = []
    left: list[WebhookDefinition] = []
    for each in definitions:
        (kept if _fits(each) else left).append(each)
    return kept, left


def _fits(definition: WebhookDefinition) -> bool:
    """Whether a webhook can be registered from a file, once its secrets are given."""
    authorization = definition.authorization
    if authorization.kind is AuthorizationKind.UNKNOWN:
        return False
    types = tuple(dict.fromkeys(map(registrable, definition.event_types)))
    undisclosed = isinstance(authorization, UndisclosedAuthorization)
    found = problems(definition.changed(event_types=types))
    return all(undisclosed and each.field == "authorization" for each in found)


def before_path(path: Path | None, now: datetime) -> Path:
    """``webhooks.before-2026-11-28T0312.yaml`` beside the file, or in the current folder; a name that is free."""
    folder, stem = (Path(), "webhooks") if path is None else (path.parent, path.stem.partition(".before-")[0])
    base = f"{stem}.before-{now.strftime('%Y-%m-%dT%H%M')}"
    return _free(folder / f"{base}.yaml")


def _free(path: Path) -> Path:
    """The path, or one like it with a number, under which there was nothing. An empty file takes the name, so that no
    other process takes it too."""
    found, number = path, 2
    while True:
        try:
            os.close(os.open(found, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            found, number = path.with_name(f"{path.stem}-{number}{path.suffix}"), number + 1
        except OSError:  # the writing tells why
            return found
        else:
            return found


def write_before(plan: PlanContent, path: Path) -> Path:
    """Write the webhooks that the plan touches, as they are registered.

    The file owns exactly these ids, and those that the plan creates. So pruning with it removes what was created, and
    nothing else.

    :raises InvalidInputError: the path is that of the file that the plan was made from, or cannot be written.
    """
    wanted = plan.wanted.path
    if wanted is not None and os.path.realpath(path) == os.path.realpath(wanted):
        raise InvalidInputError(
            f"The state of before would overwrite {wanted}, which the plan was made from. Nothing was sent.",
            field="before",
            hint="Name another file, or none: then it gets a name of its own beside that file.",
        )
    touched = plan.changes
    before = [_as_before(each.registered, each.wanted) for each in touched if each.registered is not None]
    kept, left = exported(before)
    owner = Ownership(ids=tuple(sorted(literal(each.id) for each in touched)))
    needed = sorted({name for each in kept for name in _variables(each)})
    text = written(
        kept,
        event_store=plan.client.event_store,
        owned_by=owner,
        comments=(
            f"What was registered on {plan.client.server} before {plan.wanted.path or 'a plan'} was applied.",
            "Applying this file with prune and replace goes back.",
            *((f"It needs values that are not kept here: set {', '.join(needed)}.",) if needed else ()),
            *(f"A file cannot have {each.id!r}, which was registered too." for each in left),
        ),
    )
    _keep_earlier(path)
    try:
        return write_text(path, text, private=True)
    except InvalidInputError as error:
        error.field, error.hint = (
            "before",
            "Name a place for the state of before: before= (--before). Nothing was sent.",
        )
        raise


def _keep_earlier(path: Path) -> None:
    """Give the state of an earlier application another name. After an interruption only that one goes all the way
    back: the state of the second application has what was done already."""
    if path.is_file() and path.stat().st_size:
        with suppress(OSError):
            path.replace(_free(path))


def _variables(definition: WebhookDefinition) -> Iterator[str]:
    """The environment variables that a file refers to for a webhook."""
    told = entry(definition)
    for value in (told["url"], *told.get("headers", {}).values(), *told.get("authorization", {}).values()):
        if value.startswith("env:"):
            yield value.removeprefix("env:")


def _as_before(found: WebhookDefinition, wanted: WebhookDefinition | None) -> WebhookDefinition:
    """The registered webhook, with the references of the state where its credentials are of the same kind."""
    if wanted is None or wanted.authorization.kind is not found.authorization.kind:
        return found
    return found.changed(authorization=wanted.authorization)


def write_text(path: str | Path, text: str, *, private: bool = False) -> Path:
    """Write a file as a whole, and return its path.

    :param private: only its owner may read it (mode 600).
    :raises InvalidInputError: it cannot be written.
    """
    path = Path(path)
    try:
        write_whole(path, text, private=private)
    except OSError as error:
        why = error.strerror or "the file system refused"
        message = f"{path} cannot be written: {why}."
    else:
        return path
    raise InvalidInputError(message, field="path", hint="Name a file in a folder that exists.")
