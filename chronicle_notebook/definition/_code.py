"""A definition as code that registers it again, with a reference for every secret.

So a definition from a form, or one that was read back from a kernel, can go into a runbook. No secret is looked up for
this. A value that was read back may have been given as a secret. So the code contains only the values of headers that
are never secret, and a URL only if it has neither a user name nor a query.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, cast

from chronicle_notebook.base._credential_names import HARMLESS_HEADERS
from chronicle_notebook.base._errors import InvalidInputError, did_you_mean
from chronicle_notebook.base._public import public
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.base._text import escaped, one_line
from chronicle_notebook.base._url import shown
from chronicle_notebook.definition._references import VariableNames, plain, plain_id
from chronicle_notebook.definition.rules._header import header_caution
from chronicle_notebook.definition.rules._url import holds_credential
from chronicle_notebook.model import (
    EVENT_LOG,
    AuthorizationKind,
    EventType,
    UndisclosedAuthorization,
    WebhookAuthorization,
    WebhookCredentials,
    WebhookDefinition,
    class_of,
    registrable,
)

Style = Literal["python", "cell", "yaml"]
STYLES: tuple[Style, ...] = ("python", "cell", "yaml")


@public
class Code(str):
    """Code as text. A notebook shows it without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


Written = str | Secret
"""A text, or a reference to a value that the code does not contain."""

UNDISCLOSED = "The kernel does not return credentials: set these variables before you run this."
LEFT_OUT = "Values that may be secret are left out: set these variables before you run this."
UNKNOWN_KIND = (
    "This version does not know the kind of its authorization: without an authorization it is not the same webhook."
)
NO_GENERATION = "Generation 0 is written as 1: a kernel matches events only by the id of their type."
ALL_EVENT_TYPES = "Without event types it gets all event types that are known."


def render(definition: WebhookDefinition, style: Style, *, only_credentials: bool = False) -> Code:
    """A definition as a call in ``python``, as a ``%%webhook`` ``cell``, or as ``yaml`` with id and URL.

    A secret that is a reference stays this reference. For any other secret the code has a reference to a new variable,
    made of the webhook's id and the purpose, for example ``env:ACCOUNT_EVENTS_TOKEN``. The same holds for the value of
    a header, unless the header is never secret, and for a URL with a user name or a query. Cells and YAML know only
    ``env:``; other references become ``env:`` there, with a comment.

    :param only_credentials: True for a definition that somebody is writing, or that goes into a file: only headers and
        URLs that look like a credential become references.
    :raises InvalidInputError: the style is unknown.
    """
    writers: dict[str, Callable[[_Draft], str]] = {"python": _python, "cell": _cell, "yaml": _yaml}
    if not isinstance(style, str) or style not in writers:
        raise InvalidInputError(
            f"There is no style {style!r}.",
            field="style",
            hint=f"{did_you_mean(str(style), writers)} Choose among {', '.join(writers)}.".strip(),
        )
    return Code(writers[style](_draft(definition, style, only_credentials=only_credentials)))


@dataclass(frozen=True, slots=True)
class _Draft:
    """A definition without secrets, from which each style is written."""

    definition: WebhookDefinition
    id: Written
    url: Written
    kind: str
    authorization: dict[str, Written]
    headers: dict[str, Written]
    comments: tuple[str, ...]


