"""What a scan finds, where it says it is, and what it leaves alone."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from chronicle_notebook import InvalidInputError
from chronicle_notebook.cli import main
from chronicle_notebook.scan import Rules, rules_for, scan, scan_notebook
from tests.tracked import tracked

ROOT = Path(__file__).parents[2]
CANARY = 'canary/9f2b "sword"&fish'
CIPHER = "crk1:" + "0123456789abcdef" * 2 + ":" + "QUJD" * 20


def cell(source: str | list[str] = "", *outputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "id": "here", "source": source, "outputs": list(outputs), "metadata": {}, **more}


def shown(**data: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "data": {name.replace("_", "/"): value for name, value in data.items()}}


def book(*cells: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def saved(folder: Path, notebook: dict[str, Any], name: str = "a.ipynb") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook))
    return path


REFERENCE = cell('client.webhooks.register("a", url, lambda b: b.with_bearer_token(cn.Secret.env("WEBHOOK_TOKEN")))')


@pytest.mark.parametrize(
    ("notebook", "place"),
    [
        (book(REFERENCE, cell(f"x = '''{CANARY}'''")), "cell 2 (id here), source"),
        (book(REFERENCE, cell("", shown(text_plain=CANARY))), "cell 2 (id here), output 1"),
        (
            book(REFERENCE, cell("", shown(text_plain="x"), {"output_type": "stream", "text": ["a\n", CANARY]})),
            "output 2",
        ),
        (book(REFERENCE, cell("", shown(text_html="canary/9f2b &quot;sword&quot;&amp;fish"))), "output 1"),
        (book(REFERENCE, cell("", {"output_type": "error", "evalue": CANARY, "traceback": []})), "output 1"),
        (book(REFERENCE, cell("", {"output_type": "error", "evalue": "", "traceback": ["a", CANARY]})), "output 1"),
        (book(REFERENCE, cell("", metadata={"note": {"deep": CANARY}})), "cell 2 (id here), metadata"),
        (book(REFERENCE, cell("", attachments={"a.txt": {"text/plain": CANARY}})), "attachments"),
        (book(REFERENCE, cell("[](https://x.example.com/?q=canary%2F9f2b%20%22sword%22%26fish)")), "source"),
        (book(REFERENCE, papermill={"parameters": {"token": CANARY}}), "metadata of the notebook"),
        (book(REFERENCE, widgets={"v": {"state": {"m": {"state": {"value": CANARY}}}}}), "widget state"),
        (book(cell("# env:WEBHOOK_TOKEN"), cell(CANARY)), "cell 2"),
        (book(cell("os.environ['WEBHOOK_TOKEN']"), cell(CANARY)), "cell 2"),
        (book(cell('os.environ.get("WEBHOOK_TOKEN")'), cell(CANARY)), "cell 2"),
        (book(cell('cn.Secret.env(\n    "WEBHOOK_TOKEN"\n)'), cell(CANARY)), "cell 2"),
        (book(cell(source=["cn.Secret.env(\n", "    'WEBHOOK_TOKEN'\n", ")"]), cell(CANARY)), "cell 2"),
    ],
)
def test_the_value_of_a_variable_that_a_notebook_refers_to_is_found_wherever_it_stands(
    notebook: dict[str, Any], place: str, tmp_path: Path
) -> None:
    leaks, files = scan([saved(tmp_path, notebook)], environment={"WEBHOOK_TOKEN": CANARY, "OTHER": "x" * 20})
    assert files == 1
    (leak,) = leaks
    assert place in leak.place
    assert leak.kind == "the value of the environment variable WEBHOOK_TOKEN"
    assert "canary" not in str(leak)


SECRETS = {
    "AWS access key": "AKIA" + "IOSFODNN7EXAMPLE",
    "GitHub token": "ghp_" + "a1B2" * 9,
    "GitLab token": "glpat-" + "a1B2" * 5,
    "Google API key": "AIza" + "Sy0" * 11 + "ab",
    "JSON Web Token": "eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJlLW9mLWl0",
    "Slack token": "xoxb-" + "1234567890-" * 3,
    "Stripe key": "sk_live_" + "a1B2" * 6,
    "private key": "-----BEGIN RSA PRIVATE KEY-----",
    "ciphertext of a kernel": CIPHER,
    "credentials in an Authorization header": "Authorization: Bearer aGVsbG8gd29ybGQ",
    "credentials in a URL": "chronicle://reader:hunter22@kernel.internal:35000",
    "a secret in a connection string or a query": "chronicle://kernel.example.com/?auth=none&apiKey=hunter22",
}


@pytest.mark.parametrize("kind", SECRETS)
def test_what_looks_like_a_secret_by_itself_is_found(kind: str) -> None:
    assert list(Rules().kinds(f"before {SECRETS[kind]} after")) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "headers = {'Authorization': 'Bearer aGVsbG8gd29ybGQ='}",
        '{"authorization": "Basic YWRhOmh1bnRlcjI="}',
        "authorization=Bearer aGVsbG8gd29ybGQ=",
        "https://reader:hunter22@hooks.internal/in",
        "?access_token=abcdef123",
    ],
)
def test_credentials_are_found_in_each_form(text: str) -> None:
    assert len(list(Rules().kinds(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer ••••••",
        "Authorization: Bearer <token>",
        "Authorization: Bearer env:WEBHOOK_TOKEN",
        "Authorization: Bearer ${WEBHOOK_TOKEN}",
        "Authorization: Bearer your-token",
        "the Authorization header, bearer or basic",
        "authorization: bearer, token from env:WEBHOOK_TOKEN",
        "chronicle://reader:env:STAGING_SECRET@staging.example.com:35000",
        "chronicle://reader:env%3ASTAGING_SECRET@staging.example.com:35000",
        "chronicle://user:password@host:port",
        "chronicle://[id:secret@]host[:port]",
        "chronicle://chronicle-dev-client:chronicle-dev-secret@localhost:35000",
        "https://{user}:{password}@hooks.internal",
        "chronicle://runbooks:hunter2@chronicle.example.com:35000",
        "chronicle://runbooks:wrong@{kernel.address}",
        "https://example.com:8080/@someone",
        "http://127.0.0.1:9/in and mail to reader@example.com",
        "?apiKey=env:API_KEY",
        "?apiKey=<key>",
        "`crk1:` is ciphertext, crk1:<thumbprint>:<base64>",
        "sha256:0123456789abcdef0123456789abcdef",
        "eyJ is how a token begins",
    ],
)
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    assert list(Rules({"SHORT": "a", "EMPTY": ""}).kinds(text)) == []


def test_a_password_field_that_was_saved_with_its_value_is_found() -> None:
    state = {"m": {"model_name": "PasswordModel", "state": {"_model_name": "PasswordModel", "value": "any"}}}
    leaks = scan_notebook(
        book(widgets={"application/vnd.jupyter.widget-state+json": {"state": state}}), Rules(), file="f"
    )
    assert [leak.kind for leak in leaks] == ["the value of a password field"]
    state["m"]["state"]["value"] = ""  # type: ignore[index]
    assert scan_notebook(book(widgets={"x": {"state": state}}), Rules(), file="f") == []


def test_the_command_names_file_cell_and_kind_and_never_the_value(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBHOOK_TOKEN", CANARY)
    saved(tmp_path, book(REFERENCE, cell(CANARY), cell(CIPHER)), "deep/bad.ipynb")
    saved(tmp_path, book(REFERENCE), "good.ipynb")
    saved(tmp_path, book(cell(CIPHER)), ".venv/lib/skipped.ipynb")
    assert main(["scan", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    bad = tmp_path / "deep" / "bad.ipynb"
    assert out.splitlines() == [
        f"{bad}: cell 2 (id here), source: the value of the environment variable WEBHOOK_TOKEN",
        f"{bad}: cell 3 (id here), source: ciphertext of a kernel",
    ]
    assert "2 files scanned, 2 secrets found." in err
    assert "canary" not in out + err
    assert CIPHER not in out + err
    assert main(["scan", str(tmp_path / "good.ipynb")]) == 0


def test_a_copy_in_the_folder_of_checkpoints_is_looked_at_too(tmp_path: Path) -> None:
    saved(tmp_path, book(cell(CIPHER)), ".ipynb_checkpoints/a-checkpoint.ipynb")
    assert len(scan([tmp_path])[0]) == 1


def test_any_other_file_is_looked_at_by_line_when_it_is_named(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(f"<p>a</p>\n<p>{CIPHER}</p>\n")
    (leak,) = scan([page])[0]
    assert leak.place == "line 2"
    broken = tmp_path / "broken.ipynb"
    broken.write_text(f'{{"cells": [\n{CIPHER}')
    assert [leak.place for leak in scan([broken])[0]] == ["as a notebook", "line 2"]


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError):
        scan([tmp_path / "nothing"])
    assert main(["scan", str(tmp_path / "nothing")]) == 1


@pytest.mark.parametrize(
    "notebook",
    [{"cells": []}, {"cells": [1, {}], "metadata": None}, {"cells": [{}], "metadata": {"widgets": 1}}],
)
def test_an_odd_notebook_is_no_obstacle(notebook: dict[str, Any], tmp_path: Path) -> None:
    assert scan([saved(tmp_path, notebook)]) == ([], 1)


def test_the_project_itself_is_clean() -> None:
    leaks, files = scan(tracked("notebooks/*.ipynb", "README.md", "docs/*.md"))
    assert leaks == []
    assert files > 7


def test_it_works_as_a_pre_commit_hook(tmp_path: Path) -> None:
    """As pre-commit calls it: the entry, then the names of the files that are to be committed."""
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert set(hook) >= {"id", "name", "entry", "language", "types"}
    assert hook["types"] == ["jupyter"]
    entry = shlex.split(hook["entry"])
    command = [str(Path(sys.executable).parent / entry[0]), *entry[1:]]
    good, bad = saved(tmp_path, book(REFERENCE), "good.ipynb"), saved(tmp_path, book(cell(CIPHER)), "bad.ipynb")
    assert subprocess.run([*command, good], capture_output=True, check=False).returncode == 0
    result = subprocess.run([*command, good.name, bad.name], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert result.returncode == 1
    assert result.stdout == "bad.ipynb: cell 1 (id here), source: ciphertext of a kernel\n"


@pytest.mark.parametrize("quoted", ["'WEBHOOK_TOKEN'", '"WEBHOOK_TOKEN"'])
def test_the_rules_for_a_notebook_know_a_reference_beside_quotes_of_both_kinds(quoted: str) -> None:
    notebook = book(cell(f"""kinds = "x", 'y'\nos.environ[{quoted}]""", shown(text_plain=CANARY)))
    (leak,) = scan_notebook(notebook, rules_for(notebook, {"WEBHOOK_TOKEN": CANARY}), file="a.ipynb")
    assert leak.place == "cell 1 (id here), output 1"
