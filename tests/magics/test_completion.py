"""What completes where, from names that are in the cache, without waiting and without raising."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter

from chronicle_notebook import Secret
from chronicle_notebook.magics import _names
from chronicle_notebook.magics._completion import MOST, Completion
from chronicle_notebook.magics._names import PATIENCE, Names
from chronicle_notebook.session._client import Client
from tests.magics.conftest import Shell
from tests.waiting import FOR_EVER, LONG, eventually

KNOWN = {
    "webhooks": ["account-events", "audit", "Crm", "my hook", "--odd", "it's", "env:prod"],
    "event_types": ["AccountOpened", "FundsDeposited"],
    "stores": ["System", "banking"],
    "namespaces": ["Default", "Tenant B"],
    "clients": ["default", "staging"],
    "sequences": ["event-log"],
}


class Fixed:
    """Names without a kernel."""

    def get(self, kind: str) -> Sequence[str]:
        return sorted(KNOWN[kind])


@pytest.fixture
def completion() -> Completion:
    names: Any = Fixed()
    variables = {"target": "https://example.com", "token": Secret("x"), "number": 1, "_hidden": "x"}
    return Completion(names, SimpleNamespace(user_ns=variables))


def complete(completion: Completion, marked: str) -> tuple[str, list[str]] | None:
    """The candidates at the ``|`` of a cell."""
    before, _, after = marked.partition("|")
    lines = before.split("\n")
    found = completion.candidates(before + after, len(lines) - 1, len(lines[-1]))
    return None if found is None else (found[0], list(found[1]))


@pytest.mark.parametrize(
    ("cell", "fragment", "texts"),
    [
        (
            "%webhook |",
            "",
            ["show", "test", "retry", "remove", "pause", "paused", "resume", "replay", "redeliver", "code", "form"],
        ),
        ("%webhook re|", "re", ["retry", "remove", "resume", "replay", "redeliver"]),
        ("%chronicle s|", "s", ["stores", "sequences", "sandbox"]),
        ("%chronicle sandbox |", "", ["start", "stop", "reset"]),
        ("%webhook show a|", "a", ["account-events", "audit"]),
        ("%webhook show A|", "A", ["account-events", "audit"]),
        ("%webhook show c|", "c", ["Crm"]),
        ("%webhook show m|", "m", ["'my hook'"]),
        ("%webhook show 'my h|", "'my h", ["'my hook'"]),
        ("%webhook show i|", "i", ["'it'\"'\"'s'"]),
        ("%webhook show e|", "e", ["literal:env:prod"]),
        ("%webhook show -- -|", "-", ["'--odd'"]),
        ("%webhook remove --yes au|", "au", ["audit"]),
        ("%webhook remove audit --|", "--", ["--yes", "--help", "--traceback"]),
        ("%webhook remove audit --yes --|", "--", ["--help", "--traceback"]),
        ("%webhook code audit --as |", "", ["python", "cell", "yaml"]),
        ("%webhook code audit --as=c|", "--as=c", ["--as=cell"]),
        ("%webhook --h|", "--h", ["--help"]),
        ("x = %webhooks --ev|", "--ev", ["--event-type"]),
        ("%webhooks --event-type |", "", ["AccountOpened", "FundsDeposited"]),
        ("%webhooks --event-type=F|", "--event-type=F", ["--event-type=FundsDeposited"]),
        ("%webhooks --auth b|", "b", ["basic", "bearer"]),
        ("first = 1\ndf = %webhooks --act|", "--act", ["--active"]),
        ("%chronicle use |", "", ["default", "staging"]),
        ("%chronicle use --store s|", "s", ["System"]),
        ("%chronicle use --namespace T|", "T", ["'Tenant B'"]),
        ("%chronicle connect chronicle://localhost --store |", "", ["System", "banking"]),
        ("%%webhook au|", "au", ["audit"]),
        ("%%webhook audit https://example.com --d|", "--d", ["--dry-run"]),
        ("%%webhook a b\ne|", "e", ["event_types: ", "event_sequence: "]),
        ("%%webhook a b\nactive: true\na|", "a", ["authorization: "]),
        ("%%webhook a b\nevent_types:\n  - Acc|", "Acc", ["AccountOpened"]),
        ("%%webhook a b\nevent_types:\n- AccountOpened\n- |", "", ["AccountOpened", "FundsDeposited"]),
        ("%%webhook a b\nevent_types: [AccountOpened, F|", "F", ["FundsDeposited"]),
        ("%%webhook a b\nevent_types: [|", "", ["AccountOpened", "FundsDeposited"]),
        ("%%webhook a b\nevent_types: f|", "f", ["FundsDeposited"]),
        ("%%webhook a b\nauthorization:\n  kind: b|", "b", ["basic", "bearer"]),
        ("%%webhook a b\nauthorization:\n  kind: bearer\n  t|", "t", ["token: "]),
        ("%%webhook a b\nauthorization:\n  token: |", "", ["env:", "var:target", "var:token"]),
        ("%%webhook a b\nheaders:\n  x-a: var:to|", "var:to", ["var:token"]),
        ("%%webhook a b\nactive: |", "", ["true", "false"]),
        ("%%webhook a b\nevent_sequence: |", "", ["event-log"]),
    ],
)
def test_what_fits_is_offered(completion: Completion, cell: str, fragment: str, texts: list[str]) -> None:
    assert complete(completion, cell) == (fragment, texts)


@pytest.mark.parametrize(
    "cell",
    [
        "webhook |",
        "print(%webhook |",
        "%webhooky |",
        "%time %webhook |",
        "a = 1 %|",
        "%|",
        "%webhook|",
        "%%webhook a b\nheaders:\n  x-|",
        "%%webhook a b\nheaders:\n  x-a: v|",
        "%%webhook a b\nsome words here|",
        "%%time\n%%webhook |",
    ],
)
def test_other_lines_are_left_alone(completion: Completion, cell: str) -> None:
    assert complete(completion, cell) in (None, ("v", []))


def test_many_names_are_cut(completion: Completion) -> None:
    names: Any = SimpleNamespace(get=lambda kind: [f"hook-{number:05}" for number in range(10_000)])
    many = Completion(names, SimpleNamespace(user_ns={}))
    found = complete(many, "%webhook show |")
    assert found is not None
    assert len(found[1]) == MOST
    assert complete(many, "%webhook show hook-0999|") == ("hook-0999", [f"hook-0999{digit}" for digit in range(10)])


def test_a_matcher_that_breaks_says_nothing(shell: Shell) -> None:
    def get(_: str) -> Sequence[str]:
        raise RuntimeError("no")

    names: Any = SimpleNamespace(get=get)
    broken = Completion(names, SimpleNamespace(user_ns={}))
    context: Any = SimpleNamespace(full_text="%webhook show ", cursor_line=0, cursor_position=14)
    assert broken.matcher(context) == {"completions": []}


# -- the cache ---------------------------------------------------------------------------------------------------


class Slow:
    """Reads names when it is let."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.read = 0
        self.fail = False
        self.names = ["b", "a"]
        self.answer: Sequence[str] | None = None
        """What the next read gives, which began earlier."""

    def __call__(self, client: Client, kind: str) -> Sequence[str]:
        assert self.may.wait(LONG)
        self.read += 1
        if self.fail:
            raise RuntimeError("gone")
        given, self.answer = self.answer, None
        return self.names if given is None else given


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def names(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> Iterator[Names]:
    monkeypatch.setattr(_names, "FRESH", FOR_EVER)
    monkeypatch.setattr(_names, "JOIN", LONG)
    cache = Names(slow)
    yield cache
    slow.may.set()
    cache.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "chronicle-completion"]


