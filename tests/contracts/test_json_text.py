"""JSON that kernels hold for others, as text: what is no object is read as an empty one."""

from __future__ import annotations

import pytest

from chronicle_notebook.contracts.classic import _convert as classic
from chronicle_notebook.contracts.commands import _convert as commands
from chronicle_notebook.contracts.wire import event_types_classic_pb2, event_types_pb2

TEXTS = {"": {}, '{"type": "object"}': {"type": "object"}, "{bad": {}, "[1]": {}, "1": {}, "[" * 100_000: {}}
EACH_TEXT = pytest.mark.parametrize(("text", "schema"), TEXTS.items(), ids=[each[:20] for each in TEXTS])


@EACH_TEXT
def test_a_schema_of_the_commands_generation_is_read(text: str, schema: dict[str, str]) -> None:
    row = event_types_pb2.EventTypeDetailsResponse(Type=event_types_pb2.EventType(Id="A", Generation=1), Schema=text)
    assert dict(commands.registered_from_wire(row).schema) == schema


@EACH_TEXT
def test_a_schema_of_the_classic_generation_is_read(text: str, schema: dict[str, str]) -> None:
    row = event_types_classic_pb2.EventTypeRegistration(
        Type=event_types_classic_pb2.EventType(Id="A", Generation=1), Schema=text
    )
    assert dict(classic.registered_from_wire(row).schema) == schema
