"""Secrets that are written out where one is taken, and files that cannot be read."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from chronicle_notebook.cli import main
from chronicle_notebook.scan import Rules
from chronicle_notebook.scan._assignments import COMMAND, PAIR, VARIABLE
from chronicle_notebook.scan._calls import CELL, CODE

PLANTED = "planted-9f2b-word"
QUERY = "a secret in a connection string or a query"
WEBHOOK = "%%webhook money https://hooks.internal/in --allow-literal\n"


def notebook(folder: Path, source: str) -> Path:
    path = folder / "a.ipynb"
    cell = {"cell_type": "code", "id": "here", "source": source, "outputs": [], "metadata": {}}
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


FOUND = [
    (CODE, "b.with_bearer_token('PLANTED')"),
    (CODE, 'b.with_bearer_token(\n    token="PLANTED",\n)'),
    (CODE, "cn.Secret('PLANTED')"),
    (CODE, "Secret(value=r'''PLANTED''')"),
    (CODE, "b.with_basic_auth('u','PLANTED')"),
    (CODE, "b.with_basic_auth(user('a', 1), 'PLANTED')"),
    (CODE, "b.with_basic_auth(password='PLANTED', username='u')"),
    (CODE, "b.with_oauth('https://a','cid','PLANTED')"),
    (CODE, "b.with_oauth('https://a', client_secret='PLANTED', client_id='cid')"),
    (CODE, "b.with_header('X-Api-Key','PLANTED')"),
    (CODE, 'b.with_header("x-auth", value="PLANTED")'),
    (CODE, "b.with_headers({'x-source': 'a', 'X-Auth-Token': 'PLANTED'})"),
    (CELL, WEBHOOK + "authorization:\n  kind: bearer\n  token: PLANTED"),
    (CELL, WEBHOOK + "authorization:\n  kind: bearer\n  token: 'PLANTED'  # mine\nactive: false"),
    (CELL, WEBHOOK + "authorization:\n  kind: bearer\n  token: literal:PLANTED\n"),
    (CELL, WEBHOOK + "authorization:\n  kind: bearer\n  token: >-\n    PLANTED\n"),
    (CELL, WEBHOOK + "authorization:\n  kind: basic\n  username: u\n  password: PLANTED"),
    (CELL, WEBHOOK + "authorization:\n  kind: oauth\n  client_secret: PLANTED"),
    (CELL, WEBHOOK + "authorization: {kind: bearer, token: PLANTED}"),
    (CELL, WEBHOOK + "headers:\n  X-Api-Key: PLANTED"),
    (VARIABLE, "%env WEBHOOK_TOKEN=PLANTED"),
    (VARIABLE, "import os\n%set_env CLIENT_SECRET PLANTED"),
    (VARIABLE, "os.environ['WEBHOOK_TOKEN'] = 'PLANTED'"),
    (VARIABLE, 'os.environ["DB_PASSWORD_OLD"] = "PLANTED"'),
    (VARIABLE, "os.environ.setdefault('MY_API_KEY', 'PLANTED')"),
    *((QUERY, f"requests.get('https://hooks.internal/in?a=1&{name}=PLANTED')") for name in ("token", "access_token")),
    *((QUERY, f"https://hooks.internal/in?{name}=PLANTED") for name in ("apikey", "api_key", "sig", "password")),
    (QUERY, "https://hooks.internal/in?a=1&amp;secret=PLANTED"),
    *((QUERY, f"https://hooks.internal/in?a=1&{name}=PLANTED") for name in ("code", "Signature", "subscription-key")),
    (CODE, "keyring.set_password('chronicle', 'reader', 'PLANTED')"),
    (CODE, "keyring.set_password('chronicle', 'reader', password='PLANTED')"),
    (VARIABLE, "!export WEBHOOK_TOKEN=PLANTED"),
    (VARIABLE, "%%bash\nexport WEBHOOK_TOKEN='PLANTED' && make"),
    (VARIABLE, "!set WEBHOOK_TOKEN=PLANTED"),
    (COMMAND, "!curl -s -u reader:PLANTED https://hooks.internal/in"),
    (COMMAND, "!curl --user 'reader:PLANTED' https://hooks.internal/in"),
    (COMMAND, "!curl -H 'X-Api-Key: PLANTED' https://hooks.internal/in"),
    (PAIR, "requests.post(url, headers={'X-Api-Key': 'PLANTED'})"),
    (PAIR, 'requests.post(url, json={"id": 7, "clientSecret": "PLANTED"})'),
]


@pytest.mark.parametrize(("kind", "source"), FOUND)
def test_a_secret_that_is_written_out_is_found_by_file_cell_and_kind_and_never_by_value(
    kind: str, source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = notebook(tmp_path, source.replace("PLANTED", PLANTED))
    assert main(["scan", str(path)]) == 1
    out, err = capsys.readouterr()
    assert out == f"{path}: cell 1 (id here), source: {kind}\n"
    assert PLANTED not in out + err


@pytest.mark.parametrize("value", ["sdkjfhskdjfh3847384", "hunter2hunter2", "p4ssw0rdxyz", "clientsecretvalue"])
def test_a_plain_word_is_a_secret_where_one_is_taken(value: str) -> None:
    assert list(Rules().kinds(f"b.with_basic_auth('u', {value!r})")) == [CODE]


@pytest.mark.parametrize(
    "source",
    [
        "b.with_bearer_token(token)",
        "b.with_bearer_token(cn.Secret.env('WEBHOOK_TOKEN'))",
        "b.with_bearer_token(secrets.token_urlsafe(24))",
        "b.with_bearer_token(f'{prefix}-planted-word')",
        "b.with_bearer_token('%s-planted-word' % name)",
        "b.with_bearer_token('your-token')",
        "b.with_bearer_token('<the token of it>')",
        "cn.Secret('only-an-example')",
        "cn.Secret.keyring('planted/ninety-nine')",
        "Secret('••••••')",
        "b.with_basic_auth('somebody-known', password)",
        "b.with_oauth('https://a.internal', 'client-number-9', secret)",
        "b.with_header('x-source', 'statements-of-may')",
        "b.with_headers({'x-source': 'statements-of-may', 'x-token': token})",
        WEBHOOK + "authorization:\n  kind: bearer\n  token: env:WEBHOOK_TOKEN",
        WEBHOOK + "authorization:\n  kind: bearer\n  token: 'var:the_token_of_it'",
        WEBHOOK + "authorization: {kind: basic, username: someone, password: keyring:chronicle/someone}",
        WEBHOOK + "headers:\n  x-source: statements-of-may",
        "the key\ntoken: planted-outside-of-a-cell",
        'os.environ.setdefault("WEBHOOK_TOKEN", "made up for this notebook")',
        'os.environ.setdefault("WEBHOOK_TOKEN", secrets.token_urlsafe(24))',
        "os.environ['TOKENIZERS_PARALLELISM'] = 'disabled'",
        "os.environ['TOKEN_URL'] = 'https://login.internal/token'",
        "os.environ['WEBHOOK_TOKEN'] == 'planted-word'",
        "%env WEBHOOK_TOKEN={token}",
        "%env WEBHOOK_TOKEN=$token",
        "%env WEBHOOK_TOKEN",
        "https://hooks.internal/in?token=<token>&a=1",
        "f'https://hooks.internal/in?token={token}'",
        "'https://hooks.internal/in?token=' + token",
        "a = 1;token=secrets.token_urlsafe(24)",
        "https://hooks.internal/in?code=404&code=de-DE&sort_key=a1b2c3d4e5&page=a1b2c3d4e5",
        "https://hooks.internal/in?code=••••••",
        "keyring.set_password('chronicle', 'reader', getpass())",
        "!export WEBHOOK_TOKEN=$(cat /run/secrets/token-1)",
        "export TOKEN_URL=https://login.internal/token1",
        "!curl -u reader:$TOKEN https://hooks.internal/in",
        "!curl -u reader https://hooks.internal:8443/in",
        "!curl -H 'X-Api-Key: $KEY' https://hooks.internal/in",
        "{'token': 'missing', 'secret': 'env:WEBHOOK_TOKEN2', 'password': 'required', 'auth': 'oauth2'}",
        "{'token_url': 'https://login.internal/token1', 'api_key': '/run/secrets/key1'}",
        "{'next_token': 'a1b2c3d4e5', 'pad_token': 'a1b2c3d4e5'}",
        "{'X-Api-Key': key, 'primary_key': 'a1b2c3d4e5'}",
        "sha256:9f86d081884c7d659a2feaa0c55ad015 and basic a1b2c3d4e5f6 arithmetic",
        "crk1:3F27578F70991BE363BDA4AD9589D1C7",
    ],
)
def test_a_reference_a_placeholder_and_prose_are_left_alone(source: str, tmp_path: Path) -> None:
    assert main(["scan", str(notebook(tmp_path, source))]) == 0


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"cells": []}).encode("utf-16"),
        bytes(range(255, 127, -1)) * 8,
        b'{"cells": [',
        b"[1, 2]",
        b"[" * 100_000,
    ],
    ids=["another encoding", "random bytes", "half of one", "no notebook", "too deep"],
)
def test_a_notebook_that_could_not_be_read_is_told_by_name_and_the_others_are_looked_at(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = tmp_path / "0-odd.ipynb"
    odd.write_bytes(content)
    good = notebook(tmp_path, "cn.Secret('planted-word')")
    assert main(["scan", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert re.fullmatch(rf"{re.escape(str(good))}: cell 1 .*\n{re.escape(str(odd))}: .*could not be read\n", out)
    assert err.splitlines()[0] == "2 files scanned, 1 secret found, 1 could not be read."
    assert "change each secret" in err
    assert "repair it, or check it yourself" in err


def test_what_could_not_be_read_is_no_secret_that_was_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = tmp_path / "odd.ipynb"
    odd.write_bytes(b'{"cells": [')
    assert main(["scan", str(odd)]) == 1
    out, err = capsys.readouterr()
    assert out == f"{odd}: as a notebook: could not be read\n"
    assert err.splitlines()[0] == "1 file scanned, no secret found, 1 could not be read."
    assert "change each secret" not in err


def test_a_file_that_cannot_be_opened_hides_no_finding_in_the_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = notebook(tmp_path, "cn.Secret('planted-word')")
    # A file that nobody can read from its start, not even root, whom permissions do not stop.
    assert main(["scan", "/proc/self/mem", str(good)]) == 1
    out, err = capsys.readouterr()
    assert "cell 1" in out.splitlines()[0]
    assert out.splitlines()[1].startswith("/proc/self/mem: ")
    assert out.endswith(": could not be read\n")
    assert "2 files scanned, 1 secret found, 1 could not be read." in err


def test_a_named_file_that_is_no_text_could_not_be_read(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(bytes(range(255, 0, -1)))
    assert main(["scan", str(page)]) == 1


@pytest.mark.parametrize("content", [b"", b'\xef\xbb\xbf{"cells": []}'], ids=["empty", "with a mark"])
def test_an_empty_file_and_a_mark_of_utf_8_are_no_obstacle(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(content)
    assert main(["scan", str(path)]) == 0
