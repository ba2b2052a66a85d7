"""Ctrl-C at random moments of calls that carry a token: the process goes on, and the next call works."""

from __future__ import annotations

import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

import chronicle_notebook as cn
from chronicle_notebook.base._secrets import MASK
from chronicle_notebook.connection._metadata import metadata_of
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.connection._tokens import Tokens
from chronicle_notebook.connection._trust import Trust
from tests.waiting import LONG, eventually

INTERRUPTS = 60
CANARY = "qx9canary7interrupts"
SECRETIVE = f"chronicle://localhost:35000/?apiKey={CANARY}"

SCRIPT = """
import sys
import chronicle_notebook as cn

client = cn.connect(sys.argv[1], event_store="banking")
client.webhooks.ids()
print("ready", flush=True)
while True:
    try:
        while True:
            client.webhooks.ids()
            client.event_log.tail()
    except KeyboardInterrupt:
        print("interrupted", len(client.webhooks.ids()), flush=True)
"""


@pytest.fixture(scope="module")
def demanding() -> Iterator[str]:
    """The address of a sandbox that lets nobody in without a token."""
    with cn.Sandbox(seed=True, auth=True) as kernel:
        yield kernel.connection_string


def test_a_script_survives(demanding: str) -> None:
    moments = random.Random(3)
    command = [sys.executable, "-X", "faulthandler", "-c", SCRIPT, demanding]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as script:
        assert script.stdout is not None
        assert script.stderr is not None
        try:
            assert script.stdout.readline() == "ready\n"
            for _ in range(INTERRUPTS):
                time.sleep(moments.uniform(0.001, 0.02))  # any moment will do
                script.send_signal(signal.SIGINT)
                while not select.select([script.stdout], [], [], 20.0)[0]:
                    script.send_signal(signal.SIGINT)  # the one before came inside a finalizer, where Python ignores it
                answer = script.stdout.readline()
                assert answer.startswith("interrupted "), script.stderr.read()
                assert int(answer.split()[1]) > 1, "the next call works"
        finally:
            script.kill()


def reply_to(client: Any, request: str, within: float) -> Any:
    """The reply to a request; None if it does not come in time. Replies to other requests are left out."""
    until = time.monotonic() + within
    while (left := until - time.monotonic()) > 0:
        with suppress(Empty):
            reply = client.get_shell_msg(timeout=left)
            if reply["parent_header"]["msg_id"] == request:
                return reply["content"]
    return None


# Only replies and files are looked at, not what the kernel publishes: a signal between two cells can cut off a message
# that the kernel is just publishing.
def test_a_notebook_survives(demanding: str, tmp_path: Path) -> None:
    moments = random.Random(5)
    stacks = tmp_path / "stacks"
    manager, client = start_new_kernel()

    def carried_out(code: str, within: float = LONG) -> Any:
        request = client.execute(code, stop_on_error=False, user_expressions={"found": "found"})
        reply = reply_to(client, request, within)
        if reply is None:
            manager.signal_kernel(signal.SIGUSR1)
            eventually(lambda: stacks.stat().st_size)
            pytest.fail(f"The kernel hangs:\n{stacks.read_text()}")
        return reply

    try:
        setup = f"""
import faulthandler, pathlib, signal
import chronicle_notebook as cn
faulthandler.register(signal.SIGUSR1, open({str(stacks)!r}, "w"))
found = client = cn.connect({demanding!r}, event_store="banking")
"""
        assert carried_out(setup)["status"] == "ok"
        for turn in range(INTERRUPTS // 3):
            runs = tmp_path / f"runs-{turn}"
            code = f"pathlib.Path({str(runs)!r}).touch()\nwhile True: client.webhooks.ids()"
            request = client.execute(code, stop_on_error=False)
            reply: Any = None
            while not (runs.exists() or reply):
                reply = reply_to(client, request, 0.01)
            time.sleep(moments.uniform(0.001, 0.02))  # any moment will do
            until = time.monotonic() + LONG
            while reply is None:  # a signal that comes inside a finalizer interrupts nothing
                assert time.monotonic() < until, "the call goes on"
                manager.interrupt_kernel()
                reply = reply_to(client, request, 5.0)  # long, so that no signal comes while the reply is made
            assert (reply["status"], reply["ename"]) == ("error", "KeyboardInterrupt")
        # A late signal can still end a cell before it has begun.
        while (reply := carried_out("found = len(client.webhooks.ids())"))["status"] != "ok":
            assert reply["ename"] == "KeyboardInterrupt"
        assert int(reply["user_expressions"]["found"]["data"]["text/plain"]) > 1
        assert manager.is_alive()
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_the_token_goes_over_the_wire_and_shows_nowhere_else() -> None:
    target = ConnectionString.parse(SECRETIVE)
    metadata = metadata_of(Tokens(target, Trust.of(target)))
    value = dict(metadata)["authorization"]
    assert value.encode() == f"Bearer {CANARY}".encode()
    for text in (repr(metadata), str(value), f"{value}", f"{value!r}", value + "", value[:], " ".join([value])):
        assert CANARY not in text
        assert MASK in text
