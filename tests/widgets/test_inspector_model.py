"""The inspector's model: deliveries as they come, misbehaviour, test events."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator

import pytest

from chronicle_notebook import InvalidInputError, Receiver
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.session._client import Client
from chronicle_notebook.session._connect import connect
from chronicle_notebook.widgets import _inspector_model
from chronicle_notebook.widgets._inspector_model import InspectorModel
from chronicle_notebook.widgets._message import Level
from tests.scripted import ScriptedKernel
from tests.waiting import FOR_EVER, LONG, eventually
from tests.widgets.conftest import level


@pytest.fixture
def endpoint() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def changes() -> list[str]:
    return []


@pytest.fixture
def model(endpoint: Receiver, client: Client, changes: list[str]) -> Iterator[InspectorModel]:
    made = InspectorModel(endpoint, changes.append, client)
    made.start()
    eventually(lambda: made.types)
    yield made
    made.close()


def post(url: str) -> int:
    request = urllib.request.Request(url, b'{"partition": "p", "events": []}', {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return int(error.code)


def test_what_comes_is_news_once(model: InspectorModel, endpoint: Receiver, changes: list[str]) -> None:
    post(endpoint.url_for("audit"))
    eventually(lambda: "deliveries" in changes)
    assert [each.name for each in model.news()] == ["audit"]
    assert model.news() == []
    found = model.find(1)
    assert found is not None
    assert found.status == 200
    assert model.find(99) is None


def test_a_burst_is_one_report_and_the_next_comes_after_a_pause(
    model: InspectorModel, endpoint: Receiver, changes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_inspector_model, "PACE", FOR_EVER)
    for _ in range(50):
        post(endpoint.url)
    eventually(lambda: len(model._news) == 50)
    eventually(lambda: "deliveries" in changes)
    assert changes.count("deliveries") == 1


@pytest.mark.parametrize("deed", [{"status": 503}, {"status": 503, "times": 2}, {"status": 503, "delay": 0.01}])
def test_the_endpoint_is_made_to_misbehave_and_to_behave(
    model: InspectorModel, endpoint: Receiver, deed: dict[str, object]
) -> None:
    model.answer(deed)
    assert post(endpoint.url) == 503
    assert "503" in endpoint.conduct
    model.answer({})
    assert post(endpoint.url) == 200
    assert endpoint.conduct == "answers normally"


def test_what_other_cells_do_to_the_endpoint_is_noticed(
    model: InspectorModel, endpoint: Receiver, changes: list[str]
) -> None:
    endpoint.misbehave(status=500)
    eventually(lambda: "endpoint" in changes)


def test_a_test_event_is_appended_and_delivered(model: InspectorModel, endpoint: Receiver, client: Client) -> None:
    client.webhooks.register("audit", endpoint.url_for("audit"), lambda b: b.with_event_type("AccountOpened"))
    model.append("AccountOpened", "account-9")
    model.jobs.wait(LONG)
    assert model.told is not None
    assert model.told.title == "Appended AccountOpened for account-9 as number 0 of event-log."
    assert endpoint.wait_for(1)[0].partition == "account-9"


def test_an_event_type_that_is_not_there_is_told(model: InspectorModel) -> None:
    model.append("Unheard", "account-9")
    assert model.told is not None
    assert level(model) is Level.ERROR


def test_clearing_forgets_the_deliveries(model: InspectorModel, endpoint: Receiver, changes: list[str]) -> None:
    post(endpoint.url)
    model.clear()
    assert len(endpoint.deliveries) == 0
    assert model.news() == []
    assert "cleared" in changes


def test_after_closing_it_listens_no_more(endpoint: Receiver) -> None:
    changes: list[str] = []
    model = InspectorModel(endpoint, changes.append)
    model.start()
    model.close()
    post(endpoint.url)
    assert changes == []
    assert endpoint.running


def test_the_client_of_a_real_kernel_is_refused(kernel: ScriptedKernel, endpoint: Receiver) -> None:
    kernel.on(methods.GET_VERSION_INFO, methods.GET_VERSION_INFO.response(Version="19.29.4"))
    client = connect(kernel.connection_string, event_store="bank", name="real")
    with pytest.raises(InvalidInputError, match="is not a sandbox"):
        InspectorModel(endpoint, lambda _: None, client)
    client.close()
