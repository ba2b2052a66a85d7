"""Observation: the full list at each change, across a restart, and an end at once."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest

import chronicle_notebook as cn
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import event_stores_pb2, host_pb2, webhooks_pb2
from chronicle_notebook.display._origin import Origin
from chronicle_notebook.model import EventType, RegisteredEventType
from chronicle_notebook.reading import _observation
from chronicle_notebook.reading._observation import ObservationState, WebhookObservation
from chronicle_notebook.session._client import Client
from tests.scripted import ScriptedKernel, enveloped
from tests.waiting import LONG, eventually

URL = "http://127.0.0.1:9/webhooks"


def opened(builder: cn.DefinitionBuilder) -> cn.DefinitionBuilder:
    return builder.with_event_type("AccountOpened")


def test_each_change_brings_the_full_list(client: Client) -> None:
    with client.webhooks.observe() as changes:
        seen = iter(changes)
        assert next(seen).ids == []
        client.webhooks.register("a", URL, opened)
        assert next(seen).ids == ["a"]
        client.webhooks.register("b", URL, opened)
        assert set(next(seen).ids) == {"a", "b"}
        client.webhooks.remove("a")
        assert next(seen).ids == ["b"]
        states = [changes.state]
    states.append(changes.state)
    assert states == [ObservationState.LIVE, ObservationState.STOPPED]
    assert list(changes) == []


def test_a_callback_is_called_from_a_daemon_thread(client: Client) -> None:
    got: list[tuple[list[str], bool]] = []
    arrived = threading.Event()

    def take(hooks: cn.WebhookList) -> None:
        got.append((hooks.ids, threading.current_thread().daemon))
        arrived.set()

    observation = client.webhooks.observe(take)
    assert arrived.wait(LONG)
    observation.stop()
    assert got[0] == ([], True)


def test_what_a_callback_raises_neither_ends_the_observation_nor_vanishes(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    def clumsy(_hooks: cn.WebhookList) -> None:
        raise RuntimeError("oops")

    with client.webhooks.observe(clumsy) as changes:
        assert changes.next(LONG) is not None
        client.webhooks.register("a", URL, opened)
        later = changes.next(LONG)
        assert later is not None
        assert later.ids == ["a"]
        assert isinstance(changes.callback_error, RuntimeError)
    assert "RuntimeError" in caplog.text


def test_stop_leaves_no_thread(client: Client) -> None:
    before = set(threading.enumerate())
    observation = client.webhooks.observe()
    assert observation.next(LONG) is not None
    observation.stop()
    mine = [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("observe-")]
    assert mine == []


def test_a_reader_that_waits_in_another_thread_is_released_by_stop(client: Client) -> None:
    observation = client.webhooks.observe()
    assert observation.next(LONG) is not None
    reader = threading.Thread(target=lambda: list(observation))
    reader.start()
    observation.stop()
    reader.join(LONG)
    assert not reader.is_alive()


def observers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("observe-")]


def test_a_loop_that_is_left_ends_the_observation_and_leaves_no_thread(client: Client) -> None:
    before = set(observers())
    for _ in range(3):
        for _hooks in client.webhooks.observe():
            break
    assert set(observers()) <= before


def test_within_a_with_block_a_loop_can_be_left_and_begun_again(client: Client) -> None:
    with client.webhooks.observe() as changes:
        for hooks in changes:
            assert hooks.ids == []
            break
        client.webhooks.register("a", URL, opened)
        for hooks in changes:
            assert hooks.ids == ["a"]
            break
    assert changes.state is ObservationState.STOPPED


class Clock:
    """A clock that stands until it is moved, and counts who looks at it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.looks = 0

    def monotonic(self) -> float:
        self.looks += 1
        return self.now


