"""All records of pauses of an event store: those of the usual file and those that are kept in other files."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.pausing._kept import Kept, KeptDefinitions

_FIRST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Record:
    """The record of one pause."""

    webhook: str
    kept: KeptDefinitions
    """The file that has it."""
    entry: Kept | None
    """What the file has; None if it cannot be read."""
    problem: str = ""
    """Why it cannot be read."""

    @property
    def error(self) -> InvalidInputError:
        """The problem, with what to do next."""
        return InvalidInputError(
            f"{self.webhook!r} is paused, and its definition cannot be read: {self.problem}",
            field="file",
            hint=f"Bring {self.kept.path} back. If it is at another place now, client.webhooks.resume("
            f"{self.webhook!r}, file=FILE) takes it from there. If the webhook is not to come back, "
            f"client.webhooks.forget_paused({self.webhook!r}) forgets the pause.",
        )


def records(kept: KeptDefinitions) -> list[Record]:
    """The pauses that are not over, in their order: those of this file alone, or, if it is the usual file, all of the
    event store. Their webhooks may be registered again by somebody else.

    :raises InvalidInputError: the file, or the list of the other files, cannot be read.
    """
    own = [Record(each.id, kept, each) for each in kept.waiting() if not each.moving]
    elsewhere = records_elsewhere(kept) if kept.usual else []
    found = {each.webhook: each for each in [*own, *elsewhere]}
    return sorted(found.values(), key=_asked_at)


def records_elsewhere(kept: KeptDefinitions) -> list[Record]:
    """The pauses that are not over, in the files of the event store other than this one.

    :raises InvalidInputError: the list of the other files cannot be read.
    """
    if kept.others is None:
        return []
    here = kept.path.absolute()
    listed = {webhook: kept.beside(file) for webhook, file in kept.others.read().items() if file != here}
    found = [record for webhook, file in listed.items() if (record := _record(webhook, file)) is not None]
    if not kept.usual:
        found += [each for each in records(kept.beside(kept.others.usual)) if each.kept.usual]
    return found


def _record(webhook: str, kept: KeptDefinitions) -> Record | None:
    """The record of a webhook in another file; None if the pause is over."""
    try:
        entry = kept.here().get(webhook)
    except InvalidInputError as error:
        return Record(webhook, kept, None, error.message)
    if entry is None:
        gone = "is not there." if not kept.path.exists() else "does not have it any more."
        return Record(webhook, kept, None, f"{kept.path} {gone}")
    return None if entry.resumed or entry.moving else Record(webhook, kept, entry)


def files_of(kept: KeptDefinitions, webhooks: Iterable[str], registered: Collection[str]) -> dict[str, KeptDefinitions]:
    """The file in which each webhook is paused. Without names: that of each pause in another file.

    :param registered: the ids that are registered, for which a record that cannot be read does not matter.
    :raises InvalidInputError: the record of a webhook cannot be read.
    """
    names = list(dict.fromkeys(webhooks))
    if not kept.usual:
        return dict.fromkeys(names, kept)
    elsewhere = {each.webhook: each for each in records_elsewhere(kept)}
    listed = {} if kept.others is None else kept.others.read()
    found = {name: elsewhere[name].kept if name in elsewhere else kept for name in names or elsewhere}
    for name in listed.keys() & (found.keys() - elsewhere.keys()):  # an earlier call ended before it was off the list
        found[name] = kept.beside(listed[name])
    for name in found:
        record = elsewhere.get(name)
        if record is not None and record.entry is None:
            if name not in registered:
                raise record.error
            found[name] = kept
    return found


def _asked_at(record: Record) -> datetime:
    asked = None if record.entry is None else record.entry.asked
    if asked is None:
        return _FIRST
    return asked.at if asked.at.tzinfo is not None else asked.at.replace(tzinfo=UTC)
