"""The word for a cause, from messages that kernels and the sandbox wrote."""

from __future__ import annotations

import pytest

from chronicle_notebook.model import FailedAttempt, FailedPartition
from chronicle_notebook.model._observer import causes_of
from chronicle_notebook.triage._cause import cause_of
from tests.triage.test_assess import failure


@pytest.mark.parametrize(
    ("messages", "word"),
    [
        (["Connection refused (127.0.0.1:9)", "Connection refused"], "refused"),
        (["Cannot connect to host 127.0.0.1:9 ssl:default [Connect call failed ('127.0.0.1', 9)]"], "refused"),
        (["Response did not arrive on time in 00:00:30 for message: Request [S127.0.0.1:11111:1]"], "timeout"),
        (["The operation didn't complete within the allowed timeout of '00:01:00'."], "timeout"),
        (["The SSL connection could not be established, see inner exception."], "TLS"),
        (["Cannot connect to host h:1 ssl:True [SSLCertVerificationError: certificate verify failed]"], "TLS"),
        (["Name or service not known (nowhere.example.com:443)"], "DNS"),
        (["Connection reset by peer"], "reset"),
        (["The response ended prematurely. (ResponseEnded)"], "reset"),
        (["Response status code does not indicate success: 401 (Unauthorized)."], "HTTP 401"),
        (["Delivery to webhook 'https://h/timeout/certificate' failed with status code 410 (Gone)."], "HTTP 410"),
        (["Delivery to webhook 'https://h/timeout/certificate' failed."], "other"),
        (["Request headers must contain only ASCII characters."], "header"),
        (["An invalid request URI was provided."], "URL"),
        (["An item with the same key has already been added. Key: HA+1"], "blocked id"),
        (["something new"], "other"),
        ([], "other"),
    ],
)
def test_the_word_for_a_message(messages: list[str], word: str) -> None:
    assert cause_of(failure("a", messages=messages)).word == word


def test_a_partition_without_attempts_has_no_known_cause() -> None:
    one = failure("a")
    assert cause_of(FailedPartition(one.id, "a", "Default", "s", (), None)).word == "other"


def test_the_cause_behind_an_open_circuit_is_the_last_request_of_the_partition_or_of_another() -> None:
    circuit = FailedAttempt(None, 7, ("The circuit is now open and is not allowing calls.",))
    sent = FailedAttempt(None, 7, ("status code 503",))
    one = failure("a")
    both = FailedPartition(one.id, "a", "Default", "s", (sent, circuit), None)
    alone = FailedPartition(one.id, "a", "Default", "s", (circuit,), None)
    assert str(cause_of(both)) == "circuit open (HTTP 503)"
    assert str(cause_of(alone, {("a", "Default"): sent})) == "circuit open (HTTP 503)"
    assert str(cause_of(alone)) == "circuit open"
    elsewhere = FailedPartition(one.id, "a", "Tenant-B", "s", (sent, circuit), None)
    assert str(cause_of(alone, causes_of([alone, elsewhere]))) == "circuit open (HTTP 503)"
    assert str(cause_of(alone, causes_of([alone, elsewhere]), shared=True)) == "shared circuit"


def test_where_all_targets_share_a_circuit_the_failure_of_another_one_is_no_cause_of_this_one() -> None:
    messages = ("The circuit is now open and is not allowing calls.", "Connection refused (10.0.0.9:8443)")
    innocent = failure("a", messages=messages)
    cause = cause_of(innocent, shared=True)
    assert (str(cause), cause.key, cause.address) == ("shared circuit (refused)", "shared circuit", "10.0.0.9:8443")
    mine = cause_of(innocent, shared=True, target_url="https://10.0.0.9:8443/in")
    assert (str(mine), mine.address) == ("circuit open (refused)", "")
    sent = FailedAttempt(None, 7, ("status code 503",))
    guilty = FailedPartition(innocent.id, "a", "Default", "s", (sent, *innocent.attempts), None)
    assert str(cause_of(guilty, shared=True)) == "circuit open (HTTP 503)"
