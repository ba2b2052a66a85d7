"""What a kernel already has under the id of a new webhook, or of its event types, and what follows from it.

Failed partitions survive the removal of a webhook. A webhook that is registered under this id later gets no event of
their event sources, until somebody retries them (seen on 16.37.1). And a kernel in memory delivers no event that is
older than the webhook (seen on 16.37.1 and on a build of 16.38).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain

from chronicle_notebook.base._at_once import at_once
from chronicle_notebook.base._errors import KernelError
from chronicle_notebook.base._text import count, listed
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.contracts._kernel_defects import KnownDefects
from chronicle_notebook.events._true_tails import tails
from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.model._observer import ONLY_A_RETRY

DEFAULT_NAMESPACE = "Default"
"""The namespace that each event store has (source: K/Core/EventStores/EnsureEventStore.cs)."""
ONE_BY_ONE = 4
"""The largest number of ids that are asked for one by one. Kernels up to 16.33 may fail on the list of all."""
LEFT_BEHIND, NO_CATCH_UP = "retry-is-the-only-way-back", "memory-no-catch-up"
"""The bugs of the kernels that are asked. Other kernels are asked nothing."""


def notes_beforehand(
    kernel: KernelGateway, event_store: str, new: Sequence[WebhookDefinition], defects: KnownDefects
) -> Mapping[str, tuple[str, ...]]:
    """The notes about webhooks that are about to be registered, by their ids. Empty if the kernel does not say.

    :param new: the webhooks under whose ids nothing is registered.
    """
    found: dict[str, tuple[str, ...]] = {}
    left: dict[str, dict[tuple[str, str], None]] = {}
    waiting: set[str] = set()
    if not new or defects.keys().isdisjoint({LEFT_BEHIND, NO_CATCH_UP}):
        return found

    def read(namespaces: Sequence[str]) -> tuple[dict[str, dict[tuple[str, str], None]], list[str]]:
        return at_once(
            lambda: _left_failing(kernel, event_store, namespaces, new) if LEFT_BEHIND in defects else {},
            lambda: _late(kernel, event_store, namespaces, new) if NO_CATCH_UP in defects else [],
        )

    with suppress(KernelError):
        # Most event stores have only this namespace, so it is asked at the same time as the list of all.
        namespaces, early = at_once(lambda: kernel.namespaces(event_store), lambda: read([DEFAULT_NAMESPACE]))
        others = [each for each in namespaces if each != DEFAULT_NAMESPACE]
        for failing, late in (early, read(others)) if others else (early,):
            for webhook, partitions in failing.items():
                left.setdefault(webhook, {}).update(partitions)
            waiting.update(late)
        for webhook, partitions in left.items():
            found[webhook] = (_left_failing_note(partitions),)
        if waiting:
            note = _late_note(sure=defects[NO_CATCH_UP].measured is not None)
            found |= {each.id: (*found.get(each.id, ()), note) for each in new if each.id in waiting}
    return found


def _left_failing(
    kernel: KernelGateway, event_store: str, namespaces: Sequence[str], new: Sequence[WebhookDefinition]
) -> dict[str, dict[tuple[str, str], None]]:
    """The failed partitions by the id of the webhook."""
    ids = {each.id for each in new}
    only: Collection[str | None] = ids if len(ids) <= ONE_BY_ONE else (None,)
    found: dict[str, dict[tuple[str, str], None]] = {}
    asked = [partial(kernel.failed_partitions, event_store, space, webhook) for space in namespaces for webhook in only]
    for each in chain.from_iterable(at_once(*asked)):
        if each.observer_id in ids:
            found.setdefault(each.observer_id, {})[each.namespace, each.partition] = None
    return found


def _left_failing_note(partitions: Collection[tuple[str, str]]) -> str:
    """The note, with the namespaces if there are several: an event source can have the same id in each of them."""
    several = len({namespace for namespace, _ in partitions}) > 1
    names = [f"{name} in {namespace}" if several else name for namespace, name in sorted(partitions)]
    more = f" and {len(names) - ONE_BY_ONE:,} more" if len(names) > ONE_BY_ONE else ""
    left = f"{count(len(names), 'failed partition')} left behind under this id before this registration"
    return f"{left}: {listed(names[:ONE_BY_ONE])}{more}. {ONLY_A_RETRY}"


def _late(
    kernel: KernelGateway, event_store: str, namespaces: Sequence[str], new: Sequence[WebhookDefinition]
) -> list[str]:
    """The ids of the webhooks for whose event types there are events."""
    wanted = {
        (namespace, each.event_sequence_id, kind.id)
        for namespace in namespaces
        for each in new
        for kind in each.event_types
    }
    last = tails(kernel, event_store, wanted)
    return [
        each.id
        for each in new
        if any(
            last[namespace, each.event_sequence_id, kind.id] is not None
            for namespace in namespaces
            for kind in each.event_types
        )
    ]


def _late_note(*, sure: bool) -> str:
    what = "delivers none of them, and most often no later ones either. A replay does not help: it hangs the observer"
    who = "This kernel" if sure else "A kernel of this release that keeps its data in memory"
    return f"There are events of its types already. {who} {what}. Register a webhook before the first event."
