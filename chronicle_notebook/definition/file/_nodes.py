"""The nodes of YAML, read strictly: every error names the line, the key and what is known, and never repeats a value.

Only the structure of YAML is used: every scalar is a text, so ``no`` is a text and ``1.10`` keeps its zero.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import yaml

from chronicle_notebook.base._errors import InvalidDefinitionError, did_you_mean
from chronicle_notebook.model._authorization import authorization_keys

_FLAGS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_PLAIN_KEY = re.compile(r"[a-z]{1,12}(?:[_-][a-z]{1,12})?")
"""A key that an error repeats under ``authorization``. Any other text there can be a secret in the wrong place."""
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
    ("alias", "a value that begins with '*' refers to something that no '&' names"),
    ("another document", "a second document begins here, with '---' or after '...'"),
)
"""The messages of the YAML parser, and our messages for them. The parser's own messages can quote a value."""
_CONFLICT = re.compile(r"^(?:<{7}|>{7}|\|{7})(?: .*)?\r?$", re.MULTILINE)
"""A line that git writes around two versions of the same lines."""
_IN_YAML = {
    "Name at least one with with_event_type.": "Name at least one under event_types.",
    "Use with_bearer_token instead.": "Write authorization: {kind: bearer, token: env:NAME} instead.",
    "Use with_basic_auth instead.": ("Write authorization: {kind: basic, username: NAME, password: env:NAME} instead."),
    "Use with_bearer_token or with_basic_auth instead.": (
        "Write authorization: {kind: bearer, token: env:NAME} instead, or kind: basic with username and password."
    ),
}
"""The hints of rules that name a method of the builder, and the same in YAML."""
_FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The loader on libyaml, where PyYAML was built with it. It reads 1,000 webhooks some eight times as fast."""
_DEEPEST = 2_000
"""The most brackets of a text, and characters of a line, for the loader on libyaml. It calls itself for each level, and
ends the process when the stack is full; neither number is smaller than the level that a text can reach."""


class Nodes:
    """Reads the nodes of one YAML document. It creates nothing from them except text."""

    def __init__(self, first_line: int = 1, *, document: str = "the body") -> None:
        """Take what messages need.

        :param first_line: the number of the first line.
        :param document: the whole, in a sentence.
        """
        self._first_line = first_line
        self._document = document

    def root(self, text: str, known: Collection[str]) -> dict[str, yaml.Node]:
        """The entries of the document, which is a mapping of the known keys; empty if the document is."""
        conflict = _CONFLICT.search(text)
        if conflict is not None:
            line = text.count("\n", 0, conflict.start()) + self._first_line
            raise InvalidDefinitionError(
                f"line {line}: {self._document} has an unresolved merge conflict of git.",
                field="body",
                hint="Decide for one of the versions, and take out the lines with <<<<<<<, ======= and >>>>>>>.",
            )
        node = _quickly(str(text)) or self._explained(text)
        return {} if node is None else self.mapping(node, self._document, known)

    def _explained(self, text: str) -> yaml.Node | None:
        """The node, by Python's parser, which says more about what is wrong."""
        failure: InvalidDefinitionError
        what = self._document
        try:
            return yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            where = f"line {mark.line + self._first_line}: " if mark is not None else ""
            failure = InvalidDefinitionError(
                f"{where}{what} is not YAML: {_plainly(error)}.",
                field="body",
                hint=_remedy(str(error)),
            )
        except RecursionError:
            failure = InvalidDefinitionError(
                f"{what.capitalize()} is nested too deeply to be read.", field="body", hint="Write lines of key: value."
            )
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + self._first_line
            failure = InvalidDefinitionError(
                f"line {line}: {what} contains a character that YAML does not allow, {_named(text[error.position])}.",
                field="body",
                hint="Remove it.",
            )
        raise failure

    def mapping(self, node: yaml.Node, what: str, known: Collection[str] | None) -> dict[str, yaml.Node]:
        """The entries of a mapping, each key once and known. Nothing in place of a mapping is an empty one.

        :param what: the mapping in a sentence; also the field of an error.
        :param known: the keys that it can have; None for any.
        """
        if is_null(node):
            return {}
        field = "body" if what == self._document else what
        if not isinstance(node, yaml.MappingNode):
            keys = f" of {', '.join(known)}" if known else ""
            example = ", for example {kind: bearer, token: env:NAME}" if what == "authorization" else ""
            raise self.wrong(node, f"{what} is not a mapping{keys}.", field, f"Write lines of key: value{example}.")
        entries: dict[str, yaml.Node] = {}
        for key_node, value in node.value:
            key = self.scalar(key_node, field)
            if known is not None and key not in known:
                secret = what == "authorization" and not (_PLAIN_KEY.fullmatch(key) or did_you_mean(key, known))
                shown = f": one of {len(key)} characters" if secret else f" {key!r}"
                raise self.wrong(key_node, f"{what} has no key{shown}.", what if secret else key, _which(key, known))
            if key in entries:
                raise self.wrong(key_node, f"the key {key!r} is there twice.", key, "Keep one.")
            entries[key] = value
        return entries

    def sequence(self, node: yaml.Node, field: str) -> list[yaml.Node]:
        """The items of a list. Nothing in place of a list is an empty one."""
        if is_null(node):
            return []
        if not isinstance(node, yaml.SequenceNode):
            raise self.wrong(node, f"{field} is not a list.", field, "Write each of them after a dash.")
        return list(node.value)

    def scalar(self, node: yaml.Node, field: str) -> str:
        """The text of a scalar, unchanged."""
        if node.tag not in _TAGS:
            raise self.wrong(
                node, f"{field} has a YAML tag or '<<', which have no meaning here.", field, "Leave it out."
            )
        if not isinstance(node, yaml.ScalarNode):
            raise self.wrong(node, f"{field} is a text.", field, "Put it into single quotes.")
        return str(node.value)

    def flag(self, node: yaml.Node, field: str) -> bool:
        """A scalar that is yes or no."""
        flag = _FLAGS.get(self.scalar(node, field).lower())
        if flag is None:
            raise self.wrong(node, f"{field} is neither true nor false.", field, f"Write {field}: false.")
        return flag

    def line(self, node: yaml.Node) -> int:
        """The number of the line where a node begins."""
        return int(node.start_mark.line) + self._first_line

    def wrong(self, node: yaml.Node, message: str, field: str, hint: str) -> InvalidDefinitionError:
        """The error about a node, with its line."""
        hint = _IN_YAML.get(hint, hint)
        return InvalidDefinitionError(f"line {self.line(node)}: {message}", field=field, hint=hint)


