"""``--help``, ``?`` and the README say the same, as they are made from one table."""

from __future__ import annotations

from pathlib import Path

import pytest

from chronicle_notebook.definition.file._keys import KEYS
from chronicle_notebook.magics._command import COMMON, Magic
from chronicle_notebook.magics._help import help_text, reference
from chronicle_notebook.magics._table import BY_NAME, MAGICS
from chronicle_notebook.model._authorization import authorization_keys
from tests.magics.conftest import Shell

README = Path(__file__).parents[2] / "README.md"


def test_the_readme_has_the_reference() -> None:
    text = README.read_text()
    block = text.partition("<!-- magics -->\n")[2].partition("<!-- /magics -->")[0]
    assert block.strip() == reference().strip(), "run scripts/write_magics.py"


@pytest.mark.parametrize("magic", MAGICS, ids=lambda magic: magic.name)
def test_help_and_reference_name_everything(magic: Magic) -> None:
    shown, written = help_text(magic), reference()
    for command in magic.commands:
        assert magic.usage(command) in shown
        assert magic.usage(command).replace("|", "\\|") in written
        assert command.python in written
        for flag in (*command.flags, *COMMON):
            assert flag.name in shown
            assert flag.name in written
    assert all(len(line) <= 120 for line in shown.splitlines())


@pytest.mark.parametrize(
    ("line", "name", "command"),
    [
        ("%webhook --help", "%webhook", None),
        ("%webhook remove --help", "%webhook", "remove"),
        ("%webhook remove a b c --help", "%webhook", "remove"),
        ("%chronicle --help", "%chronicle", None),
        ("%chronicle connect -h", "%chronicle", "connect"),
        ("%webhooks --help", "%webhooks", None),
        ("%%webhook --help\nnothing", "%%webhook", None),
        ("%%webhook --help", "%%webhook", None),
        ("\n  %%webhook hook -h  \n\n", "%%webhook", None),
    ],
)
def test_help_is_printed_and_nothing_is_done(shell: Shell, line: str, name: str, command: str | None) -> None:
    ran = shell.run(line)
    magic = BY_NAME[name]
    assert (ran.value, ran.error) == (None, None)
    assert ran.said.strip() == help_text(magic, magic.command(command) if command else None).strip()


@pytest.mark.parametrize("name", ["%webhook", "%webhooks", "%chronicle", "%%webhook"])
def test_a_question_mark_shows_the_same(shell: Shell, name: str) -> None:
    shown = shell.ip.object_inspect_text(name)
    assert help_text(BY_NAME[name]).splitlines()[2] in shown
    function = shell.ip.find_magic(name.lstrip("%"), "cell" if name.startswith("%%") else "line")
    both = [name, "%%webhook"] if name == "%webhook" else [name]
    assert function.__doc__ == "\n\n".join(help_text(BY_NAME[each]) for each in both)


def test_the_help_of_the_cell_shows_every_key_of_its_body() -> None:
    notes = BY_NAME["%%webhook"].notes
    assert [key for key in (*KEYS, *authorization_keys()) if key not in notes] == []


def test_the_styles_that_are_offered_are_those_that_are_written() -> None:
    from chronicle_notebook.definition import _code
    from chronicle_notebook.magics import _table

    assert _table.STYLES == _code.STYLES
