"""Waiting until an accepted change is visible.

A kernel accepts a registration by appending an event, and a reactor applies it a little later; a second event applies
the authorization (source: K/Core/Observation/Webhooks/WebhookReactor.cs). So the list is read until it shows the change
or a deadline has passed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from chronicle_notebook.model import WebhookDefinition
from chronicle_notebook.registration._differences import applicable, differing

FIRST_PAUSE = 0.02
"""The pause before the second read, in seconds. Each further pause is half as long again."""
LONGEST_PAUSE = 0.5
GRACE = 0.4
"""The time in seconds to wait for a field that kernels ignore, in case this kernel changes it after all."""
GRACE_OF_CREDENTIALS = 1.0
"""The same for what a kernel of this release drops unless it keeps its data in memory. There a second event applies the
credentials, a little after the webhook is seen."""

Definitions = Mapping[str, WebhookDefinition]


@dataclass(frozen=True, slots=True)
class Settled:
    """What the last read showed, and when each webhook was first seen as wanted (in seconds)."""

    found: Definitions
    seen_after: Mapping[str, float]
    waited: float


def until_registered(
    read: Callable[[], Definitions],
    wanted: Iterable[WebhookDefinition],
    before: Definitions,
    *,
    wait: float,
    defects: Collection[str] = (),
) -> Settled:
    """Read until every webhook exists with all fields that a kernel changes, or until ``wait`` seconds have passed.

    :param defects: the names of the known bugs of the kernel: what one of them drops is not awaited for long.
    """
    pending = {definition.id: definition for definition in wanted}
    late: dict[str, float] = {}

    def settled(found: Definitions, begun: float) -> list[str]:
        done = []
        for webhook, definition in pending.items():
            now = found.get(webhook)
            if now is None:
                continue
            names = differing(definition, now)
            if not names:
                done.append(webhook)
                continue
            earlier = before.get(webhook)
            if applicable(names, definition, earlier, defects):
                continue
            grace = GRACE_OF_CREDENTIALS if applicable(names, definition, earlier) else GRACE
            if begun >= late.setdefault(webhook, begun) + grace:
                done.append(webhook)
        return done

    return _poll(read, pending, settled, wait)


def until_removed(read: Callable[[], Definitions], webhooks: Iterable[str], *, wait: float) -> Settled:
    """Read until none of the webhooks exists, or until ``wait`` seconds have passed."""
    pending = dict.fromkeys(webhooks)
    return _poll(read, pending, lambda found, _: [webhook for webhook in pending if webhook not in found], wait)


def _poll(
    read: Callable[[], Definitions],
    pending: dict[str, WebhookDefinition] | dict[str, None],
    settled: Callable[[Definitions, float], list[str]],
    wait: float,
) -> Settled:
    started = time.monotonic()
    pause = FIRST_PAUSE
    seen: dict[str, float] = {}
    while True:
        # A look shows what there was when it began. A busy machine, or one that slept, can stand still for longer than
        # the wait after that, so nothing is given up before a look that begins after the wait.
        begun = time.monotonic() - started
        found = read()
        elapsed = time.monotonic() - started
        for webhook in settled(found, begun):
            seen[webhook] = elapsed
            del pending[webhook]
        if not pending or begun >= wait:
            return Settled(found, seen, elapsed)
        time.sleep(min(pause, max(0.0, wait - elapsed)))
        pause = min(pause * 1.5, LONGEST_PAUSE)
