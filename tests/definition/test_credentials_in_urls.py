"""A credential in a URL, which any other client can have put there, is nowhere where people look."""

from __future__ import annotations

import pytest

import chronicle_notebook as cn
from chronicle_notebook.base._secrets import MASK
from chronicle_notebook.model import EventType, WebhookDefinition
from chronicle_notebook.session._client import Client
from chronicle_notebook.widgets._details import details
from chronicle_notebook.widgets._form_port import static_rows
from chronicle_notebook.widgets._rows import columns, states
from tests.waiting import eventually

OPENED = EventType("AccountOpened")
USER, SIG = "qx9user7canary", "qx9sig7canary"
SHOWN = f"http://{MASK}@127.0.0.1:9/in?sig={MASK}"
FOREIGN = WebhookDefinition("foreign", f"http://ada:{USER}@127.0.0.1:9/in?sig={SIG}", (OPENED,))


def clear(text: str) -> bool:
    """Whether neither of the two stands in a text."""
    return USER not in text and SIG not in text


@pytest.fixture
def foreign(client: Client) -> Client:
    """A client whose event store has a webhook that another client registered."""
    client._kernel.add_webhooks(client.event_store, [FOREIGN])
    eventually(lambda: client.webhooks.ids() == ["foreign"])
    return client


def test_lists_frames_and_cards_show_host_and_path_and_dots(foreign: Client) -> None:
    hooks = foreign.webhooks.all()
    frame = foreign.webhooks.to_frame()
    for text in (
        repr(hooks),
        hooks._repr_html_(),
        repr(hooks[0]),
        str(list(hooks)),
        frame.to_html(),
        frame.to_csv(),
        hooks.to_frame().to_csv(),
        repr(foreign.describe("foreign")),
        foreign.describe("foreign")._repr_html_(),
        repr(foreign.describe("foreign").definition),
        repr(foreign.webhooks.test("foreign")),
        foreign.webhooks.test("foreign")._repr_html_(),
    ):
        assert clear(text)
        assert SHOWN in text
    assert list(frame["url"]) == [SHOWN]


def test_the_definition_has_the_url_itself_and_filters_look_at_that(foreign: Client) -> None:
    assert foreign.webhooks.get("foreign").target_url == FOREIGN.target_url
    assert list(foreign.webhooks.to_frame(url=f"*?sig={SIG}").index) == ["foreign"]
    assert list(foreign.webhooks.to_frame(url=f"*{MASK}*").index) == []


def test_a_plan_says_that_the_url_differs_where_only_what_is_hidden_does(foreign: Client) -> None:
    with pytest.warns(cn.CredentialUrlWarning):
        plan = foreign.webhooks.plan("foreign", f"http://127.0.0.1:9/in?sig={SIG}", lambda b: b.with_event_type(OPENED))
    (change,) = plan.changes
    assert (change.before, change.after) == (repr(SHOWN), repr(f"http://127.0.0.1:9/in?sig={MASK}"))
    assert clear(repr(plan) + plan._repr_html_())


def test_two_urls_that_look_alike_are_told_apart(client: Client) -> None:
    client._kernel.add_webhooks(client.event_store, [FOREIGN.changed(target_url=f"http://127.0.0.1:9/in?sig={SIG}")])
    eventually(client.webhooks.ids)
    with pytest.warns(cn.CredentialUrlWarning):
        plan = client.webhooks.plan("foreign", "http://127.0.0.1:9/in?sig=other", lambda b: b.with_event_type(OPENED))
    (change,) = plan.changes
    assert change.after == f"{change.before} (another value)"
    assert clear(repr(plan))


def test_what_a_kernel_says_of_a_failed_delivery_loses_it(client: Client) -> None:
    with cn.Receiver() as endpoint:
        endpoint.misbehave(status=500)
        port = endpoint.port
        url = f"{endpoint.url.replace('//', f'//ada:{USER}@')}?sig={SIG}"
        client._kernel.add_webhooks(client.event_store, [FOREIGN.changed(target_url=url)])
        eventually(lambda: client.webhooks.ids() == ["foreign"])
        client.event_log.append("account-1", OPENED, {})
        eventually(lambda: client.failed_partitions("foreign"))
        failed = client.failed_partitions("foreign")
    assert SIG in " ".join(failed[0].attempts[-1].messages), "the kernel quotes it"
    for text in (repr(failed), failed._repr_html_(), failed.to_frame().to_csv(), repr(failed[0])):
        assert clear(text)
        assert f"127.0.0.1:{port}/webhooks?sig=" in text


def test_an_explorer_sends_nothing_of_it_to_the_browser(foreign: Client) -> None:
    foreign.event_log.append("account-1", OPENED, {})
    eventually(lambda: foreign.failed_partitions("foreign"))
    explorer = foreign.webhooks.explore()
    try:
        explorer.model.shown()
        eventually(lambda: explorer.model.health("foreign").failing)
        assert explorer.model.hooks is not None
        assert explorer.model.deliveries is not None
        (hook,) = explorer.model.hooks
        told = str(states(explorer.model.deliveries, ["foreign"]))
        assert clear(told)
        assert "refused" in told
        sent = (str(columns([hook])), str(details(explorer.model, "foreign")), explorer._static(), str(explorer.frame))
        for text in sent:
            assert clear(text)
            assert SHOWN in text
    finally:
        explorer.close()


def test_the_text_of_a_filter_is_looked_for_in_what_is_shown(foreign: Client) -> None:
    from chronicle_notebook.widgets._filter import ExplorerFilter

    hook = foreign.webhooks.get("foreign")
    assert ExplorerFilter(text="127.0.0.1:9/in").accepts(hook, "")
    assert not ExplorerFilter(text=SIG).accepts(hook, ""), "the browser, which has the same rules, does not know it"


def test_a_form_that_stands_still_shows_dots(foreign: Client) -> None:
    form = cn.widgets.WebhookForm(foreign, foreign.webhooks.get("foreign"))
    try:
        assert dict(static_rows(form.model))["target"] == SHOWN
        assert clear(str(form.model.previews()))
    finally:
        form.close()


def test_the_question_before_a_removal_shows_dots(foreign: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from chronicle_notebook.magics._webhook import _agreed

    asked: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        return "n"

    monkeypatch.setattr("builtins.input", answer)
    _agreed(foreign.describe("foreign"))
    assert SHOWN in asked[0]
    assert clear(asked[0])


def test_an_outcome_that_took_no_effect_shows_dots(client: Client) -> None:
    from chronicle_notebook.registration._differences import left_behind

    first = FOREIGN.changed(target_url=f"http://127.0.0.1:9/in?sig={SIG}")
    (left,) = left_behind(first, first.changed(target_url=f"http://127.0.0.1:9/in?sig={SIG}2"), None)
    assert clear(str(left))
    assert "(another value)" in left.found
