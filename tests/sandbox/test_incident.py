"""The example "incident": five webhooks that fail for five reasons, and whose targets can be mended."""

from __future__ import annotations

from pathlib import Path

import pytest

import chronicle_notebook as cn
from chronicle_notebook.sandbox._incident import FAULTS
from tests.waiting import LONG, eventually


def test_each_webhook_fails_for_its_own_reason_and_recovers_when_its_target_is_mended() -> None:
    with (
        cn.Sandbox(seed="incident", time_scale=0.003) as kernel,
        cn.connect(kernel.connection_string, event_store="shop", name="night") as client,
    ):
        assert kernel.faults == FAULTS
        causes = {"payments": "refused", "billing": "HTTP 500", "partner-feed": "HTTP 401", "search-index": "reset"}
        given_up = [*causes]
        # The kernel gives up after eleven attempts. The target that does not answer has not failed once by then.
        eventually(lambda: all((row := client.triage().find(each)) and row.given_up == 6 for each in given_up))
        triage = client.triage()
        for webhook, cause in causes.items():
            found = {group.cause.key for group in triage[webhook].groups}
            assert found & {cause, "circuit open"}, found  # a circuit that opened within the first attempt hides it
            assert found <= {cause, "circuit open"}, found
        assert (triage["reporting"].condition, triage["reporting"].waiting) == ("delivering", 12)  # later stalled
        assert triage["warehouse"].severity == "none"

        kernel.mend("billing")
        eventually(lambda: "billing" not in kernel.faults)
        client.retry_failed_partitions("billing", release=True, wait=LONG)
        assert {each.webhook for each in client.triage().failing} == {*given_up} - {"billing"}

        kernel.mend()
        eventually(lambda: not kernel.faults)
        client.retry_failed_partitions(given_up, release=True, wait=LONG)
        eventually(lambda: not client.triage().troubled)


@pytest.mark.parametrize("profile", ["16.33", "16.37", "16.37-inmemory", "16.38"])
def test_the_example_starts_on_each_kind_of_kernel_and_its_events_can_be_read(profile: str) -> None:
    with (
        cn.Sandbox(seed="incident", time_scale=0.003, behaves_like=profile) as kernel,
        cn.connect(kernel.connection_string, event_store="shop", name="night") as client,
    ):
        for namespace in ("Default", "Tenant-B"):
            assert len(client.at(namespace=namespace).event_log.read()) == 6
        # Some of these kernels count a 401 as delivered, but none delivers to a closed port.
        eventually(lambda: "payments" in {each.webhook for each in client.triage().failing})


def test_what_the_example_cannot_do_is_told(tmp_path: Path) -> None:
    with pytest.raises(cn.InvalidInputError, match="its data cannot be kept") as caught:
        cn.Sandbox(seed="incident", data=tmp_path)
    assert caught.value.field == "data"
    with pytest.raises(cn.InvalidInputError, match="seed is True, False, 'banking' or 'incident'"):
        cn.Sandbox(seed="incidents")  # type: ignore[arg-type]
    with cn.Sandbox() as kernel, pytest.raises(cn.SandboxError, match="has no incident"):
        kernel.mend()
    with cn.Sandbox(seed="incident") as kernel, pytest.raises(cn.InvalidInputError, match="no failing webhook") as typo:
        kernel.mend("biling")
    assert "Did you mean 'billing'?" in typo.value.hint