def is_null(node: yaml.Node) -> bool:
    """Whether there is nothing, or ``null``, in place of a value."""
    return isinstance(node, yaml.ScalarNode) and node.tag == f"{_TAG}null"


def _quickly(text: str) -> yaml.Node | None:
    """The node, by libyaml; None if it cannot be read like this."""
    flow = text.count("[") + text.count("{") - text.count("${")
    if flow > _DEEPEST or max(map(len, text.splitlines()), default=0) > _DEEPEST:
        return None
    try:
        return yaml.compose(text, Loader=_FAST)
    except (yaml.YAMLError, UnicodeError):  # the latter for a lone surrogate
        return None


def _which(key: str, known: Collection[str]) -> str:
    if key in authorization_keys() and "authorization" in known:
        return "It belongs under authorization."
    return did_you_mean(key, known) or f"It has {', '.join(known)}."


def _named(character: str) -> str:
    return f"U+{ord(character):04X}"


def _remedy(told: str) -> str:
    if "'\\t'" in told:
        return "Indent with spaces."
    if "another document" in told:
        return "Keep one."
    return "Put text with ':', '#', '{', '*', '&' or quotes into single quotes."


def _plainly(error: yaml.MarkedYAMLError) -> str:
    """What is wrong, in words for people who do not know how YAML is parsed."""
    told = f"{error.context} {error.problem}"
    return next((meaning for sign, meaning in _FAULTS if sign in told), "it cannot be read")
