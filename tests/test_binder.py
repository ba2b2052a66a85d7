"""Binder's folder: what repo2docker reads in it, and its steps in a fresh environment."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

import chronicle_notebook as cn
from tests.waiting import eventually

ROOT = Path(__file__).parents[1]
BINDER = ROOT / "binder"
UV = str(Path(sys.executable).with_name("uv"))
WHAT_IS_THERE = """
import os
import chronicle_notebook as cn

client = cn.connect(event_store="banking")
print(os.environ.get("CHRONICLE_CONNECTION_STRING"), client.embedded, len(client.webhooks.all()))
client.close()
"""


def environment(python: Path, folder: Path, **more: str) -> dict[str, str]:
    """The environment of a container: a Python in front, temporary files in a folder that can be looked at."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("CHRONICLE_", "PYTHON", "VIRTUAL"))}
    return {**kept, "PATH": f"{python.parent}:{os.environ['PATH']}", "TMPDIR": str(folder), **more}


def start(*command: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command as the image does."""
    return subprocess.run(
        [str(BINDER / "start"), *command],
        env=env,
        cwd=ROOT / "notebooks",
        capture_output=True,
        text=True,
        check=False,
    )


def done(*command: str, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Run a step that must succeed."""
    ended = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{command}\n{ended.stdout}{ended.stderr}"


def sandboxes(folder: Path) -> list[int]:
    """The processes of the sandboxes whose data are in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (process / "cmdline").read_bytes().decode(errors="replace")
            if "chronicle_notebook.sandbox" in line and str(folder) in line:
                found.append(int(process.name))
    return found


def nothing_left(folder: Path) -> bool:
    """Whether the sandbox and its files are gone, at once or soon."""
    return eventually(lambda: not sandboxes(folder) and not any(folder.iterdir()))


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment with what binder/ asks for, and a checkout as git would give it."""
    folder = tmp_path_factory.mktemp("image")
    python = folder / "env" / "bin" / "python"
    checkout = folder / "checkout"
    shutil.copytree(ROOT / "chronicle_notebook", checkout / "chronicle_notebook")
    shutil.copytree(BINDER, checkout / "binder")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, checkout / name)
    wanted = (BINDER / "runtime.txt").read_text().strip().removeprefix("python-")
    done(UV, "venv", "--quiet", "--seed", "--python", wanted, str(folder / "env"))
    done(UV, "pip", "install", "--quiet", "--python", str(python), "-r", str(BINDER / "requirements.txt"))
    done(str(checkout / "binder" / "postBuild"), cwd=checkout, env=environment(python, folder))
    return python


def test_repo2docker_installs_the_pins_and_runs_post_build_and_start() -> None:
    read = subprocess.run(
        [
            *(UV, "run", "--quiet", "--no-project", "--isolated", "--no-config", "--python", sys.executable),
            *("--with-requirements", str(ROOT / "scripts" / "check_binder.lock")),
            *("jupyter-repo2docker", "--no-build", "--debug", "."),
        ],
        cwd=ROOT,
        env=environment(Path(sys.executable), Path("/tmp")),
        capture_output=True,
        text=True,
        check=False,
    )
    assert read.returncode == 0, read.stderr
    lines = [line.strip() for line in (read.stdout + read.stderr).splitlines()]
    expected = [
        'RUN ${KERNEL_PYTHON_PREFIX}/bin/pip install --no-cache-dir -r "binder/requirements.txt"',
        "RUN chmod +x binder/postBuild",
        "RUN ./binder/postBuild",
        'ENV R2D_ENTRYPOINT="${REPO_DIR}/binder/start"',
    ]
    assert [line for line in lines if line in expected] == expected
    assert "Building conda environment for python=3.11" in lines


def test_the_requirements_are_in_step_with_the_lock() -> None:
    checked = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "lock_binder.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, f"{checked.stdout}{checked.stderr}\nRun: python scripts/lock_binder.py"


def test_each_requirement_is_pinned_and_none_names_a_registry() -> None:
    lines = (BINDER / "requirements.txt").read_text().splitlines()
    hashed = r" {4}--hash=sha256:[0-9a-f]{64}( \\)?"
    assert all(re.fullmatch(rf"[a-z0-9-]+==[\w.]+ \\|{hashed}", line) for line in lines[1:])
    assert all(re.fullmatch(hashed, after) for line, after in pairwise(lines[1:]) if "==" in line)
    assert {line.partition("==")[0] for line in lines} >= {"jupyterlab", "ipykernel", "grpcio", "hatchling"}


def test_its_steps_end_in_a_notebook_server_beside_a_seeded_sandbox(image: Path, temporary: Path) -> None:
    ran = start("python", "-c", WHAT_IS_THERE, env=environment(image, temporary))
    assert ran.returncode == 0, ran.stderr
    address, embedded, count = ran.stdout.split()
    assert re.fullmatch(r"chronicle://127\.0\.0\.1:\d+(/\S*)?", address)
    assert (embedded, int(count) > 0) == ("False", True)
    assert nothing_left(temporary)


