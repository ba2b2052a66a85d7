"""The room is loaded value by value: its table agrees with what type checkers read."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from chronicle_notebook import model


def test_each_value_is_loaded_from_where_type_checkers_read_it() -> None:
    tree = ast.parse(Path(model.__file__).read_text(encoding="utf-8"))
    checked = next(node for node in tree.body if isinstance(node, ast.If))
    read = {
        alias.name: str(node.module).rpartition(".")[2]
        for node in checked.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert read == model._HOMES
    assert sorted(read) == dir(model)
    for name in read:
        assert getattr(model, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Webhook'"):
        _ = model.Webhook
