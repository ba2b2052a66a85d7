"""The known differences between kernel releases that the sandbox can show."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Named switches, one for each known difference. The defaults are the behaviour of the newest documented kernel.

    A new switch is a new field here, with its meaning and source. The code that it changes reads it with
    ``kernel.behaviour``. Profiles combine switches.
    """

    status_checked: bool = True
    """An answer other than 2xx is a failed delivery. False: every answer counts as delivered, and 408, 429 and 5xx are
    only retried first. The first release that checks was not seen; it is between 16.37 and 19.30 (source:
    K/Core/Observation/Webhooks/WebhookMediator.cs)."""

    authorization_lost: bool = False
    """Authorization events are dropped outside the event store ``System`` while registration reports success, so that
    no ``Authorization`` header is sent (kernels to 19.30 at least; source: K/Core/EventTypes/EventTypes.cs)."""

    updates_lost: bool = False
    """The events that change event types, URL or headers are dropped outside the event store ``System`` while
    registration reports success (seen on SQL databases at 16.33 to 16.38; source: K/Core/EventTypes/EventTypes.cs, and
    for later ones a kernel test under #4567)."""

    system_store_lost: bool = False
    """Webhooks cannot be added to the event store ``System`` nor removed from it, while both report success: the
    opposite of other event stores (seen on SQLite at 16.37 and 16.38; source: K/Core/EventTypes/EventTypes.cs)."""

    inactive_lost: bool = False
    """``IsActive = false`` is lost when definitions are read from storage: an inactive webhook is listed as active, and
    delivers after a restart (kernels to 19.32 at least, not in memory; source:
    K/Storage.Sql/EventStores/Webhooks/WebhookDefinitionConverters.cs)."""

    changes_ignored: bool = True
    """Registering again changes only event types, URL, headers and authorization. Changes of active, replayable and
    sequence, and the removal of an authorization, are computed but not written (every kernel that was seen; source:
    K/Core/Services/Observation/Webhooks/Webhooks.cs). False: such a change removes and adds the webhook, which no
    kernel does that was seen."""

    secrets_always_differ: bool = True
    """Secrets are encrypted with random padding before they are compared. So a webhook with a secret always looks
    changed when it is registered again (every kernel that was seen; source: K/Core/Security/Encryption.cs)."""

    authorization_miscompared: bool = False
    """The type of the existing authorization decides the comparison. If there was none, no difference is found, and
    nothing is written unless something else changed. A change to another kind or to none makes the call fail (seen
    in memory at 16.37 and 16.38; source: I/Changes/ObjectComparer.cs)."""

    replayed_on_change: bool = False
    """A changed definition is replayed at once in every namespace. This is a server option, which is off by default:
    then a kernel recommends a replay, and the recommendations list it (source: K/Core/Observation/Webhooks/Webhook.cs).
    """

    ciphertext_sent: bool = False
    """Basic and bearer secrets are delivered encrypted, as they are stored; tests and OAuth use the real secrets (at
    16.37 in memory, as MongoDB and SQL store none; source: K/Core/Observation/Webhooks/WebhookHttpClientFactory.cs)."""

    ciphertext_listed: bool = False
    """Lists of the classic contract contain the encrypted secrets. False: they contain none. Lists of the commands
    contract have no field for a secret (in memory at 16.37, as MongoDB and SQL store none; source:
    K/Core/Services/Observation/Webhooks/WebhookDefinitionConverters.cs)."""

    test_ignores_status: bool = False
    """A test of a target succeeds with every answer, also 500; classic contract only (at 16.37; source:
    K/Core/Observation/Webhooks/WebhookMediator.cs)."""

    one_circuit: bool = False
    """All targets share one circuit breaker, so a failing target stops deliveries to the others (seen at
    16.37 and 16.38; source: K/Core/Setup/WebhookHttpClientExtensions.cs)."""

    unknown_removal_blocks: bool = False
    """Removing an unknown id reports success, but nothing that is registered under this id afterwards takes effect:
    applying the removal fails, and later events wait for it. A restart does not end this, because the same removal is
    tried again (seen at 16.37 and 16.38; source: K/Core/Observation/Webhooks/Webhooks.cs and I/KeyHelper.cs)."""

    first_generation_listed: bool = False
    """Lists of event types show each type as generation 1, with the schema of the first generation, even if there are
    later ones (at 16.37 and 16.38 on SQL; source: K/Storage.MongoDB/EventTypes/EventTypesStorage.cs)."""

    generations_replaced: bool = False
    """Registering an event type replaces all its earlier generations by the given ones, so events of another generation
    are then checked against a schema of the new ones. False: the others stay (at 16.37 and 16.38 on SQL; source:
    K/Core/Services/EventTypes/EventTypes.cs)."""

    observing_ends_together: bool = False
    """Streams of webhooks of one event store end together: when one caller cancels, all streams end, and later streams
    end after their first list; classic contract only (in memory; source:
    K/Storage.InMemory/Observation/Webhooks/WebhookDefinitionsStorage.cs)."""

    tombstone_lost: bool = False
    """Lists of webhooks never mark an event type as a tombstone (at 16.37 on MongoDB and SQL, where event types are
    stored by id and generation alone; source: K/Storage.MongoDB/Observation/Webhooks/WebhookDefinitionConverters.cs).
    """

    own_types_divided: bool = False
    """An ordinary event store has only the kernel's own event types for adding and removing webhooks, and the event
    store ``System`` has all the others (at 16.37; source: K/Core/EventTypes/EventTypes.cs)."""

    unregistered_accepted: bool = False
    """An event of an unregistered type is appended, as if its schema were empty. False: it is refused (in memory at
    16.37; source: K/Storage.InMemory/Events/EventTypes/EventTypesStorage.cs)."""

    context_reduced: bool = False
    """Events are stored without their hash, without the texts of their generations, and with the System identity as
    their cause, whoever appended them (in memory at 16.37; source:
    K/Storage.InMemory/EventSequences/EventSequenceStorage.cs)."""

    events_as_sql: bool = False
    """Events are stored as in SQL databases at 16.37: with the time of occurrence in microseconds, with the chain of
    identities in reverse, without the mark of a tombstone except where they are delivered live, and without the texts
    of their generations where several were appended at once (seen on SQLite; source: K/Storage.Sql)."""

    identity_spoils: bool = False
    """An event whose identity has no subject or no name is stored, but its append fails. From then on every read and
    catch-up of its namespace fails, and each append with a new identity (seen on SQLite at 16.37; source:
    K/Storage.Sql)."""

    catch_up_dead: bool = False
    """Events that exist when a webhook is added are never delivered, and neither are its later events. A replay only
    resets the numbers, and calls about the observer end after 30 s (in memory at 16.37 and 16.38, where the job that
    catches up has no steps; source: K/Storage.InMemory/Jobs)."""

    catch_up_strands: bool = False
    """A live event within a second after a catch-up is never delivered, and neither is any later one, until a replay. A
    kernel on SQLite does this in about one of three attempts at 16.37 and 16.38. No profile has this switch, because a
    rehearsal that fails at random teaches nothing: the switch shows the defect every time (source:
    K/Core/Observation/Observer.cs)."""

    failed_partitions_stay: bool = False
    """Only a retry ends a failed partition. A replay delivers its events, but leaves it failed, and all new events wait
    (at 16.37 and 16.38; source: K/Core/Observation/Observer.cs)."""

    tail_stands_while_failing: bool = False
    """The tail that observers show does not move while one of their partitions is failed (at 16.37 and 16.38; source:
    K/Core/Observation/Observer.cs)."""

    tail_of_offered: bool = False
    """The tail that observers show is the last event that they were given, so that a slow target hides how much waits
    (at 16.37 and 16.38; source: K/Core/Observation/Observer.cs). False: it is the last event that there is for them."""

    tail_corrected: bool = False
    """Once a minute after its subscription, an observer shows the last event of its types as its tail, whether or not
    it was given that event (on SQL databases at 16.33 to 16.38; source: K/Core/Observation/Observer.cs)."""

    tail_of_handled: bool = False
    """The tail that observers show moves with the events that were handled alone (in memory at 16.37; source:
    K/Storage.InMemory/Observation)."""

    queues_shared: bool = False
    """All webhooks share two queues. In a queue no delivery begins while an earlier one runs, so a slow target delays
    the others, also in other event stores (at 16.37; source: K/Core/EventSequences/AppendedEventsQueue.cs)."""

    old_target_kept: bool = False
    """After a change, or a removal and a new registration, events of active event sources still go to the old target,
    until a source has had no events for fifteen minutes (at 16.37 and 16.38; source: K/Core/Observation/Webhooks)."""

    own_workings_shown: bool = False
    """The kernel's own reactors are listed as observers in each store and namespace, what they failed on as failed
    partitions, and all of the kernel's own event types; registering a type appends ``EventTypeAdded`` to ``system``.
    Also a namespace that does not exist has observers: these reactors, and the webhooks of the store (at 16.33 to
    16.38; source: K/Core/Observation/Reactors/Kernel)."""

    handled_unlisted: bool = False
    """Lists of observers say 0 for the events that were handled; the information about one observer has the number (on
    SQL databases at 16.37; source: K/Storage.Sql)."""

    completion_waits_for_all: bool = False
    """Waiting for completion does not end while an observer that has nothing to handle is behind the tail (at 16.37;
    source: K/Core/Services/Observation/Observers.cs)."""

    streams_poll: bool = False
    """Streams of lists say every two seconds what there is, also when nothing has changed, unless it is nothing (on SQL
    databases at 16.37 and 16.38; source: K/Storage.Sql)."""

    tombstone_breaks_reads: bool = False
    """Reading events of one type fails when one of them is a tombstone and others are not (in memory at 16.37; source:
    K/Storage.InMemory/EventSequences/EventSequenceStorage.cs)."""

    repeated_type_blocks: bool = False
    """A webhook with one event type twice never takes effect, and nothing about its id does from then on. In memory it
    is listed all the same (at 16.37 and 16.38; source: K/Core/Observation/Webhooks/Webhook.cs)."""

    hash_in_id_lost: bool = False
    """A webhook whose id holds ``#`` is accepted and never listed (at 16.37 and 16.38; source: I/KeyHelper.cs)."""

    plus_breaks_lists: bool = False
    """A webhook with an event type id that holds ``+`` makes the list of the whole store fail until it is removed (on
    SQL databases at 16.37 and 16.38; source: K/Storage.Sql/EventStores/Webhooks/WebhookDefinitionConverters.cs)."""

    unknown_store_loses: bool = False
    """A webhook that is added to an event store which does not exist is accepted and lost. In memory every other one of
    that store is lost too, also after it was made (at 16.37 and 16.38; source: K/Core/Observation/Webhooks)."""

    unknown_store_empty: bool = False
    """Lists of the namespaces and of the event types of an event store that does not exist are empty, and do not make
    it. False: it is made, and the lists have what every new store has (at 16.37 and 16.38, where only the empty answer
    was seen; source: K/Core/Namespaces and K/Core/EventTypes)."""

    stores_as_files: bool = False
    """An event store whose name is too long for a file is listed, but making it fails, and making one whose name
    holds ``#`` also makes the store of the part before it (on SQLite at 16.37 and 16.38; source: K/Storage.Sql)."""

    odd_names_taken: bool = False
    """A namespace may be blank or named ``[NotSet]``, which marks an absent name elsewhere, and an event type may have
    no id. An event store may be named ``[NotSet]``, but not in memory (at 16.37 and 16.38; source: K/Core/EventStores
    and K/Core/Services/EventTypes/EventTypes.cs)."""

    names_ordered: bool = False
    """Lists have the event types and headers of a webhook in the order of their names: shorter ones first, then by
    letter (on PostgreSQL, which keeps JSON so, at 16.37; source: K/Storage.Sql)."""

    same_partition_breaks_list: bool = False
    """The failed partitions of a whole namespace cannot be listed once two observers fail on the same event source
    (at 16.33; source: K/Core/Services/Observation/FailedPartitions.cs)."""

    tokens_survive: bool = False
    """Access tokens stay valid after a restart, until they expire (on SQL databases at 16.37 and 16.38; source:
    K/Core/Setup/Authentication)."""

    requests_limited: bool = False
    """A request of more than 4 MiB is refused (at 16.37 and 16.38; source: K/Server/Program.cs)."""

    registration_seconds: float = 0.0
    """Seconds that the registration and the removal of each webhook of a list take, one after the other. They go on
    after the call was cancelled. ``time_scale`` multiplies them (0.13 on SQLite at 16.37, measured; source:
    K/Core/Services/Observation/Webhooks/Webhooks.cs). No profile has them, so that nobody waits in vain."""


NEWEST = Behaviour()
"""The behaviour of the newest documented kernel."""
