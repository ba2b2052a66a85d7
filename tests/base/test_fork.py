"""A process that was forked from one with clients, streams and a sandbox: it leaves these alone, and it ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from chronicle_notebook.sandbox import Sandbox

PROGRAM = """
import faulthandler, os, sys
import chronicle_notebook as cn

kernel = cn.Sandbox(seed=True).start()
client = cn.connect(kernel.connection_string, event_store="banking")
embedded = cn.connect(name="embedded")
observation = client.webhooks.observe()
count = len(observation.next(60))

for name, body in {bodies!r}.items():
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        faulthandler.dump_traceback_later(120, exit=True)  # it hangs
        exec("if True:" + body)
        sys.stdout.flush()
        {end}
    ended = os.waitpid(child, 0)[1]
    assert ended == 0, f"the child that should {{name}} ended with {{ended}}"

    # Nothing of the parent's has suffered.
    assert len(client.webhooks.all()) == count
    assert kernel.data.is_dir()

client.webhooks.remove("fraud-watch")
assert len(observation.next(60)) == count - 1
folder = kernel.data
kernel.stop()
assert not folder.exists()
cn.stop_sandbox()
print("well")
"""

BODIES = {
    "be told at once that it cannot connect": """
    for name in ("default", "another"):
        try:
            cn.connect(kernel.connection_string, event_store="banking", name=name)
        except cn.KernelError as error:
            assert "forked from one that used gRPC" in error.message
            assert "multiprocessing.get_context('spawn')" in error.hint
        else:
            raise AssertionError("connected")
    assert cn.clients() == {}
    print(cn.doctor(kernel.connection_string))
""",
    "be told at once that it cannot have a sandbox": """
    for start in (cn.Sandbox().start, cn.connect, cn.start_sandbox):
        try:
            start()
        except cn.SandboxError as error:
            assert "forked from one that used gRPC" in error.message
            assert "multiprocessing.get_context('spawn')" in error.hint
        else:
            raise AssertionError("started")
""",
    "forget the clients": """
    assert cn.clients() == {}
    try:
        cn.client()
    except cn.UnknownClientError:
        pass
    try:
        client.webhooks.all()
    except cn.KernelError as error:
        assert "forked" in error.message
    assert cn.stop_sandbox() is False
""",
    "stop the observation": """
    observation.stop()
    assert observation.state == "stopped"
""",
    "close the client": """
    client.close()
    assert client.closed
    embedded.close()
""",
    "drop everything": """
    import gc
    global client, observation, embedded
    del client, observation, embedded
    gc.collect()
""",
    "stop what it inherited": """
    kernel.stop()
    assert kernel.data.is_dir()
""",
    "do nothing": """
    pass
""",
}


@pytest.mark.parametrize("end", ["sys.exit(0)", "os._exit(0)"])
def test_a_forked_child_can_do_each_of_these(end: str) -> None:
    """One process is forked for each, as it takes seconds to start what is left alone."""
    program = PROGRAM.format(bodies=BODIES, end=end)
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1] == "well"


BEFORE = """
import faulthandler, os, sys
import chronicle_notebook as cn
from chronicle_notebook.session import _connect

child = os.fork()
if child == 0:
    faulthandler.dump_traceback_later(120, exit=True)
    with cn.connect() as client:
        assert len(client.webhooks.all()) > 1
    cn.stop_sandbox()
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
with cn.connect() as client:
    assert len(client.webhooks.all()) > 1
cn.stop_sandbox()
"""


def test_a_child_that_was_forked_before_anything_connected_can_do_everything() -> None:
    ran = subprocess.run([sys.executable, "-c", BEFORE], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


SWITCHED_ON = """
import faulthandler, os, sys
import chronicle_notebook as cn

client = cn.connect({text!r}, event_store="System")
child = os.fork()
if child == 0:
    faulthandler.dump_traceback_later(120, exit=True)
    with cn.connect({text!r}, event_store="System") as own:
        own.webhooks.all()
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
client.webhooks.all()
client.close()
"""


def test_who_switches_the_support_of_forks_on_connects_in_the_child(
    shared_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRPC_ENABLE_FORK_SUPPORT", "1")
    program = SWITCHED_ON.format(text=shared_sandbox.connection_string)
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_a_data_folder_is_free_as_soon_as_its_sandbox_has_stopped_whoever_was_forked_meanwhile(tmp_path: Path) -> None:
    program = """
import os, sys, time
import chronicle_notebook as cn
kernel = cn.Sandbox(data=sys.argv[1]).start()
child = os.fork()
if child == 0:
    time.sleep(3600)
    os._exit(0)
try:
    kernel.stop()
    cn.Sandbox(data=sys.argv[1]).start().stop()
finally:
    os.kill(child, 9)
"""
    ran = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
