"""A definition as code that registers it again, with a reference for every secret.

So a definition from a form, or one that was read back from a kernel, can go into a runbook. No secret is looked up for
this. A value that was read back may have been given as a secret. So the code contains only the values of headers that
are never secret, and a URL only if it has neither a user name nor a query.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from functools import partial
from typing import Literal

from chronicle_notebook.base._errors import InvalidInputError, did_you_mean
from chronicle_notebook.base._public import public
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.base._text import escaped
from chronicle_notebook.definition._references import VariableNames, plain, plain_id
from chronicle_notebook.definition.file._draft import Draft, Written, drafted
from chronicle_notebook.definition.file._writer import body, dumped, yaml_value
from chronicle_notebook.model import EVENT_LOG, EventType, WebhookCredentials, WebhookDefinition, class_of

Style = Literal["python", "cell", "yaml"]
STYLES: tuple[Style, ...] = ("python", "cell", "yaml")


@public
class Code(str):
    """Code as text. A notebook shows it without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def render(
    definition: WebhookDefinition, style: Style, *, only_credentials: bool = False, client: str = "default"
) -> Code:
    """A definition as a call in ``python``, as a ``%%webhook`` ``cell``, or as ``yaml`` with id and URL.

    A secret that is a reference stays this reference. For any other secret the code has a reference to a new variable,
    made of the webhook's id and the purpose, for example ``env:ACCOUNT_EVENTS_TOKEN``. The same holds for the value of
    a header, unless the header is never secret, and for a URL with a user name or a query. Cells and YAML know only
    ``env:``; other references become ``env:`` there, with a comment.

    :param only_credentials: True for a definition that somebody is writing, or that goes into a file: only headers and
        URLs that look like a credential become references.
    :param client: the name of the client in Python; ``default`` stands for the current one.
    :raises InvalidInputError: the style is unknown.
    """
    writers: dict[str, Callable[[Draft], str]] = {
        "python": partial(_python, client=client),
        "cell": _cell,
        "yaml": _yaml,
    }
    if not isinstance(style, str) or style not in writers:
        raise InvalidInputError(
            f"There is no style {style!r}.",
            field="style",
            hint=f"{did_you_mean(str(style), writers)} Choose among {', '.join(writers)}.".strip(),
        )
    kinds = None if style == "python" else ("env",)
    return Code(writers[style](drafted(definition, kinds=kinds, only_credentials=only_credentials)))


def _on_a_line(value: Written, names: VariableNames, purpose: str, comments: list[str]) -> Written:
    """A word of a magic's line. The line has no escapes, so a text with invisible characters becomes a reference."""
    if isinstance(value, Secret) or escaped(value) == value:
        return value
    reference = names.secret(purpose)
    comments.append(f"{(reference.reference or '').removeprefix('env:')} is the whole of {_text(value)}")
    return reference


# -- Python ------------------------------------------------------------------------------------------------------


def _python(draft: Draft, *, client: str) -> str:
    steps = list(_steps(draft))
    lines = ["import chronicle_notebook as cn", ""]
    lines += [f"# {comment}" for comment in draft.comments]
    named = "" if client == "default" else _text(client)
    lines += [f"client = cn.client({named})", "client.webhooks.register("]
    lines += [f"    {_text(draft.definition.id)},", f"    {_python_value(draft.url, as_text=True)},"]
    if len(steps) == 1:
        lines.append(f"    lambda b: b{steps[0]},")
    elif steps:
        lines += ["    lambda b: (", f"        b{steps[0]}", *(f"        {step}" for step in steps[1:]), "    ),"]
    return "\n".join([*lines, ")", ""])


def _steps(draft: Draft) -> list[str]:
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


def _cell(draft: Draft) -> str:
    comments: list[str] = []
    webhook = _on_a_line(draft.definition.id, draft.names, "id", comments)
    url = _on_a_line(draft.url, draft.names, "target url", comments)
    words = [plain_id(webhook) if isinstance(webhook, str) else yaml_value(webhook), yaml_value(url)]
    end_of_flags = ["--"] if any(word.startswith("-") for word in words) else []
    line = " ".join(["%%webhook", *end_of_flags, *map(shlex.quote, words)])
    told = (*draft.comments, *map(escaped, comments))
    return "\n".join([line, *(f"# {comment}" for comment in told), dumped(body(draft))])


def _yaml(draft: Draft) -> str:
    document = {"id": plain(draft.definition.id), "url": yaml_value(draft.url), **body(draft)}
    return "\n".join([*(f"# {comment}" for comment in draft.comments), dumped(document)])