def test_what_wakes_a_reader_without_a_list_does_not_shorten_its_wait(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    with client.webhooks.observe() as changes:
        assert changes.next(LONG) is not None
        monkeypatch.setattr(_observation, "time", clock)
        got: list[object] = []
        reader = threading.Thread(target=lambda: got.append(changes.next(timeout=LONG)))
        reader.start()

        def woken() -> bool:
            with changes._news:
                changes._news.notify_all()
            return clock.looks >= 10 or bool(got)

        eventually(woken)
        assert got == [], "it was woken several times, and its time is not over"
        clock.now = LONG
        eventually(lambda: woken() and got)
        assert got == [None]
        reader.join()


def test_a_callback_for_the_state_that_takes_its_time_does_not_hold_the_list_back(client: Client) -> None:
    read = threading.Event()

    def slow(_state: ObservationState) -> None:
        read.wait(LONG)

    with client.webhooks.observe(on_state=slow) as changes:
        assert changes.next(LONG) is not None
        read.set()


def test_no_time_at_all_means_what_is_there_already(client: Client) -> None:
    with client.webhooks.observe() as changes:
        assert changes.next(LONG) is not None
        assert changes.next(timeout=0) is None


@pytest.mark.parametrize("timeout", [float("nan"), float("inf"), -1, "5", True])
def test_a_timeout_that_is_no_number_of_seconds_is_refused(client: Client, timeout: Any) -> None:
    with client.webhooks.observe() as changes, pytest.raises(cn.InvalidInputError) as caught:
        changes.next(timeout=timeout)
    assert caught.value.field == "timeout"


def test_a_restart_of_the_kernel_is_survived(tmp_path: Any) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    states: list[ObservationState] = []
    kernel = cn.Sandbox(port=port, data=tmp_path, settle_delay=0.01).start()
    client = cn.connect(kernel.connection_string, event_store="shop", name="surviving")
    client.ensure_event_store()
    client._kernel.register_event_types("shop", [RegisteredEventType(EventType("AccountOpened"))])
    with client, client.webhooks.observe(on_state=states.append) as changes:
        assert changes.next(LONG) is not None
        kernel.stop()
        eventually(lambda: ObservationState.RECONNECTING in states)
        assert states[-1] is ObservationState.RECONNECTING
        with cn.Sandbox(port=port, data=tmp_path, settle_delay=0.01):
            assert client.webhooks.register("after", URL, opened)
            after = changes.next(LONG)
            assert after is not None
            assert after.ids == ["after"]
    assert states[:3] == [ObservationState.LIVE, ObservationState.RECONNECTING, ObservationState.LIVE]


def test_an_error_that_waiting_cannot_mend_ends_it_and_is_raised(kernel: ScriptedKernel) -> None:
    kernel.on(methods.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="16.37.1"))
    kernel.on(
        methods.ALL_EVENT_STORES,
        enveloped(
            event_stores_pb2.QueryResult_IEnumerable_EventStoreNamesResponse,
            [event_stores_pb2.EventStoreNamesResponse(Name="shop")],
        ),
    )
    kernel.fail(methods.OBSERVE_WEBHOOKS, grpc.StatusCode.PERMISSION_DENIED)
    with (
        cn.connect(kernel.connection_string, event_store="shop", name="denied") as client,
        client.webhooks.observe() as changes,
        pytest.raises(cn.PermissionDeniedError),
    ):
        changes.next(LONG)
    assert changes.state is ObservationState.FAILED


def test_an_equal_list_is_not_repeated(kernel: ScriptedKernel) -> None:
    kernel.on(methods.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="19.29.4"))
    kernel.on(
        methods.ALL_EVENT_STORES,
        enveloped(
            event_stores_pb2.QueryResult_IEnumerable_EventStoreNamesResponse,
            [event_stores_pb2.EventStoreNamesResponse(Name="shop")],
        ),
    )
    kind = webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse
    one = [webhooks_pb2.WebhookDetailsResponse(Identifier="a", Id="a")]
    release = threading.Event()

    def emissions(_request: Any, _context: Any) -> Any:
        yield from (enveloped(kind, one), enveloped(kind, one), enveloped(kind, []))
        release.wait(LONG)

    kernel.on(methods.OBSERVE_WEBHOOKS, emissions)
    with (
        cn.connect(kernel.connection_string, event_store="shop", name="polled") as client,
        client.webhooks.observe() as changes,
    ):
        lists = [changes.next(LONG), changes.next(LONG)]
        assert [hooks.ids for hooks in lists if hooks is not None] == [["a"], []]
    release.set()


class _Broken:
    """A kernel whose second list cannot be read, for a reason that nobody thought of."""

    server = "a kernel"

    def origin(self, event_store: str) -> Origin:
        return Origin(self.server, event_store)

    def __init__(self) -> None:
        self.cancelled = threading.Event()

    def observe_webhooks(self, _event_store: str) -> Any:
        return self

    def __iter__(self) -> Any:
        yield []
        raise TypeError("a secret value")

    def cancel(self) -> None:
        self.cancelled.set()


def test_an_error_that_nobody_thought_of_ends_it_too_and_is_raised() -> None:
    kernel: Any = _Broken()
    states: list[ObservationState] = []
    with WebhookObservation(kernel, "shop", on_state=states.append) as changes:
        assert changes.next(LONG) is not None
        with pytest.raises(cn.ProtocolError, match=r"could not be read \(TypeError\)") as caught:
            changes.next(LONG)
        assert isinstance(caught.value.__cause__, TypeError)
        assert "secret" not in str(caught.value)
        assert states == [ObservationState.LIVE, ObservationState.FAILED]
        assert kernel.cancelled.is_set()


ROWS = webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse


