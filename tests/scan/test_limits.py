"""How long a scan takes, how much it reads, and what it shows of names that others chose."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from chronicle_notebook.cli import main
from chronicle_notebook.scan import Rules, _budget, _files, scan
from tests.scan.test_scan import CIPHER, book, cell, saved

PARTS = (
    *('Secret("', "Secret('\\", 'with_headers({"a":', "with_oauth(", 'auth=("a",', "token=", '"token": "', "token: "),
    *('\\"token\\": \\"', "password = (", " %%webhook x\ntoken: a\n", "```yaml\n", " %%bash\n", "%%file a.env\n"),
    *('get_ipython().system("', "authorization: bearer ", "http://a:b", "?token=a", "curl -u a:", "-----BEGIN A "),
    *("eyJaaaaaaaa.", "<b ", "</a", "<script json>", "data:;base64,", '"', "\\", '"\n"', "\x1b[", "key value="),
    *("name: token\n value", "<password>", "Server=a;Pwd=b", "host=a password=", 'getenv("', "env:A", '{"a":', "a-"),
)


def test_a_text_of_eight_times_the_length_takes_no_more_than_some_eight_times_as_long() -> None:
    """Whatever repeats in it: a pattern that tries one place again and again takes 64 times as long, or for ever."""

    def taken(length: int) -> float:
        started = time.process_time()
        for part in PARTS:
            for _ in Rules().kinds(part * (length // len(part))):
                pass
        return time.process_time() - started

    taken(500)
    short, long = taken(2_500), taken(20_000)
    assert long < 24 * short, f"{long / short:.0f} times as long"


@pytest.mark.timeout(30)
@pytest.mark.parametrize("source", ['Secret("' + "\\" * 5_001, "{'token': '" + "\\" * 5_001, 'x = """' + '\\"' * 5_000])
def test_backslashes_before_no_end_are_no_trap(source: str, tmp_path: Path) -> None:
    assert main(["scan", str(saved(tmp_path, book(cell(source))))]) == 0


def test_json_in_json_that_a_log_cut_off_is_read(tmp_path: Path) -> None:
    text = json.dumps({"client_secret": "a1b2c3d4e5f6g7"})
    for _ in range(4):
        text = json.dumps({"body": text})
        (leak,) = scan([saved(tmp_path, book(cell(f'log = """{text[:-5]}…')))])[0]
        assert leak.kind == "a secret that is written out beside its name"


def test_a_file_that_is_too_long_is_told_and_its_begin_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_files, "MOST_BYTES", 1_000)
    (tmp_path / "long.txt").write_text(f"{CIPHER}\n" + "a\n" * 1_000)
    assert sorted(str(leak).partition(": ")[2] for leak in scan([tmp_path / "long.txt"])[0]) == [
        "beyond 1,000 bytes: could not be read",
        "line 1: ciphertext of a kernel",
    ]
    saved(tmp_path, book(cell(CIPHER), *(cell("a") for _ in range(50))))
    assert {leak.place for leak in scan([tmp_path / "a.ipynb"])[0]} >= {"beyond 1,000 bytes", "as a notebook"}


def test_a_file_that_takes_too_long_is_told_and_the_next_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_budget, "SECONDS", -1.0)
    assert main(["scan", str(saved(tmp_path, book(cell("x")))), str(saved(tmp_path, {"cells": []}, "b.ipynb"))]) == 1
    out, err = capsys.readouterr()
    assert out == f"{tmp_path / 'a.ipynb'}: in the time that a file may take: could not be read\n"
    assert "2 files scanned, no secret found, 1 could not be read." in err


def test_the_limit_of_time_holds_within_one_long_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_budget, "SECONDS", 0.3)
    (tmp_path / "long.py").write_text('Secret("' * 300_000)
    assert [leak.place for leak in scan([tmp_path / "long.py"])[0]] == ["in the time that a file may take"]


def test_a_secret_on_the_border_of_two_parts_is_found(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("a" * ((1 << 18) - 40) + f"\n{CIPHER}\n")
    assert [str(leak).partition(": ")[2] for leak in scan([tmp_path / "long.txt"])[0]] == [
        "line 2: ciphertext of a kernel"
    ]


def test_names_and_ids_are_shown_fit_for_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = saved(tmp_path, book(cell(CIPHER, id="a\x1b[2Jb\nc")), "a\x1b[31m\nb\u202e.ipynb")
    assert main(["scan", str(path)]) == 1
    out, err = capsys.readouterr()
    assert (out + err).replace("\n", "").isprintable()
    assert out.count("\n") == 1
    assert "cell 1, source: ciphertext" in out


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.py", "\n\nb.with_bearer_token(\n    'planted-9f2b-word'\n)\n", 4),
        ("a.py", 'A = (\n    "x"\n    "y"\n)\nAPI_KEY = (\n    "planted"\n    "9f2b4c6d"\n)\n', 6),
        ("a.py", "# %%\n# %%webhook money https://a.internal\n# authorization:\n#   token: plantedword\n", 4),
        ("a.py", "x = 1\nget_ipython().run_cell_magic('webhook', 'a b', 'token: plantedword\\n')\n", 2),
        ("a.md", "# a\n\n```env\nA=b\nDB_PASSWORD=plantedword\n```\n", 5),
        ("a.html", "<html>\n<pre\n  class='x'>\n<span>b.</span><b>with_bearer_token</b>('plantedword')</pre>", 4),
        ("a.sh", "a\ncurl https://a.internal \\\n  -H 'X-Api-Key: plantedword'\n", 3),
    ],
)
def test_the_line_of_a_text_is_told(name: str, text: str, line: int, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    assert [leak.place for leak in scan([tmp_path / name], environment={})[0]] == [f"line {line}"]
