"""The explanations of labels: they are those of the page, and stand in the HTML alone."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from chronicle_notebook.display._glossary import GLOSSARY, explanation
from chronicle_notebook.display._table_and_card import Card, Table
from tests.tracked import ROOT

ENTRY = re.compile(r"^\*\*([^*]+)\*\*(?:, \*\*[^*]+\*\*)*: (.*?\.)(?=\s)", re.MULTILINE | re.DOTALL)
"""A word of the page, perhaps with others that mean the same, and its first sentence."""


class Explained(HTMLParser):
    """The explained words of a piece of HTML, each with its explanation and the element around it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: dict[str, tuple[str, str]] = {}
        self._open: list[str] = []
        self._title = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(tag)
        if tag == "abbr":
            assert [name for name, _ in attrs] == ["title"]
            self._title = dict(attrs)["title"] or ""

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "abbr":
            self.words[data] = (self._title, self._open[-2])


def test_the_page_has_the_same_words_with_the_same_sentences() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text()
    page = {}
    for word, sentence in ENTRY.findall(text + "\n"):
        plain = re.sub(r"[`*]", "", " ".join(sentence.split()))
        page[word.casefold()] = plain[0].upper() + plain[1:]
    assert list(page.items()) == list(GLOSSARY.items())
    assert "](" not in "".join(GLOSSARY.values())


def test_labels_of_a_table_are_explained_and_cells_are_not() -> None:
    table = Table("Lag", ("Partition", "Lag", "Id", "Quarantined"), [["Tail", "Lag", "a", "yes"]], foot="Observer")
    assert Explained(table.html()).words == {
        "Partition": (GLOSSARY["partition"], "th"),
        "Lag": (GLOSSARY["lag"], "th"),
        "Quarantined": (GLOSSARY["given up"], "th"),
    }
    assert "abbr" not in table.text()
    assert not [word for word in GLOSSARY.values() if word in table.text()]


def test_labels_of_a_card_are_explained_and_values_are_not() -> None:
    card = Card("Observer", [("known defects", "tail"), ("id", "lag")], notes=["target"])
    assert Explained(card.html()).words == {"known defects": (GLOSSARY["known defects"], "dt")}
    assert "abbr" not in card.text()


@pytest.mark.parametrize(
    ("label", "word"), [("Namespaces", "namespace"), ("Defect", "known defects"), ("HANDLED", "handled")]
)
def test_other_forms_of_a_word_are_explained_too(label: str, word: str) -> None:
    assert explanation(label) == GLOSSARY[word]


def test_a_label_that_is_no_word_of_the_glossary_stays_as_it_is() -> None:
    assert explanation("Next step") == ""
    assert Explained(Table("", ("<b>", "Next step"), [["a", "b"]]).html()).words == {}
