"""Several webhooks in one call: registered and removed together, or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

import chronicle_notebook as cn
from chronicle_notebook.base._call import Method
from chronicle_notebook.connection._channel import Channel
from chronicle_notebook.model import EventType, WebhookDefinition
from chronicle_notebook.registration._outcome import Action
from chronicle_notebook.session._client import Client

URL = "http://127.0.0.1:9/in"
A, B, C = (WebhookDefinition(each, URL, (EventType("AccountOpened"),)) for each in ("a", "b", "c"))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each call went to a kernel."""
    counted: Counter[str] = Counter()
    call = Channel.call

    def counting(channel: Channel, method: Method[Any, Any], request: Any, **options: Any) -> Any:
        counted[method.short] += 1
        return call(channel, method, request, **options)

    monkeypatch.setattr(Channel, "call", counting)
    return counted


def declared(webhook: str) -> type:
    return cn.webhook(target_url=URL, id=webhook)(type("Declared", (), {}))


def test_definitions_and_classes_are_registered_in_one_call(client: Client, calls: Counter[str]) -> None:
    outcomes = client.webhooks.register([A, declared("declared"), B])
    assert outcomes
    assert [each.webhook for each in outcomes] == ["a", "declared", "b"]
    assert {each.action for each in outcomes} == {Action.CREATED}
    assert set(client.webhooks.ids()) == {"a", "b", "declared"}
    assert calls["Webhooks/AddWebhooks"] == 1
    assert f"3 webhooks in event store {client.event_store!r} on {client.server}" in repr(outcomes)


def test_ids_and_classes_are_removed_in_one_call(client: Client, calls: Counter[str]) -> None:
    kept = client.webhooks.register([A, B, C, declared("declared")])
    assert kept
    outcomes = client.webhooks.remove(["a", declared("declared"), "b", "a"])
    assert [each.webhook for each in outcomes] == ["a", "declared", "b"]
    assert {each.action for each in outcomes} == {Action.REMOVED}
    assert outcomes
    assert client.webhooks.ids() == ["c"]
    assert calls["Webhooks/RemoveWebhooks"] == 1


def test_a_list_that_was_read_can_be_registered_elsewhere_and_a_generator_will_do(client: Client) -> None:
    client.webhooks.register([A, B])
    outcomes = client.webhooks.register(each.changed(target_url=f"{URL}/new") for each in client.webhooks.all())
    assert {each.action for each in outcomes} == {Action.UPDATED}
    assert [each.action for each in client.webhooks.register(client.webhooks.all())] == [Action.UNCHANGED] * 2
    assert client.webhooks.remove(client.webhooks.ids())
    assert client.webhooks.ids() == []


def test_nothing_to_register_or_remove_asks_no_kernel(client: Client, calls: Counter[str]) -> None:
    for outcomes in (client.webhooks.register([]), client.webhooks.remove(())):
        assert len(outcomes) == 0
        assert outcomes
        assert "No webhook was given." in repr(outcomes)
    assert not any("Add" in call or "Remove" in call for call in calls)


def test_one_that_cannot_work_keeps_the_others_from_being_sent(client: Client) -> None:
    with pytest.raises(cn.InvalidDefinitionError, match="Webhook 'b'"):
        client.webhooks.register([A, B.changed(target_url="nowhere")])
    with pytest.raises(cn.DuplicateWebhookError):
        client.webhooks.register([A, A.changed(target_url=f"{URL}/other")])
    assert client.webhooks.ids() == []
    client.webhooks.register([A, B])
    with pytest.raises(cn.UnknownWebhookError, match="'nope'"):
        client.webhooks.remove(["a", "nope"])
    assert set(client.webhooks.ids()) == {"a", "b"}


BAD: dict[str, tuple[Callable[[Client], object], str]] = {
    "register with an id in it": (
        lambda client: client.webhooks.register([A, "b"]),  # type: ignore[list-item]
        "A list given to register() has declared classes and definitions, and number 2 is str.",
    ),
    "remove with a definition in it": (
        lambda client: client.webhooks.remove([A]),  # type: ignore[list-item]
        "A list given to remove() has ids and declared classes, and number 1 is WebhookDefinition.",
    ),
    "remove with a mapping": (
        lambda client: client.webhooks.remove({"a": A}),
        "remove() takes an id, a declared class, or a list of them, not dict.",
    ),
    "register with a URL": (
        lambda client: client.webhooks.register([A], URL),  # type: ignore[call-overload]
        "A target URL and a function for the builder go with an id, not with list.",
    ),
    "register a class with a URL": (
        lambda client: client.webhooks.register(declared("a"), URL),  # type: ignore[call-overload]
        "A target URL and a function for the builder go with an id, not with a declared class.",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_else_is_in_a_list_is_told_with_its_place(client: Client, name: str) -> None:
    call, message = BAD[name]
    with pytest.raises(cn.InvalidInputError) as caught:
        call(client)
    assert caught.value.message == message
    assert caught.value.hint


def test_the_functions_by_name_take_lists_too(client: Client) -> None:
    assert cn.webhooks.register([A, B], client=client).failed == []
    assert len(cn.webhooks.remove(["a", "b"], client=client.name)) == 2


def test_a_warning_is_shown_at_the_line_of_the_call(client: Client) -> None:
    doubtful = A.changed(headers={"x-source": cn.Secret("canary-9f2b")})
    calls: list[Callable[[], object]] = [
        lambda: client.webhooks.register([doubtful]),
        lambda: client.webhooks.register(doubtful),
        lambda: client.webhooks.replace(doubtful),
        lambda: client.webhooks.plan(doubtful),
    ]
    for call in calls:
        with pytest.warns(cn.CredentialHeaderWarning) as caught:
            call()
        assert [each.filename for each in caught] == [__file__]
