"""Writes whose outcome is unknown: the read-back decides only where it can prove something, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from chronicle_notebook import (
    CallCancelledError,
    ChronicleError,
    ClientClosedError,
    DeadlineExceededError,
    KernelFaultError,
    KernelUnreachableError,
    PermissionDeniedError,
    ProtectedError,
    ProtocolError,
    ReplacementError,
    RequestRefusedError,
    Secret,
)
from chronicle_notebook.contracts._gateway import KernelGateway
from chronicle_notebook.definition._declaration import DeclaredWebhook
from chronicle_notebook.model import BearerAuthorization, EventType, WebhookDefinition
from chronicle_notebook.registration import _register, _removal, _replace
from chronicle_notebook.registration._examination import Destination
from chronicle_notebook.registration._outcome import Action, Outcome
from chronicle_notebook.registration._send import RECOVERED
from chronicle_notebook.session._client import Client
from tests.waiting import LONG

pytestmark = pytest.mark.usefixtures("settled")

HOOK = WebhookDefinition("audit", "http://127.0.0.1:9/in", (EventType("AccountOpened"),))
SECURED = HOOK.changed(authorization=BearerAuthorization(Secret("first-token")))
LOST = KernelUnreachableError("lost", hint="Look.")


class Losing:
    """A kernel whose answers to writes are lost, after the write or instead of it."""

    def __init__(
        self,
        kernel: KernelGateway,
        *,
        reaches: bool = True,
        late: int = 0,
        raises: BaseException = LOST,
        reads: BaseException | None = None,
    ) -> None:
        self._kernel, self._reaches, self._late, self._raises, self._reads = kernel, reaches, late, raises, reads
        self._wrote = False
        self._waits: Callable[[], None] | None = None
        """A write that gets through only when the kernel has been read ``late`` times."""

    def add_webhooks(self, event_store: str, definitions: Sequence[WebhookDefinition]) -> None:
        self._lose(lambda: self._kernel.add_webhooks(event_store, definitions))

    def remove_webhooks(self, event_store: str, ids: Sequence[str]) -> None:
        self._lose(lambda: self._kernel.remove_webhooks(event_store, ids))

    def webhooks(self, event_store: str) -> Sequence[WebhookDefinition]:
        if self._wrote and self._reads is not None:
            raise self._reads
        if self._waits is not None:
            self._late -= 1
            if self._late == 0:
                self._waits()
        return self._kernel.webhooks(event_store)

    def _lose(self, write: Callable[[], None]) -> None:
        if self._late:
            self._waits = write
        elif self._reaches:
            write()
        self._wrote = True
        raise self._raises

    def __getattr__(self, name: str) -> object:
        return getattr(self._kernel, name)


def losing(client: Client, **how: object) -> KernelGateway:
    return Losing(client._kernel, **how)  # type: ignore[arg-type, return-value]


def register(
    kernel: KernelGateway, client: Client, *definitions: WebhookDefinition, wait: float = 3.0
) -> list[Outcome]:
    hooks = [DeclaredWebhook(each, (), "a test") for each in definitions]
    return _register.register(Destination(kernel, lambda: client.event_store), hooks, wait=wait)


@pytest.mark.parametrize("reaches", [True, False])
@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        (SECURED, SECURED),
        (SECURED, SECURED.changed(authorization=BearerAuthorization(Secret("second-token")))),
        (HOOK, HOOK.changed(replayable=False)),
    ],
    ids=["the same token", "another token", "an ignored field"],
)
def test_a_lost_change_that_no_list_can_show_is_not_told_as_done(
    client: Client, before: WebhookDefinition, wanted: WebhookDefinition, reaches: bool
) -> None:
    client.webhooks.register(before)
    with pytest.raises(KernelUnreachableError, match="lost"):
        register(losing(client, reaches=reaches), client, wanted)


def test_a_change_in_a_list_that_cannot_be_shown_is_not_told_as_done(client: Client) -> None:
    client.webhooks.register(SECURED)
    new, secured = register(losing(client), client, HOOK.changed(id="new"), SECURED)
    assert new
    assert RECOVERED in new.notes
    assert not secured
    assert "sent without an answer, and not seen" in secured.summary


def test_a_new_webhook_and_a_change_that_shows_are_found_done(client: Client) -> None:
    (created,) = register(losing(client), client, SECURED)
    assert created
    assert RECOVERED in created.notes
    (updated,) = register(losing(client), client, SECURED.changed(target_url="http://127.0.0.1:9/other"))
    assert updated
    assert RECOVERED in updated.notes
    assert client.webhooks.get("audit").target_url.endswith("/other")


@pytest.mark.parametrize("late", [0, 3])
def test_a_removal_is_found_done_also_when_the_kernel_gets_to_it_later(client: Client, late: int) -> None:
    client.webhooks.register(HOOK)
    (outcome,) = _removal.remove(losing(client, late=late), client.event_store, ["audit"], wait=LONG)
    assert outcome
    assert outcome.notes == (RECOVERED,)


def test_a_removal_that_never_arrived_is_told_as_lost(client: Client) -> None:
    client.webhooks.register(HOOK)
    with pytest.raises(KernelUnreachableError, match="lost"):
        _removal.remove(losing(client, reaches=False), client.event_store, ["audit"], wait=0.2)


def test_when_the_read_back_fails_too_the_lost_removal_is_what_is_told(client: Client) -> None:
    client.webhooks.register(HOOK)
    kernel = losing(client, reads=PermissionDeniedError("reading is forbidden"))
    with pytest.raises(KernelUnreachableError, match="lost") as caught:
        _removal.remove(kernel, client.event_store, ["audit"], wait=0.2)
    assert caught.value.__cause__ is None


def replace(kernel: KernelGateway, client: Client, definition: WebhookDefinition, *, wait: float = 0.2) -> Outcome:
    return _replace.replace(
        Destination(kernel, lambda: client.event_store), DeclaredWebhook(definition, (), "a test"), wait=wait
    )


@pytest.mark.parametrize(
    "raises",
    [
        LOST,
        DeadlineExceededError("late"),
        CallCancelledError("cancelled"),
        KernelFaultError("It failed half-way."),
        ProtocolError("The answer is of no known shape."),
        ClientClosedError("Closed meanwhile."),
    ],
)
def test_a_replacement_whose_removal_is_unknown_hands_the_definition_back(client: Client, raises: Exception) -> None:
    client.webhooks.register(HOOK)
    wanted = HOOK.changed(replayable=False)
    kernel = losing(client, raises=raises, reads=LOST)
    with pytest.raises(ReplacementError, match="Whether 'audit' was removed is unknown") as caught:
        replace(kernel, client, wanted)
    assert caught.value.definition == wanted
    assert "error.definition" in caught.value.hint
    assert caught.value.__cause__ is raises


@pytest.mark.parametrize(
    "raises",
    [
        PermissionDeniedError("not you"),
        RequestRefusedError("not today"),
        ProtectedError("Type its name.", event_store="shop"),
    ],
)
def test_a_removal_that_was_refused_leaves_the_webhook_and_is_told_as_the_refusal_it_is(
    client: Client, raises: ChronicleError
) -> None:
    client.webhooks.register(HOOK)
    with pytest.raises(type(raises)) as caught:
        replace(losing(client, reaches=False, raises=raises), client, HOOK.changed(replayable=False))
    assert caught.value is raises
    assert client.webhooks.get("audit") == HOOK


class Blind(Losing):
    """A kernel that removes and says so, and then cannot be read."""

    def remove_webhooks(self, event_store: str, ids: Sequence[str]) -> None:
        self._kernel.remove_webhooks(event_store, ids)
        self._wrote = True


@pytest.mark.parametrize("reads", [KernelFaultError("It failed."), PermissionDeniedError("not you"), LOST])
def test_a_read_back_that_fails_after_the_removal_hands_the_definition_back(
    client: Client, reads: ChronicleError
) -> None:
    client.webhooks.register(HOOK)
    wanted = HOOK.changed(replayable=False)
    kernel: KernelGateway = Blind(client._kernel, reads=reads)  # type: ignore[assignment]
    with pytest.raises(ReplacementError, match="The removal of 'audit' was accepted, but checking whether it is") as e:
        replace(kernel, client, wanted)
    assert e.value.definition == wanted
    assert e.value.__cause__ is reads
    assert "client.webhooks.register(error.definition)" in e.value.hint


@pytest.mark.parametrize("reads", [KeyboardInterrupt(), TypeError("a fault of this package")])
def test_whatever_else_ends_the_read_back_carries_a_note_of_it(client: Client, reads: BaseException) -> None:
    client.webhooks.register(HOOK)
    kernel: KernelGateway = Blind(client._kernel, reads=reads)  # type: ignore[assignment]
    with pytest.raises(type(reads)) as caught:
        replace(kernel, client, HOOK)
    assert caught.value.__notes__ == ["The webhook 'audit' may be removed, and was not registered again."]


def test_ctrl_c_during_the_removal_says_that_the_webhook_may_be_gone(client: Client) -> None:
    client.webhooks.register(HOOK)
    with pytest.raises(KeyboardInterrupt) as caught:
        replace(losing(client, raises=KeyboardInterrupt()), client, HOOK)
    assert caught.value.__notes__ == ["The webhook 'audit' may be removed, and was not registered again."]


def test_a_replacement_whose_removal_is_found_done_goes_on(client: Client) -> None:
    client.webhooks.register(HOOK)

    class LosingRemovals(Losing):
        def add_webhooks(self, event_store: str, definitions: Sequence[WebhookDefinition]) -> None:
            self._kernel.add_webhooks(event_store, definitions)

    kernel: KernelGateway = LosingRemovals(client._kernel)  # type: ignore[assignment]
    outcome = replace(kernel, client, HOOK.changed(replayable=False), wait=LONG)
    assert outcome
    assert outcome.action is Action.UPDATED
    assert not client.webhooks.get("audit").replayable
