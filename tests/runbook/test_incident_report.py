"""The report about an incident: what failed, what was done, and what becomes of both on a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

import chronicle_notebook as cn
from chronicle_notebook.cli import main
from chronicle_notebook.cli._html import page
from tests.runbook.books import Desk
from tests.waiting import eventually

FAILING = {"billing", "partner-feed", "payments", "search-index"}
"""The webhooks of the example that fail soon. Another one first waits for its target's answer."""


@pytest.fixture(scope="module")
def night() -> Iterator[cn.Sandbox]:
    with cn.Sandbox(seed="incident", time_scale=0.002) as kernel:
        yield kernel


@pytest.fixture
def shop(night: cn.Sandbox, bare_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[cn.Client]:
    monkeypatch.setenv("CHRONICLE_CONNECTION_STRING", night.connection_string)
    assert bare_desk.shell is not None
    with cn.connect(night.connection_string, event_store="shop", name="night") as client:
        yield client


def test_a_night_from_what_fails_to_what_recovered(
    night: cn.Sandbox, shop: cn.Client, bare_desk: Desk, tmp_path: Path
) -> None:
    eventually(lambda: sum(row.given_up for row in shop.triage() if row.webhook in FAILING) == 24)
    first = bare_desk.run("incident-report", event_store="shop", outcome_file="first.json")
    assert first.error is None
    assert first.outcome is not None
    report = bare_desk.shell.user_ns["report"]
    # A webhook can have two causes at a time: the failure, and the circuit that it opens.
    fails, waits = Counter[str](), Counter[str]()
    for each in first.outcome.findings:
        fails[each["webhook"]] += each["still_failing"]
        waits[each["webhook"]] += each["waiting"]
    assert {each: (fails[each], waits[each]) for each in FAILING} == dict.fromkeys(FAILING, (6, 12))
    assert report.still_failing == len({each.webhook for each in report.troubles})
    assert report.commands == ["chronicle-notebook run recover-webhook -p webhooks=failing -p event_store=shop"]
    assert "HTTP 401" in repr(report)
    assert "the target refuses the credentials" in repr(report)

    night.mend("payments", "search-index")
    eventually(lambda: set(night.faults) == {"billing", "partner-feed", "reporting"})
    told = {"event_store": "shop", "outcomes": ["first.json"], "outcome_file": "second.json", "deadline": 30.0}
    again = bare_desk.run("incident-report", retry=["payments", "partner-feed"], apply=True, **told)
    assert isinstance(again.error, cn.RunbookError), "one of the two still fails"
    report = bare_desk.shell.user_ns["report"]
    lines = [each.what for each in report.events]
    assert "payments: retry of 6 partitions: 6 recovered" in lines
    assert "partner-feed: retry of 6 partitions: 6 failed again: HTTP 401" in lines
    assert lines[0].startswith("first failure: ")
    still = {each.webhook: each.still for each in report.troubles}
    assert (still["payments"], still["partner-feed"]) == (0, 6)

    night.mend()
    eventually(lambda: not night.faults)
    shop.retry_failed_partitions(release=True)
    eventually(lambda: not shop.triage().failing)
    last = bare_desk.run("incident-report", event_store="shop", outcomes=["first.json", "second.json"])
    assert last.error is None
    report = bare_desk.shell.user_ns["report"]
    assert report.headline.startswith("No webhook fails any more. ")
    assert {each.webhook for each in report.troubles} >= FAILING
    assert report.waited >= 48
    assert not report.commands
    assert any("payments, partner-feed: try failed partitions again: failed" in each.what for each in report.events)
    payments, partner = (next(x for x in report.troubles if x.webhook == each) for each in ("payments", "partner-feed"))
    assert payments.until < partner.until, "the second outcome says that only one of them had recovered"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nothing", "has no outcome"),
        ("{}", "has no outcome"),
        ("[1]", "has no outcome"),
        (None, "cannot be read"),
    ],
)
def test_a_file_without_an_outcome_is_refused(shop: cn.Client, tmp_path: Path, text: str | None, said: str) -> None:
    if text is not None:
        (tmp_path / "x.json").write_text(text)
    with pytest.raises(cn.InvalidInputError, match=said) as caught:
        cn.runbook.incident(shop, ["x.json"])
    assert caught.value.field == "outcomes"


def test_an_outcome_of_another_event_store_is_refused(shop: cn.Client, bare_desk: Desk) -> None:
    assert bare_desk.run("audit-webhooks", event_store="shop", outcome_file="audit.json").error is None
    text = Path("audit.json").read_text().replace('"event_store": "shop"', '"event_store": "bank"')
    Path("audit.json").write_text(text)
    with pytest.raises(cn.InvalidInputError, match="about event store 'bank'"):
        cn.runbook.incident(shop, ["audit.json"])


@pytest.mark.filterwarnings("ignore:Proactor event loop", "ignore:zmq.eventloop.ioloop", "ignore::DeprecationWarning")
def test_the_page_begins_with_the_report_and_folds_the_code(
    shop: cn.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    assert main(["run", "incident-report", "-p", "event_store=shop", "--html", "report.html"]) == 0, capfd.readouterr()
    text = (tmp_path / "report.html").read_text()
    before, _, folded = text.partition("<details>")
    assert "Incident report: webhooks of shop</h1>" in before
    assert "globals" not in before
    assert "globals" in folded
    assert "<script" not in text.lower()
    assert "@media print" in text
    assert "prefers-color-scheme:dark" in text


def test_a_page_without_a_summary_shows_everything() -> None:
    form = nbformat.v4
    cell = form.new_code_cell("1 + 1", outputs=[form.new_output("display_data", data={"text/html": "<b>two</b>"})])
    assert "<details>" not in page(form.new_notebook(cells=[cell]), title="a page")
    cell.metadata["tags"] = ["summary"]
    told = page(form.new_notebook(cells=[cell]), title="a <page>")
    assert '<div class="summary"><h1>a &lt;page&gt;</h1><b>two</b></div><details>' in told
