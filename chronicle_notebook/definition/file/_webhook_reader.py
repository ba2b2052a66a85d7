"""A webhook in YAML: the body of a ``%%webhook`` cell, and a whole webhook with id and URL, as a builder.

Values from outside come only as references (``env:NAME``, and in a cell ``var:NAME``). An error names the line and the
key, and never repeats a value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import yaml

from chronicle_notebook.base._credential_names import looks_like_credential
from chronicle_notebook.base._errors import (
    InvalidDefinitionError,
    InvalidInputError,
    SecretUnavailableError,
    did_you_mean,
)
from chronicle_notebook.base._revealed import note_revealed
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.base._text import joined
from chronicle_notebook.base._url import ReferencedText
from chronicle_notebook.definition._builder import DefinitionBuilder
from chronicle_notebook.definition._references import plain, resolve
from chronicle_notebook.definition.file._keys import EVENT_TYPE_KEYS, KEYS, names
from chronicle_notebook.definition.file._nodes import Nodes, is_null
from chronicle_notebook.definition.rules._check import about
from chronicle_notebook.definition.rules._url import target_url_caution
from chronicle_notebook.model import NO_AUTHORIZATION, EventType, UndisclosedAuthorization
from chronicle_notebook.model._authorization import KINDS, authorization_keys, kind_names

_OTHER_KINDS = frozenset(
    {"apikey", "api-key", "certificate", "digest", "hmac", "jwt", "key", "oauth2", "password", "token"}
)
"""Words that people write as the kind of an authorization, and that cannot be secrets."""


@dataclass(frozen=True, slots=True)
class Document:
    """A webhook as a text has it: its id, its URL, and a builder with everything else."""

    id: str
    target_url: str
    builder: DefinitionBuilder
    authorization: UndisclosedAuthorization | None = None
    """Credentials some of which have no value here; the builder then has none."""


def read_body(
    text: str, *, variables: Mapping[str, object] | None = None, allow_literal: bool = False, first_line: int = 1
) -> DefinitionBuilder:
    """Read the body of a cell.

    A header whose name looks like a credential takes a reference only, as a token does.

    :param variables: the variables that ``var:NAME`` can refer to.
    :param allow_literal: accept a password, token, client secret or such a header in plain text.
    :param first_line: the number of the first line, for messages.
    :raises InvalidDefinitionError: the body is wrong. The message names the line and the key; ``field`` is the key.
    """
    nodes = Nodes(first_line)
    reader = WebhookReader(nodes, variables or {}, allow_literal=allow_literal, only_references=True)
    return reader.builder(nodes.root(text, KEYS))


def read_document(text: str, *, variables: Mapping[str, object] | None = None, allow_literal: bool = False) -> Document:
    """Read a whole webhook: the keys of a cell, ``id`` and ``url``.

    :raises InvalidDefinitionError: the document is wrong. The message names the line and the key; ``field`` is the key.
    """
    nodes = Nodes()
    reader = WebhookReader(nodes, variables or {}, allow_literal=allow_literal)
    return reader.document(nodes.root(text, ("id", "url", *KEYS)))


class WebhookReader:
    """Reads the entries of one webhook."""

    def __init__(
        self,
        nodes: Nodes,
        variables: Mapping[str, object],
        *,
        allow_literal: bool = False,
        resolved: Callable[[str, str], str | Secret] | None = None,
        references: str = "env:NAME or var:NAME; for a sandbox kernel, --allow-literal accepts it",
        document: str = "the notebook",
        lenient: bool = False,
        only_references: bool = False,
    ) -> None:
        """Take what the values need.

        :param resolved: takes a text and its field, and returns the value; by default references of a cell alone have
            a meaning.
        :param references: what to write in place of a secret, for a hint.
        :param lenient: accept credentials that have no value here, as undisclosed ones.
        :param only_references: refuse plain text also in headers and in a query, if the name looks like a credential.
        """
        self._nodes = nodes
        self._allow_literal = allow_literal
        self._references = references
        self._document = document
        self._lenient = lenient
        self._only_references = only_references
        self._resolve = resolved or (lambda text, field: resolve(text, variables, field=field))

    # -- the whole -----------------------------------------------------------------------------------------------

    def document(self, entries: Mapping[str, yaml.Node]) -> Document:
        """The webhook of these entries, with id and URL."""
        webhook = self.text(_needed(entries, "id"), "id")
        with about(webhook):
            url = self._url(_needed(entries, "url"))
            builder = self.builder({key: node for key, node in entries.items() if key in KEYS})
        if isinstance(builder.authorization, UndisclosedAuthorization):
            without = builder.with_authorization(NO_AUTHORIZATION)
            return Document(webhook, url, without, builder.authorization)
        return Document(webhook, url, builder)

    def builder(self, entries: Mapping[str, yaml.Node]) -> DefinitionBuilder:
        """The builder of these entries, without id and URL, which are on the first line of a cell."""
        builder = DefinitionBuilder()
        readers: dict[str, Callable[[DefinitionBuilder, yaml.Node], DefinitionBuilder]] = {
            "event_types": self._event_types,
            "headers": self._headers,
            "authorization": self._authorization,
            "event_sequence": lambda b, node: b.on_event_sequence(self.text(node, "event_sequence")),
            "replayable": lambda b, node: b if self._nodes.flag(node, "replayable") else b.not_replayable(),
            "active": lambda b, node: b if self._nodes.flag(node, "active") else b.not_active(),
        }
        for key, node in entries.items():
            builder = self._located(readers[key], builder, node)
        return builder

    def _located(
        self,
        read: Callable[[DefinitionBuilder, yaml.Node], DefinitionBuilder],
        builder: DefinitionBuilder,
        node: yaml.Node,
    ) -> DefinitionBuilder:
        """Add the line to an error of the builder."""
        try:
            return read(builder, node)
        except InvalidDefinitionError as error:
            if error.message.startswith("line "):
                raise
            located = self._nodes.wrong(node, error.message, error.field, error.hint)
        raise located

    # -- the keys ------------------------------------------------------------------------------------------------

    def _event_types(self, builder: DefinitionBuilder, node: yaml.Node) -> DefinitionBuilder:
        items = node.value if isinstance(node, yaml.SequenceNode) else [node]
        if not items or is_null(node):
            hint = "Name at least one." if self._lenient else "Leave it out for all event types."
            raise self._nodes.wrong(node, "event_types is empty.", "event_types", hint)
        for item in items:
            builder = builder.with_event_type(self._event_type(item))
        return builder

    def _event_type(self, node: yaml.Node) -> str | EventType:
        nodes = self._nodes
        if not isinstance(node, yaml.MappingNode):
            return nodes.scalar(node, "event_types")
        entries = nodes.mapping(node, "event_types", names(EVENT_TYPE_KEYS))
        if "id" not in entries:
            raise nodes.wrong(node, "an event type has no id.", "event_types", "Write AccountOpened, or id: ...")
        generation = nodes.scalar(entries["generation"], "generation") if "generation" in entries else "1"
        if not (generation.isascii() and generation.isdecimal() and len(generation) <= 10):
            raise nodes.wrong(node, "the generation is not a whole number.", "event_types", "Write, for example, 2.")
        tombstone = "tombstone" in entries and nodes.flag(entries["tombstone"], "tombstone")
        return EventType(nodes.scalar(entries["id"], "id"), int(generation), tombstone)

    def _headers(self, builder: DefinitionBuilder, node: yaml.Node) -> DefinitionBuilder:
        for name, value in self._nodes.mapping(node, "headers", None).items():
            if is_null(value) and not value.value:
                hint = "Write '' for an empty one."
                raise self._nodes.wrong(value, "a header has no value.", "headers", hint)
            builder = builder.with_header(name, self._header(name, value))
        return builder

    def _header(self, name: str, node: yaml.Node) -> str | Secret:
        """The value of a header. One whose name looks like a credential is a reference, as a token is."""
        value = self._resolved(node, "headers")
        if self._only_references and isinstance(value, str) and looks_like_credential(name):
            self._refuse_literal(node, f"the header {name!r} looks like a credential, and its value", "headers")
        return value

    def _url(self, node: yaml.Node) -> str:
        """The URL of a whole webhook. One with a credential in its query is a reference."""
        url = self.text(node, "url")
        literal = self._only_references and not isinstance(url, ReferencedText)
        if literal and target_url_caution(url) is not None:
            what = "the query of the URL has a parameter that looks like a credential, and its value"
            self._refuse_literal(node, what, "url")
        return url

    def _refuse_literal(self, node: yaml.Node, what: str, field: str) -> None:
        text = self._nodes.scalar(node, field)
        if not text.startswith("var:") and not self._allow_literal:
            message = (
                f"{what} is in plain text, so it would stay in {self._document}, its history and every copy of it."
            )
            raise self._nodes.wrong(node, message, field, f"Write {self._references}.")

    def _authorization(self, builder: DefinitionBuilder, node: yaml.Node) -> DefinitionBuilder:
        if is_null(node) or (isinstance(node, yaml.ScalarNode) and node.value == "none"):
            return builder
        entries = self._nodes.mapping(node, "authorization", authorization_keys())
        kind = self._kind(node, entries)
        parts = {} if kind == "none" else {part.name: part for part in KINDS[kind].parts()}
        for key in entries:
            if key != "kind" and key not in parts:
                hint = f"It takes {', '.join(parts) or 'nothing else'}."
                raise self._nodes.wrong(entries[key], f"{key} does not go with kind {kind}.", key, hint)
        for key, part in parts.items():
            if key not in entries:
                hint = f"Add {key}: {'env:NAME' if part.secret else '...'} under authorization."
                raise self._nodes.wrong(node, f"kind {kind} needs {key}.", key, hint)
        if kind == "none":
            return builder
        secrets = {key: self._secret(entries[key], key) for key, part in parts.items() if part.secret}
        try:
            texts = {key: self.text(entries[key], key) for key, part in parts.items() if not part.secret}
        except SecretUnavailableError:
            if not self._lenient:
                raise
            told = tuple((key, self._told(entries[key], key)) for key in parts)
            return builder.with_authorization(UndisclosedAuthorization(KINDS[kind].kind, told))
        return builder.with_authorization(KINDS[kind].of(secrets | texts))

    def _told(self, node: yaml.Node, field: str) -> str:
        """The reference of a field, or its text as a file has it."""
        value = self._resolved(node, field)
        return plain(value) if isinstance(value, str) else value.reference or ""

    def _kind(self, node: yaml.Node, entries: Mapping[str, yaml.Node]) -> str:
        """The kind in the text, or the only kind that has the given keys."""
        wrong = self._nodes.wrong
        if "kind" in entries:
            kind = self._nodes.scalar(entries["kind"], "kind").lower()
            kinds = kind_names()
            if kind not in kinds:
                hint = did_you_mean(kind, kinds) or f"Write {joined(kinds, 'or')}."
                raise wrong(entries["kind"], f"{_shown_kind(kind)} is not a kind of authorization.", "kind", hint)
            return kind
        fitting = [kind for kind, each in KINDS.items() if any(part.name in entries for part in each.parts())]
        if len(fitting) != 1:
            message = "it does not name the kind of authorization."
            raise wrong(node, message, "authorization", f"Add kind: {joined([*KINDS], 'or')}.")
        return fitting[0]

    def _secret(self, node: yaml.Node, field: str) -> Secret:
        value = self._resolved(node, field)
        if isinstance(value, Secret):
            return value
        self._refuse_literal(node, field, field)
        return Secret(value)

    def _resolved(self, node: yaml.Node, field: str) -> str | Secret:
        text = self._nodes.scalar(node, field)
        try:
            return self._resolve(text, field)
        except InvalidInputError as error:
            located = self._nodes.wrong(node, error.message, field, error.hint)
        raise located

    def text(self, node: yaml.Node, field: str) -> str:
        """The value of a scalar that is no secret: a reference is looked up, and is not forgotten."""
        value = self._resolved(node, field)
        if not isinstance(value, Secret):
            return value
        found = value.reveal()
        note_revealed(found, self._nodes.scalar(node, field))
        return found if value.reference is None else ReferencedText.of(found, value.reference)


def _needed(entries: Mapping[str, yaml.Node], key: str) -> yaml.Node:
    if key not in entries:
        raise InvalidDefinitionError(f"The key {key!r} is missing.", field=key, hint=f"Add a line {key}: ...")
    return entries[key]


def _shown_kind(kind: str) -> str:
    """An unknown kind for a message, unless it can be a secret in the wrong place."""
    known = bool(did_you_mean(kind, kind_names())) or kind in _OTHER_KINDS
    return repr(kind) if known else f"The value, a text of {len(kind)} characters,"
