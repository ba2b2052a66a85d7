"""The file, version 1: from YAML to its content, strictly.

What is wrong is collected, so that one reading tells of all of it. Each error names the file and the line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import yaml

from chronicle_notebook.base._errors import InvalidDefinitionError, InvalidInputError, StateFileError, did_you_mean
from chronicle_notebook.definition.file._content import StateContent
from chronicle_notebook.definition.file._keys import OWNERSHIP_KEYS, STATE_KEYS, VERSION, WEBHOOK_KEYS, names
from chronicle_notebook.definition.file._nodes import Nodes
from chronicle_notebook.definition.file._ownership import Ownership, matches
from chronicle_notebook.definition.file._substitution import Substitution
from chronicle_notebook.definition.file._webhook_reader import WebhookReader
from chronicle_notebook.model import WebhookDefinition

_LINE = re.compile(r"line \d+: ")
_ALIASES = {"target_url": "url", "event_sequence_id": "event_sequence"}
"""The keys of fields that have another name in the file."""
_SHOWN = 20
"""The largest number of further problems in one message."""


def read_state(text: str, *, profile: str | None = None, path: str = "the text") -> StateContent:
    """Read a file of webhooks.

    :param profile: the profile whose variables count.
    :param path: the file, for messages.
    :raises StateFileError: something in it is wrong.
    """
    return _Reader(profile, path).content(text)


class _Reader:
    def __init__(self, profile: str | None, path: str) -> None:
        self._profile, self._path = profile, path
        self._nodes = Nodes(document="the file")
        self._problems: list[InvalidInputError] = []

    def content(self, text: str) -> StateContent:
        """The content; raises if anything is wrong."""
        try:
            entries = self._nodes.root(text, names(STATE_KEYS))
            self._check_version(entries)
            substitution, profiles = self._variables(entries)
            event_store = self._text(substitution, entries, "event_store")
            owner = self._ownership(substitution, entries)
            unmanaged = self._patterns(substitution, entries, "unmanaged")
        except InvalidInputError as error:
            raise self._failure(error) from None
        found = self._webhooks(entries, substitution, owner, unmanaged)
        if self._problems:
            raise self._failure(*self._problems)
        webhooks = sorted((definition for definition, _ in found.values()), key=lambda each: each.id)
        lines = {webhook: line for webhook, (_, line) in found.items()}
        return StateContent(tuple(webhooks), event_store, owner, unmanaged, lines, profiles)

    def _failure(self, *problems: InvalidInputError) -> StateFileError:
        first, rest = problems[0], problems[1:]
        listed = "".join(f"\n  {each}" for each in rest[:_SHOWN])
        more = f"\n{len(rest)} more problem{'' if len(rest) == 1 else 's'}:{listed}" if rest else ""
        if len(rest) > _SHOWN:
            more += "\n  and others: error.problems has all of them."
        return StateFileError(
            f"{self._path}, {first.message}",
            field=first.field,
            webhook=getattr(first, "webhook", ""),
            hint=f"{first.hint}{more}",
            path=self._path,
            problems=tuple(map(str, problems)),
        )

    def _check_version(self, entries: Mapping[str, yaml.Node]) -> None:
        for key in STATE_KEYS:
            if key.needed and key.name not in entries:
                hint = f"Write {key.name}: {VERSION if key.name == 'version' else '[]'}."
                message = f"line 1: the key {key.name!r} is missing."
                raise InvalidDefinitionError(message, field=key.name, hint=hint)
        if self._nodes.scalar(entries["version"], "version") != str(VERSION):
            hint = f"This package reads version {VERSION}; a newer one may read more."
            raise self._nodes.wrong(entries["version"], "the file has another version.", "version", hint)

    # -- what the file says about itself -------------------------------------------------------------------------

    def _variables(self, entries: Mapping[str, yaml.Node]) -> tuple[Substitution, tuple[str, ...]]:
        nodes = self._nodes
        told: dict[str, dict[str, str]] = {}
        if "variables" in entries:
            for name, node in nodes.mapping(entries["variables"], "variables", None).items():
                values = nodes.mapping(node, f"variables of {name}", None)
                told[name] = {}
                for variable, value in values.items():
                    if not variable.isidentifier():
                        hint = "Use letters, digits and '_'."
                        raise nodes.wrong(value, "a variable has no name that ${name} can have.", "variables", hint)
                    told[name][variable] = nodes.scalar(value, "variables")
        profiles = tuple(told)
        if self._profile is not None and told and self._profile not in told:
            raise nodes.wrong(
                entries["variables"],
                f"the file has no variables for the profile {self._profile!r}.",
                "profile",
                did_you_mean(self._profile, profiles) or f"It has {', '.join(profiles)}.",
            )
        return Substitution(told.get(self._profile or "", {}), self._profile, profiles), profiles

    def _text(self, substitution: Substitution, entries: Mapping[str, yaml.Node], key: str) -> str | None:
        if key not in entries:
            return None
        text = self._filled(substitution, entries[key], key)
        if not text.strip():
            raise self._nodes.wrong(entries[key], f"{key} is empty.", key, "Leave it out, or name one.")
        return text

    def _filled(self, substitution: Substitution, node: yaml.Node, key: str) -> str:
        """The text of a scalar, with the values of its variables."""
        try:
            return substitution.filled(self._nodes.scalar(node, key), key)
        except InvalidInputError as error:
            if _LINE.match(error.message):
                raise
            located = self._nodes.wrong(node, error.message, key, error.hint)
        raise located

    def _ownership(self, substitution: Substitution, entries: Mapping[str, yaml.Node]) -> Ownership | None:
        if "owned_by" not in entries:
            return None
        node = entries["owned_by"]
        given = self._nodes.mapping(node, "owned_by", names(OWNERSHIP_KEYS))
        texts = {key: self._filled(substitution, given[key], key) for key in ("header", "value") if key in given}
        ids = self._patterns(substitution, given, "ids")
        try:
            return Ownership(**texts, ids=ids)
        except InvalidInputError as error:
            located = self._nodes.wrong(node, error.message, error.field, error.hint)
        raise located

    def _patterns(self, substitution: Substitution, entries: Mapping[str, yaml.Node], key: str) -> tuple[str, ...]:
        if key not in entries:
            return ()
        texts = [self._filled(substitution, item, key) for item in self._nodes.sequence(entries[key], key)]
        if not texts or not all(texts) or len(set(texts)) < len(texts):
            hint = f"Write {key}: [team-*], or leave it out."
            raise self._nodes.wrong(entries[key], f"{key} has nothing, an empty text, or a text twice.", key, hint)
        return tuple(texts)

    # -- the webhooks --------------------------------------------------------------------------------------------

    def _webhooks(
        self,
        entries: Mapping[str, yaml.Node],
        substitution: Substitution,
        owner: Ownership | None,
        unmanaged: tuple[str, ...],
    ) -> dict[str, tuple[WebhookDefinition, int]]:
        found: dict[str, tuple[WebhookDefinition, int]] = {}
        reader = WebhookReader(
            self._nodes,
            {},
            resolved=substitution.resolved,
            references="env:NAME",
            document="the file",
            lenient=True,
            only_references=True,
        )
        try:
            items = self._nodes.sequence(entries["webhooks"], "webhooks")
        except InvalidInputError as error:
            self._problems.append(error)
            return found
        for item in items:
            try:
                definition = self._webhook(reader, item, owner, unmanaged)
                self._check_new(definition, found, item)
            except InvalidInputError as error:
                self._problems.append(self._located(error, item))
            else:
                found[definition.id] = (definition, self._nodes.line(item))
        return found

    def _webhook(
        self, reader: WebhookReader, item: yaml.Node, owner: Ownership | None, unmanaged: tuple[str, ...]
    ) -> WebhookDefinition:
        entries = self._nodes.mapping(item, "a webhook", names(WEBHOOK_KEYS))
        document = reader.document(entries)
        try:
            definition = document.builder.build(document.id, document.target_url)
        except InvalidDefinitionError as error:
            wrong = entries.get(_ALIASES.get(error.field, error.field), item)
            raise self._located(error, wrong) from None
        if document.authorization is not None:
            definition = definition.changed(authorization=document.authorization)
        if matches(definition.id, unmanaged):
            message = f"the webhook {definition.id!r} is in the file, and unmanaged too."
            raise self._nodes.wrong(item, message, "unmanaged", "Take it out of one of them.")
        if owner is None:
            return definition
        definition = owner.marked(definition)
        if not owner.owns(definition):
            raise self._nodes.wrong(
                item,
                f"the webhook {definition.id!r} is not what the file owns ({owner}).",
                "owned_by",
                "Correct its header." if owner.header else "Correct its id, or add a pattern.",
            )
        return definition

    def _check_new(
        self, definition: WebhookDefinition, found: Mapping[str, tuple[WebhookDefinition, int]], item: yaml.Node
    ) -> None:
        if definition.id in found:
            raise self._nodes.wrong(
                item,
                f"the webhook {definition.id!r} is there twice, first in line {found[definition.id][1]}.",
                "id",
                "Keep one, or give it another id.",
            )

    def _located(self, error: InvalidInputError, node: yaml.Node) -> InvalidInputError:
        """The error, which begins with its line."""
        found = _LINE.search(error.message)
        if found is not None:
            error.message = f"{found[0]}{error.message[: found.start()]}{error.message[found.end() :]}"
            error.args = (error.message,)
            return error
        located = self._nodes.wrong(node, error.message, error.field, error.hint)
        located.webhook = getattr(error, "webhook", "")
        return located
