"""The first kernels of the commands contract: no validation, one call that always fails, and shorter envelopes."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from chronicle_notebook.sandbox import Sandbox
from chronicle_notebook.sandbox._exceptions import FormatException
from chronicle_notebook.sandbox._registry import Registry
from chronicle_notebook.sandbox._stores import Store
from tests.sandbox.caller import Caller, refusal
from tests.waiting import FOR_EVER, eventually

HOOKS = "Observation.Webhooks.Webhooks"
TYPES = "EventTypes.EventTypes"
NULL = "Value cannot be null. (Parameter 'value')"
REFERENCE = "Object reference not set to an instance of an object."
BLANK = "The value cannot be an empty string or composed entirely of whitespace. (Parameter 'primaryKey')"


@pytest.fixture(scope="module", params=["16.38", "16.38-inmemory"])
def caller(request: pytest.FixtureRequest) -> Iterator[Caller]:
    with Sandbox(behaves_like=request.param, settle_delay=0) as sandbox:
        found = Caller(sandbox, "16.38")
        store(found, "shop")
        yield found
        found.close()


def webhook(identifier: str = "hook", **more: Any) -> dict[str, Any]:
    return {"Identifier": identifier, "Target": {"Url": "http://127.0.0.1:9/"}, **more}


def store(caller: Caller, name: str) -> str:
    caller.call("EventStores.EventStores/EnsureEventStore", Name=name)
    return name


def test_the_flat_form_of_adding_a_webhook_always_fails(caller: Caller) -> None:
    for content in ({}, {"EventStore": store(caller, "flat"), "Name": "hook", "Url": "http://127.0.0.1:9/"}):
        code, details = refusal(lambda content=content: caller.call(f"{HOOKS}/AddWebhook", **content))
        assert code is grpc.StatusCode.UNKNOWN
        assert details.startswith("Exception was thrown by handler. MissingMethodException: ")
    assert list(caller.call(f"{HOOKS}/GetWebhooks", EventStore="flat").Data) == []


@pytest.mark.parametrize(
    ("method", "content", "message"),
    [
        (f"{HOOKS}/AddWebhooks", {"Webhooks": [webhook()]}, NULL),
        (f"{HOOKS}/AddWebhooks", {"EventStore": " ", "Webhooks": [webhook()]}, BLANK),
        (f"{HOOKS}/AddWebhooks", {"EventStore": "shop"}, REFERENCE),
        (f"{HOOKS}/AddWebhooks", {"EventStore": "shop", "Webhooks": [webhook("")]}, NULL),
        (f"{HOOKS}/RemoveWebhooks", {"EventStore": "shop"}, "Value cannot be null. (Parameter 'source')"),
        (f"{HOOKS}/RemoveWebhook", {"EventStore": "shop"}, NULL),
        (f"{HOOKS}/RemoveWebhook", {"WebhookId": "hook"}, NULL),
        (f"{TYPES}/RegisterEventTypes", {"EventStore": "shop"}, REFERENCE),
        (f"{TYPES}/AllEventTypeGenerations", {"EventStore": "shop"}, NULL),
    ],
)
def test_what_is_missing_is_an_exception_in_the_envelope(
    caller: Caller, method: str, content: dict[str, Any], message: str
) -> None:
    answer = caller.call(method, **content)
    assert list(answer.ExceptionMessages) == [message]
    assert not answer.ValidationResults
    assert not answer.IsAuthorized, "it is left out, and true"


def test_webhooks_of_a_store_that_does_not_exist_are_lost(caller: Caller) -> None:
    answer = caller.call(f"{HOOKS}/AddWebhooks", EventStore="nowhere", Webhooks=[webhook()])
    assert not answer.ExceptionMessages
    assert list(caller.call(f"{HOOKS}/GetWebhooks", EventStore="nowhere").Data) == []


def test_webhooks_before_a_bad_one_are_added_and_an_absent_sequence_is_the_event_log(caller: Caller) -> None:
    answer = caller.call(
        f"{HOOKS}/AddWebhooks", EventStore=store(caller, "list"), Webhooks=[webhook("a"), webhook(""), webhook("b")]
    )
    assert list(answer.ExceptionMessages) == [NULL]

    def listed() -> list[tuple[str, str]]:
        rows = caller.call(f"{HOOKS}/GetWebhooks", EventStore="list").Data
        return [(row.Identifier, row.EventSequenceId) for row in rows]

    assert eventually(listed) == [("a", "event-log")]


def test_a_type_in_generations_tells_no_source_and_one_of_a_user_replaces_it(caller: Caller) -> None:
    name = store(caller, "types")

    def listed() -> tuple[str, int]:
        rows = caller.call(f"{TYPES}/AllEventTypes", EventStore=name).Data
        return next((row.Schema, row.Source) for row in rows if row.Id == "T")

    kind = {"Id": "T", "Generation": 1}
    generations = [{"Generation": 1, "Schema": '{"title":"T"}'}]
    caller.call(f"{TYPES}/RegisterEventTypes", EventStore=name, Types=[{"Type": kind, "Generations": generations}])
    assert listed() == ('{"title":"T"}', 0)
    caller.call(f"{TYPES}/CreateEventType", EventStore=name, Name="T")
    assert listed() == ('{"type":"object"}', 2)


def counted(monkeypatch: pytest.MonkeyPatch, registry: Registry) -> list[str]:
    """A list that grows with each list of webhooks that cannot be made."""
    failures: list[str] = []
    listed = registry.listed

    def count(store: Store) -> bytes:
        try:
            return listed(store)
        except FormatException as error:
            failures.append(str(error))
            raise

    monkeypatch.setattr(registry, "listed", count)
    return failures


def test_a_stream_has_no_message_more_once_a_type_id_holds_a_plus(monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(behaves_like="16.38", settle_delay=0, time_scale=0.01) as sandbox:
        found = Caller(sandbox, "16.38")
        store(found, "shop")
        open_before = found.follow(f"{HOOKS}/ObserveWebhooks", EventStore="shop")
        assert list(next(open_before).Data) == []
        assert sandbox._kernel is not None
        failures = counted(monkeypatch, sandbox._kernel.registry)
        bad = webhook("bad", EventTypes=[{"Id": "a+b", "Generation": 1}])
        found.call(f"{HOOKS}/AddWebhooks", EventStore="shop", Webhooks=[bad])
        eventually(lambda: len(failures) == 1)
        open_meanwhile = found.follow(f"{HOOKS}/ObserveWebhooks", EventStore="shop")
        eventually(lambda: len(failures) == 2)

        def told() -> list[str]:
            return list(found.call(f"{HOOKS}/GetWebhooks", EventStore="shop").ExceptionMessages)

        assert told() == ["The input string 'b' was not in a correct format."]
        found.call(f"{HOOKS}/RemoveWebhooks", EventStore="shop", Webhooks=["bad"])
        eventually(lambda: told() == [])
        found.call(f"{HOOKS}/AddWebhooks", EventStore="shop", Webhooks=[webhook("good")])
        eventually(lambda: [row.Id for row in found.call(f"{HOOKS}/GetWebhooks", EventStore="shop").Data] == ["good"])
        # This one polls as often as the others, and they would have a message by now.
        open_after = found.follow(f"{HOOKS}/ObserveWebhooks", EventStore="shop")
        for _ in range(3):
            assert [row.Id for row in next(open_after).Data] == ["good"]
        seen: list[object] = []
        for stream in (open_before, open_meanwhile):
            threading.Thread(target=lambda stream=stream: seen.extend(_rest(stream)), daemon=True).start()
        for _ in range(3):
            next(open_after)
        assert seen == []
        for stream in (open_before, open_meanwhile, open_after):
            assert stream.cancel()
        found.close()


def _rest(stream: Any) -> Iterator[Any]:
    with contextlib.suppress(grpc.RpcError):
        yield from stream


@pytest.mark.parametrize(("profile", "waits"), [("16.37", False), ("16.38", True)])
def test_the_first_keep_alive_comes_after_a_second_in_a_build_before_16_38(
    profile: str, waits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second that takes hours shows it: the first one does not come."""
    monkeypatch.setattr("chronicle_notebook.sandbox.services._connections.KEEP_ALIVE", FOR_EVER)
    with Sandbox(behaves_like=profile) as sandbox:
        found = Caller(sandbox, profile)
        stream = found.follow("Clients.ConnectionService/Connect", ConnectionId="c")
        came: list[object] = []
        threading.Thread(target=lambda: came.extend(_rest(stream)), daemon=True).start()
        eventually(lambda: len(found.call("Clients.ConnectionService/GetConnectedClients").items) == 1)
        if not waits:
            eventually(lambda: came)
        assert len(came) == (0 if waits else 1)
        stream.cancel()
        found.close()


def test_a_secret_that_is_too_long_is_an_exception_of_openssl(caller: Caller) -> None:
    def added(token: str) -> list[str]:
        target = {"Url": "http://127.0.0.1:9/", "Authorization": {"Value1": {"Token": token}}}
        content = {"EventStore": store(caller, "secrets"), "Webhooks": [{"Identifier": "h", "Target": target}]}
        return list(caller.call(f"{HOOKS}/AddWebhooks", **content).ExceptionMessages)

    assert added("t" * 190) == []
    assert added("t" * 191) == ["error:0200006E:rsa routines::data too large for key size"]


def test_a_stream_without_an_event_store_ends_with_an_exception(caller: Caller) -> None:
    """So it does in a kernel if the name is absent, which an empty name cannot be told from here."""
    (answer,) = list(caller.follow(f"{HOOKS}/ObserveWebhooks", EventStore=""))
    assert list(answer.ExceptionMessages) == [NULL]
