"""Kernel releases that the sandbox can behave like."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

from chronicle_notebook.base._errors import InvalidInputError, did_you_mean
from chronicle_notebook.sandbox._behaviour import NEWEST, Behaviour

Generation = Literal["commands", "classic"]
"""The two forms of the wire contract: ``classic`` up to 16.37, ``commands`` from 16.38 on."""

GENERATIONS: tuple[Generation, ...] = get_args(Generation)


@dataclass(frozen=True, slots=True)
class KernelProfile:
    """A kernel: its version, its contract and its behaviour."""

    name: str
    version: str
    protocol: str
    """The version of the contract; empty if the contract has no field for it."""
    contract: Generation
    behaviour: Behaviour = NEWEST
    held_against: str = ""
    """A line about what the profile was compared with."""
    early_names: bool = False
    """Whether event stores and namespaces have the services of kernels up to 16.33.0."""
    early_events: bool = False
    """Whether events, observers and failed partitions have only the services of the classic contract, as in a kernel
    that was built before 16.38.0."""


_KINDER = "the documents: more tolerant than any kernel, so test with the profile of your own kernel"

# K3, K4 in docs/fidelity.md: this profile checks the status and loses nothing, because it is for learning.
DOCUMENTED = KernelProfile("documented", "19.29.4-sandbox", "19.29.4", "commands", held_against=_KINDER)
"""The kernel as it is documented, with a version that nobody takes for a release."""

_CLASSIC = KernelProfile("classic", "16.37.1-sandbox", "", "classic", held_against=_KINDER)

_OBSERVED = Behaviour(
    status_checked=False,
    test_ignores_status=True,
    one_circuit=True,
    unknown_removal_blocks=True,
    own_types_divided=True,
    failed_partitions_stay=True,
    tail_stands_while_failing=True,
    tail_of_offered=True,
    queues_shared=True,
    old_target_kept=True,
    own_workings_shown=True,
    completion_waits_for_all=True,
    repeated_type_blocks=True,
    hash_in_id_lost=True,
    unknown_store_loses=True,
    unknown_store_empty=True,
    odd_names_taken=True,
    requests_limited=True,
)
"""The behaviour of every kernel that was run, whatever its storage."""

_MEMORY = replace(
    _OBSERVED,
    authorization_miscompared=True,
    ciphertext_sent=True,
    ciphertext_listed=True,
    observing_ends_together=True,
    unregistered_accepted=True,
    context_reduced=True,
    catch_up_dead=True,
    tombstone_breaks_reads=True,
    tail_of_handled=True,
)
"""The behaviour of kernels that store everything in memory."""

_SQL = replace(
    _OBSERVED,
    authorization_lost=True,
    updates_lost=True,
    system_store_lost=True,
    inactive_lost=True,
    first_generation_listed=True,
    generations_replaced=True,
    tombstone_lost=True,
    events_as_sql=True,
    identity_spoils=True,
    handled_unlisted=True,
    tail_corrected=True,
    streams_poll=True,
    tokens_survive=True,
    plus_breaks_lists=True,
    stores_as_files=True,
)
"""The behaviour of kernels on SQLite."""

_EARLY = replace(_SQL, same_partition_breaks_list=True)
_POSTGRESQL = replace(_SQL, names_ordered=True, stores_as_files=False)

_SEEN = "a running kernel {}, step by step"

PROFILES = {
    profile.name: profile
    for profile in (
        DOCUMENTED,
        KernelProfile("16.33", "16.33.0", "", "classic", _EARLY, _SEEN.format("16.33.0 on SQLite"), early_names=True),
        KernelProfile("16.37", "16.37.1", "", "classic", _SQL, _SEEN.format("16.37.1 on SQLite")),
        KernelProfile("16.37-postgresql", "16.37.1", "", "classic", _POSTGRESQL, _SEEN.format("16.37.1 on PostgreSQL")),
        KernelProfile("16.37-inmemory", "16.37.1", "", "classic", _MEMORY, _SEEN.format("16.37.1 in memory")),
        KernelProfile(
            "16.38",
            "16.38.0",
            "16.38.0",
            "commands",
            _SQL,
            _SEEN.format("built before 16.38.0, on SQLite"),
            early_events=True,
        ),
        KernelProfile(
            "16.38-inmemory",
            "16.38.0",
            "16.38.0",
            "commands",
            _MEMORY,
            "notes on a running kernel built before 16.38.0, in memory; no recording of it",
            early_events=True,
        ),
        KernelProfile(
            "19.29",
            "19.29.4",
            "19.29.4",
            "commands",
            Behaviour(status_checked=False, authorization_lost=True, updates_lost=True, inactive_lost=True),
            "notes from the source of 19.29.4 alone; no such kernel was run",
        ),
        KernelProfile(
            "19.32",
            "19.32.3",
            "19.32.3",
            "commands",
            Behaviour(inactive_lost=True),
            "notes from the source of 19.32.3 alone; no such kernel was run",
        ),
    )
}
"""The profiles by the name on the command line: a release, and its storage if it is not SQLite. MongoDB and SQL Server
were not run."""


def profile(
    name: str | None = None, *, contract: str | None = None, behaviour: Behaviour | None = None
) -> KernelProfile:
    """The profile of a name, changed by the other arguments; by default the documented one.

    Raises InvalidInputError for an unknown name or contract, and for a name together with a contract that it does not
    have or with separate switches.
    """
    if contract is not None and contract not in GENERATIONS:
        raise InvalidInputError(
            f"There is no contract {contract!r}.", field="contract", hint=f"Give {' or '.join(GENERATIONS)}."
        )
    if name is None:
        found = _CLASSIC if contract == "classic" else DOCUMENTED
        return found if behaviour is None else replace(found, behaviour=behaviour)
    known = PROFILES.get(name)
    if known is None:
        raise InvalidInputError(
            f"There is no kernel profile {name!r}.",
            field="behaves_like",
            hint=did_you_mean(name, PROFILES) or f"Give one of {', '.join(PROFILES)}.",
        )
    if contract not in (None, known.contract):
        raise InvalidInputError(
            f"A kernel like {name!r} speaks the contract {known.contract!r}, not {contract!r}.",
            field="contract",
            hint="Leave out one of them.",
        )
    if behaviour is not None:
        raise InvalidInputError(
            f"Kernel profile {name!r} and separate switches were given.",
            field="behaviour",
            hint="Give dataclasses.replace(PROFILES[name].behaviour, ...) as the behaviour, and no profile.",
        )
    return known
