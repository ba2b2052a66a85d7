"""Where an argument came from a reference, an error shows the reference and never its value."""

from __future__ import annotations

import logging
import pickle
import re
from pathlib import Path

import pytest

import chronicle_notebook as cn
from chronicle_notebook.base._revealed import Revealed
from chronicle_notebook.session._client import Client
from tests.magics.conftest import Shell

CANARY = "eyJhbGciOiJIUzI1NiJ9-canary-of-a-token"
ODD = f' it\'s "{CANARY}" é'
URL = f"https://hooks.example.com/in/{CANARY}?sig={CANARY}"
IN = "https://example.com/in"

LINES = [
    *(f"%webhook {name} env:CANARY" for name in ("show", "test", "retry", "resume", "code", "form")),
    *(f"%webhook {name} env:CANARY --yes" for name in ("remove", "pause", "replay", "redeliver --from 0")),
    "%webhook show env:ODD",
    "%webhook pause mine --accept-defects env:CANARY --yes",
    "%webhook replay mine --namespace env:CANARY",
    "%webhook redeliver mine --from env:CANARY",
    "%webhook redeliver mine --since env:CANARY",
    "%webhook form --file env:CANARY",
    "%webhooks --event-type env:TYPE",
    "%webhooks plan env:CANARY",
    "%webhooks drift env:CANARY",
    "%webhooks export env:FOLDER",
    "%webhooks export out.yml --owned-header env:CANARY",
    "%chronicle connect env:CANARY",
    "%chronicle connect env:URL",
    "%chronicle connect env:KERNEL --store env:CANARY --as other",
    "%chronicle connect env:KERNEL --namespace env:CANARY --as other",
    "%chronicle doctor env:CANARY",
    "%chronicle use env:CANARY",
    "%chronicle use --store env:CANARY",
    "%chronicle use --namespace env:CANARY",
    "%chronicle connect var:secret",
    "%webhook show var:secret",
]
CELLS = [
    (f"env:CANARY {IN}", "event_types: [Unknown]"),
    ("hook env:CANARY", ""),
    ("hook env:URL", "event_types: [Unknown]"),
    ("hook var:url", "event_types: [Unknown]"),
    ("hook var:secret", ""),
    (f"hook {IN}", "headers: {x-a: 'env:BROKEN'}"),
    (f"hook {IN}", "authorization: {kind: bearer, token: env:BROKEN}"),
    (f"hook {IN}", "authorization: {kind: oauth, authority: env:CANARY, client_id: a, client_secret: env:CANARY}"),
    ("mine https://elsewhere.example.com/in --confirm-host env:CANARY", "event_types: [AccountOpened]"),
]


@pytest.fixture
def wrong(
    connected: Shell, client: Client, shared_sandbox: cn.Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Shell:
    """A shell whose variables are not what somebody thinks they are."""
    client.webhooks.register(
        "mine", IN, lambda builder: builder.with_event_type("AccountOpened").with_basic_auth("reader", cn.Secret("pw"))
    )
    (folder := tmp_path / CANARY).mkdir()
    given = {"CANARY": CANARY, "ODD": ODD, "URL": URL, "BROKEN": f"{CANARY}\nx", "TYPE": f"{CANARY}+x"}
    for name, value in {**given, "FOLDER": str(folder), "KERNEL": shared_sandbox.connection_string}.items():
        monkeypatch.setenv(name, value)
    connected.ip.user_ns.update(secret=cn.Secret(CANARY), url=cn.Secret(URL))
    return connected


@pytest.mark.parametrize("traceback", ["", " --traceback"])
def test_no_line_or_cell_repeats_what_a_reference_gave(
    traceback: str, wrong: Shell, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for cell in [f"{line}{traceback}" for line in LINES] + [f"%%webhook {a}{traceback}\n{b}\n" for a, b in CELLS]:
        caplog.clear()
        ran = wrong.run(cell)
        assert isinstance(ran.error, cn.ChronicleError), (cell, ran.said)
        # What is shown, and what a notebook and another process get of the error.
        forms = (ran.said, str(ran.error), repr(vars(ran.error)), repr(ran.error.args), caplog.text)
        assert (cell, [form for form in forms if "canary" in form]) == (cell, [])
        assert b"canary" not in pickle.dumps(ran.error), cell


def test_the_error_names_the_reference(wrong: Shell, client: Client) -> None:
    what, step = wrong.two_lines("%webhook show env:CANARY")
    assert what.endswith(f"Event store {client.event_store!r} on {client.server} has no webhook 'env:CANARY'.")
    assert step == "Next step: List them with client.webhooks.all()."
    assert "has no namespace 'env:CANARY'" in wrong.two_lines("%chronicle use --namespace env:CANARY")[0]


def test_a_client_of_an_unknown_store_of_a_reference_is_closed_again(wrong: Shell) -> None:
    lines = wrong.two_lines("%chronicle connect env:KERNEL --store env:CANARY --as other")
    assert lines[0].endswith("has no event store 'env:CANARY'.")
    assert lines[1] == "Next step: Set the variable to a name that exists, or write a new name out on this line."
    assert "other" not in cn.clients()


def test_a_dry_run_and_a_short_value(wrong: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = wrong.value(f"%%webhook env:CANARY {IN} --dry-run\nevent_types: [AccountOpened]\n")
    assert "'env:CANARY' would be created" in repr(shown)
    assert "canary" not in repr(shown) + shown._repr_html_()
    monkeypatch.setenv("CANARY", "qz")
    assert not re.search(r"\bqz\b", " ".join(wrong.two_lines("%webhook show env:CANARY")))


@pytest.mark.parametrize(
    ("given", "text", "shown"),
    [
        # The name of the variable contains the value, and other words do.
        (
            {"demo": "env:demo_store"},
            "'demo' of demo: demos, a demonstration",
            "'env:demo_store' of env:demo_store: demos, a demonstration",
        ),
        ({"hook": "env:ID"}, "No webhook 'hook', see %webhooks.", "No webhook 'env:ID', see %webhooks."),
        ({"night-copy": "env:ID"}, "'night-copy' is like night-copy-2", "'env:ID' is like night-copy-2"),
        ({"production": "env:STORE", "STORE": "env:B"}, "'production' 'STORE'", "'env:STORE' 'env:B'"),
        ({"true": "env:A", "1": "env:B"}, "x=true, 'true', 1 of 11, '1'", "x=env:A, 'env:A', 1 of 11, 'env:B'"),
        # Another URL of the same host says what it is.
        (
            {"http://127.0.0.1:9/in/a": "env:URL"},
            "http://127.0.0.1:90 http://127.0.0.1:9/b",
            "http://127.0.0.1:90 http://127.0.0.1:9/b",
        ),
        ({f"{IN}/{CANARY}": "env:URL"}, f"{IN}/{CANARY[:5]}… {IN}/{CANARY}", "env:URL… env:URL"),
        ({f"https://u:{CANARY}@a.example/in": "env:URL"}, f"https://u:{CANARY[:9]}…", "env:URL…"),
    ],
)
def test_a_value_that_is_an_everyday_word_leaves_other_words_alone(
    given: dict[str, str], text: str, shown: str
) -> None:
    values = Revealed()
    for value, reference in given.items():
        values.note(value, reference)
    assert values.hide(text) == shown
