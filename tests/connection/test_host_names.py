"""Names of hosts outside of ASCII become the names that deliveries and browsers ask for."""

from __future__ import annotations

import pytest

import chronicle_notebook as cn
from chronicle_notebook.connection._host import Host
from chronicle_notebook.model import EventType, WebhookDefinition
from chronicle_notebook.target_test._request import _target


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("straße.example", "xn--strae-oqa.example"),
        ("βόλος.example", "xn--nxasmm1c.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("日本。example", "xn--wgv71a.example"),
        ("under_score.example", "under_score.example"),
    ],
)
def test_a_name_is_converted_by_the_rules_of_2008(name: str, asked: str) -> None:
    assert Host(name).name == asked
    assert cn.ConnectionString.parse(f"chronicle://{name}:1").hosts[0].name == asked
    assert _target(f"https://{name}/in").host.name == asked.lower()


@pytest.mark.parametrize("name", ["a\u200b\u2260.example", "\u0301a.example", "ü" * 64])
def test_what_can_be_no_name_is_refused(name: str) -> None:
    with pytest.raises(cn.InvalidConnectionStringError) as caught:
        Host(name)
    assert caught.value.field == "host"
    assert name not in str(caught.value)


def test_a_path_outside_of_ascii_is_percent_encoded() -> None:
    assert _target("http://localhost/straße/%20?q=ü&r=%C3%BC").path == "/stra%C3%9Fe/%20?q=%C3%BC&r=%C3%BC"


def test_a_target_with_such_a_path_can_be_tested() -> None:
    with cn.Receiver() as endpoint, cn.Sandbox() as kernel, cn.connect(kernel.connection_string) as client:
        client.ensure_event_store()
        hook = WebhookDefinition("hook", f"{endpoint.url}/straße", (EventType("AccountOpened"),))
        answer = client.webhooks.test(hook)
        assert answer.status == 200
        assert endpoint.wait_for(1)[0].name == "straße"
