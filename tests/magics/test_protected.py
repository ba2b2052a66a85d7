"""What the magics show of a protected store: its banner is above DataFrames, too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

import chronicle_notebook as cn
from chronicle_notebook.display._frame import BANNER
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.session._client import Client
from chronicle_notebook.session._guard import LOCK
from tests.magics.conftest import Shell


@pytest.fixture
def guarded(shell: Shell, client: Client, shared_sandbox: Sandbox) -> Iterator[Shell]:
    """A shell whose current client is protected, with one webhook in the store."""
    client.webhooks.register(
        "quiet", "http://127.0.0.1:9/in", lambda b: b.with_event_type("AccountOpened").not_active()
    )
    with cn.connect(shared_sandbox.connection_string, event_store=client.event_store, name="guarded", protected=True):
        yield shell
    LOCK.close()


def shown(shell: Shell, value: Any) -> dict[str, str]:
    """What a notebook would save of a value."""
    forms, _ = shell.ip.display_formatter.format(value)
    return dict(forms)


def banner() -> str:
    return f"PROTECTED: {cn.client().server}."


def test_a_frame_shows_the_banner_in_every_form(guarded: Shell) -> None:
    forms = shown(guarded, guarded.value("%webhooks"))
    assert forms["text/plain"].startswith(f"!! {banner()}")
    assert forms["text/html"].count(banner()) == 1
    assert forms["text/html"].index(banner()) < forms["text/html"].index("<table")
    assert "quiet" in forms["text/plain"]
    assert "quiet" in forms["text/html"]


@pytest.mark.parametrize(
    "code",
    [
        "(%webhooks --tidy)",
        "cn.client().webhooks.all().to_frame()",
        "cn.client().event_types().to_frame()",
        "cn.client().observers().to_frame()",
        "cn.client().webhooks.to_frame().query('not active')[['url']]",
        "cn.client().webhooks.to_frame().sort_index().head(1)",
    ],
)
def test_so_do_the_other_frames_and_what_is_taken_from_them(code: str, guarded: Shell) -> None:
    code = code.strip("()") if code.startswith("(") else f"import chronicle_notebook as cn\n{code}"
    forms = shown(guarded, guarded.value(code))
    assert banner() in forms["text/plain"]
    assert banner() in forms["text/html"]


def test_so_does_a_column(guarded: Shell) -> None:
    column = guarded.value("%webhooks")["url"]
    assert shown(guarded, column)["text/plain"].startswith(f"!! {banner()}")


@pytest.mark.parametrize("magic", ["stores", "namespaces", "event-types", "sequences", "doctor", ""])
def test_every_list_of_the_connection_shows_it(magic: str, guarded: Shell) -> None:
    forms = shown(guarded, guarded.value(f"%chronicle {magic}"))
    assert banner() in forms["text/plain"]
    assert banner() in forms["text/html"]


def test_no_other_frame_shows_it(guarded: Shell, client: Client) -> None:
    assert BANNER in guarded.value("%webhooks").attrs
    for frame in (client.webhooks.to_frame(), pd.DataFrame({"a": [1]}), client.event_types().to_frame()):
        forms = shown(guarded, frame)
        assert "PROTECTED" not in forms["text/plain"] + forms["text/html"]
        assert not frame.attrs
    assert "PROTECTED" not in shown(guarded, pd.Series([1]))["text/plain"]


def test_what_somebody_set_for_frames_is_kept(guarded: Shell) -> None:
    formatter = guarded.ip.display_formatter.formatters["text/html"]
    taught = formatter.type_printers.pop(pd.DataFrame, None)
    try:
        formatter.for_type(pd.DataFrame, lambda frame: f"<b>{len(frame)} rows</b>")
        html = shown(guarded, guarded.value("%webhooks"))["text/html"]
        assert html.endswith("</div><b>1 rows</b>")
        assert banner() in html
    finally:
        formatter.type_printers.pop(pd.DataFrame, None)
        if taught is not None:
            formatter.for_type(pd.DataFrame, taught)


def test_without_html_of_pandas_the_text_has_it(guarded: Shell) -> None:
    with pd.option_context("display.notebook_repr_html", False):
        forms = shown(guarded, guarded.value("%webhooks"))
    assert "text/html" not in forms
    assert banner() in forms["text/plain"]
