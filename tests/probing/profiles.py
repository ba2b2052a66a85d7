"""Which defects each profile of the sandbox has, by the switches of its behaviour."""

from __future__ import annotations

from chronicle_notebook.sandbox._profile import KernelProfile


def expected(profile: KernelProfile) -> dict[str, bool | None]:
    """Whether a profile has each defect that a probe measures; None where its storage leaves nothing to see."""
    it, classic = profile.behaviour, profile.contract == "classic"
    return {
        "authorization-dropped": it.authorization_lost,
        "updates-dropped": it.updates_lost,
        "inactive-lost": it.inactive_lost,
        "changes-ignored": it.changes_ignored,
        "secrets-look-changed": None if it.authorization_lost else it.secrets_always_differ,
        "status-not-checked": not it.status_checked,
        "ciphertext-sent": it.ciphertext_sent,
        "ciphertext-read-back": classic and it.ciphertext_listed,
        "test-passes-on-any-status": classic and it.test_ignores_status,
        "authorization-change-fails": it.authorization_miscompared,
        "always-replayable": True,  # every profile subscribes each webhook as replayable
        "list-made-in-part": True,  # every profile encrypts one secret after the other
        "old-target-kept": it.old_target_kept,
        "stale-tail": it.tail_of_offered,
        "count-not-told": it.handled_unlisted,
        "memory-no-catch-up": it.catch_up_dead,
        "plus-in-event-type-id": it.plus_breaks_lists,
        "stream-goes-deaf": it.plus_breaks_lists and not classic,
        "flat-add-broken": profile.early_events,
        "unknown-removal-blocks": it.unknown_removal_blocks,
        "hash-in-id": it.hash_in_id_lost,
        "slow-target-stalls": it.queues_shared,
    }
