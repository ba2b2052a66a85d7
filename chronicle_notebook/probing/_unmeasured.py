"""The known defects that no probe measures, each with the reason. Every other one has a check."""

from __future__ import annotations

REASONS = {
    "store-created": "Measuring it would leave a second event store behind.",
    "slow-registration": "It needs a list of hundreds of webhooks, and its time depends on the load of the kernel.",
    "quarantine-not-told": "A kernel gives up a partition after some 30 minutes.",
    "retry-is-the-only-way-back": "A kernel gives up a partition after some 30 minutes.",
    "stranded-catch-up": "It shows by chance, in about one of three attempts, so that its absence proves nothing.",
    "catch-up-doubles": "It shows by chance, in about one of two attempts, so that its absence proves nothing.",
    "replay-hangs-memory": "Measuring it would leave an observer behind on which the calls of everybody hang.",
    "unknown-store-in-memory": "Measuring it would spoil an event store for good, and may take a whole processor.",
    "duplicate-event-type-blocks": "Measuring it would leave a webhook behind that cannot be removed.",
    "system-store": "Measuring it would write to the event store System.",
    "blank-store-stops-start": "Measuring it would keep the kernel from its next start.",
    "start-up-limit": "It needs more than a thousand webhooks and a restart of the kernel.",
    "identity-spoils-namespace": "Measuring it would spoil a namespace for good.",
    "circuit-shared": "Measuring it would stop the deliveries of every other webhook for a while.",
}
"""Why a defect is never measured, as a sentence."""
