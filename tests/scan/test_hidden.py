"""Secrets that do not stand there as they are: encoded, cut off, coloured, in a key, or named without ``env:``."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from chronicle_notebook.scan import Rules, scan
from tests.scan.test_scan import CIPHER, book, cell, saved, shown

VALUE = "sup3r-S3cret/Value99"
TOKEN = {"REC1_TOKEN": VALUE, "OTHER": "x" * 20}
NAMED = cell("Its credentials are sent again from REC1_TOKEN.")


def kinds(notebook: dict[str, Any], folder: Path, environment: dict[str, str]) -> list[str]:
    leaks, _ = scan([saved(folder, notebook)], environment=environment)
    assert all(VALUE not in str(leak) for leak in leaks)
    return [leak.kind for leak in leaks]


@pytest.mark.parametrize(
    "output",
    [
        {"output_type": "error", "traceback": [f"\x1b[31m{VALUE[:6]}\x1b[39m{VALUE[6:]}\x1b[0m"]},
        shown(application_json={VALUE: 1}),
        shown(application_json={"a": [{VALUE: {"b": "c"}}]}),
        *(
            shown(text_plain=f"x {base64.b64encode(f'{before}{VALUE}{after}'.encode()).decode()} y")
            for before in ("", "a:", "reader:")
            for after in ("", "!", "!!")
        ),
    ],
)
def test_a_value_is_found_in_any_form(output: dict[str, Any], tmp_path: Path) -> None:
    assert kinds(book(NAMED, cell("", output)), tmp_path, TOKEN) == ["the value of the environment variable REC1_TOKEN"]


@pytest.mark.parametrize(
    "source",
    [
        "env:WEBHOOK_ONE",
        "chronicle://reader:env%3AWEBHOOK_ONE@kernel.internal",
        "cn.Secret.env(name='WEBHOOK_ONE')",
        "os.environ['WEBHOOK_ONE']",
        'os.getenv("WEBHOOK_ONE")',
    ],
)
def test_a_variable_is_known_however_it_is_referred_to(source: str, tmp_path: Path) -> None:
    environment = {"WEBHOOK_ONE": VALUE}
    assert kinds(book(cell(source), cell(VALUE)), tmp_path, environment) == [
        "the value of the environment variable WEBHOOK_ONE"
    ]


@pytest.mark.parametrize(
    ("source", "environment"),
    [
        ("os.environ['REGION'] # eu-west-1", {"REGION": "eu-west-1"}),
        ("os.getenv('STAGE_NAME'), production-2", {"STAGE_NAME": "production-2"}),
        ("cn.Secret.env('CRM_SYNC_USERNAME') is chronicle", {"CRM_SYNC_USERNAME": "chronicle"}),
        ("env:CRM_SYNC_CLIENT_ID is chronicle-7", {"CRM_SYNC_CLIENT_ID": "chronicle-7"}),
        ("env:HOME is /home/somebody", {"HOME": "/home/somebody"}),
        ("MY_REC1_TOKEN is another: somebody-else", {"REC1_TOKEN": "somebody-else"}),
        ("TOKEN_URL is https://login.internal", {"TOKEN_URL": "https://login.internal"}),
        ("PWD is /home/somebody", {"PWD": "/home/somebody"}),
    ],
)
def test_a_variable_that_is_no_secret_is_left_alone(source: str, environment: dict[str, str], tmp_path: Path) -> None:
    assert kinds(book(cell(source)), tmp_path, environment) == []


@pytest.mark.parametrize("end", [16, 20, 60])
def test_ciphertext_is_found_also_where_it_is_cut_off(end: int) -> None:
    begin = CIPHER.rindex(":") + 1
    assert list(Rules().kinds(f"<td>{CIPHER[: begin + end]}…</td>")) == ["ciphertext of a kernel"]


def test_a_pair_of_user_and_password_is_found_without_its_header() -> None:
    pair = base64.b64encode(f"reader:{VALUE}".encode()).decode()
    assert list(Rules().kinds(f"Basic {pair}")) == ["credentials in an Authorization header"]
    for harmless in (b"reader:password", b"reader and writer", b"reader:\xff\xfe\xfd\xfc\xfb\xfa", b"a:b"):
        assert list(Rules().kinds(f"Basic {base64.b64encode(harmless).decode()}")) == []


def test_a_secret_of_a_json_output_is_found_by_its_name(tmp_path: Path) -> None:
    output = shown(application_json={"client_secret": VALUE, "token_type": "Bearer", "access": {"token": "env:A_1"}})
    assert kinds(book(cell("x", output)), tmp_path, {}) == ["a secret that is written out beside its name"]


def test_a_picture_is_no_secret(tmp_path: Path) -> None:
    picture = base64.b64encode(bytes(range(256)) * 400).decode()
    assert kinds(book(NAMED, cell("x", shown(image_png=picture))), tmp_path, TOKEN) == []


def test_a_notebook_of_before_2015_could_not_be_read_and_is_looked_at_by_line(tmp_path: Path) -> None:
    old = {
        "metadata": {},
        "nbformat": 3,
        "worksheets": [{"cells": [{"cell_type": "code", "input": [f"b.with_bearer_token('{VALUE}')"]}]}],
    }
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps(old, indent=1))
    unreadable, leak = scan([path])[0]
    assert (unreadable.place, unreadable.unreadable) == ("as a notebook", True)
    assert leak.kind == "a secret that is written out in code"


@pytest.mark.parametrize("notebook", [{}, {"cells": None}, {"metadata": {}}, {"cells": {}}])
def test_what_has_no_cells_is_no_notebook(notebook: dict[str, Any], tmp_path: Path) -> None:
    (leak,) = scan([saved(tmp_path, notebook)])[0]
    assert leak.unreadable
