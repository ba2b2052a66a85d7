"""A probe asks before it begins, ends in time, cleans up however it ends, and keeps what it found."""

from __future__ import annotations

import builtins
import dataclasses
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

import chronicle_notebook as cn
from chronicle_notebook.base._errors import KernelFaultError
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.contracts._defects import DEFECTS
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.negotiated import NegotiatedGateway
from chronicle_notebook.contracts.wire import host_pb2
from chronicle_notebook.model import BearerAuthorization, EventType, WebhookDefinition
from chronicle_notebook.model._observer import WEBHOOK_REACTOR
from chronicle_notebook.probing import _kept, _probe
from chronicle_notebook.probing._bench import PROBE_STORE, TIDYING, Bench
from chronicle_notebook.probing._check import Check, found
from chronicle_notebook.probing._unmeasured import REASONS
from chronicle_notebook.registration._differences import Effect
from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.session._client import Client
from chronicle_notebook.session._guard import LOCK
from tests.recorded.kernel import playing
from tests.recorded.recording import recording
from tests.scripted import scripted
from tests.waiting import Hold, eventually, pressing_ctrl_c


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(behaves_like="19.32", settle_delay=0.02, time_scale=0.01) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setenv(_kept.PROBES, str(tmp_path / "probes"))
    with cn.connect(sandbox.connection_string, event_store=PROBE_STORE, name="probing") as opened:
        yield opened


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A probe of two checks, so that a test of what is around them is quick."""
    checks = [each for each in _probe.CHECKS if each.title.startswith(("deliver", "register and change"))]
    monkeypatch.setattr(_probe, "CHECKS", (*checks[:1], checks[1]))


def quiet(_progress: object) -> None:
    """No progress is shown."""


def webhooks(client: Client) -> list[str]:
    return client.webhooks.ids() if PROBE_STORE in client.event_stores() else []


# -- before it begins ----------------------------------------------------------------------------------------------


def test_it_says_what_it_does_and_what_stays_behind_and_begins_only_with_the_name(
    client: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stores = list(client.event_stores())
    monkeypatch.setattr(builtins, "input", lambda _question: "yes")
    with pytest.raises(cn.InvalidInputError, match="not the name of the event store 'chronicle-probe'") as caught:
        client.probe()
    assert caught.value.field == "confirm"
    told = " ".join(capsys.readouterr().out.split())
    for part in ("stays behind", "the event store 'chronicle-probe'", "60 seconds at most", "delay deliveries", "free"):
        assert part in told
    assert list(client.event_stores()) == stores


def test_where_nobody_can_be_asked_it_says_how_to_confirm(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_question: str) -> str:
        raise EOFError

    monkeypatch.setattr(builtins, "input", nobody)
    with pytest.raises(cn.InvalidInputError, match="nobody can be asked") as caught:
        client.probe()
    assert 'client.probe(confirm="chronicle-probe")' in caught.value.hint


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"confirm": "banking"}, "confirm"),
        ({"deadline": 5}, "deadline"),
        ({"receiver_url": "ftp://host"}, "receiver_url"),
        ({"receiver_url": "http://host.docker.internal:8123"}, "receiver_port"),
        ({"receiver_port": 70_000}, "port"),
        ({"keep": "yes"}, "keep"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_sent(client: Client, given: dict[str, Any], field: str) -> None:
    with pytest.raises(cn.InvalidInputError) as caught:
        client.probe(**({"confirm": PROBE_STORE} | given))
    assert caught.value.field == field


def test_a_kernel_elsewhere_needs_the_url_of_a_way_to_this_machine() -> None:
    with pytest.raises(cn.InvalidInputError, match="no delivery could reach it") as caught:
        _probe.place_of("kernel.example.com:35000", None, 0)
    assert "receiver_port" in caught.value.hint
    receiver, url = _probe.place_of("kernel.example.com:35000", "https://tunnel.example.com/in/", 8123)
    assert url == "https://tunnel.example.com/in/probe"
    assert "127.0.0.1" not in repr(receiver)


# -- how it ends ---------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("short")
def test_ctrl_c_ends_it_and_its_webhooks_are_removed(client: Client) -> None:
    with pytest.raises(KeyboardInterrupt) as caught, pressing_ctrl_c(lambda: len(webhooks(client)) > 1):
        client.probe(confirm=PROBE_STORE, progress=quiet)
    assert caught.value.__notes__ == ["The webhooks of the probe were removed."]
    assert webhooks(client) == []
    assert client.probed is None


@pytest.mark.usefixtures("short")
def test_a_call_that_fails_leaves_its_defects_unmeasured_and_nothing_behind(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(self: Bench, label: str, source: str = "source") -> int:
        raise KernelFaultError("The kernel failed.", server="k", call="Append")

    monkeypatch.setattr(Bench, "append", failing)
    result = client.probe(confirm=PROBE_STORE, progress=quiet)
    assert result["count-not-told"].verdict is cn.ProbeVerdict.NOT_MEASURED
    assert result["count-not-told"].seen == "A call failed: The kernel failed."
    assert result["inactive-lost"].verdict is cn.ProbeVerdict.PRESENT, "this one needs no event"
    assert webhooks(client) == []


def test_what_is_not_measured_in_time_stays_so(client: Client) -> None:
    receiver, url = _probe.place_of(client.server, None, 0)
    result = _probe.probe(client._kernel, receiver, url, version="1", deadline=TIDYING, report=quiet)
    assert not result.present | result.absent
    assert result["updates-dropped"].seen == _probe.TIME_OVER
    assert webhooks(client) == []


def test_a_call_that_hangs_ends_with_the_time_of_the_probe() -> None:
    held = Hold()
    with scripted() as kernel:
        kernel.on(methods.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="20.0.0"))
        kernel.on(methods.ENSURE_EVENT_STORE, lambda _request, context: held.wait(context))
        with cn.connect(kernel.connection_string, name="hanging") as client:
            receiver, url = _probe.place_of(client.server, None, 0)
            result = _probe.probe(client._kernel, receiver, url, version="1", deadline=TIDYING + 0.3, report=quiet)
    assert {each.seen for each in result if each.key not in REASONS} == {_probe.TIME_OVER}
    assert not held.in_vain


def test_the_answers_of_a_recording_make_no_finding() -> None:
    """A probe asks with ids of its own, to which no recording has an answer: it then ends, and claims nothing."""
    with (
        playing(recording("16.37.1-sqlite")) as kernel,
        cn.connect(kernel.connection_string, name="recorded") as played,
    ):
        with pytest.raises(cn.RequestRefusedError, match="the recording has no answer"):
            played.probe(confirm=PROBE_STORE, progress=quiet)
        assert played.probed is None


def test_without_a_delivery_the_checks_that_need_one_say_what_to_do(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = [each for each in _probe.CHECKS if each.keys in {("count-not-told",), ("old-target-kept",)}]
    monkeypatch.setattr(_probe, "CHECKS", tuple(checks))
    monkeypatch.setattr(Bench, "until_delivered", lambda *_names, **_within: False)
    result = client.probe(confirm=PROBE_STORE, progress=quiet, keep=False)
    for key in ("count-not-told", "old-target-kept"):
        assert "host.docker.internal" in result[key].seen


def test_what_a_killed_probe_left_behind_is_removed_by_a_later_one(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.ensure_event_store()
    kinds = (EventType("Old"),)
    ids = ["probe-0123abcd-1a2b-reach", "probe-ffffffff-1a2b-reach", "mine"]
    client._kernel.add_webhooks(PROBE_STORE, [WebhookDefinition(each, "http://127.0.0.1:9/x", kinds) for each in ids])
    eventually(lambda: set(webhooks(client)) == set(ids))
    monkeypatch.setattr(_probe, "CHECKS", ())
    client.probe(confirm=PROBE_STORE, progress=quiet, keep=False)
    eventually(lambda: set(webhooks(client)) == set(ids[1:]))
    client.webhooks.remove(ids[1:])


def test_a_webhook_that_breaks_the_list_is_removed_when_the_probe_is_interrupted(tmp_path: Path) -> None:
    with (
        Sandbox(behaves_like="16.37", settle_delay=0.02, time_scale=0.01) as kernel,
        cn.connect(kernel.connection_string, event_store=PROBE_STORE, name="plus") as client,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv(_kept.PROBES, str(tmp_path))
        patch.setattr(_probe, "CHECKS", _probe.CHECKS[-1:])
        patch.setattr(Bench, "mend", lambda _bench: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt) as caught:
            client.probe(confirm=PROBE_STORE, progress=quiet)
        assert caught.value.__notes__ == ["The webhooks of the probe were removed."]
        assert client.webhooks.ids() == []


def test_a_reactor_in_quarantine_is_freed_so_that_the_webhooks_can_be_removed(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = client._kernel.observer(PROBE_STORE, "Default", WEBHOOK_REACTOR, "system")
    stuck = dataclasses.replace(state, running_state=cn.RunningState.QUARANTINED)
    cleared: list[tuple[Any, ...]] = []
    monkeypatch.setattr(NegotiatedGateway, "observer", lambda _kernel, *_place: stuck)
    monkeypatch.setattr(NegotiatedGateway, "clear_observer_quarantine", lambda _kernel, *place: cleared.append(place))
    monkeypatch.setattr(_probe, "CHECKS", _probe.CHECKS[:1])
    client.probe(confirm=PROBE_STORE, progress=quiet, keep=False)
    assert cleared == [(PROBE_STORE, "Default", WEBHOOK_REACTOR, "system")]


# -- what it keeps -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("short")
def test_what_was_measured_is_kept_and_said_from_then_on(client: Client, sandbox: Sandbox, tmp_path: Path) -> None:
    assert client.probed is None
    assert "status-not-checked" not in {each.key for each in client.known_defects}
    result = client.probe(confirm=PROBE_STORE, progress=quiet)
    assert result.kept
    assert "known_defects, plans and outcomes" in repr(result)
    (file,) = (tmp_path / "probes").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    document = json.loads(file.read_text())
    assert (document["server"], document["version"]) == (client.server, "19.32.3")

    with cn.connect(sandbox.connection_string, event_store=PROBE_STORE, name="another") as another:
        date = f"measured on {result.taken:%Y-%m-%d}"
        basis = {each.key: each.basis for each in another.known_defects}
        assert basis["inactive-lost"] == date
        assert basis["store-created"] == "known of this release"
        assert "always-replayable" in basis, "it was measured, though it is not known of this release"
        assert f"{date}, listed by client.known_defects" in repr(another)
        assert "measured on" in another.known_defects._repr_html_()
        kind = next(each.id for each in another.event_types() if each.id.startswith("Probe"))
        idle = WebhookDefinition("idle", "http://127.0.0.1:9/x", (EventType(kind),), active=False)
        plan = another.webhooks.plan(idle)
        (change,) = [each for each in plan.changes if each.field == "active"]
        assert change.effect is Effect.UNKNOWN
        assert date in change.reason
        outcome = another.webhooks.register(idle)
        assert date in repr(outcome)
        another.webhooks.remove("idle")
        assert another.probed is not None
        assert another.probed.present == result.present
        assert another.forget_probe()
        assert not another.forget_probe()
        assert {each.basis for each in another.known_defects} == {"known of this release"}


def test_a_file_that_cannot_be_read_counts_as_not_there(client: Client, tmp_path: Path) -> None:
    path = _kept._file(client.server, client.version.version)
    path.parent.mkdir(parents=True)
    for text in ("", "{}", "[]", '{"form": 9}', '{"form": 1, "server": 1}', "{" * 10_000):
        path.write_text(text)
        assert client.probed is None
        assert list(client.known_defects)


def test_a_result_that_cannot_be_kept_is_said(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_probe, "CHECKS", ())
    monkeypatch.setenv(_kept.PROBES, os.devnull)
    with pytest.warns(cn.ChronicleWarning, match=f"cannot be kept.*It is only what this call returned.*{_kept.PROBES}"):
        result = client.probe(confirm=PROBE_STORE, progress=quiet)
    assert (len(result), result.kept) == (len(DEFECTS), False), "what was measured is not lost"
    assert client.probed is None


# -- what is shown -------------------------------------------------------------------------------------------------


def test_progress_and_result_have_their_forms(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def see(bench: Bench) -> Iterator[cn.ProbeFinding]:
        yield found("updates-dropped", present=True, seen="<b>seen</b>", otherwise="")
        yield found("inactive-lost", present=False, seen="", otherwise="It was not seen.")

    checks = (
        Check("look", ("updates-dropped", "inactive-lost"), see),
        Check("look again", ("hash-in-id",), lambda _: iter(())),
    )
    monkeypatch.setattr(_probe, "CHECKS", checks)
    steps: list[cn.ProbeProgress] = []
    result = client.probe(confirm=PROBE_STORE, progress=steps.append, keep=False)
    assert [each.line.partition(" (")[0] for each in steps] == ["1 of 2: look", "2 of 2: look again"]
    assert "1 present, 1 absent" in repr(steps[1])
    assert "<div" in steps[1]._repr_html_()
    assert "1 of 36 known defects present, 1 absent, 34 not measured" in repr(result)
    assert "&lt;b&gt;seen&lt;/b&gt;" in result._repr_html_()
    frame = result.to_frame()
    assert frame.loc["updates-dropped", "verdict"] == "present"
    assert list(frame.columns) == ["verdict", "seen"]
    assert result["inactive-lost"] == result[2]
    assert result["hash-in-id"].seen == "Nothing was seen."
    with pytest.raises(cn.InvalidInputError, match="knows no defect") as caught:
        result["updates-droped"]
    assert "updates-dropped" in caught.value.hint


def test_a_notebook_shows_the_progress_in_one_output_that_changes() -> None:
    code = (
        "from chronicle_notebook import ProbeProgress\n"
        "from chronicle_notebook.probing._progress import reporter\n"
        "show = reporter()\n"
        "show(ProbeProgress(1, 2, 'begin', 0.0)); show(ProbeProgress(2, 2, 'go on', 1.0, present=1))"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, timeout=None).execute()
    (shown,) = notebook.cells[0].outputs
    assert "step 2 of 2: go on" in shown.data["text/html"]
    assert "1 present, 0 absent" in shown.data["text/plain"]


@pytest.mark.usefixtures("short")
def test_a_protected_kernel_is_probed_with_the_name_and_its_result_has_the_banner(
    client: Client, sandbox: Sandbox
) -> None:
    LOCK.close()
    with cn.connect(sandbox.connection_string, event_store="banking", name="guarded", protected=True) as guarded:
        result = guarded.probe(confirm=PROBE_STORE, progress=quiet, keep=False)
        assert "inactive-lost" in result.present
        assert "PROTECTED" in repr(result)
        with pytest.raises(cn.ProtectedError):
            guarded.ensure_event_store()


@pytest.mark.usefixtures("short")
def test_no_secret_of_the_probe_is_in_what_it_shows_and_keeps(
    client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("chronicle_notebook.probing._bench.secrets.token_urlsafe", lambda _size: "qx9canary7")
    seen: list[str] = []
    result = client.probe(confirm=PROBE_STORE, progress=lambda each: seen.append(repr(each)))
    (file,) = (tmp_path / "probes").iterdir()
    assert "qx9canary7" not in "".join([*seen, repr(result), result._repr_html_(), file.read_text()])
    assert "qx9canary7" not in repr(BearerAuthorization(Secret("qx9canary7")))