def until(names: Names, kind: str, expected: tuple[str, ...]) -> None:
    eventually(lambda: names.get(kind) == expected)


def test_a_kernel_that_does_not_answer_holds_nobody_up(client: Client, names: Names, slow: Slow) -> None:
    assert PATIENCE < 0.1
    for _ in range(5):
        assert names.get("webhooks") == ()
    assert slow.read == 0
    slow.may.set()
    until(names, "webhooks", ("a", "b"))


def test_names_are_read_once_and_again_when_they_may_have_changed(client: Client, names: Names, slow: Slow) -> None:
    slow.may.set()
    until(names, "webhooks", ("a", "b"))
    names.get("webhooks")
    assert slow.read == 1
    slow.names = ["c"]
    names.forget()
    assert names.get("webhooks") == ("a", "b")
    until(names, "webhooks", ("c",))
    assert slow.read == 2


def test_a_read_that_began_before_everything_was_forgotten_is_not_fresh(
    client: Client, names: Names, slow: Slow
) -> None:
    before = slow.names
    assert names.get("webhooks") == ()
    names.forget()  # while the thread reads
    slow.names = ["c"]
    slow.answer = before
    slow.may.set()
    until(names, "webhooks", ("c",))
    assert slow.read == 2


def test_what_was_known_stays_when_the_kernel_is_gone(client: Client, names: Names, slow: Slow) -> None:
    slow.may.set()
    until(names, "webhooks", ("a", "b"))
    slow.fail = True
    names.forget()
    names.get("webhooks")
    eventually(lambda: slow.read == 2)
    assert names.get("webhooks") == ("a", "b")


def test_without_a_client_there_are_no_names_and_no_thread(names: Names) -> None:
    assert names.get("webhooks") == ()
    assert not [thread for thread in threading.enumerate() if thread.name == "chronicle-completion"]


def test_names_come_from_the_connected_kernel(connected: Shell, client: Client) -> None:
    client.webhooks.register("my hook", "https://example.com", lambda b: b.with_event_type("AccountOpened"))
    cache = Names()
    try:
        until(cache, "webhooks", ("my hook",))
        until(cache, "event_types", ("AccountOpened", "FundsDeposited"))
        until(cache, "namespaces", ("Default",))
        assert cache.get("clients") == (client.name,)
        assert client.event_store in cache.get("stores")
    finally:
        cache.close()


def test_unloading_leaves_no_matcher_no_magic_and_no_thread(connected: Shell) -> None:
    before = len(connected.ip.Completer.custom_matchers)
    with provisionalcompleter():
        list(connected.ip.Completer.completions("%webhook show ", 14))
    connected.ip.run_line_magic("unload_ext", "chronicle_notebook")
    assert len(connected.ip.Completer.custom_matchers) == before - 1
    assert connected.ip.find_line_magic("webhook") is None
    assert connected.ip.find_cell_magic("webhook") is None
    assert not [thread for thread in threading.enumerate() if thread.name == "chronicle-completion"]
    connected.ip.run_line_magic("load_ext", "chronicle_notebook")
    assert connected.ip.find_line_magic("webhook") is not None