def _draft(definition: WebhookDefinition, style: Style, *, only_credentials: bool) -> _Draft:
    given = [*_authorization_values(definition.authorization).values(), *definition.headers.values()]
    taken = {value.reference.removeprefix("env:") for value in given if isinstance(value, Secret) and value.reference}
    names = VariableNames(definition.id, taken)
    comments: list[str] = []

    def reference(value: str | Secret | None, purpose: str, new: Callable[[str], Secret]) -> Secret:
        if isinstance(value, Secret) and value.reference is not None:
            if style == "python" or value.reference.startswith("env:"):
                return value
            comments.append(f"{purpose} was {json.dumps(value.reference)}; a cell accepts only env: and var:.")
        return new(purpose)

    values = _authorization_values(definition.authorization)
    authorization: dict[str, Written] = {
        field: value if isinstance(value, str) else reference(value, field, names.secret)
        for field, value in values.items()
    }
    headers: dict[str, Written] = {
        name: value
        if isinstance(value, str) and _harmless(name, value, only_credentials)
        else reference(value, name, names.header)
        for name, value in definition.headers.items()
    }
    # Last, so that it does not take a variable name from a secret.
    target, url = definition.target_url, cast("Written", definition.target_url)
    if holds_credential(target) if only_credentials else shown(target) != target:
        url = names.secret("target url")
        name = (url.reference or "").removeprefix("env:")
        comments.append(f"{name} is the whole of {one_line(shown(target), most=200)}")
    kept = url is definition.target_url and all(headers[name] is value for name, value in definition.headers.items())
    if not kept:
        had = f" webhooks.get({json.dumps(definition.id)}) has them while it is registered."
        comments.insert(0, LEFT_OUT + ("" if only_credentials else had))
    if isinstance(definition.authorization, UndisclosedAuthorization):
        unknown = definition.authorization.kind is AuthorizationKind.UNKNOWN
        comments.insert(0, UNKNOWN_KIND if unknown else UNDISCLOSED)
    if any(kind.generation == 0 for kind in definition.event_types):
        comments.append(NO_GENERATION)
        told = tuple(dict.fromkeys(map(registrable, definition.event_types)))
        definition = definition.changed(event_types=told)
    if not definition.event_types:
        comments.append(ALL_EVENT_TYPES)
    webhook: Written = definition.id
    if style == "cell":
        webhook, url = (
            _on_a_line(each, names, what, comments) for each, what in ((webhook, "id"), (url, "target url"))
        )
    kind = definition.authorization.kind.value
    return _Draft(definition, webhook, url, kind, authorization, headers, tuple(map(escaped, comments)))


def _on_a_line(value: Written, names: VariableNames, purpose: str, comments: list[str]) -> Written:
    """A word of a magic's line. The line has no escapes, so a text with invisible characters becomes a reference."""
    if isinstance(value, Secret) or escaped(value) == value:
        return value
    reference = names.secret(purpose)
    comments.append(f"{(reference.reference or '').removeprefix('env:')} is the whole of {_text(value)}")
    return reference


def _harmless(name: str, value: str, only_credentials: bool) -> bool:  # noqa: FBT001
    return header_caution(name, value) is None if only_credentials else name.lower() in HARMLESS_HEADERS


def _authorization_values(authorization: WebhookAuthorization) -> dict[str, str | Secret | None]:
    if isinstance(authorization, WebhookCredentials):
        return authorization.values()
    kind = class_of(authorization)
    return {} if kind is None else {part.name: None for part in kind.parts()}


# -- Python ------------------------------------------------------------------------------------------------------


def _python(draft: _Draft) -> str:
    steps = list(_steps(draft))
    lines = ["import chronicle_notebook as cn", ""]
    lines += [f"# {comment}" for comment in draft.comments]
    lines += ["client = cn.client()", "client.webhooks.register("]
    lines += [f"    {_text(draft.definition.id)},", f"    {_python_value(draft.url, as_text=True)},"]
    if len(steps) == 1:
        lines.append(f"    lambda b: b{steps[0]},")
    elif steps:
        lines += ["    lambda b: (", f"        b{steps[0]}", *(f"        {step}" for step in steps[1:]), "    ),"]
    return "\n".join([*lines, ")", ""])


def _steps(draft: _Draft) -> list[str]:
    definition = draft.definition
    steps = [f".with_event_type({_python_event_type(kind)})" for kind in definition.event_types]
    kind_of_credentials = class_of(definition.authorization)
    if kind_of_credentials is not None:
        steps.append(f".{kind_of_credentials.step}({_python_credentials(kind_of_credentials, draft.authorization)})")
    steps += [f".with_header({_text(name)}, {_python_value(value)})" for name, value in draft.headers.items()]
    if definition.event_sequence_id != EVENT_LOG:
        steps.append(f".on_event_sequence({_text(definition.event_sequence_id)})")
    if not definition.replayable:
        steps.append(".not_replayable()")
    if not definition.active:
        steps.append(".not_active()")
    return steps


