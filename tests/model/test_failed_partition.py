"""Failing partitions of kernels that do not say whether they have given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from chronicle_notebook.model import FailedAttempt, FailedPartition


def failing(attempts: int, *, quarantined: bool | None = None, ago: float = 1.0) -> FailedPartition:
    when = datetime.now(UTC) - timedelta(seconds=ago)
    tried = tuple(FailedAttempt(when, 7, ("Connection refused",)) for _ in range(attempts))
    return FailedPartition(uuid4(), "a", "Default", "account-1", tried, quarantined)


@pytest.mark.parametrize(
    ("attempts", "quarantined", "ago", "given_up"),
    [
        (1, None, 1, False),
        (10, None, 1, False),
        (11, None, 1, True),
        (3, None, 60, False),
        (3, None, 140, True),
        (10, None, 1200, False),
        (10, None, 1330, True),
        (0, None, 1, False),
        (1, True, 1, True),
        (11, False, 1, False),
    ],
)
def test_a_partition_is_called_given_up_where_the_kernel_says_so_or_has_stopped_trying(
    attempts: int, quarantined: bool | None, ago: float, given_up: bool
) -> None:
    partition = failing(attempts, quarantined=quarantined, ago=ago)
    assert partition.given_up is given_up
    assert ("only client.retry_failed_partitions" in partition.outlook) is given_up
    assert ("probably" in partition.outlook) is (given_up and quarantined is None)
