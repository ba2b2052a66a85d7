"""The body of a ``%%webhook`` cell: from YAML to a builder.

Only the structure of YAML is used: every scalar is a text, so ``no`` is a text and ``1.10`` keeps its zero. Values from
outside come only as references (``env:NAME``, ``var:NAME``); text is never put into other text. An error names the line
and the key, and never repeats a value.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import yaml

from chronicle_notebook.base._errors import InvalidDefinitionError, InvalidInputError, did_you_mean
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.base._text import joined
from chronicle_notebook.definition._builder import DefinitionBuilder
from chronicle_notebook.definition._references import resolve
from chronicle_notebook.definition.rules._check import about
from chronicle_notebook.model import EventType
from chronicle_notebook.model._authorization import KINDS, authorization_keys, kind_names

KEYS = ("event_types", "headers", "authorization", "event_sequence", "replayable", "active")
"""The keys of a cell."""
_EVENT_TYPE_KEYS = ("id", "generation", "tombstone")
_FLAGS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_TAG = "tag:yaml.org,2002:"
_TAGS = {f"{_TAG}{name}" for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq", "value")}
_FAULTS = (
    ("flow sequence", "a list that begins with '[' is not closed, or a comma is missing"),
    ("flow mapping", "a mapping that begins with '{' is not closed, or a comma is missing"),
    ("quoted scalar", "a text that begins with a quote has no closing quote"),
    ("mapping values are not allowed", "there is a ':' in a wrong place, or the indentation is wrong"),
    ("'\\t'", "there is a tab where YAML needs spaces"),
    ("cannot start any token", "a value begins with a character that has a meaning in YAML"),
    ("<block end>", "this does not continue the lines above it: check the indentation, the dashes and the quotes"),
    ("alias", "a value that begins with '*' refers to something"),
)
"""The messages of the YAML parser, and our messages for them. The parser's own messages can quote a value."""
_OTHER_KINDS = frozenset(
    {"apikey", "api-key", "certificate", "digest", "hmac", "jwt", "key", "oauth2", "password", "token"}
)
"""Words that people write as the kind of an authorization, and that cannot be secrets."""


@dataclass(frozen=True, slots=True)
class Document:
    """An event to append, and an event of a sequence."""

    id: str
    target_url: str
    builder: DefinitionBuilder


def read_body(
    text: str, *, variables: Mapping[str, object] | None = None, allow_literal: bool = False, first_line: int = 1
) -> DefinitionBuilder:
    """Read the body of a cell.

    :param variables: the variables that ``var:NAME`` can refer to.
    :param allow_literal: accept a password, token or client secret in plain text.
    :param first_line: the number of the first line, for messages.
    :raises InvalidDefinitionError: the body is wrong. The message names the line and the key; ``field`` is the key.
    """
    return _Reader(variables or {}, allow_literal, first_line).builder(text)


def read_document(text: str, *, variables: Mapping[str, object] | None = None, allow_literal: bool = False) -> Document:
    """Read a whole webhook: the keys of a cell, ``id`` and ``url``.

    :raises InvalidDefinitionError: the document is wrong. The message names the line and the key; ``field`` is the key.
    """
    return _Reader(variables or {}, allow_literal, 1).document(text)


