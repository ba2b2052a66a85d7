"""``make lab``: JupyterLab answers, the first notebook runs in it from top to bottom, and Ctrl-C ends everything."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import chronicle_notebook as cn
from tests.browser.conftest import Lab, _environment, _free_port


def test_the_lab_answers_at_the_address_that_it_prints(lab: Lab) -> None:
    with urllib.request.urlopen(f"{lab.url}/lab") as response:
        assert response.status == 200
    with cn.connect(lab.connection_string, event_store="banking", name="lab") as client:
        assert len(client.webhooks.all()) >= 4


def test_the_first_notebook_runs_from_top_to_bottom(lab: Lab, page: Page) -> None:
    outputs = lab.run(page, "01-first-steps.ipynb")
    errors = [output for cell in outputs for output in cell if output["output_type"] == "error"]
    assert errors == []
    text = str(outputs)
    for part in ("was created", "200 OK", "not all of it took effect", "was removed"):
        assert part in text
    expect(page.get_by_role("table", name="webhooks of event store 'banking'").first).to_be_attached()
    with cn.connect(lab.connection_string, event_store="banking", name="lab") as client:
        assert client.webhooks.all().find("loan-desk") is None


def test_ctrl_c_ends_the_lab_its_kernels_and_the_sandbox(tmp_path: Path) -> None:
    port = _free_port()
    command = [sys.executable, "-m", "chronicle_notebook.cli", "lab", "--no-browser", "--token", "--port", str(port)]
    with subprocess.Popen(
        [*command, "--notebooks", str(tmp_path)], env=_environment(tmp_path / "home"), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        connection_string = process.stdout.readline().split()[-1]
        assert "?token=" in address
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    with pytest.raises(cn.KernelUnreachableError):
        cn.connect(connection_string, name="gone")


def test_a_port_that_is_in_use_is_told_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "chronicle_notebook.cli", "lab", "--no-browser", "--port", str(port)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert f"Port {port} is in use." in result.stderr
    assert "PORT=" in result.stderr
