"""The types of a runbook's parameters, which are checked before anything happens.

A schema is a mapping of names to types: ``str``, ``int``, ``float``, ``bool``, ``list[str]``, ``Literal["a", "b"]`` and
``Secret``, each with ``| None`` for a parameter that may be empty. The same schema is read from the source of a
notebook, so that the command line refuses a wrong parameter before it starts a kernel or writes a file.
"""

from __future__ import annotations

import ast
import re
import types
import typing
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chronicle_notebook.base._errors import ChronicleError, InvalidInputError, did_you_mean
from chronicle_notebook.base._secrets import Secret

STANDARD: Mapping[str, Any] = {
    "apply": bool,
    "sandbox": bool,
    "profile": str | None,
    "event_store": str | None,
    "outcome_file": str | None,
}
"""The parameters of every runbook."""

_TYPES: dict[Any, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list[str]: "a list of texts",
    Secret: "a reference to a secret",
}
_YES_AND_NO = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True)
class Kind:
    """The type of one parameter."""

    words: str
    optional: bool = False
    choices: tuple[str, ...] = ()

    @property
    def secret(self) -> bool:
        """Whether it is a secret, which must be a reference."""
        return self.words == _TYPES[Secret]

    @classmethod
    def of(cls, annotation: Any) -> Kind:
        """The kind of a type.

        :raises InvalidInputError: a schema cannot contain this type.
        """
        origin = typing.get_origin(annotation)
        if origin in {types.UnionType, typing.Union}:
            inner = [each for each in typing.get_args(annotation) if each is not type(None)]
            if len(inner) == 1:
                return replace(cls.of(inner[0]), optional=True)
        if origin is typing.Literal and all(isinstance(each, str) for each in typing.get_args(annotation)):
            choices = typing.get_args(annotation)
            return cls(f"one of {', '.join(map(repr, choices))}", choices=choices)
        if annotation in _TYPES:
            return cls(_TYPES[annotation])
        raise InvalidInputError(
            f"A schema cannot contain {annotation!r}.",
            field="schema",
            hint="Use str, int, float, bool, list[str], Literal[...] or cn.Secret, each with | None when optional.",
        )

    @classmethod
    def of_source(cls, node: ast.expr) -> Kind | None:
        """The kind of a type in source code; None if it is not known without running the code."""
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr) and ast.unparse(node.right) == "None":
            found = cls.of_source(node.left)
            return None if found is None else replace(found, optional=True)
        text = ast.unparse(node)
        by_text = {"str": str, "int": int, "float": float, "bool": bool, "list[str]": list[str]}
        if text in by_text:
            return cls.of(by_text[text])
        if text.split(".")[-1] == "Secret":
            return cls.of(Secret)
        if isinstance(node, ast.Subscript) and ast.unparse(node.value).split(".")[-1] == "Literal":
            items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            choices = tuple(each.value for each in items if isinstance(each, ast.Constant) and type(each.value) is str)
            return cls(f"one of {', '.join(map(repr, choices))}", choices=choices)
        return None

    def checked(self, name: str, value: Any) -> Any:
        """The value in the form for a runbook.

        :raises InvalidInputError: the value has a wrong type, is empty, or is a secret in plain text.
        """
        if value is None or (isinstance(value, str) and not value):
            if self.optional:
                return None
            raise _wrong(name, f"needs a value: {self.words}", f"Give it with -p {name}=VALUE, or in the first cell.")
        if self.secret:
            return _reference(name, value)
        if self.choices and value not in self.choices:
            hint = did_you_mean(str(value), self.choices) if isinstance(value, str) else ""
            raise _wrong(name, f"must be {self.words}", hint)
        if not self.choices and not self._fits(value):
            hints = {_TYPES[str]: f"Give it to papermill with -r {name} VALUE.", _TYPES[bool]: "Write True or False."}
            hint = hints.get(self.words, "")
            raise _wrong(name, f"must be {self.words}, not {_kind_of(value)}", hint)
        return float(value) if self.words == _TYPES[float] else value

    def _fits(self, value: Any) -> bool:
        if self.words == _TYPES[list[str]]:
            return isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)
        if isinstance(value, bool):
            return self.words == _TYPES[bool]
        wanted: dict[str, tuple[type, ...]] = {
            _TYPES[str]: (str,),
            _TYPES[int]: (int,),
            _TYPES[float]: (int, float),
            _TYPES[bool]: (bool,),
        }
        return isinstance(value, wanted[self.words])

    def read(self, name: str, text: str) -> Any:
        """A value from the text of a command line, after a check.

        :raises InvalidInputError: as for :meth:`checked`.
        """
        value: Any = text
        try:
            if self.words == _TYPES[int]:
                value = int(text)
            elif self.words == _TYPES[float]:
                value = float(text)
        except ValueError:
            raise _wrong(name, f"must be {self.words}") from None
        if self.words == _TYPES[bool]:
            if text.lower() not in _YES_AND_NO:
                raise _wrong(name, "must be true or false")
            value = _YES_AND_NO[text.lower()]
        elif self.words == _TYPES[list[str]]:
            value = _texts(name, text)
        checked = self.checked(name, value)
        # A notebook gets the reference itself, because a Secret cannot be written into a cell.
        return text if isinstance(checked, Secret) else checked


