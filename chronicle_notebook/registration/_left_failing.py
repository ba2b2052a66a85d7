"""Failed partitions that an earlier webhook has left behind under an id.

They survive the removal of the webhook. A webhook that is registered under this id later gets no event of their event
sources, until somebody retries them (seen on 16.37.1).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress

from chronicle_notebook.base._errors import KernelError
from chronicle_notebook.base._text import count, listed
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.contracts._kernel_defects import by_key
from chronicle_notebook.model._observer import ONLY_A_RETRY

ONE_BY_ONE = 4
"""The largest number of ids that are asked for one by one. Kernels up to 16.33 may fail on the list of all."""

LeftFailing = Mapping[str, Collection[str]]
"""The failed partitions by the id of the webhook."""


def left_failing(kernel: KernelGateway, event_store: str, webhooks: Collection[str]) -> LeftFailing:
    """The failed partitions of ids under which no webhook is registered. Empty as well if the kernel does not say.

    :param webhooks: the ids that are about to be registered.
    """
    if not webhooks or "retry-is-the-only-way-back" not in by_key(kernel.known_defects):
        return {}
    found: dict[str, dict[str, None]] = {}
    only: Collection[str | None] = webhooks if len(webhooks) <= ONE_BY_ONE else (None,)
    with suppress(KernelError):
        for namespace in kernel.namespaces(event_store):
            for webhook in only:
                for each in kernel.failed_partitions(event_store, namespace, webhook):
                    if each.observer_id in webhooks:
                        found.setdefault(each.observer_id, {})[each.partition] = None
    return found


def left_failing_note(partitions: Collection[str]) -> str:
    """What to say about a webhook whose id has failed partitions from before."""
    few = listed(sorted(partitions)[:ONE_BY_ONE])
    more = f" and {len(partitions) - ONE_BY_ONE:,} more" if len(partitions) > ONE_BY_ONE else ""
    waits = "an earlier webhook of this id has left behind"
    return f"{count(len(partitions), 'failed partition')} that {waits}: {few}{more}. {ONLY_A_RETRY}"
