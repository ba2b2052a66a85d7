"""Webhooks that are listed as active and deliver nothing, because they were registered as inactive.

Kernels up to 19.32 lose the flag when they read a webhook from storage (see the defect ``inactive-lost``). If somebody
removes such a webhook and registers it again as it is listed, it becomes active and delivers its whole history at once.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.model import ObserverState, RunningState, WebhookDefinition
from chronicle_notebook.pausing._client import StoreClient

CONNECTING = 3.0
"""Seconds in which the observer of a webhook that was just registered connects. A kernel lists the webhook earlier."""


def asleep(hooks: Iterable[WebhookDefinition], observers: Iterable[ObserverState]) -> set[str]:
    """The ids of the webhooks that are listed as active, but have no connected observer.

    Webhooks without event types are left out, because they need no observer.
    """
    awake = {each.id for each in observers if each.running_state is not RunningState.DISCONNECTED}
    return {each.id for each in hooks if each.active and each.event_types and each.id not in awake}


def refuse_waking(client: StoreClient, hooks: Iterable[WebhookDefinition], *, field: str) -> None:
    """Refuse to remove and register again a webhook that delivers nothing now and would deliver afterwards.

    It looks again for some seconds, because the webhook may have been registered a moment ago.

    :raises InvalidInputError: there is such a webhook. The error names the first one.
    """
    hooks = list(hooks)
    until = time.monotonic() + CONNECTING
    while (sleeping := asleep(hooks, client.observers())) and time.monotonic() < until:
        time.sleep(0.1)
    for webhook in sorted(sleeping):
        raise InvalidInputError(
            f"{webhook!r} is listed as active and has no observer that is connected: most likely it was registered as "
            "inactive, and the kernel lost that. Registered again as it is listed, it would deliver its whole history.",
            field=field,
            hint=f"If {webhook!r} was just registered, or its kernel has just started, call again in some seconds. "
            "Else leave it out: it delivers nothing as it is. To have it gone, keep "
            f'client.webhooks.code("{webhook}") and call client.webhooks.remove("{webhook}").',
        )
