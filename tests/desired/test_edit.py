"""One webhook of a file is changed, and everything else stays byte for byte."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import chronicle_notebook as cn
from chronicle_notebook.definition.file._edit import with_webhook, without_webhook
from tests.desired.definitions import definition

FILE = """\
# Ours.
version: 1
owned_by: {header: x-managed-by, value: git}
variables:
  staging: {host: hooks.staging.example.com}
webhooks:
  # The ledger is read by the auditors.
  - id: ledger  # do not rename
    url: https://${host}/ledger
    event_types:
      - AccountOpened
      - AccountClosed
    # why it has a source
    headers: {x-source: banking}

  - {id: zebra, url: "https://${host}/zebra", event_types: [AccountOpened]}
# the end
"""


def read(text: str) -> cn.DesiredState:
    return cn.DesiredState.parse(text, profile="staging")


def hook(text: str, name: str) -> cn.WebhookDefinition:
    return next(each for each in read(text).webhooks if each.id == name)


def test_only_the_lines_of_what_changes_are_changed() -> None:
    changed = hook(FILE, "ledger").changed(event_types=(cn.EventType("AccountOpened", 2),), replayable=False)
    edited = with_webhook(FILE, changed, profile="staging")
    assert edited == FILE.replace("      - AccountOpened\n      - AccountClosed\n", "    - AccountOpened+2\n").replace(
        "    headers: {x-source: banking}\n", "    headers: {x-source: banking}\n    replayable: false\n"
    )
    assert "https://${host}/ledger" in edited


def test_a_webhook_in_braces_stays_in_braces() -> None:
    changed = hook(FILE, "zebra").changed(target_url="https://other.example.com/z", active=False)
    edited = with_webhook(FILE, changed, profile="staging")
    told = "  - {id: zebra, url: 'https://other.example.com/z', event_types: [AccountOpened], active: false}\n"
    assert told in edited
    assert edited.startswith(FILE[: FILE.index("  - {id: zebra")])


def test_a_key_that_is_no_longer_needed_is_taken_out() -> None:
    owner = cn.Ownership(header="x-managed-by", value="git")
    changed = owner.bare(hook(FILE, "ledger")).changed(headers={})
    edited = with_webhook(FILE, changed, profile="staging")
    assert "x-source" not in edited
    assert "headers" not in edited.partition("webhooks:")[2]
    assert "# do not rename" in edited


@pytest.mark.parametrize(
    ("name", "above"), [("mike", "  - {id: zebra"), ("alpha", "  # The ledger"), ("zz", "# the end")]
)
def test_a_new_one_comes_to_its_place_in_the_order(name: str, above: str) -> None:
    new = (
        cn.DefinitionBuilder()
        .with_event_type("A")
        .with_bearer_token(cn.Secret("canary"))
        .build(name, "https://new.example.com/in")
    )
    edited = with_webhook(FILE, new, profile="staging")
    told = (
        f"  - id: {name}\n    url: https://new.example.com/in\n    event_types:\n    - A\n    authorization:\n"
        f"      kind: bearer\n      token: env:{name.upper()}_TOKEN\n"
    )
    assert edited == FILE.replace(above, told + above)


@pytest.mark.parametrize(
    "empty", ["webhooks: []", "webhooks:", "webhooks: []  # none yet", "webhooks: []\nevent_store: bank"]
)
def test_the_first_one_is_added_to_an_empty_list(empty: str) -> None:
    new = cn.DefinitionBuilder().with_event_type("A").build("first", "https://new.example.com/in")
    edited = with_webhook(f"version: 1\n{empty}\n", new)
    assert [each.id for each in cn.DesiredState.parse(edited).webhooks] == ["first"]
    assert cn.DesiredState.parse(without_webhook(edited, "first")).webhooks == ()


def test_one_is_taken_out() -> None:
    assert without_webhook(FILE, "zebra", profile="staging") == FILE.replace(
        '  - {id: zebra, url: "https://${host}/zebra", event_types: [AccountOpened]}\n', ""
    )
    without = without_webhook(FILE, "ledger", profile="staging")
    assert [each.id for each in read(without).webhooks] == ["zebra"]
    with pytest.raises(cn.UnknownWebhookError, match=r"has no webhook 'ledgr'\. Did you mean 'ledger'"):
        without_webhook(FILE, "ledgr", profile="staging")


def test_random_edits_of_a_written_file_give_the_file_that_would_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(11)
    hooks = {each.id: each for each in (definition(rng, number) for number in range(25)) if "?" not in each.target_url}
    text = str(cn.DesiredState(tuple(hooks.values())).to_yaml())
    for _ in range(120):
        name = rng.choice(sorted(hooks))
        fresh = definition(rng, rng.randrange(1000))
        if "?" in fresh.target_url:
            continue
        if rng.random() < 0.2 and len(hooks) > 3:
            del hooks[name]
            text = without_webhook(text, name)
        else:
            new = fresh if rng.random() < 0.3 else fresh.changed(id=name)
            hooks[new.id] = new
            text = with_webhook(text, new)
        assert cn.DesiredState.parse(text) == cn.DesiredState(tuple(hooks.values()))


def test_a_file_is_edited_on_the_disk_and_stays_as_it_was_when_it_cannot_be(tmp_path: Path) -> None:
    path = tmp_path / "webhooks.yaml"
    path.write_text(FILE)
    new = hook(FILE, "ledger").changed(active=False)
    state = cn.DesiredState.put(path, new, profile="staging")
    assert state == cn.DesiredState.read(path, profile="staging")
    assert not next(each for each in state.webhooks if each.id == "ledger").active
    assert len(cn.DesiredState.take_out(path, "ledger", profile="staging")) == 1
    path.write_text("version: 1\nwebhooks: [{id: a, url: https://a.example.com/, event_types: [A]}]\n")
    before = path.read_text()
    with pytest.raises(cn.InvalidInputError, match="cannot be edited in place"):
        cn.DesiredState.put(path, new)
    assert path.read_text() == before


@pytest.mark.parametrize(("mark", "ends"), [("", "\n"), ("\ufeff", "\r\n")])
def test_line_ends_a_byte_order_mark_and_a_symbolic_link_stay(tmp_path: Path, mark: str, ends: str) -> None:
    file, link = tmp_path / "real.yaml", tmp_path / "webhooks.yaml"
    file.write_bytes((mark + FILE).replace("\n", ends).encode())
    link.symlink_to(file)
    changed = hook(FILE, "ledger").changed(replayable=False)
    cn.DesiredState.put(link, changed, profile="staging")
    cn.DesiredState.take_out(link, "zebra", profile="staging")
    edited = FILE.replace(
        "    headers: {x-source: banking}\n", "    headers: {x-source: banking}\n    replayable: false\n"
    )
    edited = "".join(line for line in edited.splitlines(keepends=True) if "zebra" not in line)
    assert file.read_bytes() == (mark + edited).replace("\n", ends).encode()
    assert link.is_symlink()


def test_line_ends_of_several_kinds_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "webhooks.yaml"
    path.write_bytes(FILE.replace("\n", "\r\n", 3).encode())
    before = path.read_bytes()
    with pytest.raises(cn.InvalidInputError, match="line ends of several kinds"):
        cn.DesiredState.take_out(path, "zebra", profile="staging")
    assert path.read_bytes() == before
