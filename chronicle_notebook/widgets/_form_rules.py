"""The remarks beside the fields of a form: the results of the rules for definitions."""

from __future__ import annotations

import difflib
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from chronicle_notebook.base._errors import did_you_mean
from chronicle_notebook.base._secret_rules import unfit
from chronicle_notebook.base._secrets import Secret, variable_names
from chronicle_notebook.definition.rules._check import (
    exposures,
    long_url_caution,
    odd_host_caution,
    problems,
    secret_caution,
    target_url_caution,
)
from chronicle_notebook.definition.rules._header import check_header, check_twice, header_caution, value_caution
from chronicle_notebook.definition.rules._problem import Caution, Problem
from chronicle_notebook.model import AuthorizationKind, WebhookDefinition
from chronicle_notebook.model._authorization import secret_keys, text_fields
from chronicle_notebook.widgets._form_fields import ENVIRONMENT, Fields

SECRET = "secret"  # noqa: S105 - the name of a field


@dataclass(frozen=True, slots=True)
class Remarks:
    """Problems, cautions and notes, by the name of the field.

    The remarks of a header are under ``headers.KEY``, those of a secret under ``secret``.
    """

    wrong: dict[str, str] = field(default_factory=dict)
    doubtful: dict[str, str] = field(default_factory=dict)
    plain: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a form cannot be registered now."""

    text: str
    first: str = ""
    """The field to fill in first; empty if it is no field that is missing."""
    wrong: bool = False
    """Whether the user has filled in something that is wrong, or has pressed Register; not if a field is only empty."""


LABELS = {
    "id": "id",
    "target_url": "URL",
    "event_types": "event types",
    "event_sequence_id": "event sequence",
    SECRET: "secret",
}
"""The name of each field in a sentence."""


def obstacle(wrong: Mapping[str, str], shown: Mapping[str, str]) -> Obstacle:
    """The sentence about what is wrong. ``shown`` is the part of it that stands beside the fields."""
    labels = LABELS | {part.name: part.label for part in text_fields()}
    named = {name: "headers" if name.startswith("headers.") else labels.get(name, name) for name in shown or wrong}
    first = next(iter(named))
    if not shown:
        texts = list(dict.fromkeys(named.values()))
        listed = f"{', '.join(texts[:-1])} and {texts[-1]}" if len(texts) > 1 else texts[0]
        return Obstacle(f"Fill in {listed}.", first)
    if len(named) == 1:
        return Obstacle(f"1 field needs attention: the {named[first]}.", first, wrong=True)
    return Obstacle(f"{len(named)} fields need attention, first: the {named[first]}.", first, wrong=True)


def remarks(fields: Fields, definition: WebhookDefinition, known: Collection[str] | None) -> Remarks:
    """All remarks. ``known`` are the ids of event types; None before they are read."""
    result = Remarks()
    for problem in problems(definition, known_event_types=known):
        if problem.field == "headers":
            continue  # row by row below
        name = SECRET if problem.field in secret_keys() else problem.field
        result.wrong.setdefault(name, _text(problem))
    if fields.typed_type and not fields.all_known:
        near = did_you_mean(fields.typed_type, known or ())
        hint = near or "Choose an event type from the list, or clear the box."
        result.wrong["event_types"] = f"The typed text is not an event type of this event store. {hint}"
    of_url = [rule(definition.target_url) for rule in (target_url_caution, long_url_caution, odd_host_caution)]
    for caution in (*of_url, *exposures(definition)):
        if caution is not None:
            result.doubtful.setdefault(caution.field, _text(caution))
    _remark_headers(fields, result)
    _remark_secret(fields, result)
    return result


def _text(remark: Problem | Caution) -> str:
    return f"{remark.message} {remark.hint}".strip()


def _remark_headers(fields: Fields, result: Remarks) -> None:
    authorized = fields.kind is not AuthorizationKind.NONE
    seen: dict[str, str] = {}
    for place, row in enumerate(fields.headers):
        name = f"headers.{row.key}"
        if not row.name and not row.shown and not row.masked:
            result.wrong[name] = "Fill in the header, or remove the row."
            continue
        found = check_header(row.name, row.value)
        earlier = seen.setdefault(row.name.lower(), row.name)
        if not found and any(other.name == row.name for other in fields.headers[:place]):
            result.wrong[name] = f"The header {row.name!r} is there twice. Remove one."
        elif found or check_twice(earlier, row.name):
            result.wrong[name] = _text([*found, *check_twice(earlier, row.name)][0])
        elif authorized and row.name.lower() == "authorization":
            result.wrong[name] = "The authorization above sets this header already. Keep one of the two."
        else:
            caution, refused = header_caution(row.name, row.value), value_caution(row.name, row.value)
            if caution is not None:
                result.doubtful[name] = f"{caution.message} Choose an authorization above instead."
            elif refused is not None:
                result.doubtful[name] = f"{refused.message} {refused.hint}"


def _remark_secret(fields: Fields, result: Remarks) -> None:
    if fields.kind is AuthorizationKind.NONE:
        return
    if fields.credentials is None:
        result.wrong.pop("authorization", None)  # this says the same to people who write code
        result.wrong[SECRET] = "This version does not know this kind of authorization. Choose another."
        return
    part = fields.credentials.secret_part()
    if fields.held is None:
        ask = "Name the environment variable" if fields.source == ENVIRONMENT else "Type the secret"
        result.wrong[SECRET] = f"The {part.label} is missing. {ask}."
        return
    if fields.source == ENVIRONMENT:
        _remark_variable(fields.variable, result)
    else:
        result.plain[SECRET] = "Kept only in this Python kernel, not in the notebook and not in the page."
    caution = secret_caution(part, fields.held)
    if caution is not None:
        result.doubtful[SECRET] = _text(caution)


def _remark_variable(name: str, result: Remarks) -> None:
    fault = unfit(Secret.env(name)) if os.getenv(name) else None
    if fault is not None:
        result.wrong[SECRET] = f"What {name} holds {fault.message} {fault.hint}"
        return
    if os.getenv(name):
        result.plain[SECRET] = "Set in this Python kernel ✓ Read when you register; never stored in the notebook."
        return
    near = difflib.get_close_matches(name, variable_names(), n=1, cutoff=0.8)
    hint = f"Did you mean {near[0]}?" if near else ""
    result.doubtful[SECRET] = f"{name} is not set in this Python kernel; registering fails until it is. {hint}".strip()
