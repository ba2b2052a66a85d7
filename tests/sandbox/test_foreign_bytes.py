"""What Chronicle's client for .NET really sent, byte for byte, sent to the sandbox: it answers as the kernel did.

The recordings are of that client against kernels of its own release; ``plain`` declares nothing but event types and
webhooks, the other one a reactor, a reducer, a projection and a constraint too. Ids, moments and hashes are evened
out. What still differs is listed here with its reason, no more and no less.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from chronicle_notebook.sandbox import Sandbox
from tests.sandbox.caller import Caller
from tests.sandbox.replay import Replay, exchanges
from tests.waiting import LONG

PAGE = Path(__file__).parents[2] / "docs" / "sandbox.md"
RECORDINGS = {
    "dotnet-16.37.1-plain": ("16.37", "16.37"),
    "dotnet-16.37.1": ("16.37", "16.37"),
    "dotnet-16.38-branch-plain": ("16.38", "16.38"),
}
"""The profile and the contract of each recording."""
CALLS = {"dotnet-16.37.1-plain": 39, "dotnet-16.37.1": 71, "dotnet-16.38-branch-plain": 39}

BEFORE = {"dotnet-16.37.1-plain": ["recorded"], "dotnet-16.38-branch-plain": ["recorded"]}
"""Event stores that the kernel had before."""
LAST = {"dotnet-16.37.1": {"37 EventSequences.EventSequences/Append"}}
"""Calls that are sent last: the kernel's constraint refuses this event, and the sandbox would keep it."""

_EARLY = "the kernel was asked before the last webhook had taken effect"
_MIGRATED = "the sandbox does not carry out migrations, so an event has no text in the other generation"
_FAILURES = "which try a partition is at depends on the time, and there are no stack traces of .NET"
_UNSERVED = "not carried out, as the sandbox says"
KEPT = {
    "dotnet-16.37.1-plain": {
        "21 Observation.Webhooks.Webhooks/GetWebhooks": _EARLY,
        "32 EventSequences.EventSequences/GetEventsFromEventSequenceNumber": _MIGRATED,
        "39 Observation.FailedPartitions/GetFailedPartitions": _FAILURES,
    },
    "dotnet-16.37.1": {
        "8 Observation.Reactors.Reactors/Observe": _UNSERVED,
        "9 Observation.Reducers.Reducers/Observe": _UNSERVED,
        "37 EventSequences.EventSequences/Append": "the sandbox does not carry out constraints, so nothing is violated",
        "48 EventSequences.EventSequences/GetEventsFromEventSequenceNumber": _MIGRATED,
        "57 EventSequences.EventSequences/Redact": "not served, as the sandbox says",
        "63 EventSequences.EventSequences/Revise": "not served, as the sandbox says",
        "66 Observation.FailedPartitions/GetFailedPartitions": _FAILURES,
        "67 Jobs.Jobs/AllJobs": "the kernel replayed for a redaction and a revision, and its jobs have more steps",
        "69 Observation.Observers/GetObserverInformation": "it asks for the reactor, which is not carried out",
        "70 ReadModels.ReadModels/GetInstanceByKey": "not served, as the sandbox says",
        "71 ReadModels.ReadModels/GetInstanceByKey": "not served, as the sandbox says",
    },
    "dotnet-16.38-branch-plain": {
        "32 EventSequences.EventSequences/GetEventsFromEventSequenceNumber": _MIGRATED,
        "39 Observation.FailedPartitions/GetFailedPartitions": _FAILURES,
    },
}
"""What differs, and why."""


@pytest.mark.parametrize("name", RECORDINGS)
def test_the_sandbox_answers_what_a_client_of_dotnet_sent_as_its_kernel_did(name: str) -> None:
    profile, release = RECORDINGS[name]
    recorded = exchanges(f"clients/{name}", release)
    assert len(recorded) == CALLS[name]
    last = LAST.get(name, set())
    ordered = sorted(recorded, key=lambda exchange: exchange.name in last)
    with Sandbox(behaves_like=profile, settle_delay=0, accept_unserved=True) as sandbox:
        caller = Caller(sandbox, release)
        for store in BEFORE.get(name, []):
            caller.call("EventStores.EventStores/EnsureEventStore", Name=store)
        caller.close()
        replay = Replay(sandbox, release)
        found = {}
        for exchange in ordered:
            patience = 0.0 if exchange.name in KEPT[name] else LONG
            if not patience:  # else a busy sandbox may be as early as the kernel was
                assert sandbox._kernel is not None
                sandbox._kernel.reactor.wait_until_settled(LONG)
            difference = replay.differs(exchange, patience=patience)
            if difference:
                found[exchange.name] = difference
        replay.close()
    new = {call: told for call, told in found.items() if call not in KEPT[name]}
    assert not new, "these answers differ, and are not listed"
    assert found.keys() == KEPT[name].keys(), "these are listed, and do not differ any more"
    told = f"| `{profile}` | {len(recorded)} | {len(recorded) - len(found)} | {len(found)} |"
    assert told in PAGE.read_text()
