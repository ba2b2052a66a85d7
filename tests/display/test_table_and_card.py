"""What others wrote, shown as text and as HTML: it is typeset by nothing, and does nothing to a terminal."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

import chronicle_notebook as cn
from chronicle_notebook.display._table_and_card import Card, Table, banner_html
from chronicle_notebook.model import EventType, WebhookDefinition
from chronicle_notebook.session._client import Client
from tests.waiting import eventually

HOSTILE = "\x1b]0;pwn\x07evil\u202egnp\r"
SIGNS = ("\x1b", "\x07", "\u202e", "\r")


class Outside(HTMLParser):
    """Collects the text of a page that stands outside of what typesetters leave alone."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ignoring: list[bool] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"br", "img", "meta", "link", "input", "hr"}:
            classes = set((dict(attrs).get("class") or "").split())
            self.ignoring.append({"mathjax_ignore", "tex2jax_ignore"} <= classes)

    def handle_endtag(self, tag: str) -> None:
        self.ignoring.pop()

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(self.ignoring):
            self.texts.append(data)


TABLE = Table(
    "$c$",
    ("$t$",),
    [
        [
            "$r$",
        ]
    ],
    foot="$f$",
    banner="$b$",
)
CARD = Card("$h$", [("$n$", "$v$")], notes=["$o$"], banner="$b$")


@pytest.mark.parametrize("page", [TABLE.html(), CARD.html(), banner_html("$b$"), Table("$c$", ("$t$",), []).html()])
def test_no_text_of_a_table_or_card_is_typeset_as_mathematics(page: str) -> None:
    assert "$" in page
    assert Outside(page).texts == []


def test_no_text_of_a_delivery_is_typeset_as_mathematics() -> None:
    from tests.receiver._http import body, event, send

    with cn.Receiver() as endpoint:
        send(endpoint.url, body(event(content={"a": r"$\color{white}a$"})))
        send(endpoint.url, b"$a$")
        whole, broken = endpoint.deliveries
    for delivery in (whole, broken):
        assert "$" in delivery._repr_html_()
        assert Outside(delivery._repr_html_()).texts == []


@pytest.mark.parametrize("hostile", [HOSTILE, "p\ud800"])
def test_no_text_of_a_table_or_card_does_anything_to_a_terminal(hostile: str) -> None:
    table = Table(hostile, (hostile,), [[hostile]], foot=hostile, banner=hostile)
    empty = Table(hostile, (hostile,), [], foot=hostile, empty=hostile)
    card = Card(hostile, [(hostile, hostile)], notes=[hostile], banner=hostile)
    for shown in (table, empty, card):
        for text in (shown.text(), shown.html()):
            text.encode()
            assert not [sign for sign in SIGNS if sign in text]


def test_columns_stay_in_line_where_something_was_replaced() -> None:
    lines = Table("", ("a", "b"), [["\x1b\x1b", "x"], ["ok", "x"]]).text().splitlines()
    assert len({line.index("x") for line in lines[2:]}) == 1


class Cells(HTMLParser):
    """The style of each cell and each span of a page, by its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.styles: dict[str, str] = {}
        self._style = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._style = dict(attrs).get("style") or ""

    def handle_data(self, data: str) -> None:
        self.styles[data] = self._style


def test_short_words_are_not_broken_and_long_ones_leave_room_for_the_rest() -> None:
    url = "https://hooks.example.com/" + "in/" * 40
    titles = ("Id", "URL", "Source", "Headers")
    styles = Cells(Table("", titles, [["my-hook", url, "account-1001", "x-team, x-origin, plain"]]).html()).styles
    assert all("white-space:nowrap" in styles[text] for text in ("my-hook", "account-1001", "x-team,", "x-origin,"))
    assert "white-space" not in styles[url]
    assert "min-width:18ch" in styles["URL"]
    assert "min-width:9ch" in styles["Headers"]
    assert "min-width" not in styles["Source"]
    assert "overflow-wrap:anywhere" in Table("", ("Id",), [["a"]]).html()


def test_a_webhook_that_another_client_named_badly_is_shown_safely_everywhere(client: Client) -> None:
    kinds = (EventType("AccountOpened"), EventType(f"T{HOSTILE}"))
    bad = WebhookDefinition(f"id{HOSTILE}", f"http://127.0.0.1:9/{HOSTILE}", kinds, headers={f"h{HOSTILE}": "a"})
    client._kernel.add_webhooks(client.event_store, [bad])
    eventually(client.webhooks.ids)
    hooks = client.webhooks.all()
    explorer = client.webhooks.explore()
    try:
        frames = [client.webhooks.to_frame(), hooks.to_frame(), client.webhooks.to_frame(tidy=True)]
        frames += [client.observers().to_frame(), client.event_types().to_frame(), explorer.frame]
        shown = [repr(hooks), hooks._repr_html_(), explorer._static(), repr(client.describe(bad.id))]
        with pytest.raises(cn.InvalidDefinitionError) as refused:  # its header cannot be sent
            client.webhooks.test(bad.id)
        shown += [repr(hooks[0]), str(refused.value), repr(client.observers())]
        shown += [text for frame in frames for text in (frame.to_string(), frame.to_html(), repr(frame.index))]
    finally:
        explorer.close()
    for text in shown:
        assert not [sign for sign in SIGNS if sign in text], text
    assert hooks[0] == bad, "the definition itself is as it is"


def test_more_rows_are_shown_where_none_may_be_cut_off() -> None:
    rows = [(f"row-{number}", "x") for number in range(80)]
    table = Table("Webhooks", ("Id", "State"), rows, most=70)
    for text in (table.text(), table.html()):
        assert "row-69" in text
        assert "row-70" not in text
        assert "70 of 80 rows shown." in text
