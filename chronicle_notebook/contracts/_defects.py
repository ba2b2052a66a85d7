"""The known bugs of kernels, and where each was seen.

The facts come from running kernels (16.33.0 on SQLite, 16.37.1 on SQLite, on PostgreSQL and in memory, and a build of
16.38 on SQLite and in memory), from Chronicle's source at 16.37, and from clients that cite its issues. MongoDB and SQL
Server were not run.
"""

from __future__ import annotations

from chronicle_notebook.contracts._known_defect import KnownDefect, Storage

_ISSUE = "Cratis/Chronicle#{}".format
_TABLES = "16.33.0 and a build of 16.38 on SQLite, 16.37.1 on SQLite and PostgreSQL"
_MEMORY = "16.37.1 and a build of 16.38 in memory"
_EVERYWHERE = "16.33.0, 16.37.1 on SQLite, on PostgreSQL and in memory, a build of 16.38 on SQLite and in memory"
_BOTH = "16.37.1 and a build of 16.38 on SQLite"
_BOTH_AND_MEMORY = "16.37.1 and a build of 16.38 on SQLite and in memory"
_LIKE = "up to 16.37; assumed of 16.38, which gave the same answers where both were compared"
_LAST = (16, 38, 0)
_CLASSIC = (16, 37, 1)
_COMMANDS = (16, 38, 0)

