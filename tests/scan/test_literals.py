"""Secrets that are written out where one is taken, and files that cannot be read."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from chronicle_notebook.cli import main
from chronicle_notebook.scan import Rules
from chronicle_notebook.scan._literals import CELL, CODE, VARIABLE

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
    assert re.fullmatch(rf"{re.escape(str(odd))}: .*could not be read\n{re.escape(str(good))}: cell 1 .*\n", out)
    assert "nothing found" not in out + err


def test_a_named_file_that_is_no_text_could_not_be_read(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<p>a</p>", encoding="utf-16")
    assert main(["scan", str(page)]) == 1


@pytest.mark.parametrize("content", [b"", b'\xef\xbb\xbf{"cells": []}'], ids=["empty", "with a mark"])
def test_an_empty_file_and_a_mark_of_utf_8_are_no_obstacle(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(content)
    assert main(["scan", str(path)]) == 0
