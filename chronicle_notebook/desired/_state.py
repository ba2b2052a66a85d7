"""``DesiredState``: the webhooks that should be registered, from a file, from a store, or from declared classes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from chronicle_notebook.base._arguments import check_flag, check_names
from chronicle_notebook.base._errors import InvalidInputError, StateFileError
from chronicle_notebook.base._public import public
from chronicle_notebook.base._text import count
from chronicle_notebook.definition._code import Code
from chronicle_notebook.definition._credentials import with_references
from chronicle_notebook.definition._discovery import discover
from chronicle_notebook.definition.file._edit import with_webhook, without_webhook
from chronicle_notebook.definition.file._ownership import Ownership, literal
from chronicle_notebook.definition.file._schema import schema_text
from chronicle_notebook.definition.file._state_reader import read_state
from chronicle_notebook.definition.file._writer import written
from chronicle_notebook.definition.rules._check import check_distinct
from chronicle_notebook.desired._drift import Drift, drift_rows
from chronicle_notebook.desired._export import exported, write_text
from chronicle_notebook.desired._mapping import Allowance, check_hosts, moved
from chronicle_notebook.desired._plan import StatePlan, planned
from chronicle_notebook.desired._plan_content import PlanOptions
from chronicle_notebook.desired._store import StateClient
from chronicle_notebook.display._displayed import Displayed
from chronicle_notebook.display._table_and_card import Table
from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.reading._list import row
from chronicle_notebook.registration._declared import own_event_types


@public
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class DesiredState(Displayed):
    """The webhooks that an event store should have: a file in git, an export, or the declared classes.

    >>> state = cn.DesiredState.read("webhooks.yaml", profile="staging")    # doctest: +SKIP
    >>> state.plan(client).apply()                                          # doctest: +SKIP
    """

    webhooks: tuple[WebhookDefinition, ...]
    """The definitions, sorted by id. Secrets are references; each has the header of its owner."""
    event_store: str | None = None
    """The event store that the state is for; None for any."""
    owned_by: Ownership | None = None
    """What the state owns, and so what prune may remove."""
    unmanaged: tuple[str, ...] = ()
    """Ids and patterns of webhooks that stay as they are."""
    profile: str | None = None
    """The profile whose variables were used."""
    path: Path | None = None
    """The file that it was read from."""
    lines: Mapping[str, int] = field(default_factory=dict)
    """The line of each webhook in the file, by id."""
    event_type_classes: tuple[type, ...] = ()
    """The declared event types of declared webhooks. Applying registers those that the event store lacks."""

    def __post_init__(self) -> None:
        check_distinct(self.webhooks)
        owner = self.owned_by
        marked = self.webhooks if owner is None else tuple(map(owner.marked, self.webhooks))
        object.__setattr__(self, "webhooks", tuple(sorted(marked, key=lambda each: each.id)))
        for each in self.webhooks:
            if owner is not None and not owner.owns(each):
                raise InvalidInputError(
                    f"The webhook {each.id!r} is not what the state owns ({owner}).",
                    field="owned_by",
                    hint="Correct its id or its header, or the owner.",
                )

    @classmethod
    def read(cls, path: str | Path, *, profile: str | None = None) -> Self:
        """Read a file, strictly.

        :param path: a YAML file, version 1.
        :param profile: the profile whose variables have the values of ``${name}``.
        :raises StateFileError: the file cannot be read, or something in it is wrong: every problem with its line.
        """
        check_names(profile=profile)
        return cls.parse(_text_of(path), profile=profile, path=path)

    @classmethod
    def parse(cls, text: str, *, profile: str | None = None, path: str | Path | None = None) -> Self:
        """The same for a text.

        :param path: the file that the text is from, for messages and for the state of before.
        :raises StateFileError: something in it is wrong.
        """
        found = read_state(text, profile=profile, path="the text" if path is None else str(path))
        return cls(
            found.webhooks,
            event_store=found.event_store,
            owned_by=found.owned_by,
            unmanaged=found.unmanaged,
            profile=profile,
            path=None if path is None else Path(path),
            lines=found.lines,
        )

    @classmethod
    def of(cls, client: StateClient, *, owned_by: Ownership | None = None) -> Self:
        """The webhooks that are registered, for a file.

        A webhook that no file can have, for example one of another client without event types, is unmanaged: it stays
        as it is.

        :param owned_by: export only what is owned.
        """
        kept, left = exported(client.webhooks.all())
        kept = list(map(with_references, kept))
        if owned_by is not None:
            kept = [each for each in kept if owned_by.owns(each)]
            left = [each for each in left if owned_by.owns(each)]
        unmanaged = tuple(sorted(literal(each.id) for each in left))
        return cls(tuple(kept), event_store=client.event_store, owned_by=owned_by, unmanaged=unmanaged)

    @classmethod
    def discovered(
        cls,
        classes: Iterable[type] | None = None,
        *,
        event_store: str | None = None,
        owned_by: Ownership | None = None,
    ) -> Self:
        """The webhooks of the declared classes.

        A class that names no event types has those that the classes of this process declare.

        :param classes: classes with ``@cn.webhook``; by default all loaded ones.
        :raises InvalidDeclarationError: a class cannot be used.
        :raises DuplicateWebhookError: two classes have the same id.
        """
        hooks = discover(classes, all_event_types=own_event_types)
        types = dict.fromkeys(cls_ for hook in hooks for cls_ in hook.event_type_classes)
        definitions = tuple(hook.definition for hook in hooks)
        return cls(definitions, event_store=event_store, owned_by=owned_by, event_type_classes=tuple(types))

    @staticmethod
    def schema() -> Code:
        """The JSON Schema of the file, for the completion of an editor: draft 2020-12, as text.

        The same text is in the package: ``chronicle_notebook/definition/file/webhooks.schema.json``.
        """
        return Code(schema_text())

    def to_yaml(self) -> Code:
        """The file: sorted, stable, and without secrets. It has the values of the profile in place of variables."""
        text = written(self.webhooks, event_store=self.event_store, owned_by=self.owned_by, unmanaged=self.unmanaged)
        return Code(text)

    def write(self, path: str | Path) -> Path:
        """Write the file, and return its path. It is never half written.

        :raises InvalidInputError: it cannot be written.
        """
        return write_text(path, str(self.to_yaml()))

    @classmethod
    def put(cls, path: str | Path, definition: WebhookDefinition, *, profile: str | None = None) -> Self:
        """Change one webhook of a file, or add it, and return the state of the file then.

        Everything else stays byte for byte: comments, the order, and variables except in values that change. Secrets
        become references.

        :raises StateFileError: the file is wrong, or would be.
        :raises InvalidInputError: the form of the file does not allow it; it is as before.
        """
        _edit(path, lambda text: with_webhook(text, definition, profile=profile, path=str(path)))
        return cls.read(path, profile=profile)

    @classmethod
    def take_out(cls, path: str | Path, webhook: str, *, profile: str | None = None) -> Self:
        """Take one webhook out of a file, and return the state of the file then. Everything else stays byte for byte.

        :raises UnknownWebhookError: the file does not have it.
        :raises StateFileError: the file is wrong.
        """
        _edit(path, lambda text: without_webhook(text, webhook, profile=profile, path=str(path)))
        return cls.read(path, profile=profile)

    def plan(
        self,
        client: StateClient,
        *,
        prune: bool = False,
        replace: bool = False,
        resend_secrets: bool = False,
        ignore: Collection[str] = (),
        ignore_headers: Collection[str] = (),
        accept_unknown: bool = False,
    ) -> StatePlan:
        """What would make the event store have this state. Nothing is sent.

        :param prune: remove what the state owns and does not have.
        :param replace: remove and register again where the kernel ignores a change.
        :param resend_secrets: send credentials again although nobody knows whether they differ, as for a rotation.
        :param ignore: fields that may differ, for example ``active``; they stay as they are registered.
        :param ignore_headers: names of headers that may differ, for example ``x-env``; a new webhook does not get them.
        :param accept_unknown: accept event types that nobody has registered yet.
        :raises InvalidInputError: the state is for another event store, or owns nothing that could be pruned.
        :raises UnknownEventTypeError: the event store does not have an event type.
        """
        return planned(
            self,
            client,
            PlanOptions(prune, replace, resend_secrets, accept_unknown, Allowance.of(ignore, ignore_headers)),
        )

    def drift(
        self,
        client: StateClient,
        *,
        strict: bool = False,
        ignore: Collection[str] = (),
        ignore_headers: Collection[str] = (),
    ) -> Drift:
        """How far what is registered is from this state. Nothing is sent.

        What others own is no difference, and neither is a secret that cannot be compared.

        :param strict: count what a kernel like this one does not keep, too.
        :param ignore: fields that may differ.
        :param ignore_headers: names of headers that may differ.
        :raises InvalidInputError: the state is for another event store.
        :raises UnknownEventTypeError: the event store does not have an event type.
        """
        check_flag(strict, field="strict")
        plan = self.plan(client, ignore=ignore, ignore_headers=ignore_headers)
        found = [row for each in plan for row in drift_rows(each, line=self.lines.get(each.id), strict=strict)]
        return Drift(
            found,
            origin=plan.origin,
            path=self.path,
            profile=self.profile,
            compared=sum(each.owned for each in plan),
            remarks=tuple(_drift_remarks(plan, strict=strict)),
        )

    def mapped(self, hosts: Mapping[str, str], *, event_store: str | None = None) -> Self:
        """The same webhooks for another environment: ``DesiredState.of(staging).mapped(hosts).plan(production)``.

        :param hosts: the host (or ``host:port``) there for each one here; ``*.domain`` stands for every host below a
            domain. Other hosts stay.
        :param event_store: the event store there; by default the same one.
        :raises InvalidInputError: a host is not one.
        """
        check_names(event_store=event_store)
        check_hosts(hosts)
        webhooks = tuple(moved(each, hosts) for each in self.webhooks)
        return replace(self, webhooks=webhooks, event_store=event_store or self.event_store, path=None, lines={})

    def __len__(self) -> int:
        return len(self.webhooks)

    def __eq__(self, other: object) -> bool:
        """Whether two states want the same, wherever they come from."""
        if not isinstance(other, DesiredState):
            return NotImplemented
        return self.to_yaml() == other.to_yaml()

    __hash__ = None  # type: ignore[assignment]

    def _display(self) -> Table:
        count = f"{len(self):,} webhook{'' if len(self) == 1 else 's'} wanted"
        where = f" in event store {self.event_store!r}" if self.event_store else ""
        owner = f"Owned: {self.owned_by}. " if self.owned_by else ""
        return Table(
            caption=f"{count}{where}",
            titles=("Id", "Target", "Event types", "Authorization", "Headers", "State"),
            rows=[row(each) for each in self.webhooks],
            foot=f"{owner}From {self.path or 'this process'}"
            f"{f', profile {self.profile}' if self.profile else ''}. plan(client) says what would change.",
            empty="No webhook is wanted.",
        )


def _edit(path: str | Path, change: Callable[[str], str]) -> None:
    """Change the text of a file. Its line ends stay, and so does a byte order mark.

    :raises InvalidInputError: it has line ends of several kinds.
    """
    text = _text_of(path, newline="")
    windows = "\r\n" in text
    if "\r" in text.replace("\r\n", "") or (windows and "\n" in text.replace("\r\n", "")):
        raise InvalidInputError(
            f"{path} has line ends of several kinds, so it cannot be edited in place.",
            field="path",
            hint="Give it one kind, as git does with text=auto.",
        )
    changed = change(text.replace("\r\n", "\n"))
    mark = "\ufeff" if Path(path).read_bytes().startswith(b"\xef\xbb\xbf") else ""
    write_text(path, mark + (changed.replace("\n", "\r\n") if windows else changed))


def _text_of(path: str | Path, newline: str | None = None) -> str:
    try:
        with Path(path).open(encoding="utf-8-sig", newline=newline) as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text in UTF-8"
        message = f"{path} cannot be read: {why}."
    raise StateFileError(message, field="path", hint="Name a YAML file.", path=str(path))


def _drift_remarks(plan: StatePlan, *, strict: bool) -> Iterator[str]:
    if plan.not_compared:
        yield f"Secrets of {count(len(plan.not_compared), 'webhook')} cannot be compared."
    if plan.untaken and not strict:
        yield (
            f"This kernel does not keep everything of {count(len(plan.untaken), 'webhook')}; strict=True (--strict) "
            "counts this as a difference."
        )
