"""A whole probe of a sandbox, and of the kernel that ``CHRONICLE_TEST_CONNECTION`` names.

``pytest -s`` shows what was found. The event store ``chronicle-probe`` stays behind: kernels have no call that removes
one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

import chronicle_notebook as cn
from chronicle_notebook.contracts._defects import DEFECTS
from chronicle_notebook.probing import DEADLINE
from chronicle_notebook.probing._bench import PROBE_STORE
from chronicle_notebook.probing._probe import CHECKS
from chronicle_notebook.session._client import Client

VARIABLE = "CHRONICLE_TEST_CONNECTION"
GIVEN = os.environ.get(VARIABLE)  # read when the module is: no test may see a connection of its machine


@pytest.fixture(params=["sandbox", *([VARIABLE] if GIVEN else [])])
def client(request: pytest.FixtureRequest) -> Iterator[Client]:
    if request.param == VARIABLE:
        assert GIVEN is not None
        with cn.connect(GIVEN, event_store=PROBE_STORE, name="given") as opened:
            yield opened
        return
    with (
        cn.Sandbox(behaves_like="19.29", settle_delay=0.02) as sandbox,
        cn.connect(sandbox.connection_string, event_store=PROBE_STORE, name="sandbox") as opened,
    ):
        yield opened


def test_a_probe_ends_in_time_leaves_no_webhook_and_says_something_of_each_defect(client: Client) -> None:
    steps: list[cn.ProbeProgress] = []
    result = client.probe(confirm=PROBE_STORE, keep=False, progress=steps.append)
    print(result)  # noqa: T201 - with pytest -s somebody with a kernel reads it
    assert len(steps) == len(CHECKS)
    assert [each.key for each in result] == [defect.key for defect in DEFECTS]
    assert all(each.seen.endswith(".") for each in result)
    assert result.left_behind == ()
    assert client.webhooks.ids() == []
    assert result.duration < DEADLINE
    # Each finding of a kernel that says its release is in step with a registration that is read back.
    kind = next(each.id for each in client.event_types() if each.id.startswith("Probe"))
    outcome = client.webhooks.register(
        "probe-after",
        "http://127.0.0.1:9/x",
        lambda b: b.with_event_type(kind).with_bearer_token(cn.Secret("t0ken-of-a-test")),
    )
    client.webhooks.remove("probe-after")
    dropped = "authorization" in {each.field for each in outcome.ineffective}
    assert ("authorization-dropped" in result.present) == dropped
