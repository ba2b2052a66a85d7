"""What running kernels showed to be wrong in this package, and the tests that hold what is right now.

Each statement was false on a real kernel once. A test that is renamed or removed is found here.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STEPS = ("recorded/test_steps.py", "test_what_the_client_says_in_a_step_is_what_the_recording_shows")

STATEMENTS: dict[str, tuple[tuple[str, str], ...]] = {
    "kernels up to 16.33.0 have event stores and namespaces under other services": (
        ("contracts/test_early.py", "test_event_stores_and_namespaces_are_called_by_their_older_names"),
        ("contracts/test_early.py", "test_which_services_it_has_is_found_out_once_for_a_connection"),
        STEPS,
    ),
    "their failed partitions are asked observer by observer": (
        (
            "contracts/test_early.py",
            "test_failed_partitions_are_asked_observer_by_observer_where_the_call_for_all_breaks",
        ),
    ),
    "the order of event types and headers means nothing": (
        ("registration/test_order.py", "test_no_order_of_an_answer_makes_a_difference"),
        ("registration/test_order.py", "test_a_definition_equals_itself_in_another_order_and_nothing_else"),
        STEPS,
    ),
    "the kernel's own event types are not shown or offered as those of clients": (STEPS,),
    "an authority that is given is checked on loopback too": (
        ("connection/test_tls.py", "test_an_authority_that_is_given_is_checked_on_loopback_too"),
        ("connection/test_tls.py", "test_what_the_environment_names_counts_at_each_connection_and_folders_too"),
        ("connection/test_tls.py", "test_a_certificate_whose_names_grpc_compares_with_nothing_goes_by_a_relay"),
    ),
    "an id that the kernel blocks is named, and any failed partition can be retried": (
        (
            "session/test_observer_queries.py",
            "test_an_id_that_the_kernel_does_not_apply_any_more_is_named_with_the_reason",
        ),
        ("session/test_observer_queries.py", "test_an_id_that_is_only_late_is_not_called_blocked"),
        ("session/test_observer_queries.py", "test_the_partitions_of_any_observer_that_fails_can_be_retried"),
        STEPS,
    ),
    "the quarantine of a whole observer is seen and ended": (
        (
            "session/test_observer_queries.py",
            "test_a_webhook_whose_whole_observer_is_quarantined_is_described_so_and_freed",
        ),
        ("session/test_observer_queries.py", "test_the_doctor_warns_where_no_webhook_can_be_registered"),
    ),
    "a key in a URL is wanted as it is after a move": (
        ("runbook/test_move.py", "test_a_key_in_a_url_is_wanted_as_it_is_after_the_move"),
    ),
    "an inactive webhook may start when its event store was not used for a while": (
        ("sandbox/test_outcomes.py", "test_a_webhook_that_is_not_to_be_active"),
    ),
    "no kernel up to 16.38 says that it has given up a partition, and only a retry brings the partition back": (
        (
            "model/test_failed_partition.py",
            "test_a_partition_is_called_given_up_where_the_kernel_says_so_or_has_stopped_trying",
        ),
        STEPS,
    ),
    "failed partitions that an id has left behind are named when it is registered again": (
        ("registration/test_beforehand.py", "test_what_an_id_has_left_behind_is_told_with_the_way_back"),
        ("registration/test_beforehand.py", "test_a_kernel_that_does_not_say_what_fails_is_no_hindrance"),
    ),
    "a webhook for event types that have events already is not promised them where a kernel in memory delivers none": (
        ("pausing/test_replay.py", "test_a_replay_in_memory_is_refused_because_it_hangs_there"),
        (
            "registration/test_beforehand.py",
            "test_events_that_were_there_before_are_told_where_a_kernel_may_not_deliver_them",
        ),
    ),
    "an event type whose id the event store has is never registered over unasked": (
        ("session/test_service.py", "test_a_generation_that_the_list_does_not_show_is_not_registered_unasked"),
        ("session/test_service.py", "test_a_schema_that_other_clients_rely_on_is_kept_and_noted"),
    ),
    "an outcome after a deadline says what happened, and counts from the sending": (
        (
            "registration/test_outcome.py",
            "test_a_registration_without_an_answer_says_what_happened_and_how_long_it_took",
        ),
    ),
    "who moves a target knows that sources in use go on to the old address": (
        ("sandbox/test_outcomes.py", "test_who_moves_a_target_is_told_that_sources_in_use_stay_with_the_old_one"),
        STEPS,
    ),
    "a plan does not say applied where the outcome then says not in effect": (
        ("registration/test_promises.py", "test_a_plan_and_the_outcome_agree"),
        STEPS,
    ),
    "what waits behind a slow target is not called caught up": (
        (
            "sandbox/test_observed_deliveries.py",
            "test_the_client_says_what_waits_although_the_kernel_hides_it",
        ),
        STEPS,
    ),
    "a count that a list does not have is not told as 0": (STEPS,),
    "the first write after a restart with a new certificate is sent once": (
        (
            "connection/test_replaced.py",
            "test_the_first_write_after_a_replacement_is_sent_once_on_a_new_connection",
        ),
        ("connection/test_tls.py", "test_the_first_write_after_a_replacement_goes_once_through_a_new_relay"),
    ),
    "an accepted write is told as accepted when the connection is lost before the read-back": (
        (
            "registration/test_outcome.py",
            "test_a_change_that_was_accepted_before_the_connection_was_lost_is_an_outcome",
        ),
    ),
    "nothing is told as live, sent or blocked that is not": (
        ("session/test_card.py", "test_the_card_of_a_kernel_that_is_gone_does_not_read_as_live"),
        ("session/test_card.py", "test_a_kernel_that_hangs_is_not_blamed_on_a_firewall"),
        ("session/test_card.py", "test_a_read_before_a_registration_that_fails_says_that_nothing_was_sent"),
        ("connection/test_replaced.py", "test_grpc_writes_nothing_to_the_standard_error"),
    ),
    "a kernel without authentication is called without a token": (
        ("connection/test_tokens.py", "test_a_kernel_that_fails_on_requests_for_tokens_is_called_without_one"),
    ),
    "no proxy and no restart behind it ends an observation": (
        ("reading/test_nginx.py", "test_calls_tokens_and_observations_work_through_nginx_and_over_a_restart_behind_it"),
        ("reading/test_proxies.py", "test_a_stream_that_a_proxy_resets_is_opened_again"),
        ("reading/test_proxies.py", "test_the_pages_of_an_ingress_before_a_kernel_that_restarts_are_survived"),
        ("reading/test_proxies.py", "test_only_a_refusal_of_the_caller_ends_it"),
    ),
    "credentials that a kernel is known to drop are not waited for": (
        ("registration/test_waiting.py", "test_credentials_that_a_kernel_is_known_to_drop_are_not_waited_for"),
    ),
    "an event store that a restart has lost is not made anew by a call": (
        (
            "contracts/test_negotiation.py",
            "test_an_event_store_that_a_restart_has_lost_is_not_made_anew_by_a_call",
        ),
    ),
    "describe() and the explorer ask for each fact once": (
        ("widgets/test_reading.py", "test_a_reading_asks_for_the_namespaces_once"),
        ("session/test_observer_queries.py", "test_a_webhook_is_described_with_one_call_for_each_fact"),
    ),
    "one event is appended with the call by which kernels migrate it": (
        ("contracts/test_classic.py", "test_one_event_has_a_call_of_its_own_so_that_the_kernel_migrates_it"),
        ("sandbox/test_content.py", "test_one_event_that_the_client_appends_has_the_texts_of_its_generations"),
        STEPS,
    ),
    "a constraint is told as a constraint, and a bare id has the generation that is known": (
        ("contracts/test_classic.py", "test_what_forbids_an_append_decides_what_to_do_about_it"),
        ("events/test_event_sequence.py", "test_an_id_alone_is_in_the_latest_generation_that_is_declared_here"),
    ),
    "event type ids with a plus sign and repeated event types are refused before sending": (
        ("definition/test_generations.py", "test_an_id_with_a_plus_sign_is_refused_before_anything_is_sent"),
        ("definition/test_generations.py", "test_the_same_event_type_twice_is_refused_as_kernels_break_on_it"),
    ),
    "what a kernel has under the older service alone is looked for once": (
        (
            "contracts/test_negotiation.py",
            "test_a_method_that_the_kernel_has_in_the_other_generation_alone_is_looked_for_once",
        ),
        ("contracts/test_negotiation.py", "test_a_method_that_moves_to_the_other_path_is_found_there"),
    ),
    "a defect is bounded by release and not by generation": (
        ("contracts/test_defects.py", "test_what_was_seen_on_16_37_alone_is_not_claimed_of_16_38"),
        (
            "contracts/test_defects.py",
            "test_what_has_no_known_fix_is_claimed_of_releases_up_to_the_last_that_was_seen_with_it",
        ),
        ("contracts/test_defects.py", "test_what_the_newer_generation_was_seen_without_is_not_claimed_of_it"),
        ("sandbox/test_outcomes.py", "test_what_a_target_really_gets"),
    ),
    "another kind of credentials fails with in-memory storage, and replace() is the remedy": (
        ("registration/test_fault.py", "test_another_kind_of_credentials_is_told_with_the_remedy_before_and_after"),
        ("sandbox/test_outcomes.py", "test_credentials_of_another_kind"),
        STEPS,
    ),
    "a stream that goes deaf, or does not begin, is a fault": (
        (
            "reading/test_observation.py",
            "test_a_stream_that_goes_deaf_on_a_kernel_that_repeats_its_list_is_opened_again",
        ),
        ("reading/test_observation.py", "test_silence_is_no_fault_where_nothing_is_repeated"),
        ("reading/test_observation.py", "test_the_error_of_a_list_that_the_kernel_cannot_make_is_shown_until_it_can"),
    ),
    "a list that was made in part has an outcome for each webhook": (
        ("registration/test_fault.py", "test_each_webhook_of_a_list_gets_the_outcome_that_the_list_shows"),
        ("registration/test_fault.py", "test_a_list_that_is_removed_in_part_gets_an_outcome_for_each"),
        ("registration/test_fault.py", "test_where_nothing_was_changed_the_failure_is_raised_and_says_so"),
    ),
    "a long list arrives in parts, each with its outcome, and nothing of it is made twice": (
        ("registration/test_parts.py", "test_a_thousand_are_registered_and_removed_each_once_with_an_outcome"),
        (
            "registration/test_parts.py",
            "test_a_list_that_was_interrupted_tells_what_was_made_and_goes_on_where_it_stopped",
        ),
        ("registration/test_parts.py", "test_after_a_deadline_in_the_middle_each_webhook_has_its_outcome"),
        ("registration/test_parts.py", "test_a_removal_that_was_interrupted_removes_no_id_twice"),
    ),
    "an empty answer to a retry is no start": (
        ("contracts/test_negotiation.py", "test_whether_a_retry_was_started_is_told_by_kernels_that_say_so"),
        STEPS,
    ),
    "a webhook that makes every list fail is named, and is removed without the list": (
        ("registration/test_unlisted.py", "test_the_failure_of_the_list_names_its_cause_and_the_remedy"),
        ("registration/test_unlisted.py", "test_the_webhook_is_found_among_the_observers_and_removed_without_the_list"),
    ),
    "event sequences are those that the kernel lists": (("contracts/test_classic.py", "test_sequences_are_read"),),
    "an event store with a blank name is warned of, and is seen in a list": (
        ("session/test_doctor.py", "test_an_event_store_with_a_blank_name_is_warned_of_before_the_kernel_is_restarted"),
    ),
    "a list of a runbook can be empty, and a failed recovery says that nothing more is tried": (
        ("runbook/test_schema.py", "test_a_command_line_is_read_as_the_schema_says"),
        (
            "triage/test_retries.py",
            "test_recover_says_that_nothing_more_is_tried_by_itself_after_a_retry_that_failed",
        ),
    ),
}


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / "tests" / file).read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("statement", STATEMENTS)
def test_each_statement_is_held_by_tests_that_exist(statement: str) -> None:
    held = STATEMENTS[statement]
    assert held
    for file, name in held:
        assert name in names_in(file), f"{file} has no {name}"
