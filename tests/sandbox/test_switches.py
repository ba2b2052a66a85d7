"""Each switch does what it says, and has a source."""

from __future__ import annotations

import dataclasses
import inspect
from pathlib import Path

import pytest

from chronicle_notebook.sandbox import Behaviour
from tests.sandbox.conftest import Endpoint
from tests.sandbox.switches import CLASSIC_ONLY, SHOWN, faced

ELSEWHERE = {
    "generations_replaced": "test_event_types.py",
    "events_as_sql": "test_content.py",
    "identity_spoils": "test_content.py",
    "catch_up_dead": "test_observed_deliveries.py",
    "catch_up_strands": "test_observed_deliveries.py",
    "failed_partitions_stay": "test_observed_deliveries.py",
    "tail_stands_while_failing": "test_observed_deliveries.py",
    "queues_shared": "test_observed_deliveries.py",
    "old_target_kept": "test_observed_deliveries.py",
    "own_workings_shown": "test_observed_calls.py",
    "handled_unlisted": "test_observed_calls.py",
    "completion_waits_for_all": "test_observed_calls.py",
    "streams_poll": "test_observed_calls.py",
    "tombstone_breaks_reads": "test_observed_calls.py",
    "repeated_type_blocks": "test_observed_calls.py",
    "hash_in_id_lost": "test_observed_calls.py",
    "plus_breaks_lists": "test_observed_calls.py",
    "unknown_store_loses": "test_observed_calls.py",
    "unknown_store_empty": "test_observed_names.py",
    "stores_as_files": "test_observed_names.py",
    "odd_names_taken": "test_observed_inputs.py",
    "names_ordered": "test_observed_calls.py",
    "same_partition_breaks_list": "test_observed_calls.py",
    "tokens_survive": "test_tokens.py",
    "requests_limited": "test_observed_calls.py",
    "tail_of_handled": "test_observed_calls.py",
    "tail_corrected": "test_observed_deliveries.py",
    "tail_of_offered": "test_observed_deliveries.py",
    "registration_seconds": "../registration/test_parts.py",
}
"""Switches with a test of their own, and the file in which it stands."""


def test_every_switch_has_a_test_and_a_source() -> None:
    switches = {field.name for field in dataclasses.fields(Behaviour)}
    assert switches == set(SHOWN) | set(ELSEWHERE)
    for switch, file in ELSEWHERE.items():
        assert switch in (Path(__file__).parent / file).read_text(), f"{file} does not show {switch}"
    text = Path(inspect.getfile(Behaviour)).read_text()
    for switch in switches:
        told = text.partition(f"    {switch}: ")[2].split('"""')[1]
        assert "K/" in told or "I/" in told, f"{switch} has no source"


@pytest.mark.parametrize("switch", SHOWN)
def test_a_switch_changes_what_it_says(switch: str, tmp_path: Path, endpoint: Endpoint) -> None:
    usual = getattr(Behaviour(), switch)
    contract = "classic" if switch in CLASSIC_ONLY else "commands"
    for number, value in enumerate((usual, not usual)):
        endpoint.deliveries.clear()
        endpoint.status = 200
        behaviour = dataclasses.replace(Behaviour(), **{switch: value})
        with faced(tmp_path / str(number), endpoint, contract=contract, behaviour=behaviour) as face:
            assert SHOWN[switch](face) is value
