"""What is written is read as the same, by every writer, and written to the same bytes."""

from __future__ import annotations

import random

import pytest

import chronicle_notebook as cn
from chronicle_notebook.definition._code import render
from chronicle_notebook.definition.file._webhook_reader import read_body, read_document
from chronicle_notebook.definition.file._writer import written
from chronicle_notebook.desired._judge import Judge
from tests.desired.definitions import definition

COUNT = 5_000
SEED = 20_261_129


@pytest.fixture(scope="module")
def definitions() -> list[cn.WebhookDefinition]:
    rng = random.Random(SEED)
    return [definition(rng, number) for number in range(COUNT)]


@pytest.fixture
def targets(definitions: list[cn.WebhookDefinition], monkeypatch: pytest.MonkeyPatch) -> None:
    """The URLs with a credential, in the variables that the rule gives them."""
    for each in definitions:
        code = str(render(each, "yaml", only_credentials=True))
        for line in code.splitlines():
            if line.startswith("url: env:"):
                monkeypatch.setenv(line.removeprefix("url: env:"), str(each.target_url))


@pytest.mark.usefixtures("targets")
def test_the_file_is_read_as_it_was_written_and_written_to_the_same_bytes(
    definitions: list[cn.WebhookDefinition],
) -> None:
    owner = cn.Ownership(header="x-managed-by", value="git")
    state = cn.DesiredState(tuple(definitions), event_store="bank ${ing}", owned_by=owner, unmanaged=("other-*", "[b]"))
    text = str(state.to_yaml())
    read = cn.DesiredState.parse(text)
    assert str(read.to_yaml()) == text
    assert (read.event_store, read.owned_by, read.unmanaged) == ("bank ${ing}", owner, ("[b]", "other-*"))
    judge = Judge({})
    differing = [
        (each.id, field)
        for each, again in zip(state.webhooks, read.webhooks, strict=True)
        for field in judge.webhook(each, again).fields
        if field.field not in {"authorization", "headers"}
    ]
    assert differing == []
    for each, again in zip(state.webhooks, read.webhooks, strict=True):
        assert (again.id, again.authorization) == (each.id, each.authorization)
        assert sorted(again.event_types, key=str) == sorted(each.event_types, key=str)
        for name, value in again.headers.items():
            # A value that looks like a credential became a reference.
            assert value == each.headers[name] or (isinstance(value, cn.Secret) and isinstance(each.headers[name], str))
    assert "canary" not in text


def test_the_order_of_what_is_written_has_no_meaning(definitions: list[cn.WebhookDefinition]) -> None:
    some = definitions[:300]
    mixed = random.Random(1).sample(some, len(some))
    turned = [
        each.changed(event_types=each.event_types[::-1], headers=dict(reversed(list(each.headers.items()))))
        for each in mixed
    ]
    assert written(turned, unmanaged=["b", "a"]) == written(some, unmanaged=["a", "b"])


@pytest.mark.usefixtures("targets")
def test_a_webhook_in_yaml_and_a_cell_are_read_as_they_were_written(definitions: list[cn.WebhookDefinition]) -> None:
    for each in definitions[:1_000]:
        text = str(render(each, "yaml", only_credentials=True))
        document = read_document(text)
        again = document.builder.build(document.id, document.target_url)
        assert (
            str(render(again, "yaml", only_credentials=True)).split("id: ")[-1] == text.rsplit("id: ", maxsplit=1)[-1]
        )
        assert (again.id, again.target_url, again.event_types) == (each.id, each.target_url, each.event_types)
        body = str(render(each, "cell", only_credentials=True)).split("\n", 1)[1]
        builder = read_body(body)
        assert builder.event_types == each.event_types
        assert builder.authorization.kind is each.authorization.kind
