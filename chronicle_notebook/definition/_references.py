"""References in definitions as text: ``env:NAME`` instead of a secret, and how to tell them from plain text.

A plain text that begins like a reference is written ``literal:TEXT``.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping

from chronicle_notebook.base._errors import InvalidInputError, did_you_mean
from chronicle_notebook.base._revealed import note_revealed
from chronicle_notebook.base._secrets import Secret

KINDS = ("env", "var")
"""The references that a cell may contain: an environment variable, and a variable of the notebook."""
LITERAL = "literal:"
"""The prefix of a plain text that looks like a reference."""

_LOOKS_LIKE_ONE = re.compile(r"(env|var|literal|file|keyring|prompt):")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_IN_NAME = re.compile(r"[^A-Z0-9]+")
_DIGEST = 12
"""The number of hexadecimal digits that make the variables of similar ids different."""
_PLAIN_ID = re.compile(rf"(?!(?:.*-)?(?:x|[0-9a-f]{{{_DIGEST}}})(?:-|$))[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
"""Ids such as ``account-events``, whose variable name no other id can have.

An id with the part ``x`` is not one of them: ``a-x`` with a header ``key`` and ``a`` with a header ``x-key`` would get
the same name. An id with a part that looks like a digest is not one of them either.
"""
_PLAIN_HEADER = re.compile(rf"(?!(?:.*_)?[0-9A-F]{{{_DIGEST}}}(?:_|$))X_.+")
_LONGEST_PREFIX = 80


def looks_like_reference(text: str) -> bool:
    """Whether a text would be read as a reference, or refused as a reference of a wrong kind."""
    return _LOOKS_LIKE_ONE.match(text) is not None


def plain(text: str) -> str:
    """A plain text in a place where a reference is possible."""
    return f"{LITERAL}{text}" if looks_like_reference(text) else text


def plain_id(text: str) -> str:
    """The id of a webhook on the line of a magic, where an id with braces needs the prefix too."""
    return f"{LITERAL}{text}" if looks_like_reference(text) or "{" in text or "}" in text else text


def upper_snake(text: str) -> str:
    """``accountEvents`` and ``account-events`` as ``ACCOUNT_EVENTS``; empty if the text has no letter or digit."""
    return _NOT_IN_NAME.sub("_", _CAMEL.sub("_", text).upper()).strip("_")


def variable_prefix(webhook: str) -> str:
    """The beginning of the names of a webhook's environment variables. Two ids never have the same beginning.

    ``account-events`` gives ``ACCOUNT_EVENTS``. Ids that would give the same letters, such as ``accountEvents`` and
    ``account_events``, and ids in other scripts get a digest of the id too: ``ACCOUNT_EVENTS_9F2B41C07D3E``. The result
    depends on the id alone, so that it is the same in each run and on each machine.
    """
    letters = upper_snake(webhook)
    if not webhook or (_PLAIN_ID.fullmatch(webhook) and len(letters) <= _LONGEST_PREFIX):
        return letters or "WEBHOOK"
    digest = hashlib.sha256(webhook.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST].upper()
    letters = letters[:_LONGEST_PREFIX].strip("_")
    # A shell does not allow a name that begins with a digit.
    front = ["WEBHOOK"] if not letters or letters[0].isdigit() else []
    return "_".join([*front, *([letters] if letters else []), digest])


class VariableNames:
    """Gives each secret of a webhook its own environment variable: ``ACCOUNT_EVENTS_TOKEN``.

    Runbooks, ``code()`` and the form use these names. No two webhooks share a name.
    """

    def __init__(self, webhook: str, taken: set[str]) -> None:
        self._prefix = variable_prefix(webhook)
        self._taken = set(taken)

    def secret(self, purpose: str) -> Secret:
        """A reference to a variable that this webhook does not use for anything else.

        :param purpose: a field of an authorization, or ``target url``.
        """
        return self._free(f"{self._prefix}_{upper_snake(purpose) or 'SECRET'}")

    def header(self, name: str) -> Secret:
        """The same for the value of a header.

        The name of a header that does not begin with ``x-`` gets two underscores before it: ``key`` of ``a-client`` and
        ``client-key`` of ``a`` would otherwise have one variable.
        """
        letters = upper_snake(name) or "SECRET"
        return self._free(f"{self._prefix}{'_' if _PLAIN_HEADER.fullmatch(letters) else '__'}{letters}")

    def _free(self, base: str) -> Secret:
        name, number = base, 2
        while name in self._taken:
            name, number = f"{base}_{number}", number + 1
        self._taken.add(name)
        return Secret.env(name)


def resolve(text: str, variables: Mapping[str, object], *, field: str) -> str | Secret:
    """The value of a text: a secret of the environment, the value of a variable, or the text itself.

    :param variables: the variables of the notebook; only those with a text or a Secret can be referred to.
    :raises InvalidInputError: the reference is of another kind, or its variable does not exist.
    """
    if not looks_like_reference(text):
        return text
    kind, _, name = text.partition(":")
    if kind == "literal":
        return name
    if kind not in KINDS:
        raise InvalidInputError(
            f"{field}: {kind}: is not a reference that a magic accepts.",
            field=field,
            hint=f"Write env:NAME, or make a Secret.{kind}(...) in Python and write var:NAME.",
        )
    if not (name.isidentifier() if kind == "var" else name and "=" not in name and "\0" not in name):
        raise InvalidInputError(
            f"{field}: the text after {kind}: is not a name.",
            field=field,
            hint=f"Write {kind}:NAME, or {LITERAL}TEXT for a text that begins with {kind}:.",
        )
    return Secret.env(name) if kind == "env" else _variable(name, variables, field)


def resolve_text(text: str, variables: Mapping[str, object], *, field: str) -> str:
    """The same as :func:`resolve` for a text that is not secret: the value itself.

    :raises SecretUnavailableError: a variable of the environment is not set.
    """
    value = resolve(text, variables, field=field)
    if not isinstance(value, Secret):
        return value
    found = value.reveal()
    note_revealed(found, text)  # a Secret of a variable may be one without a reference
    return found


def _variable(name: str, variables: Mapping[str, object], field: str) -> str | Secret:
    name = unicodedata.normalize("NFKC", name)  # as Python does with the names in its code
    value = variables.get(name)
    if isinstance(value, (str, Secret)):
        return value
    usable = [each for each, held in variables.items() if isinstance(held, (str, Secret)) and not each.startswith("_")]
    what = f"the variable {name!r} holds {_kind(value)}" if name in variables else f"there is no variable {name!r}"
    raise InvalidInputError(
        f"{field}: {what}.",
        field=field,
        hint=did_you_mean(name, usable) or "Assign a text or a cn.Secret to it in a cell before this one.",
    )


def _kind(value: object) -> str:
    return "None" if value is None else f"{type(value).__name__}, which is neither a text nor a Secret"
