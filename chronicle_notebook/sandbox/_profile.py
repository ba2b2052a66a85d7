"""Kernel releases that the sandbox can behave like."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

from chronicle_notebook._errors import InvalidInputError, did_you_mean
from chronicle_notebook.sandbox._behaviour import NEWEST, Behaviour

Generation = Literal["commands", "classic"]
"""The two forms of the wire contract: ``classic`` to 16.37, ``commands`` from 16.38 on."""

GENERATIONS: tuple[Generation, ...] = get_args(Generation)


@dataclass(frozen=True, slots=True)
class Profile:
    """A kernel: what it says it is, which contract it speaks, and how it behaves."""

    name: str
    version: str
    protocol: str
    """The version of the contract; empty where the contract has no place for it."""
    contract: Generation
    behaviour: Behaviour = NEWEST


DOCUMENTED = Profile("documented", "19.29.4-sandbox", "19.29.4", "commands")
"""The kernel as it is documented, under a version that nobody takes for a release."""

_CLASSIC = Profile("classic", "16.37.1-sandbox", "", "classic")

_IN_MEMORY_16 = Behaviour(
    status_checked=False,
    authorization_miscompared=True,
    ciphertext_sent=True,
    ciphertext_listed=True,
    test_ignores_status=True,
    one_circuit=True,
    unknown_removal_blocks=True,
    observing_ends_together=True,
    own_types_divided=True,
    unregistered_accepted=True,
    context_reduced=True,
)

PROFILES = {
    profile.name: profile
    for profile in (
        DOCUMENTED,
        Profile(
            "16.37",
            "16.37.1",
            "",
            "classic",
            replace(
                _IN_MEMORY_16,
                authorization_lost=True,
                updates_lost=True,
                system_store_lost=True,
                inactive_lost=True,
                first_generation_listed=True,
                observing_ends_together=False,
                tombstone_lost=True,
                unregistered_accepted=False,
                context_reduced=False,
            ),
        ),
        Profile("16.37-inmemory", "16.37.1", "", "classic", _IN_MEMORY_16),
        Profile(
            "19.29",
            "19.29.4",
            "19.29.4",
            "commands",
            Behaviour(status_checked=False, authorization_lost=True, updates_lost=True, inactive_lost=True),
        ),
        Profile("19.32", "19.32.3", "19.32.3", "commands", Behaviour(inactive_lost=True)),
    )
}
"""By the name that is given on the command line. ``16.37`` and ``19.29`` are kernels on MongoDB or SQL."""


def profile(name: str | None = None, *, contract: str | None = None, behaviour: Behaviour | None = None) -> Profile:
    """The profile of a name, with what was given beside it; the documented one unless a name is given.

    Raises InvalidInputError for a name or contract that there is not, and for a name together with a contract that it
    does not have or with switches of one's own.
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
            hint="Leave one of them out.",
        )
    if behaviour is not None:
        raise InvalidInputError(
            f"Kernel profile {name!r} and switches of one's own were given.",
            field="behaviour",
            hint="Give dataclasses.replace(PROFILES[name].behaviour, ...) as the behaviour, and no profile.",
        )
    return known
