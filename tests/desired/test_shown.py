"""A plan as text, HTML, Markdown, a frame and facts: each says the same, and none has a secret or a script."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest

import chronicle_notebook as cn

TEXT = """\
version: 1
owned_by: {header: x-managed-by, value: git}
webhooks:
  - {id: changed, url: "https://one.example.com/in?page=canary-url", event_types: [AccountOpened, FundsDeposited]}
  - {id: "new <b>|`x`", url: "https://new.example.com/in", event_types: [AccountOpened]}
  - {id: same, url: "https://same.example.com/in", event_types: [AccountOpened]}
  - id: secured
    url: https://secured.example.com/in
    event_types: [AccountOpened]
    authorization: {kind: bearer, token: env:SECURED_TOKEN}
  - {id: stuck, url: "https://stuck.example.com/in", event_types: [AccountOpened], active: false}
"""


@pytest.fixture
def plan(client: cn.Client, monkeypatch: pytest.MonkeyPatch) -> cn.StatePlan:
    monkeypatch.setenv("SECURED_TOKEN", "canary-token")
    marked = cn.DefinitionBuilder().with_header("x-managed-by", "git").with_event_type("AccountOpened")
    client.webhooks.register(
        [
            marked.build("changed", "https://one.example.com/in?page=canary-old"),
            marked.build("same", "https://same.example.com/in"),
            marked.with_bearer_token("canary-token").build("secured", "https://secured.example.com/in"),
            marked.build("stuck", "https://stuck.example.com/in"),
            marked.build("old", "https://old.example.com/in"),
            cn.DefinitionBuilder().with_event_type("AccountOpened").build("hand", "https://hand.example.com/in"),
        ]
    )
    return cn.DesiredState.parse(TEXT, path="webhooks.yaml", profile=None).plan(client)


class Seen(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name in {"src", "href"}]

    def handle_data(self, data: str) -> None:
        self.text += f"{data} "


def test_the_actions(plan: cn.StatePlan) -> None:
    assert {each.id: (each.action.sign, each.action.value) for each in plan} == {
        "new <b>|`x`": ("+", "create"),
        "stuck": ("!", "ignored"),
        "changed": ("~", "update"),
        "old": ("-", "kept"),
        "hand": ("-", "kept"),
        "same": ("=", "unchanged"),
        "secured": ("=", "unchanged"),
    }
    assert [each.id for each in plan.differences] == ["new <b>|`x`", "stuck", "changed", "old"]
    assert [each.id for each in plan.not_compared] == ["secured"]


def test_the_text(plan: cn.StatePlan) -> None:
    lines = repr(plan).splitlines()
    assert "  + new <b>|`x`  create  https://new.example.com/in" in lines
    assert "  ! stuck        active: yes -> no  (ignored)" in lines
    assert "  - old          kept: prune=True removes it  https://old.example.com/in" in lines
    assert "                 event_types: +FundsDeposited  (applied)" in lines
    assert plan.summary == (
        "+ 1 to create, ~ 1 to update, ! 1 ignored by this kernel, - 1 not in the file, = 2 unchanged, · 1 of others. "
        "Nothing was sent."
    )
    assert plan.summary in lines
    assert any(line.startswith("Secrets of 1 webhook cannot be compared. resend_secrets=True") for line in lines)


def test_the_card(plan: cn.StatePlan) -> None:
    seen = Seen(plan._repr_html_())
    assert "script" not in seen.tags
    assert "b" in seen.tags
    assert "new <b>|`x`" in seen.text
    assert "<b>|" not in plan._repr_html_()
    assert {"details", "summary", "table", "th"} <= set(seen.tags)


def test_the_markdown(plan: cn.StatePlan) -> None:
    table = [line for line in plan.to_markdown().splitlines() if line.startswith("|")]
    assert len({line.replace("\\|", "").count("|") for line in table}) == 1
    assert "| `+` | new \\<b\\>\\|\\`x\\` | all | – |".replace("–", "") in plan.to_markdown().replace("–", "")


def test_the_facts_can_be_json_and_the_frame_has_every_row(plan: cn.StatePlan) -> None:
    facts = json.loads(json.dumps(plan.to_dict()))
    assert facts["counts"] == {
        "create": 1,
        "update": 1,
        "replace": 0,
        "ignored": 1,
        "not taken": 0,
        "remove": 0,
        "kept": 2,
        "unchanged": 2,
    }
    assert (facts["differences"], facts["changes"]) == (4, 2)
    assert len(plan.to_frame()) == 8


def test_nothing_that_is_shown_has_a_secret(plan: cn.StatePlan) -> None:
    told = [repr(plan), plan._repr_html_(), plan.to_markdown(), json.dumps(plan.to_dict()), plan.to_frame().to_csv()]
    assert [each for each in told if "canary" in each] == []
    applied = plan.apply()
    assert "canary" not in repr(applied) + applied._repr_html_()
    assert applied.before is not None
    assert "canary-token" not in applied.before.read_text()


def test_resending_is_an_update_that_says_so(client: cn.Client, plan: cn.StatePlan) -> None:
    again = cn.DesiredState.parse(TEXT).plan(client, resend_secrets=True)
    assert again["secured"].action is cn.StateAction.UPDATE
    assert [each.effect for each in again["secured"].fields] == [cn.FieldEffect.SENT_AGAIN]
    applied = again.apply()
    assert any("sent again" in note for note in applied["secured"].notes)