_ITEM = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|((?!["'])(?:\\,|[^,])*?))\s*(?:,|$)""", re.DOTALL)
"""One text of a list on a command line: in quotation marks, or up to a comma without a backslash before it."""


def _texts(name: str, text: str) -> list[str]:
    r"""The texts of ``a,b``. A comma inside a text is written ``"a,b"`` or ``a\,b``. They can also be written as a
    list, as in the cell of the parameters: ``["a", "b"]``.

    :raises InvalidInputError: a quotation mark at the beginning of a text is not closed at its end.
    """
    plain = text.strip()
    if plain.startswith("[") and plain.endswith("]"):
        try:
            value = ast.literal_eval(plain)
        except (ValueError, SyntaxError):
            value = None
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return value
        plain = plain[1:-1]
    found: list[str] = []
    position = 0
    while position < len(plain):
        item = _ITEM.match(plain, position)
        if item is None:
            hint = f"""With a comma in a text, write -p '{name}="a,b",c' (the outer quotes are for the shell)."""
            raise _wrong(name, "has a text whose quotation marks do not enclose all of it", hint)
        double, single, bare = item.groups()
        quoted = double if double is not None else single
        part = bare.replace("\\,", ",") if quoted is None else re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)
        found += [part] if part else []
        position = item.end()
    return found


def check(
    values: Mapping[str, Any],
    schema: Mapping[str, Any],
    *,
    assigned: Collection[str] = (),
    required: Collection[str] = (),
) -> dict[str, Any]:
    """The parameters of a runbook, in the form for the runbook.

    :param values: the variables of the notebook.
    :param schema: the runbook's own parameters, in addition to :data:`STANDARD`.
    :param assigned: the names that were set as parameters. All of them must be known.
    :param required: names that must be among ``assigned`` if it is not empty.
    :raises InvalidInputError: a parameter is wrong; ``field`` is the name of the first one. The error repeats no value.
    """
    kinds = {name: Kind.of(annotation) for name, annotation in {**STANDARD, **schema}.items()}
    for name in assigned:
        known(name, kinds)
    missing = [name for name in schema if name not in values]
    if missing:
        raise _wrong(missing[0], "is in the schema and is not assigned", "Assign it in the cell tagged 'parameters'.")
    defaults = {"apply": False, "sandbox": False}
    found = {name: kind.checked(name, values.get(name, defaults.get(name))) for name, kind in kinds.items()}
    check_required(assigned, required)
    return found


def check_required(assigned: Collection[str], required: Iterable[str]) -> None:
    """Refuse to use an example value of a notebook for a parameter that somebody forgot.

    A name such as ``webhook|webhooks`` stands for two parameters of which one is enough.

    :raises InvalidInputError: some parameters are given, and a required one is not.
    """
    absent = [name for name in required if not set(name.split("|")) & set(assigned)] if assigned else []
    if absent:
        ways = [" or ".join(f"-p {each}=VALUE" for each in name.split("|")) for name in absent]
        raise _wrong(
            absent[0].partition("|")[0],
            "is not given, and the notebook has only an example for it",
            f"Give {', '.join(ways)}.",
        )


def known(name: str, kinds: Iterable[str]) -> None:
    """Refuse the name of an unknown parameter.

    :raises InvalidInputError: the name is unknown. The hint has the most similar names.
    """
    names = list(kinds)
    if name not in names:
        hint = did_you_mean(name, names) or f"It has {', '.join(names)}."
        raise InvalidInputError(f"This runbook has no parameter {name!r}.", field=name, hint=hint)


def _reference(name: str, value: Any) -> Secret:
    written_out = (
        "Write env:NAME or keyring:SERVICE/USER. If this was a real secret, it now stands in this notebook and in its "
        "saved copies: take it out, and change it."
    )
    if isinstance(value, Secret) and value.reference is not None:
        return value
    try:
        if isinstance(value, str):
            return Secret.parse(value)
    except ChronicleError:
        raise _wrong(name, "must be a reference to a secret", written_out) from None
    raise _wrong(name, "must be a reference to a secret", written_out)


def _wrong(name: str, what: str, hint: str = "") -> InvalidInputError:
    return InvalidInputError(f"Parameter {name!r} {what}.", field=name, hint=hint)


def _kind_of(value: Any) -> str:
    return _TYPES.get(type(value), f"a {type(value).__name__}")