class _Reader:
    """Reads the nodes of YAML. It creates nothing from them except text."""

    def __init__(self, variables: Mapping[str, object], allow_literal: bool, first_line: int) -> None:  # noqa: FBT001
        self._variables = variables
        self._allow_literal = allow_literal
        self._first_line = first_line

    # -- the whole -----------------------------------------------------------------------------------------------

    def document(self, text: str) -> Document:
        """The document, with id and URL."""
        entries = self._root(text, ("id", "url", *KEYS))
        webhook = self._text(_needed(entries, "id"), "id")
        with about(webhook):
            url = self._text(_needed(entries, "url"), "url")
            builder = self._build({key: node for key, node in entries.items() if key in KEYS})
        return Document(webhook, url, builder)

    def builder(self, text: str) -> DefinitionBuilder:
        """The builder, without id and URL, which are on the first line of a cell."""
        return self._build(self._root(text, KEYS))

    def _root(self, text: str, known: Collection[str]) -> dict[str, yaml.Node]:
        failure: InvalidDefinitionError
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            where = f"line {mark.line + self._first_line}: " if mark is not None else ""
            problem = _plainly(error)
            failure = InvalidDefinitionError(
                f"{where}the body is not YAML: {problem}.",
                field="body",
                hint="Put text with ':', '#', '{', '*', '&' or quotes into single quotes.",
            )
        except RecursionError:
            failure = InvalidDefinitionError(
                "The body is nested too deeply to be read.", field="body", hint="Write lines of key: value."
            )
        except yaml.YAMLError:
            failure = InvalidDefinitionError(
                "The body contains a character that YAML does not allow.", field="body", hint="Remove it."
            )
        else:
            return {} if node is None else self._mapping(node, "the body", known)
        raise failure

    def _build(self, entries: Mapping[str, yaml.Node]) -> DefinitionBuilder:
        builder = DefinitionBuilder()
        readers: dict[str, Callable[[DefinitionBuilder, yaml.Node], DefinitionBuilder]] = {
            "event_types": self._event_types,
            "headers": self._headers,
            "authorization": self._authorization,
            "event_sequence": lambda b, node: b.on_event_sequence(self._text(node, "event_sequence")),
            "replayable": lambda b, node: b if self._flag(node, "replayable") else b.not_replayable(),
            "active": lambda b, node: b if self._flag(node, "active") else b.not_active(),
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
            located = self._wrong(node, error.message, error.field, error.hint)
        raise located

    # -- the keys ------------------------------------------------------------------------------------------------

    def _event_types(self, builder: DefinitionBuilder, node: yaml.Node) -> DefinitionBuilder:
        items = node.value if isinstance(node, yaml.SequenceNode) else [node]
        if not items or _is_null(node):
            raise self._wrong(node, "event_types is empty.", "event_types", "Leave it out for all event types.")
        for item in items:
            builder = builder.with_event_type(self._event_type(item))
        return builder

    def _event_type(self, node: yaml.Node) -> str | EventType:
        if not isinstance(node, yaml.MappingNode):
            return self._scalar(node, "event_types")
        entries = self._mapping(node, "event_types", _EVENT_TYPE_KEYS)
        if "id" not in entries:
            raise self._wrong(node, "an event type has no id.", "event_types", "Write AccountOpened, or id: ...")
        generation = self._scalar(entries["generation"], "generation") if "generation" in entries else "1"
        if not (generation.isascii() and generation.isdecimal() and len(generation) <= 10):
            raise self._wrong(node, "the generation is not a whole number.", "event_types", "Write, for example, 2.")
        tombstone = "tombstone" in entries and self._flag(entries["tombstone"], "tombstone")
        return EventType(self._scalar(entries["id"], "id"), int(generation), tombstone)

    def _headers(self, builder: DefinitionBuilder, node: yaml.Node) -> DefinitionBuilder:
        for name, value in self._mapping(node, "headers", None).items():
            if _is_null(value) and not value.value:
                hint = "Write '' for an empty one."
                raise self._wrong(value, "a header has no value.", "headers", hint)
            builder = builder.with_header(name, self._resolved(value, "headers"))
        return builder

    def _authorization(self, builder: DefinitionBuilder, node: yaml.Node) -> DefinitionBuilder:
        if _is_null(node) or (isinstance(node, yaml.ScalarNode) and node.value == "none"):
            return builder
        entries = self._mapping(node, "authorization", authorization_keys())
        kind = self._kind(node, entries)
        parts = {} if kind == "none" else {part.name: part for part in KINDS[kind].parts()}
        for key in entries:
            if key != "kind" and key not in parts:
                hint = f"It takes {', '.join(parts) or 'nothing else'}."
                raise self._wrong(entries[key], f"{key} does not go with kind {kind}.", key, hint)
        for key, part in parts.items():
            if key not in entries:
                hint = f"Add {key}: {'env:NAME' if part.secret else '...'} under authorization."
                raise self._wrong(node, f"kind {kind} needs {key}.", key, hint)
        if kind == "none":
            return builder
        values: dict[str, str | Secret] = {
            key: self._secret(entries[key], key) if part.secret else self._text(entries[key], key)
            for key, part in parts.items()
        }
        return builder.with_authorization(KINDS[kind].of(values))

    def _kind(self, node: yaml.Node, entries: Mapping[str, yaml.Node]) -> str:
        """The kind in the text, or the only kind that has the given keys."""
        if "kind" in entries:
            kind = self._scalar(entries["kind"], "kind").lower()
            kinds = kind_names()
            if kind not in kinds:
                hint = did_you_mean(kind, kinds) or f"Write {joined(kinds, 'or')}."
                raise self._wrong(entries["kind"], f"{_shown_kind(kind)} is not a kind of authorization.", "kind", hint)
            return kind
        fitting = [kind for kind, each in KINDS.items() if any(part.name in entries for part in each.parts())]
        if len(fitting) != 1:
            message = "it does not name the kind of authorization."
            raise self._wrong(node, message, "authorization", f"Add kind: {joined([*KINDS], 'or')}.")
        return fitting[0]

    def _secret(self, node: yaml.Node, field: str) -> Secret:
        value = self._resolved(node, field)
        text = self._scalar(node, field)
        if isinstance(value, Secret):
            return value
        if text.startswith("var:") or self._allow_literal:
            return Secret(value)
        raise self._wrong(
            node,
            f"{field} is in plain text, so it would stay in the notebook, its history and every copy of it.",
            field,
            "Write env:NAME or var:NAME; for a sandbox kernel, --allow-literal accepts it.",
        )

    # -- nodes ---------------------------------------------------------------------------------------------------

    def _mapping(self, node: yaml.Node, what: str, known: Collection[str] | None) -> dict[str, yaml.Node]:
        if _is_null(node):
            return {}
        field = "body" if what == "the body" else what
        if not isinstance(node, yaml.MappingNode):
            keys = f" of {', '.join(known)}" if known else ""
            raise self._wrong(node, f"{what} is not a mapping{keys}.", field, "Write lines of key: value.")
        entries: dict[str, yaml.Node] = {}
        for key_node, value in node.value:
            key = self._scalar(key_node, field)
            if known is not None and key not in known:
                raise self._wrong(key_node, f"{what} has no key {key!r}.", key, _which(key, known))
            if key in entries:
                raise self._wrong(key_node, f"the key {key!r} is there twice.", key, "Keep one.")
            entries[key] = value
        return entries

    def _scalar(self, node: yaml.Node, field: str) -> str:
        if node.tag not in _TAGS:
            raise self._wrong(
                node, f"{field} has a YAML tag or '<<', which have no meaning here.", field, "Leave it out."
            )
        if not isinstance(node, yaml.ScalarNode):
            raise self._wrong(node, f"{field} is a text.", field, "Put it into single quotes.")
        return str(node.value)

    def _resolved(self, node: yaml.Node, field: str) -> str | Secret:
        text = self._scalar(node, field)
        try:
            return resolve(text, self._variables, field=field)
        except InvalidInputError as error:
            located = self._wrong(node, error.message, field, error.hint)
        raise located

    def _text(self, node: yaml.Node, field: str) -> str:
        value = self._resolved(node, field)
        return value.reveal() if isinstance(value, Secret) else value

    def _flag(self, node: yaml.Node, field: str) -> bool:
        flag = _FLAGS.get(self._scalar(node, field).lower())
        if flag is None:
            raise self._wrong(node, f"{field} is neither true nor false.", field, f"Write {field}: false.")
        return flag

    def _wrong(self, node: yaml.Node, message: str, field: str, hint: str) -> InvalidDefinitionError:
        line = node.start_mark.line + self._first_line
        return InvalidDefinitionError(f"line {line}: {message}", field=field, hint=hint)


def _needed(entries: Mapping[str, yaml.Node], key: str) -> yaml.Node:
    if key not in entries:
        raise InvalidDefinitionError(f"The key {key!r} is missing.", field=key, hint=f"Add a line {key}: ...")
    return entries[key]


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == f"{_TAG}null"


def _which(key: str, known: Collection[str]) -> str:
    if key in authorization_keys() and "authorization" in known:
        return "It belongs under authorization."
    return did_you_mean(key, known) or f"It has {', '.join(known)}."


def _plainly(error: yaml.MarkedYAMLError) -> str:
    """What is wrong, in words for people who do not know how YAML is parsed."""
    told = f"{error.context} {error.problem}"
    return next((meaning for sign, meaning in _FAULTS if sign in told), "it cannot be read")


def _shown_kind(kind: str) -> str:
    """An unknown kind for a message, unless it can be a secret in the wrong place."""
    known = bool(did_you_mean(kind, kind_names())) or kind in _OTHER_KINDS
    return repr(kind) if known else f"The value, a text of {len(kind)} characters,"
