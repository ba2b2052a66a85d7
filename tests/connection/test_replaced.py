"""A kernel that is replaced behind an open connection, and shows another certificate: the first call is a write."""

from __future__ import annotations

import subprocess
import sys
from typing import Literal

import pytest

import chronicle_notebook as cn
from chronicle_notebook.base._errors import UnknownEventStoreError
from tests.ports import free_port
from tests.waiting import LONG

CLASSIC, COMMANDS = "classic", "commands"


@pytest.mark.parametrize(("first", "second"), [(CLASSIC, COMMANDS), (COMMANDS, CLASSIC), (COMMANDS, COMMANDS)])
def test_the_first_write_after_a_replacement_is_sent_once_on_a_new_connection(
    first: Literal["classic", "commands"],
    second: Literal["classic", "commands"],
) -> None:
    port = free_port()
    kernel = cn.Sandbox(port=port, contract=first, settle_delay=0.01).start()
    text = f"chronicle://127.0.0.1:{port}?skipTlsValidation=true"
    with cn.connect(text, event_store="shop", name="replaced") as client:
        client.ensure_event_store()
        kernel.stop()
        with cn.Sandbox(port=port, contract=second, settle_delay=0.01):
            with pytest.warns(cn.CertificateChangedWarning, match="another certificate") as warned:
                client.ensure_event_store("made")
            assert {each.filename for each in warned} == {__file__}, "it points to the line of the user"
            assert "made" in client._kernel.event_stores()
            assert client.generation == second
            assert client._channel.dials == 2
            with pytest.raises(UnknownEventStoreError):
                client.webhooks.ids()
            assert "shop" not in client._kernel.event_stores(), "looking for it did not make it"


SCRIPT = """
import sys
import chronicle_notebook as cn
port = int(sys.argv[1])
kernel = cn.Sandbox(port=port, settle_delay=0.01).start()
with cn.connect(f"chronicle://127.0.0.1:{port}", event_store="shop", name="quiet") as client:
    client.ensure_event_store()
    kernel.stop()
    with cn.Sandbox(port=port, settle_delay=0.01):
        client.ensure_event_store("made")
        print(client._channel.dials)
"""


def test_grpc_writes_nothing_to_the_standard_error() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(free_port())], capture_output=True, text=True, check=True, timeout=LONG
    )
    assert (done.stdout.strip(), done.stderr) == ("2", "")


def test_a_write_that_was_not_sent_says_so() -> None:
    port = free_port()
    kernel = cn.Sandbox(port=port, settle_delay=0.01).start()
    with cn.connect(f"chronicle://127.0.0.1:{port}", event_store="shop", name="gone") as client:
        client.ensure_event_store()
        kernel.stop()
        with pytest.raises(cn.KernelUnreachableError) as caught:
            client.ensure_event_store("made")
    assert caught.value.nothing_sent
    assert "unknown" not in caught.value.hint
    assert "ipv4:" not in str(caught.value)
