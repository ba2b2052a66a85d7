from __future__ import annotations

import asyncio
import builtins
import contextlib
import gc
import gzip
import http.client
import logging
import socket
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chronicle_notebook.base._errors import (
    DeliveryTimeoutError,
    InvalidInputError,
    MissingDependencyError,
    ReceiverError,
    SecretUnavailableError,
)
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.receiver import Delivery, Receiver, _endpoint, _intake
from tests.receiver._http import body, event, send
from tests.waiting import FOR_EVER, LONG, ctrl_c, eventually


@pytest.fixture
def endpoint() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def receiver_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("chronicle-receiver")]


def until_normal(receiver: Receiver) -> None:
    """Wait until the request that uses up the misbehaviour has come in and is being held."""
    eventually(lambda: repr(receiver).endswith("answers normally>"))


def raw_connection(receiver: Receiver) -> socket.socket:
    return socket.create_connection(("127.0.0.1", receiver.port), timeout=LONG)


class TestLife:
    def test_a_stopped_receiver_leaves_no_thread_and_no_port_and_keeps_what_it_recorded(self) -> None:
        with Receiver() as receiver:
            port = receiver.port
            assert is_open(port)
            assert len(receiver_threads()) == 1
            send(receiver.url, body(event()))
        assert not is_open(port)
        assert receiver_threads() == []
        assert len(receiver.deliveries) == 1
        assert not receiver.running

    def test_starting_and_stopping_twice_does_nothing_more(self) -> None:
        receiver = Receiver()
        receiver.stop()
        assert receiver.start() is receiver
        port = receiver.port
        assert receiver.start().port == port
        assert len(receiver_threads()) == 1
        receiver.stop()
        receiver.stop()
        assert receiver_threads() == []

    def test_it_can_be_started_again_and_numbers_go_on(self) -> None:
        receiver = Receiver()
        for _ in range(2):
            with receiver:
                send(receiver.url, body(event()))
        assert [delivery.number for delivery in receiver.deliveries] == [1, 2]

    def test_stopping_closes_idle_connections_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_endpoint, "_GRACE", FOR_EVER)  # what a request gets that is under way
        receiver = Receiver().start()
        connection = http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=LONG)
        connection.request("POST", "/webhooks", body(event()))
        connection.getresponse().read()
        receiver.stop()
        assert connection.sock.recv(1) == b""
        connection.close()

    @pytest.mark.parametrize(
        "sent",
        [b"", b"POST /webhooks HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"],
    )
    def test_a_connection_made_just_before_it_stops_is_closed(self, sent: bytes) -> None:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            for _ in range(5):
                receiver = Receiver().start()
                with raw_connection(receiver) as connection:
                    connection.sendall(sent)
                    receiver.stop()
                    with contextlib.suppress(ConnectionResetError):
                        assert connection.recv(1) == b""
            gc.collect()
        assert [str(warning.message) for warning in told] == []

    def test_only_the_loopback_interface_is_served(self, endpoint: Receiver) -> None:
        assert endpoint.url == f"http://127.0.0.1:{endpoint.port}/webhooks"
        with raw_connection(endpoint) as connection:
            assert connection.getpeername()[0] == "127.0.0.1"

    def test_a_port_in_use_is_named(self, endpoint: Receiver) -> None:
        with pytest.raises(ReceiverError, match=f"^Port {endpoint.port} is in use. Stop the program on this port"):
            Receiver(port=endpoint.port).start()
        assert len(receiver_threads()) == 1

    def test_a_port_that_may_not_be_opened_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(self: socket.socket, address: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(socket.socket, "bind", refuse)
        with pytest.raises(ReceiverError, match=r"^Port 80 could not be opened: Permission denied\."):
            Receiver(port=80).start()

    def test_a_given_port_is_used_and_free_again_afterwards(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        for _ in range(2):
            with Receiver(port=port) as receiver:
                assert receiver.port == port
                send(receiver.url, body())

    def test_without_aiohttp_the_extra_to_install_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        genuine = builtins.__import__

        def without(name: str, *rest: Any, **more: Any) -> Any:
            if name.partition(".")[0] == "aiohttp":
                raise ModuleNotFoundError("No module named 'aiohttp'", name="aiohttp")
            return genuine(name, *rest, **more)

        for module in [name for name in sys.modules if name.startswith("chronicle_notebook.receiver._")]:
            if module.endswith(("._endpoint", "._intake")):
                monkeypatch.delitem(sys.modules, module)
        monkeypatch.setattr(builtins, "__import__", without)
        with pytest.raises(MissingDependencyError, match=r"'aiohttp'.*chronicle-notebook\[sandbox\]"):
            Receiver().start()

    @pytest.mark.parametrize(
        ("arguments", "field"),
        [
            ({"port": -1}, "port"),
            ({"port": 65536}, "port"),
            ({"port": True}, "port"),
            ({"path": "webhooks"}, "path"),
            ({"path": "/a?b=c"}, "path"),
            ({"path": "/ä"}, "path"),
            ({"path": "/a b"}, "path"),
            ({"keep": 0}, "keep"),
            ({"port": "8080"}, "port"),
            ({"path": 7}, "path"),
            ({"keep": 1.5}, "keep"),
        ],
    )
    def test_what_cannot_be_is_refused_at_construction(self, arguments: dict[str, Any], field: str) -> None:
        with pytest.raises(InvalidInputError, match=f"^{field} must be") as caught:
            Receiver(**arguments)
        assert caught.value.field == field
        assert caught.value.hint

    def test_the_error_says_what_was_given_and_what_is_allowed(self) -> None:
        with pytest.raises(InvalidInputError) as caught:
            Receiver(port=-1)
        assert caught.value.message == "port must be a whole number from 0 to 65535, not -1."
        with pytest.raises(InvalidInputError) as caught:
            Receiver(port="swordfish")  # type: ignore[arg-type]
        assert caught.value.message == "port must be a whole number from 0 to 65535, not a text."

    def test_an_address_is_only_given_while_it_serves(self) -> None:
        receiver = Receiver()
        for ask in (lambda: receiver.url, lambda: receiver.port, lambda: receiver.url_for("a")):
            with pytest.raises(ReceiverError, match=r"does not run. Call start\(\)"):
                ask()


class TestAddress:
    @pytest.mark.parametrize("name", ["orders", "with space", "a/b", "ä?#%", "+"])
    def test_hooks_that_share_a_receiver_are_told_apart_by_name(self, endpoint: Receiver, name: str) -> None:
        assert send(endpoint.url_for(name), body()).status == 200
        assert endpoint.deliveries[0].name == name

    @pytest.mark.parametrize("name", ["", ".", ".."])
    def test_a_name_that_a_url_cannot_carry_is_refused(self, endpoint: Receiver, name: str) -> None:
        with pytest.raises(InvalidInputError):
            endpoint.url_for(name)

    def test_another_path_is_recorded_and_answered_with_404(self, endpoint: Receiver) -> None:
        assert send(f"http://127.0.0.1:{endpoint.port}/webhooks2", body(event())).status == 404
        (delivery,) = endpoint.deliveries
        assert (delivery.path, delivery.status, delivery.name) == ("/webhooks2", 404, None)

    @pytest.mark.parametrize(("path", "url"), [("/", "/"), ("/a/b/", "/a/b")])
    def test_the_path_can_be_chosen(self, path: str, url: str) -> None:
        with Receiver(path=path) as receiver:
            assert receiver.url == f"http://127.0.0.1:{receiver.port}{url}"
            assert send(receiver.url, body()).status == 200
            assert send(receiver.url_for("x"), body()).status == 200
            assert [delivery.name for delivery in receiver.deliveries] == [None, "x"]


class TestRecording:
    def test_a_delivery_of_a_kernel_is_recorded_whole(self, endpoint: Receiver) -> None:
        sent = [event(42, "OrderPlaced", total=129.5), event(2**64 - 1, "OrderPaid")]
        assert (
            send(f"{endpoint.url}?x=1", body(*sent, partition="order-4711"), headers={"X-Source": "shop"}).status == 200
        )
        (delivery,) = endpoint.deliveries
        assert delivery.number == 1
        assert delivery.received.utcoffset() is not None
        assert (delivery.method, delivery.path, delivery.query) == ("POST", "/webhooks", "x=1")
        assert delivery.headers["x-source"] == "shop"
        assert delivery.authorization_scheme is None
        assert delivery.partition == "order-4711"
        assert list(delivery.events) == sent
        assert delivery.sequence_numbers == (42, 2**64 - 1)
        assert delivery.event_types == ("OrderPlaced", "OrderPaid")
        assert delivery.body_error is None
        assert delivery.status == 200
        assert delivery.duration > 0
        assert endpoint.events == sent

    def test_a_body_in_chunks_is_put_together(self, endpoint: Receiver) -> None:
        whole = body(event(1, note="ä" * 100))
        send(endpoint.url, (whole[i : i + 7] for i in range(0, len(whole), 7)))
        assert endpoint.deliveries[0].headers["transfer-encoding"] == "chunked"
        assert endpoint.events == [event(1, note="ä" * 100)]

    def test_a_packed_body_is_unpacked(self, endpoint: Receiver) -> None:
        send(endpoint.url, gzip.compress(body(event(3))), headers={"Content-Encoding": "gzip"})
        assert endpoint.deliveries[0].sequence_numbers == (3,)

    def test_a_wrongly_packed_body_is_recorded_and_answered_with_400(self, endpoint: Receiver) -> None:
        assert send(endpoint.url, b"not packed", headers={"Content-Encoding": "gzip"}).status == 400
        (delivery,) = endpoint.deliveries
        assert delivery.status == 400
        assert delivery.body_error is not None
        assert "encoded wrongly" in delivery.body_error

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "HEAD"])
    def test_any_method_is_recorded(self, endpoint: Receiver, method: str) -> None:
        assert send(endpoint.url, method=method).status == 200
        assert endpoint.deliveries[0].method == method
        assert endpoint.deliveries[0].body_error == "The request has no body."

    def test_a_sender_that_asks_before_it_sends_the_body_is_told_to(self, endpoint: Receiver) -> None:
        payload = body(event(5))
        with raw_connection(endpoint) as connection:
            head = (
                "POST /webhooks HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                f"Content-Length: {len(payload)}\r\n\r\n"
            )
            connection.sendall(head.encode())
            assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
            connection.sendall(payload)
            assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
        assert endpoint.deliveries[0].sequence_numbers == (5,)

    def test_a_body_over_the_limit_is_refused_and_recorded_without_it(self, endpoint: Receiver) -> None:
        piece = b"x" * (1024 * 1024)
        assert send(endpoint.url, (piece for _ in range(17))).status == 413
        (delivery,) = endpoint.deliveries
        assert delivery.status == 413
        assert delivery.body_text is None
        assert delivery.body_error is not None
        assert "larger than 16 MiB" in delivery.body_error

    def test_a_body_of_the_limit_is_taken(self, endpoint: Receiver) -> None:
        head, tail = body(event(1, pad="@")).split(b"@")
        payload = head + b"x" * (16 * 1024 * 1024 - len(head) - len(tail)) + tail
        assert send(endpoint.url, payload).status == 200
        assert endpoint.deliveries[0].body_size == 16 * 1024 * 1024
        assert endpoint.deliveries[0].sequence_numbers == (1,)

    def test_a_connection_that_breaks_off_is_recorded_without_an_answer(self, endpoint: Receiver) -> None:
        with raw_connection(endpoint) as connection:
            connection.sendall(b"POST /webhooks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
        (delivery,) = endpoint.wait_for(1)
        assert delivery.status is None
        assert delivery.body_error is not None

    def test_an_unreadable_request_is_logged_without_what_it_holds(
        self, endpoint: Receiver, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG), raw_connection(endpoint) as connection:
            connection.sendall(
                b"POST /webhooks HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer canary\x00\r\n\r\n"
            )
            assert connection.recv(1000).startswith(b"HTTP/1.0 400 ")
        told = [record for record in caplog.records if record.name.startswith("chronicle_notebook")]
        assert told
        assert "canary" not in caplog.text
        assert all(record.exc_info is None for record in told)

    def test_the_oldest_are_dropped_beyond_keep_and_counted(self) -> None:
        with Receiver(keep=3) as receiver:
            for number in range(5):
                send(receiver.url, body(event(number)))
            assert [delivery.number for delivery in receiver.deliveries] == [3, 4, 5]
            assert receiver.dropped == 2
            assert receiver.deliveries.dropped == 2
            receiver.clear()
            assert (len(receiver.deliveries), receiver.dropped) == (0, 0)
            send(receiver.url, body(event(9)))
            assert [delivery.number for delivery in receiver.deliveries] == [6]

    def test_many_senders_at_once_lose_nothing(self, endpoint: Receiver) -> None:
        def sender(base: int) -> None:
            for offset in range(10):
                send(endpoint.url, body(event(base + offset)))

        threads = [threading.Thread(target=sender, args=(10 * i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        endpoint.wait_for(80)
        for thread in threads:
            thread.join()
        assert [delivery.number for delivery in endpoint.deliveries] == list(range(1, 81))
        assert sorted(e["context"]["sequenceNumber"] for e in endpoint.events) == list(range(80))


class TestWaiting:
    def test_it_returns_what_is_already_there(self, endpoint: Receiver) -> None:
        send(endpoint.url, body(event()))
        assert len(endpoint.wait_for(1, timeout=0)) == 1

    def test_it_returns_as_soon_as_enough_have_come(self, endpoint: Receiver) -> None:
        came: list[int] = []
        waiter = threading.Thread(target=lambda: came.append(len(endpoint.wait_for(3, timeout=LONG))))
        waiter.start()
        for number in range(3):
            assert not came
            send(endpoint.url, body(event(number)))
        waiter.join(LONG)
        assert came == [3]

    def test_only_those_that_match_count_and_come_back(self, endpoint: Receiver) -> None:
        for name in ("a", "b", "a"):
            send(endpoint.url_for(name), body())
        found = endpoint.wait_for(2, where=lambda delivery: delivery.name == "a")
        assert [delivery.number for delivery in found] == [1, 3]

    def test_each_delivery_is_judged_once(self, endpoint: Receiver) -> None:
        judged: list[int] = []

        def judge(delivery: Delivery) -> bool:
            judged.append(delivery.number)
            if delivery.number < 5:
                threading.Thread(target=send, args=(endpoint.url, body())).start()
            return True

        send(endpoint.url, body())
        endpoint.wait_for(5, where=judge)
        assert judged == [1, 2, 3, 4, 5]

    def test_a_timeout_says_how_many_came_and_where_to_look(self, endpoint: Receiver) -> None:
        send(endpoint.url_for("a"), body())
        send(endpoint.url_for("b"), body())
        with pytest.raises(DeliveryTimeoutError) as caught:
            endpoint.wait_for(3, timeout=0.05, where=lambda delivery: delivery.name == "a")
        assert str(caught.value) == (
            "Within 0.05 s 1 of 3 deliveries came, and 1 that 'where' did not count "
            f"to /webhooks on port {endpoint.port}. "
            "Look at .deliveries, and at the webhook's target URL and its observer."
        )
        assert (caught.value.received, caught.value.wanted) == (1, 3)
        assert isinstance(caught.value, TimeoutError)

    def test_stopping_ends_a_wait(self) -> None:
        receiver = Receiver().start()
        caught: list[BaseException] = []

        def wait() -> None:
            try:
                receiver.wait_for(1, timeout=FOR_EVER)
            except ReceiverError as error:
                caught.append(error)

        waiter = threading.Thread(target=wait)
        waiter.start()
        receiver.stop()
        waiter.join(LONG)
        assert [str(error) for error in caught] == [
            "The receiver does not run; 0 of 1 delivery came. Call start(), or wait inside the with block."
        ]

    def test_waiting_for_more_than_is_kept_is_refused(self) -> None:
        with pytest.raises(InvalidInputError, match="from 1 to 5"):
            Receiver(keep=5).wait_for(6)
        with pytest.raises(InvalidInputError, match="seconds"):
            Receiver().wait_for(timeout=float("nan"))
        with pytest.raises(InvalidInputError, match=r"timeout must be .* not a text"):
            Receiver().wait_for(timeout="soon")  # type: ignore[arg-type]

    def test_an_error_of_the_condition_reaches_who_waits(self, endpoint: Receiver) -> None:
        send(endpoint.url, body())
        with pytest.raises(ZeroDivisionError):
            endpoint.wait_for(where=lambda delivery: bool(1 // 0))

    def test_ctrl_c_ends_it(self, endpoint: Receiver) -> None:
        waits = threading.Event()

        def never(_delivery: Delivery) -> bool:
            waits.set()
            return False

        send(endpoint.url, body())
        with ctrl_c(waits.is_set):
            endpoint.wait_for(1, timeout=FOR_EVER, where=never)
        send(endpoint.url, body())
        assert len(endpoint.wait_for(2)) == 2


class TestCallbacks:
    def test_a_callback_hears_of_each_delivery_until_it_is_unsubscribed(self, endpoint: Receiver) -> None:
        heard: list[Delivery] = []
        told = threading.Event()

        def listen(delivery: Delivery) -> None:
            heard.append(delivery)
            told.set()

        unsubscribe = endpoint.on_delivery(listen)
        send(endpoint.url, body(event(7)))
        assert told.wait(LONG)
        unsubscribe()
        unsubscribe()
        send(endpoint.url, body(event(8)))
        endpoint.wait_for(2)
        endpoint.stop()
        assert [delivery.sequence_numbers for delivery in heard] == [(7,)]

    def test_an_error_in_one_is_kept_and_logged_without_payload_and_breaks_nothing(
        self, endpoint: Receiver, caplog: pytest.LogCaptureFixture
    ) -> None:
        heard: list[int] = []

        def fail(delivery: Delivery) -> None:
            raise LookupError(f"canary {delivery.events}")

        endpoint.on_delivery(fail)
        endpoint.on_delivery(lambda delivery: heard.append(delivery.number))
        assert send(endpoint.url, body(event())).status == 200
        endpoint.stop()
        assert heard == [1]
        assert [type(error) for error in endpoint.callback_errors] == [LookupError]
        assert "A callback of the receiver failed with LookupError" in caplog.text
        assert "canary" not in caplog.text
        endpoint.clear()
        assert endpoint.callback_errors == ()

    def test_a_callback_that_would_wait_for_itself_is_told_so(self, endpoint: Receiver) -> None:
        endpoint.on_delivery(lambda delivery: endpoint.stop())
        endpoint.on_delivery(lambda delivery: endpoint.wait_for(2))
        send(endpoint.url, body())
        endpoint.stop()
        assert [type(error) for error in endpoint.callback_errors] == [ReceiverError, ReceiverError]

    def test_a_callback_may_use_everything_else(self, endpoint: Receiver) -> None:
        seen: list[object] = []
        endpoint.on_delivery(lambda delivery: seen.append((repr(endpoint), len(endpoint.deliveries), endpoint.start())))
        send(endpoint.url, body())
        endpoint.stop()
        assert endpoint.callback_errors == ()
        assert len(seen) == 1


class TestMisbehaviour:
    def test_a_status_is_answered_for_so_many_requests_and_then_the_truth(self, endpoint: Receiver) -> None:
        endpoint.misbehave(status=500, times=2)
        assert [send(endpoint.url, body()).status for _ in range(3)] == [500, 500, 200]
        assert [delivery.status for delivery in endpoint.deliveries] == [500, 500, 200]

    def test_without_an_end_it_lasts_until_behave(self, endpoint: Receiver) -> None:
        endpoint.misbehave(status=503)
        assert {send(endpoint.url, body()).status for _ in range(3)} == {503}
        endpoint.behave()
        assert send(endpoint.url, body()).status == 200

    @pytest.mark.parametrize("status", [204, 299, 304, 418, 599])
    def test_any_final_status_can_be_answered(self, endpoint: Receiver, status: int) -> None:
        endpoint.misbehave(status=status)
        assert send(endpoint.url, body()).status == status
        assert endpoint.deliveries[0].status == status

    def test_a_dropped_connection_has_no_answer_and_no_status(
        self, endpoint: Receiver, caplog: pytest.LogCaptureFixture
    ) -> None:
        endpoint.misbehave(drop=True, times=1)
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            send(endpoint.url, body(event(1)))
        assert send(endpoint.url, body(event(2))).status == 200
        assert [delivery.status for delivery in endpoint.deliveries] == [None, 200]
        assert endpoint.deliveries[0].sequence_numbers == (1,)
        assert caplog.records == []

    def test_a_delay_holds_the_answer_back_and_only_that_one(
        self, endpoint: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pause, go_on = _intake._pause, threading.Event()

        async def at_least(seconds: float, stopping: asyncio.Event) -> bool:
            """The delay is not over before the quick one was answered, however long that takes."""
            while seconds and not go_on.is_set():
                await asyncio.sleep(0.01)
            return await pause(seconds, stopping)

        monkeypatch.setattr(_intake, "_pause", at_least)
        endpoint.misbehave(delay=0.3, times=1)
        slow = threading.Thread(target=send, args=(endpoint.url_for("slow"), body()))
        slow.start()
        until_normal(endpoint)
        assert send(endpoint.url_for("quick"), body()).status == 200
        assert [delivery.name for delivery in endpoint.deliveries] == ["quick"]
        go_on.set()
        slow.join()
        assert [(delivery.name, delivery.status) for delivery in endpoint.deliveries] == [("slow", 200), ("quick", 200)]
        assert endpoint.deliveries[0].duration >= 0.3
        assert endpoint.deliveries[0].duration_ms == endpoint.deliveries[0].duration * 1000

    def test_a_sender_that_gives_up_is_recorded_at_once_without_a_status(self, endpoint: Receiver) -> None:
        endpoint.misbehave(delay=FOR_EVER, times=1)
        payload = body(event(4))
        with raw_connection(endpoint) as connection:
            connection.sendall(
                b"POST /webhooks HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(payload) + payload
            )
            until_normal(endpoint)
        (delivery,) = endpoint.wait_for(1, timeout=LONG)
        assert (delivery.status, delivery.body_error, delivery.sequence_numbers) == (None, None, (4,))

    def test_stopping_does_not_wait_for_slow_answers_and_records_them(self) -> None:
        receiver = Receiver().start()
        receiver.misbehave(delay=FOR_EVER, times=1)
        failed: list[BaseException] = []

        def sender() -> None:
            try:
                send(receiver.url, body(event(6)))
            except (http.client.RemoteDisconnected, ConnectionResetError) as error:
                failed.append(error)

        thread = threading.Thread(target=sender)
        thread.start()
        until_normal(receiver)
        receiver.stop()
        thread.join(LONG)
        assert len(failed) == 1
        assert [(delivery.status, delivery.sequence_numbers) for delivery in receiver.deliveries] == [(None, (6,))]

    def test_a_condition_chooses_the_requests_and_only_those_are_counted(self, endpoint: Receiver) -> None:
        endpoint.misbehave(status=500, times=1, when=lambda delivery: delivery.sequence_numbers == (2,))
        statuses = [send(endpoint.url, body(event(number))).status for number in (1, 2, 2)]
        assert statuses == [200, 500, 200]

    def test_a_condition_that_fails_spares_the_request_and_is_kept(self, endpoint: Receiver) -> None:
        endpoint.misbehave(status=500, when=lambda delivery: bool(1 // 0))
        assert send(endpoint.url, body()).status == 200
        assert [type(error) for error in endpoint.callback_errors] == [ZeroDivisionError]

    def test_chance_with_a_seed_is_the_same_each_time(self, endpoint: Receiver) -> None:
        def run() -> list[int]:
            endpoint.misbehave(status=500, probability=0.5, seed=7)
            return [send(endpoint.url, body()).status for _ in range(20)]

        first = run()
        assert set(first) == {200, 500}
        assert run() == first

    def test_a_later_order_replaces_an_earlier_one(self, endpoint: Receiver) -> None:
        endpoint.misbehave(status=500)
        endpoint.misbehave(status=429, times=1)
        assert [send(endpoint.url, body()).status for _ in range(2)] == [429, 200]

    @pytest.mark.parametrize(
        ("arguments", "field"),
        [
            ({}, "status"),
            ({"times": 2}, "status"),
            ({"status": 199}, "status"),
            ({"status": 600}, "status"),
            ({"status": True}, "status"),
            ({"status": 500, "drop": True}, "drop"),
            ({"delay": -1}, "delay"),
            ({"delay": float("inf")}, "delay"),
            ({"delay": "long"}, "delay"),
            ({"status": 500, "times": 0}, "times"),
            ({"status": 500, "probability": 1.5}, "probability"),
            ({"status": 500, "probability": float("nan")}, "probability"),
        ],
    )
    def test_what_cannot_be_done_wrong_is_refused(self, arguments: dict[str, Any], field: str) -> None:
        with pytest.raises(InvalidInputError) as caught:
            Receiver().misbehave(**arguments)
        assert caught.value.field == field

    @pytest.mark.parametrize(
        ("set_up", "text"),
        [
            (lambda r: None, "answers normally"),
            (lambda r: r.misbehave(status=500, delay=0.2, times=3), "answers 500 after 0.2 s, for the next 3 requests"),
            (lambda r: r.misbehave(drop=True, probability=0.25), "drops connections, with probability 0.25"),
            (lambda r: r.misbehave(delay=1, when=bool), "answers normally after 1 s, where its condition holds"),
            (lambda r: r.expect(bearer="x"), "answers normally; expects Bearer authorization"),
        ],
    )
    def test_how_it_will_answer_is_told_in_words(self, set_up: Callable[[Receiver], None], text: str) -> None:
        receiver = Receiver()
        set_up(receiver)
        assert repr(receiver) == f"<Receiver: not running, 0 deliveries, {text}>"
        assert f">{text}</dd>" in receiver._repr_html_()


class TestExpectation:
    def test_the_right_bearer_token_is_let_in_and_nothing_else(
        self, endpoint: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOOK_TOKEN", "tökén")
        endpoint.expect(bearer=Secret.env("HOOK_TOKEN"))
        right = "tökén".encode().decode("latin-1")  # the bytes that go over the wire
        for header, status in [
            (f"Bearer {right}", 200),
            (f"bearer {right}", 200),
            ("Bearer token", 401),
            (f"Basic {right}", 401),
            (right, 401),
            ("", 401),
        ]:
            assert send(endpoint.url, body(), headers={"Authorization": header}).status == status, header
        answer = send(endpoint.url, body())
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="receiver"')

    @pytest.mark.parametrize(
        ("given", "status"),
        [
            ("Basic dXNlcjpww6Q6c3M=", 200),  # user:pä:ss
            ("basic dXNlcjpww6Q6c3M=", 200),
            ("Basic dXNlcjpwYXNz", 401),
            ("Basic dXNlcjpww6Q6c3M", 401),
            ("Basic not base64!", 401),
            ("Basic", 401),
            ("Bearer dXNlcjpww6Q6c3M=", 401),
        ],
    )
    def test_the_right_user_and_password_are_let_in_and_nothing_else(
        self, endpoint: Receiver, given: str, status: int
    ) -> None:
        endpoint.expect(basic=("user", Secret("pä:ss")))
        answer = send(endpoint.url, body(), headers={"Authorization": given})
        assert answer.status == status
        assert (answer.headers["WWW-Authenticate"] is None) == (status == 200)

    def test_expecting_nothing_lets_everyone_in_again(self, endpoint: Receiver) -> None:
        endpoint.expect(bearer="x")
        assert send(endpoint.url, body()).status == 401
        endpoint.expect()
        assert send(endpoint.url, body()).status == 200

    def test_a_misbehaving_status_stands_over_the_expectation(self, endpoint: Receiver) -> None:
        endpoint.expect(bearer="x")
        endpoint.misbehave(status=503, times=1)
        assert [send(endpoint.url, body()).status for _ in range(2)] == [503, 401]

    def test_a_reference_that_leads_nowhere_is_told_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("NO_SUCH_TOKEN", raising=False)
        with pytest.raises(SecretUnavailableError):
            Receiver().expect(bearer=Secret.env("NO_SUCH_TOKEN"))

    def test_two_kinds_at_once_are_refused(self) -> None:
        with pytest.raises(InvalidInputError):
            Receiver().expect(basic=("a", "b"), bearer="c")


class TestStrangers:
    @pytest.mark.parametrize(
        "headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}, {"Host": ""}]
    )
    def test_a_web_page_gets_nothing_and_is_recorded(self, endpoint: Receiver, headers: dict[str, str]) -> None:
        answer = send(f"{endpoint.url}/hook", body(event()), headers=headers)
        assert answer.status == 403
        (delivery,) = endpoint.wait_for(1)
        assert delivery.status == 403
        assert delivery.events == ()
        assert (delivery.body_error or "").startswith("Refused:")

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost:1", "LOCALHOST", "[::1]:80", "host.docker.internal:7"])
    def test_names_of_this_machine_and_named_ones_are_welcome(self, host: str) -> None:
        with Receiver(hosts=["Host.Docker.Internal"]) as receiver:
            assert send(receiver.url, body(event()), headers={"Host": host}).status == 200

    @pytest.mark.parametrize("hosts", [[""], ["http://x/"], [7]])
    def test_a_host_is_a_name(self, hosts: Any) -> None:
        with pytest.raises(InvalidInputError) as caught:
            Receiver(hosts=hosts)
        assert caught.value.field == "hosts"

    def test_memory_is_bounded_in_bytes(self) -> None:
        with Receiver(keep_bytes=100_000) as receiver:
            for number in range(12):
                send(receiver.url, body(event(number, text="x" * 30_000)))
            receiver.wait_for(3)
            assert 1 <= len(receiver.deliveries) <= 3
            assert receiver.dropped == 12 - len(receiver.deliveries)
            assert receiver.deliveries[-1].events[0]["context"]["sequenceNumber"] == 11
