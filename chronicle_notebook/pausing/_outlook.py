"""What a pause means for the events of a webhook: where it stands, and what comes when it is resumed.

A kernel keeps the observer of a removed webhook with its position, and a webhook that is registered again under the
same id goes on from there (source: K/Core/Observation/Observer.cs; seen on 16.37.1 on SQLite). In-memory storage of
those releases has no catch-up (seen on 16.37.1 and on a build of 16.38).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from chronicle_notebook.base._text import joined
from chronicle_notebook.display._listing import counted
from chronicle_notebook.model import ObserverState
from chronicle_notebook.pausing._client import StoreClient
from chronicle_notebook.registration._losses import defects_of

NO_CATCH_UP = "memory-no-catch-up"
STRANDED = "stranded-catch-up"


def positions_of(observers: Iterable[ObserverState], webhook: str) -> dict[str, int]:
    """The number of the next event of a webhook, by namespace."""
    return {each.namespace: each.next_sequence_number for each in observers if each.id == webhook}


def outlook(
    client: StoreClient, webhook: str, positions: Mapping[str, int], *, resumed: bool = False, active: bool = True
) -> tuple[str, ...]:
    """What happens with the events of a webhook during a pause and after it, a sentence for each fact.

    :param positions: the number of the next event, by namespace; empty if it has no observer.
    :param resumed: whether the pause is over.
    :param active: whether the webhook delivers when it is registered.
    """
    if not positions:
        return ("It has no observer: nothing was delivered before either.",)
    places = joined([f"{number} in namespace {name!r}" for name, number in positions.items()], "and")
    when = "now" if resumed else "when it is resumed"
    if not active:
        return (f"Its position stays: number {places}.",)
    told = [
        f"{'It goes on at its position' if resumed else 'Its position stays'}: number {places}.",
        f"The events of its types from there on are delivered {when}, those of one event source in order.",
    ]
    defects = defects_of(client)
    if NO_CATCH_UP in defects and client.in_memory() is not False:
        told.append(
            "That does not hold if this kernel stores its data in memory: there the events of meanwhile are never "
            f"delivered ({NO_CATCH_UP})."
        )
    if STRANDED in defects:
        told.append(
            f"An event that is appended within a second of the last of these deliveries can stop it ({STRANDED}): "
            "look at its lag afterwards."
        )
    failing = sum(each.observer_id == webhook for each in client.failed_partitions())
    if failing:
        fails = f"{counted(failing, 'partition')} of it {'fails' if failing == 1 else 'fail'}"
        retry = f"client.retry_failed_partitions({webhook!r})"
        told.append(
            f"{fails}: {retry} sends what waits there."
            if resumed
            else f"{fails}, and a pause does not change that: {retry} after the pause sends what waits there."
        )
    return tuple(told)
