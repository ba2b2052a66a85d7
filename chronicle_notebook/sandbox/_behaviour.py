"""Which of the known differences between kernel releases the sandbox shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Named switches, one per known difference; the defaults are what the newest documented kernel does.

    A new switch is one more field here, with its meaning and source, and is read where the behaviour lives through
    ``kernel.behaviour``. Profiles put them together.
    """

    status_checked: bool = True
    """An answer other than 2xx is a failed delivery. False: any answer counts as delivered, and 408, 429 and 5xx are
    merely tried again first. The release that began to check was not seen; it lies between 16.37 and 19.30 (source:
    K/Core/Observation/Webhooks/WebhookMediator.cs)."""

    authorization_lost: bool = False
    """Authorization events are dropped outside the event store ``System`` while registration reports success, so that
    no ``Authorization`` header is sent (kernels to 19.30 at least; source: K/Core/EventTypes/EventTypes.cs)."""

    updates_lost: bool = False
    """The events that change event types, URL or headers are dropped outside the event store ``System`` while
    registration reports success (on MongoDB and SQL at 16.37, source: K/Core/EventTypes/EventTypes.cs; inferred for
    later ones from a kernel test under #4567)."""

    system_store_lost: bool = False
    """Webhooks cannot be added to the event store ``System`` nor removed from it, while both report success: it is the
    reverse of the other stores there (on MongoDB and SQL; inferred from K/Core/EventTypes/EventTypes.cs)."""

    inactive_lost: bool = False
    """``IsActive = false`` is lost when definitions are read from storage: an inactive webhook is listed as active, and
    delivers after a restart (kernels to 19.32 at least, not in memory; source:
    K/Storage.Sql/EventStores/Webhooks/WebhookDefinitionConverters.cs)."""

    changes_ignored: bool = True
    """Registering again changes event types, URL, headers and authorization alone: whether it is active or replayable,
    its sequence, and that it has no authorization any more are computed and not written (every kernel seen; source:
    K/Core/Services/Observation/Webhooks/Webhooks.cs). False: such a change is made by removing and adding the webhook,
    which no kernel seen does."""

    secrets_always_differ: bool = True
    """Secrets are encrypted with random padding before they are compared, so that a webhook with one always looks
    changed when it is registered again (every kernel seen; source: K/Core/Security/Encryption.cs)."""

    authorization_miscompared: bool = False
    """Authorizations are compared through the type of the existing one. From none to any, nothing is found and, unless
    something else changed, nothing is written; from one kind to another or to none, the call fails (inferred from
    I/Changes/ObjectComparer.cs, at 16.37)."""

    replayed_on_change: bool = False
    """A changed definition is replayed at once in every namespace. That is a server option, which is off by default:
    then a kernel recommends a replay, which is listed among the recommendations (source:
    K/Core/Observation/Webhooks/Webhook.cs)."""

    ciphertext_sent: bool = False
    """Basic and bearer secrets are delivered as they are stored, encrypted; tests and OAuth use the real ones (at 16.37
    in memory, as MongoDB and SQL store none; source: K/Core/Observation/Webhooks/WebhookHttpClientFactory.cs)."""

    ciphertext_listed: bool = False
    """Lists of the classic contract hold secrets as they are stored, encrypted. False: they hold none. Lists of the
    commands contract have no place for one (in memory at 16.37, as MongoDB and SQL store none; source:
    K/Core/Services/Observation/Webhooks/WebhookDefinitionConverters.cs)."""

    test_ignores_status: bool = False
    """A test of a target succeeds with any answer, 500 as well; classic contract only (at 16.37; source:
    K/Core/Observation/Webhooks/WebhookMediator.cs)."""

    one_circuit: bool = False
    """All targets share one circuit breaker, so that a failing one stops deliveries to the others (inferred from
    K/Core/Setup/WebhookHttpClientExtensions.cs, at 16.37)."""

    unknown_removal_blocks: bool = False
    """Removing an id that does not exist reports success, and whatever is registered under that id afterwards never
    takes effect: applying the removal fails, and what comes after it waits for it. A restart does not end it, as the
    same removal is tried again (inferred from K/Core/Observation/Webhooks/Webhooks.cs and I/KeyHelper.cs, at 16.37;
    never seen)."""

    first_generation_listed: bool = False
    """Lists of event types show each as generation 1, with the schema of the first one that there is, whatever the
    latest is (at 16.37 and 16.38 on SQL; source: K/Storage.MongoDB/EventTypes/EventTypesStorage.cs)."""

    generations_replaced: bool = False
    """Registering an event type puts the generations that it names in the place of all that were there, so that events
    of another generation are then held against a schema of the new ones. False: the others stay (at 16.37 and 16.38 on
    SQL; source: K/Core/Services/EventTypes/EventTypes.cs)."""

    observing_ends_together: bool = False
    """Streams of webhooks of one store share their end: when one caller cancels, all end, and those that begin later
    end after their first list; classic contract only (in memory; source:
    K/Storage.InMemory/Observation/Webhooks/WebhookDefinitionsStorage.cs)."""

    tombstone_lost: bool = False
    """Lists of webhooks say of no event type that it is a tombstone (at 16.37 on MongoDB and SQL, where event types are
    stored by id and generation alone; source:
    K/Storage.MongoDB/Observation/Webhooks/WebhookDefinitionConverters.cs)."""

    own_types_divided: bool = False
    """Of the kernel's own event types about webhooks an ordinary store has those of adding and removing alone, and the
    store ``System`` has all but these (at 16.37; source: K/Core/EventTypes/EventTypes.cs)."""

    unregistered_accepted: bool = False
    """An event of a type that is not registered is appended like one whose schema is empty. False: it is refused (in
    memory at 16.37; source: K/Storage.InMemory/Events/EventTypes/EventTypesStorage.cs)."""

    context_reduced: bool = False
    """Events are kept without their hash, without the texts of their generations, and as caused by the System identity,
    whoever appended them (in memory at 16.37; source: K/Storage.InMemory/EventSequences/EventSequenceStorage.cs)."""

    events_as_sql: bool = False
    """Events are kept as SQL databases do at 16.37: when they occurred to a millionth of a second, the chain of who
    caused them turned round, without the mark of a tombstone except where they are delivered live, and without the
    texts of their generations where several were appended at once (seen on SQLite; source: K/Storage.Sql)."""

    identity_spoils: bool = False
    """An event whose identity has no subject or no name is stored, its append fails, and from then on every read and
    catch-up of its namespace, and each append by an identity that is new (seen on SQLite at 16.37; source:
    K/Storage.Sql)."""

    catch_up_dead: bool = False
    """Events that are there when a webhook is added are never delivered, nor is any later one of it, and a replay does
    nothing but reset the numbers; calls about the observer then end after 30 s (in memory at 16.37 and 16.38, where the
    job that catches up has no steps; source: K/Storage.InMemory/Jobs)."""

    catch_up_strands: bool = False
    """A live event that comes within a second after a catch-up is never delivered, nor is any later one, until a
    replay. A kernel on SQLite does so in about one of three attempts at 16.37 and 16.38. No profile has the switch, as
    a rehearsal that fails at random teaches nothing: it shows the defect every time (source:
    K/Core/Observation/Observer.cs)."""

    failed_partitions_stay: bool = False
    """A failed partition is freed by a retry alone. A replay delivers its events, and leaves it failed, with everything
    new waiting (at 16.37 and 16.38; source: K/Core/Observation/Observer.cs)."""

    tail_stands_while_failing: bool = False
    """The tail that observers show does not move while one of their partitions is failed (at 16.37 and 16.38; source:
    K/Core/Observation/Observer.cs)."""

    queues_shared: bool = False
    """All webhooks share two queues, in which nobody begins a delivery while one from before is under way, so that a
    slow target delays the others, in other event stores too (at 16.37; source:
    K/Core/EventSequences/AppendedEventsQueue.cs)."""

    old_target_kept: bool = False
    """After a change, or a removal and a new registration, events of sources in use still go to the old target, until
    a source was idle for fifteen minutes (at 16.37 and 16.38; source: K/Core/Observation/Webhooks)."""


NEWEST = Behaviour()
"""What the newest documented kernel does."""
