"""What a file owns: the webhooks that it may remove when it no longer names them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.base._public import public
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.definition.rules._header import check_header
from chronicle_notebook.model import WebhookDefinition

OWNER_HEADER = "x-managed-by"
"""The header whose value is shown as the owner of a webhook where no file says which header it is."""


@public
@dataclass(frozen=True, slots=True)
class Ownership:
    """What a file owns: the webhooks with a header of a value, or those with ids of some patterns.

    ``Ownership(header="x-managed-by", value="git")`` or ``Ownership(ids=["team-*"])``. A webhook that a file names gets
    the header. Prune removes only what is owned, so two files for one event store need a different header or patterns.

    :raises InvalidInputError: neither or both are given, or the header cannot be sent.
    """

    header: str = ""
    value: str = ""
    ids: tuple[str, ...] = ()
    """Patterns: ``*`` stands for any text, ``?`` for one character, ``[ab]`` for one of these."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", (self.ids,) if isinstance(self.ids, str) else tuple(self.ids))
        if bool(self.header) == bool(self.ids) or bool(self.header) != bool(self.value):
            raise InvalidInputError(
                "An owner is a header with its value, or patterns of ids.",
                field="owned_by",
                hint="Write {header: x-managed-by, value: git}, or {ids: [team-*]}.",
            )
        for problem in check_header(self.header, self.value) if self.header else ():
            raise InvalidInputError(problem.message, field="owned_by", hint=problem.hint)

    def owns(self, definition: WebhookDefinition) -> bool:
        """Whether a registered webhook is owned."""
        return matches(definition.id, self.ids) if self.ids else self.mark_of(definition) == self.value

    def mark_of(self, definition: WebhookDefinition) -> str | None:
        """The value of the owner's header on a webhook; None if it has no such header, or a secret in it.

        A webhook of another client can have the header twice, in different case. Then the mark of another owner counts.
        """
        wanted = self.header.lower()
        found = [value for name, value in definition.headers.items() if name.lower() == wanted]
        if not found or any(isinstance(value, Secret) for value in found):
            return None
        return str(next((value for value in found if value != self.value), self.value))

    def marked(self, definition: WebhookDefinition) -> WebhookDefinition:
        """The definition with the owner's header."""
        if not self.header or any(name.lower() == self.header.lower() for name in definition.headers):
            return definition
        return definition.changed(headers={**definition.headers, self.header: self.value})

    def bare(self, definition: WebhookDefinition) -> WebhookDefinition:
        """The definition without the owner's header, as a file has it."""
        if not self.header or self.mark_of(definition) != self.value or self.header not in definition.headers:
            return definition
        return definition.changed(
            headers={name: value for name, value in definition.headers.items() if name != self.header}
        )

    def __str__(self) -> str:
        return f"ids like {', '.join(self.ids)}" if self.ids else f"header {self.header} = {self.value}"


def matches(webhook: str, patterns: Iterable[str]) -> bool:
    """Whether an id is of one of the patterns, with regard to upper and lower case."""
    return any(fnmatchcase(webhook, pattern) for pattern in patterns)


def literal(webhook: str) -> str:
    """The pattern that only this id has."""
    return "".join(f"[{each}]" if each in "*?[" else each for each in webhook)


def owner_of(definition: WebhookDefinition) -> str:
    """The owner that the header :data:`OWNER_HEADER` names; empty without one, or if its value is a secret."""
    found = next((value for name, value in definition.headers.items() if name.lower() == OWNER_HEADER), "")
    return "" if isinstance(found, Secret) else found