DEFECTS = (
    KnownDefect(
        "authorization-dropped",
        "Credentials of a webhook are accepted, and not stored outside the event store System, which up to 16.38 takes "
        "no webhooks: deliveries carry no Authorization header.",
        "before 19.32.3; not with in-memory storage",
        "Each registration is read back, and an authorization that is not there is reported.",
        _ISSUE(4567),
        seen=_TABLES,
        fixed_in=(19, 32, 3),
        storage=Storage.DATABASE,
    ),
    KnownDefect(
        "updates-dropped",
        "A change of URL, headers, event types or authorization of an existing webhook is accepted, and not stored "
        "outside the event store System, which up to 16.38 takes no webhooks.",
        "before 19.32.3; not with in-memory storage",
        "Each registration is read back, and a field that did not change is reported. webhooks.replace() removes the "
        "webhook and registers it again.",
        _ISSUE(4567),
        seen=_TABLES,
        fixed_in=(19, 32, 3),
        storage=Storage.DATABASE,
    ),
    KnownDefect(
        "inactive-lost",
        "A webhook that is not active is listed as active. It may start to deliver after a restart of the kernel, or "
        "after its event store was not used for some 20 minutes.",
        "all known, up to 19.32.3 at least; not with in-memory storage",
        "Each registration is read back, and the flag is reported. Remove a webhook that must not deliver.",
        f"{_ISSUE(4394)}, {_ISSUE(4581)}",
        seen=_TABLES,
        storage=Storage.DATABASE,
    ),
    KnownDefect(
        "changes-ignored",
        "A change of active, replayable or the event sequence of an existing webhook is ignored, and so is taking its "
        "authorization away.",
        "all known",
        "The outcome names each such field. webhooks.replace() removes the webhook and registers it again.",
        "K/Core/Services/Observation/Webhooks/Webhooks.cs",
        seen=_EVERYWHERE,
    ),
    KnownDefect(
        "secrets-look-changed",
        "Credentials that are registered again look changed even if they are the same, so a replay may be recommended "
        "or started.",
        "all known",
        "A webhook without credentials is not sent again when nothing changed; of others the outcome says so.",
        "K/Core/Security/Encryption.cs",
        seen="16.37.1 in memory",
    ),
    KnownDefect(
        "store-created",
        "A call that names an unknown event store creates it.",
        "all known",
        "The list of event stores is looked at first.",
        "K/Storage.MongoDB/Storage.cs",
        seen="a build of 16.38 on SQLite and in memory",
    ),
    KnownDefect(
        "status-not-checked",
        "Any HTTP answer counts as delivered, 404 and 500 too, and the events are not sent again.",
        "up to 16.38 for certain, fixed by 19.30",
        "Look at the target's own log: the kernel's progress does not prove a delivery.",
        "K/Core/Observation/Webhooks/WebhookMediator.cs",
        seen=_EVERYWHERE,
        fixed_in=(19, 30, 0),
    ),
    KnownDefect(
        "ciphertext-sent",
        "Deliveries with basic or bearer authorization carry the encrypted secret instead of the secret.",
        "up to 16.38, with in-memory storage, as others store no authorization; later kernels were not looked at",
        "Watch a delivery to be sure.",
        "K/Core/Observation/Webhooks/WebhookHttpClientFactory.cs",
        seen=_MEMORY,
        last_seen=_LAST,
        storage=Storage.MEMORY,
    ),
    KnownDefect(
        "ciphertext-read-back",
        "The list of webhooks holds their secrets, encrypted.",
        "up to 16.37, with in-memory storage, as others store no authorization",
        "They are never shown, compared or sent again.",
        "K/Core/Services/Observation/Webhooks/WebhookDefinitionConverters.cs",
        seen="16.37.1 in memory",
        fixed_in=_COMMANDS,
        storage=Storage.MEMORY,
    ),
    KnownDefect(
        "test-passes-on-any-status",
        "The kernel's own test of a target passes on any HTTP answer, 500 too, and sends the secret unencrypted where "
        "a delivery would not.",
        "up to 16.37; later kernels have no such test",
        "webhooks.test() sends the request from here and looks at the status.",
        "K/Core/Observation/Webhooks/WebhookMediator.cs",
        seen="16.37.1 on SQLite and in memory",
        fixed_in=_COMMANDS,
    ),
    KnownDefect(
        "authorization-change-fails",
        "Giving an existing webhook its first authorization is ignored when nothing else changes, and changing its "
        "kind makes the call fail.",
        "up to 16.38, with in-memory storage, as others store no authorization; later kernels were not looked at",
        "The outcome reports it. webhooks.replace() removes the webhook and registers it again.",
        "I/Changes/ObjectComparer.cs",
        seen=_MEMORY,
        last_seen=_LAST,
        storage=Storage.MEMORY,
    ),
    KnownDefect(
        "always-replayable",
        "A webhook that is not replayable is replayed all the same.",
        "up to 16.38; later kernels were not looked at",
        "Let the target expect events again.",
        "K/Core/Observation/Webhooks/Webhooks.cs",
        seen=_EVERYWHERE,
        last_seen=_LAST,
    ),
    KnownDefect(
        "list-made-in-part",
        "A list of webhooks is not all or nothing: when the kernel fails on one of them, those before it are made and "
        "those after it are not, and the answer does not say so.",
        "up to 16.38; later kernels were not looked at",
        "After such a failure the list is read back, and there is an outcome for each webhook.",
        "a running kernel",
        seen=_BOTH_AND_MEMORY,
        last_seen=_LAST,
    ),
    KnownDefect(
        "slow-registration",
        "A registration takes about 0.13 seconds for each webhook of a list, and goes on after the deadline of the "
        "caller. The same ids sent again meanwhile are registered twice.",
        "up to 16.37; later kernels were not measured",
        "Read the list of webhooks before you send a long list again.",
        "a running kernel",
        seen="16.37.1 on SQLite",
        last_seen=_CLASSIC,
    ),
    KnownDefect(
        "old-target-kept",
        "After a change of URL, headers or credentials, and after a removal and a new registration, event sources that "
        "had deliveries before still go to the old target, until they had no event for 15 minutes or the kernel "
        "starts again.",
        "up to 16.38; later kernels were not looked at",
        "Keep the old target answering, or let it redirect with status 307 or 308.",
        "K/Core/Observation/Webhooks/Webhook.cs, WebhookObserverSubscriber.cs",
        seen="16.37.1 on SQLite, a build of 16.38 on SQLite and in memory",
        last_seen=_LAST,
    ),
    KnownDefect(
        "quarantine-not-told",
        "The kernel gives up a partition after 11 attempts, which takes about 30 minutes, and no answer says so.",
        "up to 16.38; later kernels have a field for it",
        "Count the attempts of the failed partition.",
        "a running kernel",
        seen="16.37.1 on SQLite and in memory; a build of 16.38 has no field for it either",
        last_seen=_LAST,
    ),
    KnownDefect(
        "retry-is-the-only-way-back",
        "A partition that the kernel has given up is delivered again after a retry alone. A replay, a removal with a "
        "new registration, and a restart of the kernel do not end it.",
        f"{_LIKE}; later kernels were not looked at",
        "client.retry_failed_partitions() sends what waits, once the target answers again.",
        "a running kernel",
        seen="16.37.1 on SQLite and in memory",
        last_seen=_LAST,
    ),
    KnownDefect(
        "stale-tail",
        "The tail of an observer is the number that the kernel has shown to it last, so a webhook that waits for a "
        "slow target looks as if it had caught up, until a check once a minute.",
        f"{_LIKE}; later kernels were not looked at",
        "Compare with the tail of the event sequence.",
        "a running kernel",
        seen="16.37.1 on SQLite",
        last_seen=_LAST,
    ),
    KnownDefect(
        "count-not-told",
        "The list of observers has no count of delivered events: it is 0, whatever was delivered.",
        "up to 16.38; not with in-memory storage; later kernels were not looked at",
        "Look at the number that was handled last.",
        "a running kernel",
        seen=_BOTH,
        last_seen=_LAST,
        storage=Storage.DATABASE,
    ),
    KnownDefect(
        "stranded-catch-up",
        "An observer that catches up can stop before the end and stay behind, without any visible failure. An event "
        "that is appended within a second of the last delivery of the catch-up does this in one of three cases.",
        "a fix exists; its release is not known",
        "client.webhooks.replay(ID).apply() delivers everything again, and frees it.",
        _ISSUE(4548),
        seen=_BOTH,
    ),
    KnownDefect(
        "catch-up-doubles",
        "An event that is appended right after the first delivery of a catch-up can be delivered twice.",
        "16.38; not with in-memory storage; other kernels were not looked at",
        "Let the target expect events again.",
        "a running kernel",
        seen="a build of 16.38 on SQLite, in 7 of 14 attempts",
        last_seen=_LAST,
        first_seen=_COMMANDS,
        storage=Storage.DATABASE,
    ),
    KnownDefect(
        "memory-no-catch-up",
        "A webhook that is registered after its events gets none of them, and most often no later ones either.",
        "up to 16.38, with in-memory storage; later kernels were not looked at",
        "Register the webhook before the first event of its types.",
        "a running kernel",
        seen=_MEMORY,
        last_seen=_LAST,
        storage=Storage.MEMORY,
    ),
    KnownDefect(
        "replay-hangs-memory",
        "A replay answers with a zero id, sets the observer back to the first event and delivers nothing. Calls about "
        "this observer then end at their deadline.",
        "up to 16.38, with in-memory storage; later kernels were not looked at",
        "A replay is refused on this storage. client.webhooks.redeliver() sends events again from this machine.",
        "a running kernel",
        seen=_MEMORY,
        last_seen=_LAST,
        storage=Storage.MEMORY,
    ),
    KnownDefect(
        "unknown-store-in-memory",
        "A webhook for an event store that does not exist is accepted and lost for good. A build of 16.38 then needs a "
        "whole processor, writes its log without end, and fails to make that event store.",
        "up to 16.38, with in-memory storage; later kernels were not looked at",
        "The list of event stores is looked at first, and nothing is sent to one that is not there.",
        "a running kernel",
        seen=_MEMORY,
        last_seen=_LAST,
        storage=Storage.MEMORY,
    ),
    KnownDefect(
        "plus-in-event-type-id",
        "One webhook with an event type id that contains a plus sign makes the list of webhooks fail, for the whole "
        "event store, until this webhook is removed.",
        "up to 16.38; not with in-memory storage; later kernels were not looked at",
        "Such an id is refused before anything is sent.",
        "a running kernel",
        seen=_BOTH,
        last_seen=_LAST,
        storage=Storage.DATABASE,
    ),
    KnownDefect(
        "stream-goes-deaf",
        "While one webhook has a plus sign in an event type id, live lists of webhooks stop without an end or an "
        "error, and stay so after that webhook was removed.",
        "16.38; not with in-memory storage; other kernels were not looked at",
        "An observation that hears nothing begins again.",
        "a running kernel",
        seen="a build of 16.38 on SQLite",
        last_seen=_LAST,
        first_seen=_COMMANDS,
        storage=Storage.DATABASE,
    ),
    KnownDefect(
        "duplicate-event-type-blocks",
        "A webhook that names one event type twice is accepted and never works, and its id cannot be used any more.",
        "up to 16.38; later kernels were not looked at",
        "Such a definition is refused before anything is sent.",
        "a running kernel",
        seen=_BOTH_AND_MEMORY,
        last_seen=_LAST,
    ),
    KnownDefect(
        "flat-add-broken",
        "The call AddWebhook, for one webhook, fails for every input.",
        "16.38; later kernels were not looked at",
        "This toolkit calls AddWebhooks, which takes a list.",
        "a running kernel",
        seen="a build of 16.38 on SQLite and in memory",
        last_seen=_LAST,
        first_seen=_COMMANDS,
    ),
    KnownDefect(
        "unknown-removal-blocks",
        "Removing an id that does not exist reports success, and blocks later registrations under that id for good.",
        "up to 16.38; later kernels were not looked at",
        "The list of webhooks is read first, and an unknown id is not sent.",
        "K/Core/Observation/Webhooks/Webhooks.cs, I/KeyHelper.cs",
        seen=_BOTH_AND_MEMORY,
        last_seen=_LAST,
    ),
    KnownDefect(
        "hash-in-id",
        "The kernel accepts a webhook id with a number sign, and the webhook never appears.",
        "up to 16.38; later kernels were not looked at",
        "Such an id is refused before anything is sent.",
        "I/KeyHelper.cs",
        seen=_BOTH_AND_MEMORY,
        last_seen=_LAST,
    ),
    KnownDefect(
        "system-store",
        "The kernel reports success when a webhook is added to the event store System or removed from it, but does "
        "neither.",
        "up to 16.38; not with in-memory storage; later kernels were not looked at",
        "The registration is read back, and the outcome says that it is not visible.",
        "K/Core/EventTypes/EventTypes.cs",
        seen=_BOTH,
        last_seen=_LAST,
        storage=Storage.DATABASE,
    ),
    KnownDefect(
        "blank-store-stops-start",
        "A call that names an event store with an empty or blank name records it, and the kernel never starts again.",
        "up to 16.38; not with in-memory storage; later kernels were not looked at",
        "Such a name is never sent. The doctor warns when the kernel has one.",
        "a running kernel",
        seen=_BOTH,
        last_seen=_LAST,
        storage=Storage.DATABASE,
    ),
    KnownDefect(
        "start-up-limit",
        "A kernel with more webhooks than it can start within 30 seconds does not start again. With 1,352 webhooks it "
        "did not; with 1,000 it did.",
        "up to 16.37; later kernels were not looked at",
        "Keep the number of webhooks of a kernel below a thousand.",
        "a running kernel",
        seen="16.37.1 on SQLite",
        last_seen=_CLASSIC,
    ),
    KnownDefect(
        "identity-spoils-namespace",
        "An append whose author has no subject or no name is stored and answered with an error. From then on reads, "
        "catch-ups and appends by new authors fail in that namespace.",
        f"{_LIKE}; not with in-memory storage; later kernels were not looked at",
        "Events that are appended from here have all parts of an author.",
        "a running kernel",
        seen="16.37.1 on SQLite",
        last_seen=_LAST,
        storage=Storage.DATABASE,
    ),
    KnownDefect(
        "circuit-shared",
        "All webhooks of a kernel share one circuit breaker: a failing target stops deliveries to the others for 15 "
        "seconds at a time.",
        "up to 16.38; later kernels were not looked at",
        "client.failed_partitions() shows the last answer of the target beside the open circuit.",
        "K/Core/Setup/WebhookHttpClientExtensions.cs",
        seen=_BOTH_AND_MEMORY,
        last_seen=_LAST,
    ),
    KnownDefect(
        "slow-target-stalls",
        "A slow target delays all observers that share its queue, also in other event stores. There are two queues.",
        f"{_LIKE}; later kernels were not looked at",
        "Let the target store the event and answer at once.",
        "K/Core/EventSequences/AppendedEventsQueue.cs",
        seen="16.37.1 on SQLite",
        last_seen=_LAST,
    ),
)
"""Every known bug that concerns webhooks and that this package handles or reports."""
