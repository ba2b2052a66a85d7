"""Removing a webhook and registering it anew, without ever losing it silently."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

import chronicle_notebook as cn
from chronicle_notebook import InvalidDefinitionError, ReplacementError, Secret, SecretUnavailableError
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.definition._declaration import DeclaredWebhook
from chronicle_notebook.model import AuthorizationKind, BearerAuthorization, EventType, WebhookDefinition
from chronicle_notebook.registration import _replace
from chronicle_notebook.registration._examination import Destination
from chronicle_notebook.registration._outcome import Action
from chronicle_notebook.session._client import Client

pytestmark = pytest.mark.usefixtures("settled")

HOOK = WebhookDefinition("audit", "http://127.0.0.1:9/in", (EventType("AccountOpened"),))


def test_what_kernels_ignore_takes_effect(client: Client) -> None:
    client.webhooks.register(HOOK)
    assert not client.webhooks.register(HOOK.changed(replayable=False))
    outcome = client.webhooks.replace(HOOK.changed(replayable=False))
    assert outcome
    assert outcome.action is Action.UPDATED
    assert not client.webhooks.get("audit").replayable


def test_an_authorization_is_taken_away(client: Client) -> None:
    client.webhooks.register(HOOK.changed(authorization=BearerAuthorization(Secret("abc"))))
    assert client.webhooks.get("audit").authorization.kind is AuthorizationKind.BEARER
    assert client.webhooks.replace(HOOK)
    assert client.webhooks.get("audit").authorization.kind is AuthorizationKind.NONE


def test_it_says_where_the_observer_goes_on(client: Client) -> None:
    client.webhooks.register(HOOK.changed(target_url="http://127.0.0.1:9/other"))
    outcome = client.webhooks.replace(HOOK)
    assert outcome.notes[0].startswith("It was removed and registered again. Its observer continues at its position")
    assert "in namespace 'Default'" in outcome.notes[0]


def test_another_sequence_is_told_as_such(client: Client) -> None:
    client.webhooks.register(HOOK)
    outcome = client.webhooks.replace(HOOK.changed(event_sequence_id="other-log"))
    assert "observes 'other-log'" in outcome.notes[0]
    assert client.webhooks.get("audit").event_sequence_id == "other-log"


def test_what_is_not_there_is_simply_registered(client: Client) -> None:
    assert cn.webhooks.replace(HOOK, client=client.name).action is Action.CREATED


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"target_url": "nowhere"}, InvalidDefinitionError),
        ({"authorization": BearerAuthorization(Secret.env("NOT_SET_ANYWHERE"))}, SecretUnavailableError),
        ({"headers": {"x-key": Secret.env("NOT_SET_ANYWHERE")}}, SecretUnavailableError),
    ],
)
def test_what_cannot_work_is_found_before_anything_is_removed(
    client: Client, changes: dict[str, object], error: type[Exception]
) -> None:
    client.webhooks.register(HOOK)
    with pytest.raises(error):
        client.webhooks.replace(HOOK.changed(**changes))
    assert client.webhooks.all().find("audit") is not None


class _Unwilling:
    """A kernel that refuses registrations, or does not get round to removals."""

    def __init__(self, kernel: KernelGateway, *, refuses: bool) -> None:
        self._kernel = kernel
        self._refuses = refuses

    def add_webhooks(self, event_store: str, definitions: list[WebhookDefinition]) -> None:
        from chronicle_notebook import RequestRefusedError

        raise RequestRefusedError("The kernel refused.")

    def remove_webhooks(self, event_store: str, ids: list[str]) -> None:
        if self._refuses:
            self._kernel.remove_webhooks(event_store, ids)

    def __getattr__(self, name: str) -> object:
        return getattr(self._kernel, name)


@pytest.mark.parametrize(
    ("refuses", "words"),
    [(True, "was removed, and registering it again failed"), (False, "is still there, so it was not registered again")],
)
def test_a_second_step_that_fails_is_told_and_the_definition_is_handed_back(
    client: Client, refuses: bool, words: str
) -> None:
    client.webhooks.register(HOOK)
    wanted = HOOK.changed(replayable=False)
    unwilling: KernelGateway = _Unwilling(client._kernel, refuses=refuses)  # type: ignore[assignment]
    with pytest.raises(ReplacementError, match=words) as caught:
        _replace.replace(
            Destination(unwilling, lambda: client.event_store), DeclaredWebhook(wanted, (), "a test"), wait=0.3
        )
    assert caught.value.definition == wanted
    assert "error.definition" in caught.value.hint
    assert (client.webhooks.all().find("audit") is None) is refuses


def test_a_declared_class_is_replaced_with_the_event_types_that_it_declares(client: Client) -> None:
    client.webhooks.register(HOOK)

    @cn.event_type(id="StatementSent")
    @dataclass
    class StatementSent:
        owner: str

    @cn.webhook(target_url=HOOK.target_url, id="audit")
    class Audit:
        def define(self, builder: cn.DefinitionBuilder) -> cn.DefinitionBuilder:
            return builder.with_event_type(StatementSent).not_replayable()

    outcome = client.webhooks.replace(Audit)
    assert outcome
    assert client.webhooks.get("audit").event_types == (EventType("StatementSent"),)
    (registered,) = [each for each in client.event_types() if each.id == "StatementSent"]
    assert registered.schema["properties"]["owner"] == {"type": "string"}


class _Schemaless:
    """A kernel that refuses event types."""

    def __init__(self, kernel: KernelGateway) -> None:
        self._kernel = kernel

    def register_event_types(self, event_store: str, types: object) -> None:
        raise cn.RequestRefusedError("No event types today.")

    def __getattr__(self, name: str) -> object:
        return getattr(self._kernel, name)


def test_an_event_type_that_is_refused_is_known_before_anything_is_removed(client: Client) -> None:
    client.webhooks.register(HOOK)

    @cn.event_type(id="StatementLost")
    @dataclass
    class StatementLost:
        owner: str

    hook = DeclaredWebhook(HOOK.changed(event_types=(EventType("StatementLost"),)), (StatementLost,), "a test")
    kernel: KernelGateway = _Schemaless(client._kernel)  # type: ignore[assignment]
    with pytest.raises(cn.RequestRefusedError, match="No event types today"):
        _replace.replace(Destination(kernel, lambda: client.event_store), hook, wait=0.3)
    assert client.webhooks.get("audit") == HOOK


def test_what_the_error_hands_back_can_be_registered_as_it_is(client: Client) -> None:
    client.webhooks.register(HOOK)
    unwilling: KernelGateway = _Unwilling(client._kernel, refuses=True)  # type: ignore[assignment]
    hook = DeclaredWebhook(HOOK.changed(replayable=False), (), "a test")
    with pytest.raises(ReplacementError) as caught:
        _replace.replace(Destination(unwilling, lambda: client.event_store), hook, wait=0.3)
    # Type checkers must follow the hint's own code as well.
    assert client.webhooks.register(caught.value.definition)
