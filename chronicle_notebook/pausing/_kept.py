"""Definitions in a file between a pause and its end: YAML without secrets.

The file is written anew as a whole, to the disk and under a lock, so that neither a crash nor a second process loses a
definition: during a pause nobody else has it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.base._whole_file import alone_in, write_whole
from chronicle_notebook.definition._credentials import is_set
from chronicle_notebook.definition._references import looks_like_reference, plain
from chronicle_notebook.definition.file._draft import drafted
from chronicle_notebook.definition.file._keys import KEYS
from chronicle_notebook.definition.file._nodes import Nodes
from chronicle_notebook.definition.file._substitution import FILE_KINDS
from chronicle_notebook.definition.file._webhook_reader import WebhookReader
from chronicle_notebook.definition.file._writer import body, dumped, yaml_value
from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.pausing._client import StoreClient
from chronicle_notebook.pausing._elsewhere import OtherFiles
from chronicle_notebook.pausing._place import PAUSED, paused_file

_SEPARATOR = "---\n"
_OWN = ("server", "event_store", "moving", "resumed", "paused_at", "paused_by", "reason", "positions")
_OWN_LINE = re.compile(rf"^(?:{'|'.join(_OWN)}):.*\n(?:[ -].*\n)*", re.MULTILINE)
"""The keys of the file itself. All other keys at the beginning of a line belong to the definition."""
_WHERE = "Each needs a line server: HOST:PORT and a line event_store: NAME, which say where it was removed."


def kept_text(definition: WebhookDefinition) -> str:
    """A definition in the form of the file."""
    draft = drafted(definition, kinds=FILE_KINDS, only_credentials=True)
    document = {"id": plain(definition.id), "url": yaml_value(draft.url), **body(draft)}
    return "\n".join([*(f"# {comment}" for comment in draft.comments), dumped(document)])


@lru_cache(maxsize=2_048)
def _parsed(text: str) -> Any:
    """The values of a text. An explorer asks for those of every paused webhook again and again: nobody changes them.

    :raises YAMLError: the text is not YAML.
    """
    import yaml

    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe


def references(text: str) -> list[str]:
    """The references of a definition of the file, such as ``env:NAME``. Resuming needs their values."""
    document = _parsed(text)
    values = [document.get("url")]
    for key in ("headers", "authorization"):
        values += (document.get(key) or {}).values()
    return [value for value in values if isinstance(value, str) and value.partition(":")[0] in FILE_KINDS]


def variables(text: str) -> list[str]:
    """The environment variables among the references."""
    return [value.removeprefix("env:") for value in references(text) if value.startswith("env:")]


def _value(text: str, field: str) -> str | Secret:
    """The value of a text of the file."""
    kind, _, rest = text.partition(":")
    if kind == "literal":
        return rest
    if not looks_like_reference(text):
        return text
    if kind not in FILE_KINDS:
        raise InvalidInputError(
            f"{field}: {kind}: is not a reference that this file can have.",
            field=field,
            hint="Write env:NAME, file:PATH or keyring:SERVICE/USER.",
        )
    return Secret.parse(text)


def listed_values(definition: WebhookDefinition) -> dict[str, str]:
    """The variables of a definition whose values the kernel lists, in headers and in the URL, with these values."""
    document = _parsed(kept_text(definition))
    pairs: list[tuple[Any, object]] = [(document.get("url"), definition.target_url)]
    pairs += [(text, definition.headers[name]) for name, text in (document.get("headers") or {}).items()]
    return {
        written.removeprefix("env:"): value
        for written, value in pairs
        if isinstance(written, str) and written.startswith("env:") and isinstance(value, str)
    }


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked for a pause, when and why, and where the observers stood then."""

    at: datetime
    by: str
    reason: str = ""
    positions: Mapping[str, int] = field(default_factory=dict, hash=False)
    """The number of the next event, by namespace."""

    def keys(self) -> dict[str, Any]:
        """The keys of the file."""
        told: dict[str, Any] = {"paused_at": self.at.isoformat(timespec="seconds"), "paused_by": self.by}
        told |= {"reason": self.reason} if self.reason else {}
        return told | ({"positions": dict(self.positions)} if self.positions else {})

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Asked | None:
        """What a document says; None if it does not, as those of earlier versions."""
        at, positions = document.get("paused_at"), document.get("positions")
        try:
            moment = at if isinstance(at, datetime) else datetime.fromisoformat(str(at))
        except ValueError:
            return None
        numbers = positions if isinstance(positions, Mapping) else {}
        return cls(
            moment,
            str(document.get("paused_by", "")),
            str(document.get("reason", "")),
            {str(name): number for name, number in numbers.items() if isinstance(number, int)},
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """One definition of the file, and from where it was removed."""

    server: str
    event_store: str
    id: str
    text: str
    """The text of :func:`kept_text`."""
    moving: bool = False
    """Whether the definition was saved to be registered with another target, not to be paused."""
    resumed: bool = False
    """Whether it has been registered again."""
    asked: Asked | None = None
    """Who asked for the pause; None if it is none, or if an earlier version wrote it."""

    def definition(self) -> WebhookDefinition:
        """The definition, with references instead of secrets.

        :raises InvalidInputError: the text is not such a definition, or a variable without a secret is not set.
        """
        nodes = Nodes()
        reader = WebhookReader(nodes, {}, resolved=_value, references="env:NAME", document="the file")
        document = reader.document(nodes.root(self.text, ("id", "url", *KEYS)))
        return document.builder.build(document.id, document.target_url)

    @property
    def secrets(self) -> list[str]:
        """The references to what is secret, such as ``env:NAME``, and ``NAME`` for each variable that is not."""
        plain = {"username", "authority", "client_id"}
        told = _parsed(self.text).get("authorization") or {}
        names = {value.removeprefix("env:") for key, value in told.items() if key in plain and isinstance(value, str)}
        return sorted(name if (name := each.removeprefix("env:")) in names else each for each in references(self.text))

    @property
    def target(self) -> str:
        """The target URL, or the reference to it."""
        return str(_parsed(self.text).get("url", "")).removeprefix("literal:")

    @property
    def event_types(self) -> tuple[str, ...]:
        """The event types, as ``Id`` or ``Id+generation``."""
        told = _parsed(self.text).get("event_types") or []
        return tuple(f"{each['id']}+{each['generation']}" if isinstance(each, dict) else str(each) for each in told)

    @property
    def authorized(self) -> bool:
        """Whether its deliveries carry credentials."""
        return "authorization" in _parsed(self.text)

    def missing(self, *, keyring: bool = True) -> list[str]:
        """The required variables that are not set, and the other references that have no value here.

        :param keyring: whether to look into the system's keyring, which may ask the user to unlock it.
        """
        found = [each for each in references(self.text) if keyring or not each.startswith("keyring:")]
        absent = [each for each in found if not each.startswith("env:") and not is_set(Secret.parse(each))]
        return [*(name for name in variables(self.text) if not os.getenv(name)), *absent]


class KeptDefinitions:
    """A file of definitions, mode 0600. Each definition is the text of ``webhooks.code(id, "yaml")``, with its server
    and event store.

    The file has references instead of credentials, also of those in headers and in URLs. It has the values of other
    headers, so that resuming needs as few variables as possible. It can contain definitions of several event stores;
    all methods except :meth:`everything` use only those of its own event store.
    """

    def __init__(
        self, path: str | Path, server: str, event_store: str, *, usual: bool = True, others: OtherFiles | None = None
    ) -> None:
        """Take the file, which need not exist.

        :param usual: whether calls without ``file`` use it.
        :param others: the record of the other files, which says where each pause is; None for a file that is in none.
        """
        self.path, self.usual, self.others = Path(path), usual, others
        self.server, self.event_store = str(server), event_store

    @classmethod
    def of(cls, client: StoreClient, path: str | Path, *, usual: bool = True) -> KeptDefinitions:
        """The file, for the event store of a client."""
        try:
            others = OtherFiles(paused_file(client.server, client.event_store, embedded=client.embedded))
        except InvalidInputError:  # without a home directory there is no place for the list
            others = None
        return cls(path, client.server, client.event_store, usual=usual, others=others)

    def beside(self, path: Path) -> KeptDefinitions:
        """Another file with pauses of the same event store."""
        usual = self.others is not None and path == self.others.usual
        return KeptDefinitions(path, self.server, self.event_store, usual=usual, others=self.others)

    def call(self, name: str, *arguments: str) -> str:
        """A call of the webhooks of a client that looks into this file, as Python.

        :param arguments: its other arguments, as Python.
        """
        file = [] if self.usual else [f"file={str(self.path)!r}"]
        return f"client.webhooks.{name}({', '.join([*arguments, *file])})"

    def everything(self) -> list[Kept]:
        """All definitions of the file, of every event store; empty if there is no file.

        :raises InvalidInputError: the file cannot be read, is not such a file, or does not say where a definition comes
            from.
        """
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise self._unusable("read", error) from None
        return [each for part in text.split(f"\n{_SEPARATOR}") if (each := self._read(part)) is not None]

    def here(self) -> dict[str, Kept]:
        """The definitions of this event store by their ids.

        :raises InvalidInputError: as for :meth:`everything`.
        """
        return {
            each.id: each
            for each in self.everything()
            if (each.server, each.event_store) == (self.server, self.event_store)
        }

    def keep(self, definition: WebhookDefinition, *, moving: bool = False, asked: Asked | None = None) -> None:
        """Put a definition into the file. It replaces an earlier one with the same id and event store. The file is
        never half written.

        :raises InvalidInputError: the file cannot be written.
        """
        text = kept_text(definition)
        self._put(Kept(self.server, self.event_store, definition.id, text, moving=moving, asked=asked))
        if not moving:
            self.note(definition.id)

    def note(self, webhook: str) -> None:
        """Note that a pause is in this file, for whoever does not name it. :meth:`keep` does this too, at its end."""
        if self.others is not None:
            self.others.note(webhook, None if self.usual else self.path)

    def waiting(self) -> list[Kept]:
        """The definitions of this event store that have not been registered again."""
        return [each for each in self.here().values() if not each.resumed]

    def mark_resumed(self, webhook: str) -> None:
        """Note that a webhook is registered again, so that another definition may replace it."""
        self._put(replace(self.here()[webhook], resumed=True))
        self.over(webhook)
        if self.others is not None and not self.usual:
            earlier = self.beside(self.others.usual)
            if webhook in earlier.here():  # an earlier pause, after which somebody registered the webhook again
                earlier.mark_resumed(webhook)

    def holds(self, definition: WebhookDefinition, *, moving: bool = False) -> bool:
        """Whether the file has the definition as it is now, and the definition waits there for this purpose."""
        kept = self.here().get(definition.id)
        if kept is None or kept.resumed or kept.moving is not moving:
            return False
        return kept.text.strip() == kept_text(definition).strip()

    def check_free_for(self, definition: WebhookDefinition) -> None:
        """Refuse to overwrite another definition that still waits to be resumed. A definition that was to be moved does
        not count: its webhook is registered as before, so nothing was done with it.

        :raises InvalidInputError: there is such a definition.
        """
        kept = self.here().get(definition.id)
        if kept is not None and not kept.resumed and not kept.moving and not self.holds(definition):
            raise InvalidInputError(
                f"{self.path} holds another definition of {definition.id!r} of this event store, which was not resumed "
                "from there. It is registered now as somebody else registered it.",
                field="file",
                hint=f"If nobody needs the old definition any more, {self.call('forget_paused', repr(definition.id))} "
                "takes it out.",
            )

    def _read(self, part: str) -> Kept | None:
        import yaml

        bare = part.removeprefix(_SEPARATOR)
        try:
            node: Any = _parsed(bare)
        except yaml.YAMLError:
            node = ()
        if node is None:
            return None
        if not isinstance(node, Mapping) or not isinstance(node.get("id"), str):
            raise self._wrong("does not contain definitions of webhooks.", "Name the file of the pause, or a new one.")
        webhook = node["id"].removeprefix("literal:")
        server, store = node.get("server"), node.get("event_store")
        if not isinstance(server, str) or not isinstance(store, str):
            raise self._wrong(f"does not say of which server and event_store {webhook!r} is.", _WHERE)
        text = _OWN_LINE.sub("", bare.strip("\n") + "\n")
        flags = {name: node.get(name) is True for name in ("moving", "resumed")}
        return Kept(server, store, webhook, text, **flags, asked=Asked.of(node))

    def drop(self, webhook: str) -> None:
        """Take a definition of this event store out of the file.

        :raises InvalidInputError: the file cannot be written.
        """
        self._change(self.server, self.event_store, webhook, None)
        self.over(webhook)

    def over(self, webhook: str) -> None:
        """Note that a pause is over, so that nobody looks for its file any more."""
        if self.others is not None:
            self.others.note(webhook, None)

    def _put(self, new: Kept) -> None:
        self._change(new.server, new.event_store, new.id, new)

    def _change(self, server: str, event_store: str, webhook: str, new: Kept | None) -> None:
        try:
            with alone_in(self.path.parent):
                documents = {(each.server, each.event_store, each.id): each for each in self.everything()}
                if new is None:
                    documents.pop((server, event_store, webhook), None)
                else:
                    documents[server, event_store, webhook] = new
                self._write(list(documents.values()))
        except OSError as error:
            raise self._unusable("written", error) from None

    def _write(self, documents: list[Kept]) -> None:
        write_whole(self.path, "".join(_SEPARATOR + _document(each) for each in documents))

    def _unusable(self, what: str, error: OSError | UnicodeDecodeError) -> InvalidInputError:
        reason = getattr(error, "strerror", None) or "it is not text"
        elsewhere = (
            f"Name another file with file=, or another folder in {PAUSED}." if self.usual else "Name another file."
        )
        return self._wrong(f"cannot be {what}: {reason}.", elsewhere)

    def _wrong(self, what: str, hint: str) -> InvalidInputError:
        return InvalidInputError(f"{self.path} {what}", field="file", hint=hint)


def _document(kept: Kept) -> str:
    own: dict[str, Any] = {"server": kept.server, "event_store": kept.event_store}
    own |= {name: True for name in ("moving", "resumed") if getattr(kept, name)}
    own |= {} if kept.asked is None else kept.asked.keys()
    return dumped(own) + kept.text.strip("\n") + "\n"
