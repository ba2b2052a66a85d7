"""Definitions as YAML: the body of a cell, one webhook, and the file, sorted and stable, without secrets."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from chronicle_notebook.base._text import escaped
from chronicle_notebook.definition._references import plain
from chronicle_notebook.definition.file._draft import Draft, Written, drafted
from chronicle_notebook.definition.file._keys import VERSION
from chronicle_notebook.definition.file._ownership import Ownership
from chronicle_notebook.definition.file._substitution import FILE_KINDS, escaped_places
from chronicle_notebook.model import EVENT_LOG, AuthorizationKind, EventType, WebhookDefinition

FIRST_LINE = "# Webhooks as code. Secrets are references such as env:NAME, which are looked up when they are sent."


def written(
    webhooks: Iterable[WebhookDefinition],
    *,
    event_store: str | None = None,
    owned_by: Ownership | None = None,
    unmanaged: Iterable[str] = (),
    comments: Iterable[str] = (),
) -> str:
    """The file with these webhooks. The same webhooks always give the same text, whatever their order was.

    :param comments: lines below the first one.
    """
    document: dict[str, Any] = {"version": VERSION}
    if event_store is not None:
        document["event_store"] = escaped_places(event_store)
    if owned_by is not None:
        pair = {"header": owned_by.header, "value": escaped_places(owned_by.value)}
        document["owned_by"] = {"ids": list(map(escaped_places, owned_by.ids))} if owned_by.ids else pair
    kept = sorted(map(escaped_places, set(unmanaged)))
    if kept:
        document["unmanaged"] = kept
    bare = (each if owned_by is None else owned_by.bare(each) for each in webhooks)
    document["webhooks"] = [entry(each) for each in sorted(bare, key=lambda each: each.id)]
    return "\n".join([FIRST_LINE, *(f"# {escaped(line)}" for line in comments), dumped(document)])


def entry(definition: WebhookDefinition) -> dict[str, Any]:
    """A webhook of the file. Event types and headers are sorted, as their order has no meaning."""
    # Sorted first: when two headers would have one variable, their order decides about the names.
    headers = dict(sorted(definition.headers.items()))
    draft = drafted(definition.changed(headers=headers), kinds=FILE_KINDS, only_credentials=True)
    found = {"id": plain(definition.id), "url": yaml_value(draft.url), **body(draft)}
    if "event_types" in found:
        kinds = sorted(draft.definition.event_types, key=lambda kind: (kind.id, kind.generation))
        found["event_types"] = list(map(_event_type, kinds))
    return {key: _escaped(key, value) for key, value in found.items()}


def _escaped(key: str, value: Any) -> Any:
    """The value of a key, with nothing that the reader of a file takes for a variable."""
    if key in {"id", "url", "event_sequence"}:
        return escaped_places(value)
    if key in {"headers", "authorization"}:
        return {name: escaped_places(text) for name, text in value.items()}
    return value


def body(draft: Draft) -> dict[str, Any]:
    """The keys of a cell, without those that have their default value."""
    definition = draft.definition
    body: dict[str, Any] = {}
    if definition.event_types:
        body["event_types"] = [_event_type(kind) for kind in definition.event_types]
    if draft.headers:
        body["headers"] = {name: yaml_value(value) for name, value in draft.headers.items()}
    if draft.authorization:
        values = {field: yaml_value(value) for field, value in draft.authorization.items()}
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


def _event_type(kind: EventType) -> Any:
    if EventType.parse(str(kind)) == kind:
        return str(kind)
    return {"id": kind.id, "generation": kind.generation, **({"tombstone": True} if kind.tombstone else {})}


def yaml_value(value: Written) -> str:
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
