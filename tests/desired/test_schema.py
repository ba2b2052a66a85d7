"""The JSON Schema says what the reader says, as far as a schema can."""

from __future__ import annotations

import json
import random

import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

import chronicle_notebook as cn
from chronicle_notebook.definition.file._schema import rendered, schema_text
from tests.desired.definitions import definition

GOOD = """\
version: 1
event_store: banking
owned_by: {header: x-managed-by, value: git}
unmanaged: [other-*]
variables: {staging: {host: hooks.example.com, port: 8443}}
webhooks:
  - id: one
    url: https://${host}:${port}/in
    event_types: [AccountOpened+2, {id: AccountClosed, generation: 3, tombstone: true}]
    headers: {x-source: banking, x-number: 1}
    authorization: {token: env:TOKEN}
    event_sequence: other
    replayable: false
    active: false
  - {id: two, url: "https://two.example.com/", event_types: AccountOpened, authorization: none}
"""


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    found = json.loads(schema_text())
    Draft202012Validator.check_schema(found)
    return Draft202012Validator(found)


def test_the_file_in_the_package_is_what_the_table_of_keys_gives() -> None:
    assert schema_text() == rendered(), "run scripts/write_schema.py"
    assert cn.DesiredState.schema() == schema_text()


def test_what_the_reader_takes_is_valid(validator: Draft202012Validator) -> None:
    assert list(validator.iter_errors(yaml.safe_load(GOOD))) == []
    assert len(cn.DesiredState.parse(GOOD, profile="staging")) == 2


def test_what_is_written_is_valid(validator: Draft202012Validator) -> None:
    rng = random.Random(3)
    hooks = tuple(definition(rng, number) for number in range(200))
    for owner in (cn.Ownership(header="x-owner", value="git"), cn.Ownership(ids=("*",)), None):
        text = str(cn.DesiredState(hooks, event_store="bank", owned_by=owner, unmanaged=("a",)).to_yaml())
        assert list(validator.iter_errors(yaml.safe_load(text))) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version: 1", "version: 2"),
        ("event_store:", "event_stor:"),
        ("header: x-managed-by, ", ""),
        ("url: https://${host}", "ulr: https://${host}"),
        ("id: one\n    ", ""),
        ("generation: 3", "generation: 0"),
        ("token: env:TOKEN", "token: swordfish"),
        ("token: env:TOKEN", "kind: basic, token: env:TOKEN"),
        ("active: false", "active: 7"),
        ("webhooks:", "webhook:"),
    ],
)
def test_both_refuse_the_same(validator: Draft202012Validator, old: str, new: str) -> None:
    wrong = GOOD.replace(old, new, 1)
    assert wrong != GOOD
    with pytest.raises(cn.StateFileError):
        cn.DesiredState.parse(wrong, profile="staging")
    assert list(validator.iter_errors(yaml.safe_load(wrong))) != []
