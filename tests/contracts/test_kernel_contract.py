"""What every kernel does: the same behaviour, whichever it is and whatever it speaks.

It runs against the sandbox in both wire generations, and against the kernel that ``CHRONICLE_TEST_CONNECTION`` names.
There it makes an event store of its own, and leaves that behind: kernels have no call that removes one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest

import chronicle_notebook as cn
from chronicle_notebook.model import EventToAppend, EventType, RegisteredEventType
from chronicle_notebook.session._client import Client
from tests.waiting import LONG, eventually

pytestmark = pytest.mark.usefixtures("settled")

VARIABLE = "CHRONICLE_TEST_CONNECTION"
# Read when the module is: no test may see a connection of the machine that it runs on.
GIVEN = os.environ.get(VARIABLE)
KERNELS = ["commands", "classic", *([VARIABLE] if GIVEN else [])]
URL = "http://127.0.0.1:9/chronicle"
A, B = EventType("ContractAccountOpened"), EventType("ContractFundsDeposited")


@contextmanager
def running(kernel: str) -> Iterator[str]:
    if kernel == VARIABLE:
        assert GIVEN is not None
        yield GIVEN
        return
    with cn.Sandbox(contract="classic" if kernel == "classic" else "commands", settle_delay=0.02) as sandbox:
        yield sandbox.connection_string


@pytest.fixture(scope="module", params=KERNELS)
def kernel(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """Which kernel, and how it is reached."""
    with running(request.param) as connection:
        yield request.param, connection


@pytest.fixture(scope="module")
def client(kernel: tuple[str, str]) -> Iterator[Client]:
    """A client of an event store that is made for this run, with two event types."""
    name, connection = kernel
    with cn.connect(connection, event_store=f"contract-{uuid4().hex[:12]}", name=f"contract-{name}") as opened:
        opened.ensure_event_store()
        opened._kernel.register_event_types(
            opened.event_store,
            [
                RegisteredEventType(kind, {"type": "object", "properties": {"amount": {"type": "integer"}}})
                for kind in (A, B)
            ],
        )
        eventually(lambda: {A.id, B.id} <= {each.id for each in opened.event_types()})
        yield opened


@pytest.fixture
def hook(client: Client) -> Iterator[str]:
    """The id of a webhook that is gone again after the test."""
    webhook = f"hook-{uuid4().hex[:8]}"
    yield webhook
    if client.webhooks.all().find(webhook) is not None:
        client.webhooks.remove(webhook)


def test_it_says_who_it_is(kernel: tuple[str, str], client: Client) -> None:
    assert client.generation in {"commands", "classic"}
    assert client.version.version
    assert client.negotiation is not None
    assert client.negotiation.how
    assert client.version.version in repr(client)
    if kernel[0] != VARIABLE:
        assert client.generation == kernel[0]
    else:
        major, minor = (int(part) for part in client.version.version.split(".")[:2])
        assert (client.generation == "commands") == ((major, minor) >= (16, 38))


def test_an_event_store_is_listed_with_its_default_namespace(client: Client) -> None:
    assert client.event_store in client.event_stores()
    assert "Default" in client.namespaces()
    client.ensure_namespace("Tenant-A")
    client.ensure_namespace("Tenant-A")
    eventually(lambda: "Tenant-A" in client.namespaces())
    client.ensure_event_store()
    assert client.event_stores().count(client.event_store) == 1


def test_event_types_are_listed_with_their_schemas(client: Client) -> None:
    mine = {each.id: each for each in client.event_types() if each.owner != "server"}
    assert {A.id, B.id} <= set(mine)
    assert mine[A.id].schema["properties"]["amount"]["type"] == "integer"


def test_a_webhook_is_registered_read_back_and_removed(client: Client, hook: str) -> None:
    outcome = client.webhooks.register(
        hook, URL, lambda b: b.with_event_type(A).with_event_type(B).with_header("x-source", "contract")
    )
    assert outcome, repr(outcome)
    assert outcome.action.value == "created"
    found = client.webhooks.get(hook)
    assert (found.id, found.target_url, found.event_sequence_id) == (hook, URL, "event-log")
    assert {kind.id for kind in found.event_types} == {A.id, B.id}
    assert dict(found.headers) == {"x-source": "contract"}
    assert (found.active, found.replayable, found.authorization.kind.value) == (True, True, "none")
    frame = client.webhooks.to_frame().loc[hook]
    assert (frame["url"], list(frame["headers"])) == (URL, ["x-source"])
    again = client.webhooks.register(found)
    assert again.action.value == "unchanged"
    gone = client.webhooks.remove(hook)
    assert gone, repr(gone)
    assert client.webhooks.all().find(hook) is None
    with pytest.raises(cn.UnknownWebhookError):
        client.webhooks.remove(hook)


@pytest.mark.parametrize("flag", ["replayable", "active"])
def test_a_flag_that_is_false_arrives_or_is_reported(client: Client, hook: str, flag: str) -> None:
    outcome = client.webhooks.register(
        hook,
        URL,
        lambda b: (b.not_replayable() if flag == "replayable" else b.not_active()).with_event_type(A),
        wait=1,
    )
    arrived = getattr(client.webhooks.get(hook), flag) is False
    assert arrived == (flag not in {item.field for item in outcome.ineffective})


@pytest.mark.parametrize("kind", ["basic", "bearer", "oauth"])
def test_credentials_arrive_or_are_reported_and_never_come_back(client: Client, hook: str, kind: str) -> None:
    secret = f"canary-{uuid4().hex}"

    def configure(builder: cn.DefinitionBuilder) -> cn.DefinitionBuilder:
        builder = builder.with_event_type(A)
        match kind:
            case "basic":
                return builder.with_basic_auth("reader", secret)
            case "bearer":
                return builder.with_bearer_token(secret)
            case _:
                return builder.with_oauth("http://127.0.0.1:9/realm", "client", secret)

    outcome = client.webhooks.register(hook, URL, configure, wait=1)
    found = client.webhooks.get(hook)
    arrived = found.authorization.kind.value == kind
    assert arrived == ("authorization" not in {item.field for item in outcome.ineffective})
    shown = [repr(found), repr(outcome), outcome._repr_html_(), client.webhooks.to_frame().to_json()]
    shown += [repr(client.webhooks.all()), client.webhooks.all()._repr_html_()]
    assert not any(secret in form or "crk1:" in form for form in shown)
    if arrived:
        with pytest.raises(cn.InvalidDefinitionError):
            client.webhooks.register(found)


def test_a_change_arrives_or_is_reported(client: Client, hook: str) -> None:
    client.webhooks.register(hook, URL, lambda b: b.with_event_type(A))
    other = f"{URL}/other"
    outcome = client.webhooks.register(hook, other, lambda b: b.with_event_type(A).with_event_type(B), wait=2)
    found = client.webhooks.get(hook)
    reported = {item.field for item in outcome.ineffective}
    assert (found.target_url == other) == ("target_url" not in reported)
    assert ({kind.id for kind in found.event_types} == {A.id, B.id}) == ("event_types" not in reported)


def test_the_live_list_shows_what_is_registered_and_removed(client: Client, hook: str) -> None:
    with client.webhooks.observe() as changes:
        assert changes.next(LONG) is not None
        client.webhooks.register(hook, URL, lambda b: b.with_event_type(A))
        shows(changes, hook, there=True)
        client.webhooks.remove(hook)
        shows(changes, hook, there=False)


def shows(changes: object, webhook: str, *, there: bool) -> None:
    def shown() -> bool:
        hooks = changes.next(1)  # type: ignore[attr-defined]
        return hooks is not None and (hooks.find(webhook) is not None) == there

    eventually(shown)


def test_events_are_appended_and_read_in_order(client: Client) -> None:
    source = f"account-{uuid4().hex[:8]}"
    before = client.event_log.tail()
    appended = client._kernel.append(
        client.event_store,
        "Default",
        "event-log",
        [EventToAppend(source, A, {"amount": 1}), EventToAppend(source, B, {"amount": 2})],
    )
    first, second = appended.sequence_numbers
    assert second == first + 1
    assert first == (0 if before is None else before + 1)
    assert client.event_log.tail() == second
    read = client._kernel.events(client.event_store, "Default", "event-log", start=first, event_source_id=source)
    assert [(event.sequence_number, event.type.id, event.content) for event in read] == [
        (first, A.id, {"amount": 1}),
        (second, B.id, {"amount": 2}),
    ]
    assert client._kernel.has_events(client.event_store, "Default", "event-log", source)
    assert not client._kernel.has_events(client.event_store, "Default", "event-log", "nobody")
    assert "event-log" in {each.id for each in client.event_sequences()}


def test_the_observer_of_a_webhook_carries_its_id(client: Client, hook: str) -> None:
    client.webhooks.register(hook, URL, lambda b: b.with_event_type(B))
    eventually(lambda: hook in {each.id for each in client.observers("Default")})
    (observer,) = [each for each in client.observers("Default") if each.id == hook]
    assert (observer.kind, observer.event_sequence_id) == ("external", "event-log")
    assert [each for each in client.failed_partitions(hook, namespace="Tenant-A")] == []  # noqa: C416


def test_an_unknown_event_store_is_refused_before_the_kernel_makes_one(kernel: tuple[str, str]) -> None:
    name = f"nowhere-{uuid4().hex[:8]}"
    with cn.connect(kernel[1], event_store=name, name="nowhere") as other:
        with pytest.raises(cn.UnknownEventStoreError):
            other.webhooks.all()
        assert name not in other.event_stores()
