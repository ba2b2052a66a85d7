"""The functions by name of a client are those of ``client.webhooks``, each and with all that it takes."""

from __future__ import annotations

import inspect

import pytest

import chronicle_notebook as cn
from chronicle_notebook.reading._observation import ObservationState
from chronicle_notebook.session._client import Client
from chronicle_notebook.session._webhooks import Webhooks
from tests.waiting import LONG

URL = "http://127.0.0.1:9/in"
METHODS = [name for name, _ in inspect.getmembers(Webhooks, inspect.isfunction) if not name.startswith("_")]


def test_each_method_is_a_function_too() -> None:
    assert sorted(cn.webhooks.__all__) == sorted(METHODS)
    assert dir(cn.webhooks) == sorted(METHODS)
    assert len(METHODS) > 12


@pytest.mark.parametrize("name", METHODS)
def test_a_function_takes_what_its_method_takes_and_a_client(name: str) -> None:
    method = inspect.signature(getattr(Webhooks, name)).parameters
    function = inspect.signature(getattr(cn.webhooks, name)).parameters
    assert set(function) == {*method, "client", "namespace"} - {"self"}
    for parameter in method.values():
        if parameter.name != "self":
            assert parameter.kind is not parameter.POSITIONAL_ONLY, parameter.name
            assert function[parameter.name].default == parameter.default, parameter.name
    assert f"Webhooks.{name}`" in (getattr(cn.webhooks, name).__doc__ or "")


def test_the_functions_give_what_the_methods_give(client: Client) -> None:
    name = client.name
    plan = cn.webhooks.plan("a", URL, lambda b: b.with_event_type("AccountOpened"), client=name)
    assert cn.webhooks.register(plan.definition, client=name, namespace="no effect")
    assert cn.webhooks.ids(name) == ["a"]
    assert cn.webhooks.get("a", client=client) == client.webhooks.get("a")
    assert str(cn.webhooks.code("a", "yaml", client=name)) == str(client.webhooks.code("a", "yaml"))
    assert list(cn.webhooks.to_frame(name, url="*/in", authorization="none", active=True).index) == ["a"]
    assert list(cn.webhooks.to_frame(name, active=False).index) == []
    assert list(cn.webhooks.to_frame(name, tidy=True, event_type="AccountOpened")["event_type"]) == ["AccountOpened"]
    states: list[ObservationState] = []
    with cn.webhooks.observe(client=name, on_state=states.append) as changes:
        assert changes.next(LONG) is not None
    assert ObservationState.LIVE in states
    explorer = cn.webhooks.explore(name)
    explorer.close()


def test_the_url_and_the_builder_can_be_given_by_name(client: Client) -> None:
    assert client.webhooks.register("a", target_url=URL, configure=lambda b: b.with_event_type("AccountOpened"))
    assert client.webhooks.plan(webhook="a", target_url=URL).webhook == "a"
    assert client.webhooks.replace(webhook=client.webhooks.get("a"))
