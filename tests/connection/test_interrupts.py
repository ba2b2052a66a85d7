"""Ctrl-C at random moments of calls that carry a token: the process goes on, and the next call works."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
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
                answer = script.stdout.readline()
                assert answer.startswith("interrupted "), script.stderr.read()
                assert int(answer.split()[1]) > 1, "the next call works"
        finally:
            script.kill()


def answered(client: Any, timeout: float) -> Any:
    """The reply to a cell; None when there is none yet."""
    with suppress(Empty):
        return client.get_shell_msg(timeout=timeout)
    return None


def until_it_runs(client: Any) -> Any:
    """Wait until the cell runs. Returns its reply if a late signal has ended it before."""
    while True:
        with suppress(Empty):
            news = client.get_iopub_msg(timeout=0.5)
            if news["msg_type"] == "stream" and "runs" in news["content"]["text"]:
                return None
            continue
        if (reply := answered(client, 0.01)) is not None:
            return reply


def test_a_notebook_survives(demanding: str) -> None:
    moments = random.Random(5)
    manager, client = start_new_kernel()
    try:
        setup = f"import chronicle_notebook as cn; client = cn.connect({demanding!r}, event_store='banking')"
        assert client.execute_interactive(setup, timeout=60)["content"]["status"] == "ok"
        for _ in range(INTERRUPTS // 3):
            client.execute("print('runs', flush=True)\nwhile True: client.webhooks.ids()")
            reply = until_it_runs(client)
            time.sleep(moments.uniform(0.001, 0.02))
            while reply is None:  # a signal that comes between two cells, or inside a finalizer, interrupts nothing
                manager.interrupt_kernel()
                reply = answered(client, 1)
            assert reply["content"]["status"] in {"error", "aborted"}
            assert reply["content"].get("ename", "KeyboardInterrupt") == "KeyboardInterrupt"
        while (last := client.execute("survivors = len(client.webhooks.ids())")) and (reply := answered(client, 60)):
            if reply["parent_header"]["msg_id"] == last and reply["content"]["status"] == "ok":
                break  # a late signal can still have ended the one before
        answer = client.execute_interactive("assert len(client.webhooks.ids()) > 1", timeout=60)
        assert answer["content"]["status"] == "ok"
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