def _python_event_type(kind: EventType) -> str:
    if EventType.parse(str(kind)) == kind:
        return _text(str(kind))
    tombstone = ", tombstone=True" if kind.tombstone else ""
    return f"cn.EventType({_text(kind.id)}, {kind.generation}{tombstone})"


def _python_credentials(kind: type[WebhookCredentials], values: dict[str, Written]) -> str:
    parts = [_python_value(values[part.name], as_text=not part.secret) for part in kind.parts()]
    arguments = ", ".join(parts)
    return arguments if kind.step != WebhookCredentials.step else f"cn.{kind.__name__}({arguments})"


def _python_value(value: Written, *, as_text: bool = False) -> str:
    if isinstance(value, str):
        return _text(value)
    source, _, name = (value.reference or "").partition(":")
    if as_text:
        # Not through os.environ: a traceback that shows the values of a line would show the whole environment.
        return f"cn.Secret.env({_text(name)}).reveal()"
    return f"cn.Secret.{source}({_text(name)})"


def _text(text: str) -> str:
    # A JSON text is also a Python text, with the double quotes that formatters want.
    return escaped(json.dumps(text, ensure_ascii=False))


# -- a cell, and YAML --------------------------------------------------------------------------------------------


def _cell(draft: _Draft) -> str:
    webhook = plain_id(draft.id) if isinstance(draft.id, str) else _yaml_value(draft.id)
    words = [webhook, _yaml_value(draft.url)]
    end_of_flags = ["--"] if any(word.startswith("-") for word in words) else []
    line = " ".join(["%%webhook", *end_of_flags, *map(shlex.quote, words)])
    return "\n".join([line, *(f"# {comment}" for comment in draft.comments), dumped(_body(draft))])


def _yaml(draft: _Draft) -> str:
    document = {"id": plain(draft.definition.id), "url": _yaml_value(draft.url), **_body(draft)}
    return "\n".join([*(f"# {comment}" for comment in draft.comments), dumped(document)])


def _body(draft: _Draft) -> dict[str, Any]:
    """The keys of a cell, without those that have their default value."""
    definition = draft.definition
    body: dict[str, Any] = {}
    if definition.event_types:
        body["event_types"] = [_yaml_event_type(kind) for kind in definition.event_types]
    if draft.headers:
        body["headers"] = {name: _yaml_value(value) for name, value in draft.headers.items()}
    if draft.authorization:
        values = {field: _yaml_value(value) for field, value in draft.authorization.items()}
        body["authorization"] = {"kind": draft.kind, **values}
    elif draft.kind == AuthorizationKind.UNKNOWN:
        body["authorization"] = {"kind": draft.kind}  # the reader refuses this, which is better than no authorization
    if definition.event_sequence_id != EVENT_LOG:
        body["event_sequence"] = plain(definition.event_sequence_id)
    if not definition.replayable:
        body["replayable"] = False
    if not definition.active:
        body["active"] = False
    return body


def _yaml_event_type(kind: EventType) -> Any:
    if EventType.parse(str(kind)) == kind:
        return str(kind)
    return {"id": kind.id, "generation": kind.generation, **({"tombstone": True} if kind.tombstone else {})}


def _yaml_value(value: Written) -> str:
    return plain(value) if isinstance(value, str) else value.reference or ""


def dumped(document: dict[str, Any]) -> str:
    """A document as YAML; empty if there is nothing in it. Invisible characters are escaped."""
    if not document:
        return ""
    import yaml

    text = yaml.dump(document, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=10_000)
    return "\n".join(map(escaped, text.split("\n")))


@cache
def _dumper() -> Any:
    """A dumper that writes a text with invisible characters in double quotes, where YAML has escapes."""
    import yaml

    class Dumper(yaml.SafeDumper):
        pass

    def written(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
        style = None if escaped(text) == text else '"'
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    Dumper.add_representer(str, written)
    Dumper.add_multi_representer(str, written)  # a URL is a kind of text
    return Dumper
