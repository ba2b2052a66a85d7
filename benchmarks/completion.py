"""What a keystroke costs when a kernel has 10,000 webhooks, and what loading the magics costs, in a running kernel.

Both are measured inside a kernel process of their own, with names from a server in another process. Completing is all
that IPython does for one keystroke, Python's own completion included; the message to and from a browser comes on top.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from benchmarks.installed import as_installed

COUNT = 10_000
ROUNDS = 40
TIMEOUT = 60

LIMITS = {
    f"a keystroke's completion with {COUNT:,} webhooks, ms (median)": 50.0,
    f"a keystroke's completion with {COUNT:,} webhooks, while they are read anew, ms (median)": 50.0,
    "%load_ext in a running kernel, ms": 30.0,
}
"""What a figure must not be over."""

_LOAD = """
import json, sys, time
import IPython.core.completer
def forget():
    for name in [name for name in sys.modules if name.partition('.')[0] == 'chronicle_notebook']:
        del sys.modules[name]
shell, times = get_ipython(), []
for _ in range(1 + 5):
    started = time.thread_time()  # of this thread alone: pandas is loaded in another one
    shell.run_line_magic('load_ext', 'chronicle_notebook')
    times.append(time.thread_time() - started)
    shell.run_line_magic('unload_ext', 'chronicle_notebook')
    forget()
shell.run_line_magic('load_ext', 'chronicle_notebook')
print(json.dumps(times[1:]))  # the first one compiles the modules
"""

_CLIENT = """
from chronicle_notebook.session import _registry
from chronicle_notebook.session._client import Client
from chronicle_notebook.connection._channel import Channel
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.contracts.commands.gateway import CommandsGateway
from chronicle_notebook.model import ServerVersion
channel = Channel(ConnectionString.parse({connection!r}))
client = Client(
    channel, name='default', event_store='banking', namespace='Default', version=ServerVersion('bench'),
    kernel=CommandsGateway(channel),
)
client._place._store_exists = True
_registry.remember(client)
"""

_COMPLETE = """
from IPython.core.completer import provisionalcompleter, rectify_completions
from chronicle_notebook.magics._shell import ChronicleMagics
line, times, names = {line!r}, [], ChronicleMagics.of(shell)._names
with provisionalcompleter():
    for _ in range({rounds}):
        if {forget}:
            names.forget()
        started = time.perf_counter()
        found = list(rectify_completions(line, shell.Completer.completions(line, len(line))))
        times.append(time.perf_counter() - started)
print(json.dumps([len(found), times]))
"""


def measure() -> dict[str, float]:
    """The figures."""
    command = [sys.executable, "-m", "benchmarks.server", str(COUNT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, as_installed() as environment:
        manager, client = start_new_kernel(kernel_name="python3", env=environment)
        try:
            assert server.stdout is not None
            loading = _run(client, _LOAD)
            _run(client, _CLIENT.format(connection=server.stdout.readline().strip()), prints=False)
            _wait_for_names(client)
            keystrokes = _run(client, _complete(ROUNDS))[1]
            meanwhile = _run(client, _complete(ROUNDS, forget=True))[1]
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
            server.kill()
    name = f"a keystroke's completion with {COUNT:,} webhooks, ms"
    return {
        f"{name} (median)": statistics.median(keystrokes) * 1000,
        f"{name} (worst of {ROUNDS})": max(keystrokes) * 1000,
        f"{name.removesuffix(', ms')}, while they are read anew, ms (median)": statistics.median(meanwhile) * 1000,
        "%load_ext in a running kernel, ms": statistics.median(loading) * 1000,
    }


def _complete(rounds: int, *, forget: bool = False) -> str:
    return _COMPLETE.format(line="%webhook show hook-0", rounds=rounds, forget=forget)


def _wait_for_names(client: BlockingKernelClient) -> None:
    """Until the background thread has read them."""
    deadline = time.monotonic() + TIMEOUT
    while _run(client, _complete(1))[0] < 100:
        assert time.monotonic() < deadline, "the names were never read"


def _run(client: BlockingKernelClient, code: str, *, prints: bool = True) -> Any:
    """Run code in the kernel, and read the JSON that it prints."""
    printed: list[str] = []

    def listen(message: dict[str, Any]) -> None:
        content = message["content"]
        if message["msg_type"] == "error":
            raise RuntimeError("\n".join(content["traceback"]))
        if message["msg_type"] == "stream" and content["name"] == "stdout":
            printed.append(content["text"])

    client.execute_interactive(code, timeout=TIMEOUT, output_hook=listen)
    return json.loads("".join(printed)) if prints else None
