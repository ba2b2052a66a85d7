"""Parameters: from a type, from source, from a command line."""

from __future__ import annotations

import ast
from typing import Any, Literal

import pytest

from chronicle_notebook import InvalidInputError, Secret
from chronicle_notebook.runbook.engine._schema import Kind, check
from chronicle_notebook.runbook.engine._source import injected_names, schema_of

CANARY = "canary-9f2b-swordfish"
TYPES = {
    "str": str,
    "str | None": str | None,
    "int": int,
    "float": float,
    "bool": bool,
    "list[str]": list[str],
    "list[str] | None": list[str] | None,
    "cn.Secret": Secret,
    "cn.Secret | None": Secret | None,
    'Literal["a", "b"]': Literal["a", "b"],
    'typing.Literal["a"] | None': Literal["a"] | None,
}


@pytest.mark.parametrize("text", TYPES)
def test_the_source_of_a_type_tells_the_same_as_the_type(text: str) -> None:
    assert Kind.of_source(ast.parse(text, mode="eval").body) == Kind.of(TYPES[text])


def test_what_the_source_does_not_tell_is_left_to_the_run() -> None:
    assert Kind.of_source(ast.parse("some_type()", mode="eval").body) is None
    with pytest.raises(InvalidInputError, match="cannot contain"):
        Kind.of(dict)


@pytest.mark.parametrize(
    ("annotation", "value", "taken"),
    [
        (str, "x", "x"),
        (str | None, "", None),
        (str | None, None, None),
        (int, 3, 3),
        (float, 3, 3.0),
        (bool, False, False),
        (list[str], ["a"], ["a"]),
        (list[str], [], []),
        (Literal["a", "b"], "b", "b"),
        (Secret, "env:X", Secret.env("X")),
        (Secret, Secret.env("X"), Secret.env("X")),
        (Secret | None, None, None),
    ],
)
def test_a_value_of_its_kind_is_taken(annotation: Any, value: Any, taken: Any) -> None:
    assert check({"it": value}, {"it": annotation})["it"] == taken


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (str, ""),
        (str, None),
        (str, 3),
        (int, 3.5),
        (int, True),
        (int, "3"),
        (bool, 1),
        (bool, "true"),
        (list[str], "a"),
        (list[str], [1]),
        (Literal["a", "b"], "c"),
        (Secret, ""),
        (Secret, CANARY),
        (Secret, Secret(CANARY)),
        (Secret, 5),
        (Secret, f"env{CANARY}"),
    ],
)
def test_a_value_of_another_kind_is_refused_and_not_repeated(annotation: Any, value: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check({"it": value}, {"it": annotation})
    assert caught.value.field == "it"
    assert CANARY not in str(caught.value)


def test_a_secret_that_was_written_out_is_said_to_stand_in_the_notebook_now() -> None:
    with pytest.raises(InvalidInputError) as caught:
        check({"token": CANARY}, {"token": Secret})
    assert "change it" in caught.value.hint


def test_what_is_not_assigned_at_all_is_missing() -> None:
    with pytest.raises(InvalidInputError, match="is not assigned"):
        check({}, {"it": str | None})


def test_every_runbook_is_dry_unless_it_is_told_otherwise() -> None:
    assert check({}, {})["apply"] is False


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (str, "true", "true"),
        (str, "12", "12"),
        (int, "12", 12),
        (float, "1.5", 1.5),
        (bool, "True", True),
        (bool, "no", False),
        (list[str], "a, b", ["a", "b"]),
        (list[str], "[]", []),
        (list[str], " [\"a\", 'b, c'] ", ["a", "b, c"]),
        (list[str], "[a, b]", ["a", "b"]),
        (list[str], "a[0]", ["a[0]"]),
        (list[str], '"orders,eu"', ["orders,eu"]),
        (list[str], """a, 'orders,eu' ,"say \\"b\\"",c""", ["a", "orders,eu", 'say "b"', "c"]),
        (list[str], "orders\\,eu,b\\c", ["orders,eu", "b\\c"]),
        (list[str], '[a, "orders,eu"]', ["a", "orders,eu"]),
        (list[str], "it's,,b,", ["it's", "b"]),
        (Secret, "env:X", "env:X"),
    ],
)
def test_a_command_line_is_read_as_the_schema_says(kind: Any, text: str, value: Any) -> None:
    assert Kind.of(kind).read("it", text) == value


@pytest.mark.parametrize(("kind", "text"), [(int, "x"), (float, "x"), (bool, "maybe"), (Secret, CANARY), (str, "")])
def test_a_command_line_that_does_not_fit_is_refused(kind: Any, text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Kind.of(kind).read("it", text)
    assert CANARY not in str(caught.value)


def test_names_are_told_from_the_last_cell_that_papermill_put_in() -> None:
    cells = ["a = 1", "# Parameters\nold = 1\n", "b = 2", "# Parameters\nweb_hook = 'x'\napply: bool = True\n", "c = 3"]
    assert injected_names(cells) == ["web_hook", "apply"]
    assert injected_names(["%load_ext chronicle_notebook", "a = 1"]) == []


def test_a_schema_is_found_beside_magics_and_left_alone_when_it_is_not_written_out() -> None:
    cell = '%time\nrun = cn.runbook.start("x", globals(), schema={"url": str, "odd": thing})'
    found = schema_of([cell])
    assert found is not None
    assert found["url"] == Kind.of(str)
    assert found["odd"] is None
    assert found["apply"] == Kind.of(bool)
    assert schema_of(['cn.runbook.start("x", globals(), schema=SCHEMA)', "not python ("]) is None