def test_the_first_tutorial_runs_in_it(image: Path, temporary: Path) -> None:
    env = environment(image, temporary, IPYTHONDIR=str(temporary.parent), JUPYTER_CONFIG_DIR=str(temporary.parent))
    run = start("jupyter", "execute", "01-first-steps.ipynb", env=env)
    assert run.returncode == 0, run.stderr
    lab = start("jupyter", "lab", "--version", env=env)
    assert f"jupyterlab=={lab.stdout.strip()} \\" in (BINDER / "requirements.txt").read_text().splitlines()
    assert nothing_left(temporary)


def test_the_exit_code_is_that_of_the_command(temporary: Path) -> None:
    assert start("sh", "-c", "exit 7", env=environment(Path(sys.executable), temporary)).returncode == 7
    assert nothing_left(temporary)


@pytest.fixture
def running(temporary: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A command that stays, and the address that it was given."""
    process = subprocess.Popen(
        [str(BINDER / "start"), "sh", "-c", 'echo "$CHRONICLE_CONNECTION_STRING"; exec sleep 3600'],
        env=environment(Path(sys.executable), temporary),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process, process.stdout:
        yield process, process.stdout.readline().strip()
        process.kill()


def test_a_sandbox_that_dies_comes_back_on_its_port_with_its_data(
    running: tuple[subprocess.Popen[str], str], temporary: Path
) -> None:
    process, address = running
    with cn.connect(address, event_store="banking", name="before") as client:
        client.webhooks.register("kept", "http://127.0.0.1:9/", lambda b: b.with_event_type("AccountOpened"))
    [sandbox] = sandboxes(temporary)
    os.kill(sandbox, signal.SIGKILL)
    with connected(address) as client:
        assert "kept" in {hook.id for hook in client.webhooks.all()}
    assert process.poll() is None
    process.kill()
    process.wait()
    assert nothing_left(temporary)


def connected(address: str) -> cn.Client:
    """A client, as soon as somebody answers."""

    def try_to() -> cn.Client | None:
        with contextlib.suppress(cn.KernelError):
            return cn.connect(address, event_store="banking", name="after", timeout=5)
        return None

    found = eventually(try_to)
    assert found is not None
    return found


def test_without_a_sandbox_the_command_runs_and_names_no_kernel(temporary: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken" / "python"
    broken.parent.mkdir()
    broken.write_text(f'#!/bin/sh\n[ "$1" = -m ] && exit 1\nexec {sys.executable} "$@"\n')
    broken.chmod(0o755)
    ran = start("python", "-c", WHAT_IS_THERE, env=environment(broken, temporary))
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1].split()[:2] == ["None", "True"]
    assert "notebooks start one of their own" in ran.stderr
    assert nothing_left(temporary)


def test_a_kernel_that_was_named_is_left_alone(temporary: Path) -> None:
    env = environment(Path(sys.executable), temporary, CHRONICLE_CONNECTION_STRING="chronicle://kernel.example:35000")
    ran = start("sh", "-c", "echo $CHRONICLE_CONNECTION_STRING", env=env)
    assert ran.stdout.strip() == "chronicle://kernel.example:35000"
    assert not list(temporary.iterdir())


def test_the_badge_opens_the_first_tutorial_where_the_folder_has_it() -> None:
    texts = [(ROOT / name).read_text() for name in ("docs/binder.md", "README.md")]
    badges = [badge for text in texts for badge in re.findall(r"\[!\[.*?\]\((\S+?)\)\]\((\S*mybinder\S*)\)", text)]
    assert badges
    for picture, address in badges:
        parts = urlsplit(address)
        folder, _, notebook = parse_qs(parts.query)["urlpath"][0].partition("lab/tree/")
        assert re.fullmatch(r"/v2/gh/[^/]+/[^/]+/HEAD", parts.path)
        assert folder == ""
        assert (ROOT / notebook).is_file()
        assert (ROOT / picture).is_file()


@pytest.mark.parametrize(
    "remote",
    [
        "https://github.com/an-owner/a.name.git",
        "https://github.com/an-owner/a.name",
        "git@github.com:an-owner/a.name.git",
        "ssh://git@github.com/an-owner/a.name.git",
    ],
)
def test_the_badge_is_written_for_the_remote_of_a_clone(remote: str, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text((ROOT / "README.md").read_text())
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    script = (
        "from pathlib import Path; from scripts.write_badge import main; "
        f"raise SystemExit(main(Path({str(tmp_path)!r})))"
    )
    write = [sys.executable, "-c", script]
    refused = subprocess.run(write, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (refused.returncode, "git remote add origin" in refused.stderr) == (1, True)
    subprocess.run(["git", "-C", tmp_path, "remote", "add", "origin", remote], check=True)
    for _ in range(2):  # once more changes nothing
        subprocess.run(write, cwd=ROOT, check=True)
        text = (tmp_path / "README.md").read_text()
        assert text.count("https://mybinder.org/v2/gh/an-owner/a.name/HEAD?urlpath=lab/tree/notebooks/") == 1
        assert "OWNER/REPOSITORY" not in text
        assert "```markdown" not in text.partition("## On Binder")[2].partition("## More")[0]