def rows(*names: str) -> Any:
    return enveloped(ROWS, [webhooks_pb2.WebhookDetailsResponse(Identifier=name, Url="http://x") for name in names])


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The times of a kernel, much shorter; and no upper limit to a repetition on a busy machine."""
    monkeypatch.setattr(_observation, "SILENCE", 0.3)
    monkeypatch.setattr(_observation, "FIRST_LIST", 0.3)
    monkeypatch.setattr(_observation, "REPEATED", (0.03, 60.0))
    monkeypatch.setattr(_observation, "TICK", 0.01)
    monkeypatch.setattr(_observation, "FIRST_BACK_OFF", 0.02)


def observed(kernel: ScriptedKernel, *streams: list[tuple[float, Any]]) -> ScriptedKernel:
    """Each stream sends its elements, each after a pause, and then nothing until it is ended. Later ones are the last
    one again."""
    started: list[int] = []

    def answer(_request: Any, context: grpc.ServicerContext) -> Any:
        number = min(len(started), len(streams) - 1)
        started.append(number)
        ended = threading.Event()
        context.add_callback(ended.set)
        for pause, element in streams[number]:
            if ended.wait(pause):
                return
            yield element
        ended.wait(LONG)

    stores = enveloped(event_stores_pb2.QueryResult_IEnumerable_EventStoreNamesResponse)
    stores.Data.add(Name="shop")
    kernel.on(methods.ALL_EVENT_STORES, stores)
    kernel.on(methods.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="16.38.0"))
    return kernel.on(methods.OBSERVE_WEBHOOKS, answer)


def shop(kernel: ScriptedKernel) -> Client:
    return cn.connect(kernel.connection_string, event_store="shop", name="silent")


@pytest.mark.usefixtures("quick")
def test_a_stream_that_goes_deaf_on_a_kernel_that_repeats_its_list_is_opened_again(
    kernel: ScriptedKernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_observation, "REPEATED", (0.0, LONG))  # a busy machine hears several at once
    monkeypatch.setattr(_observation, "FIRST_LIST", LONG)
    observed(kernel, [(0.0, rows("a")), *[(0.05, rows("a"))] * 3], [(0.0, rows("a", "b"))])
    states: list[ObservationState] = []
    with shop(kernel) as client, client.webhooks.observe(on_state=states.append) as changes:
        assert [changes.next(LONG).ids, changes.next(LONG).ids] == [["a"], ["a", "b"]]  # type: ignore[union-attr]
        eventually(lambda: len(states) >= 3)
        assert states[:3] == [ObservationState.LIVE, ObservationState.RECONNECTING, ObservationState.LIVE]
        assert changes.error is None


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "elements",
    [[(0.0, rows("a")), (0.0, rows("a"))], [(0.0, rows("a")), *[(0.05, rows("a"))] * 3, (0.05, rows())]],
    ids=["no repetition", "an empty list"],
)
def test_silence_is_no_fault_where_nothing_is_repeated(
    kernel: ScriptedKernel, elements: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In-memory storage sends a changed list twice, at once; no storage repeats an empty list."""
    brief = _observation.SILENCE
    monkeypatch.setattr(_observation, "SILENCE", LONG)  # until all has come: a busy machine is no silent kernel
    monkeypatch.setattr(_observation, "FIRST_LIST", LONG)
    observed(kernel, elements)
    with shop(kernel) as client, client.webhooks.observe() as changes:
        eventually(lambda: changes.latest is not None and len(changes.latest) == len(elements[-1][1].Data))
        monkeypatch.setattr(_observation, "SILENCE", brief)
        assert not threading.Event().wait(1.0), "more than three times the silence"
        assert changes.state is ObservationState.LIVE
        assert kernel.count(methods.OBSERVE_WEBHOOKS) == 1


@pytest.mark.usefixtures("quick")
def test_the_error_of_a_list_that_the_kernel_cannot_make_is_shown_until_it_can(kernel: ScriptedKernel) -> None:
    """A stream that begins meanwhile says nothing at all, and never will: the next one does."""
    observed(kernel, [], [], [(0.0, rows("a"))])
    said = "The input string 'b' was not in a correct format."
    seen: list[str] = []
    go_on = threading.Event()

    def read(_request: Any, _context: object) -> Any:
        if seen:
            go_on.wait(LONG)
        seen.append(said)
        return enveloped(ROWS, [], ExceptionMessages=[said])

    kernel.on(methods.GET_WEBHOOKS, read)
    with shop(kernel) as client, client.webhooks.observe() as changes:
        eventually(lambda: changes.state is ObservationState.RECONNECTING)
        assert isinstance(changes.error, cn.KernelFaultError)
        assert "plus sign" in changes.error.hint
        assert "not in a correct format" in repr(changes)
        go_on.set()
        assert changes.next(LONG).ids == ["a"]  # type: ignore[union-attr]
        eventually(lambda: changes.state is ObservationState.LIVE and changes.error is None)


@pytest.mark.usefixtures("quick")
def test_the_list_that_was_read_for_a_silent_stream_is_given(kernel: ScriptedKernel) -> None:
    observed(kernel, []).on(methods.GET_WEBHOOKS, rows("a"))
    with shop(kernel) as client, client.webhooks.observe() as changes:
        assert changes.next(LONG).ids == ["a"]  # type: ignore[union-attr]


def test_a_failure_inside_a_stream_does_not_end_the_observation(
    kernel: ScriptedKernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_observation, "FIRST_BACK_OFF", 0.02)
    observed(kernel, [(0.0, enveloped(ROWS, [], ExceptionMessages=["no storage"]))], [(0.0, rows("a"))])
    with shop(kernel) as client, client.webhooks.observe() as changes:
        assert changes.next(LONG).ids == ["a"]  # type: ignore[union-attr]
        assert changes.error is None
