"""Several servers: which one is chosen, and what happens to calls and streams when it dies."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import partial
from itertools import pairwise
from typing import Any

import dns.message
import dns.rdatatype
import dns.rrset
import pytest
from google.protobuf.empty_pb2 import Empty

import chronicle_notebook as cn
from chronicle_notebook import CertificateError, KernelUnreachableError, MissingDependencyError
from chronicle_notebook.connection import _cluster, _srv
from chronicle_notebook.connection._channel import Channel
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.connection._host import Host
from chronicle_notebook.connection._sockets import Deadline
from chronicle_notebook.connection._srv import resolve
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import event_stores_pb2, event_types_pb2, host_pb2, webhooks_pb2
from tests.scripted import ScriptedKernel, enveloped
from tests.scripted_front import HttpAnswer, ScriptedFront, fronted
from tests.waiting import FOR_EVER, LONG, Hold, ctrl_c, eventually

S = grpc.StatusCode
ROWS = webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse
STORES = event_stores_pb2.QueryResult_IEnumerable_EventStoreNamesResponse
TYPES = event_types_pb2.QueryResult_IEnumerable_EventTypeDetailsResponse


class Pair:
    """Two servers with one content: what is written to one is read from the other, as in a real cluster."""

    def __init__(self, *fronts: ScriptedFront) -> None:
        self.fronts = fronts
        self.rows: list[webhooks_pb2.WebhookDetailsResponse] = []
        self.writes = 0
        self.on_write: Any = None
        for number, front in enumerate(fronts):
            front.on("/connections/count", HttpAnswer(200, str(number).encode()))
            front.on("/connections/reserve", HttpAnswer(200))
            kernel = front.kernel
            kernel.on(methods.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version=f"19.29.{number}"))
            kernel.on(methods.GET_WEBHOOKS, lambda _request, _context: enveloped(ROWS, self.rows))
            kernel.on(methods.OBSERVE_WEBHOOKS, self.observe)
            kernel.on(
                methods.ALL_EVENT_STORES, enveloped(STORES, [event_stores_pb2.EventStoreNamesResponse(Name="shop")])
            )
            kind = event_types_pb2.EventTypeDetailsResponse(Type=event_types_pb2.EventType(Id="A", Generation=1))
            kernel.on(methods.ALL_EVENT_TYPES, enveloped(TYPES, [kind]))
            kernel.on(methods.ADD_WEBHOOKS, partial(self.add, front))

    @property
    def hosts(self) -> str:
        return ",".join(front.address for front in self.fronts)

    def observe(self, _request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        yield enveloped(ROWS, self.rows)
        Hold().wait(context)

    def add(self, front: ScriptedFront, request: webhooks_pb2.AddWebhooksRequest, context: Any) -> Any:
        self.writes += 1
        for each in request.Webhooks:
            row = webhooks_pb2.WebhookDetailsResponse(
                Identifier=each.Identifier,
                Url=each.Target.Url,
                EventSequenceId=each.EventSequenceId,
                EventTypes=each.EventTypes,
                IsActive=True,
                IsReplayable=True,
            )
            self.rows.append(row)
        if self.on_write is not None:
            self.on_write(front, context)
        return enveloped(webhooks_pb2.CommandResult)

    def using(self, server: str) -> ScriptedFront:
        return next(front for front in self.fronts if front.address == server)


@pytest.fixture
def pair() -> Iterator[Pair]:
    with ExitStack() as stack:
        yield Pair(*(stack.enter_context(fronted()) for _ in range(2)))


def channel_to(hosts: str, *options: str, **settings: Any) -> closing[Channel]:
    query = "&".join(["auth=none", *options])
    return closing(Channel(ConnectionString.parse(f"chronicle://{hosts}/?{query}"), **settings))


def version(channel: Channel, **options: Any) -> str:
    return channel.call(methods.GET_VERSION_INFO, Empty(), **options).Version


def die(front: ScriptedFront) -> None:
    """As a process that is killed: the port refuses from now on, and every connection is cut."""
    front.stop()
    front.kernel.stop()


def die_after(event: threading.Event, front: ScriptedFront) -> None:
    assert event.wait(LONG)
    die(front)


def test_the_server_with_the_fewest_connections_is_chosen_and_told(pair: Pair) -> None:
    low, high = pair.fronts
    for _ in range(3):
        with channel_to(pair.hosts) as channel:
            version(channel)
            assert channel.server == low.address
    eventually(lambda: low.asked("/connections/reserve") == 3)
    assert [request.verb for request in low.requests if request.path == "/connections/reserve"] == ["POST"] * 3
    assert high.asked("/connections/reserve") == 0
    assert (low.asked("/connections/count"), high.asked("/connections/count")) == (3, 3)
    low.on("/connections/count", HttpAnswer(200, b"9"))
    with channel_to(pair.hosts) as channel:
        assert version(channel) == "19.29.1"


@pytest.mark.parametrize(
    "answer",
    [HttpAnswer(500), HttpAnswer(404), HttpAnswer(200, b"many"), HttpAnswer(200, b"0", delay=FOR_EVER)],
    ids=["500", "404", "no number", "silent"],
)
def test_a_server_that_does_not_tell_its_load_counts_as_full(
    pair: Pair, answer: HttpAnswer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_cluster, "COUNT_TIMEOUT", 2.0)  # of a silent server; the other one answers
    pair.fronts[0].on("/connections/count", answer)
    with channel_to(pair.hosts) as channel:
        assert version(channel) == "19.29.1"


def test_equal_loads_are_shared_out(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_cluster, "LONGEST_JITTER", 0.0)
    pair.fronts[1].on("/connections/count", HttpAnswer(200, b"0"))
    seen = set()
    for _ in range(30):
        with channel_to(pair.hosts) as channel:
            seen.add(version(channel))
        if len(seen) == 2:
            return
    raise AssertionError("one server got everything")


@pytest.mark.parametrize("strategy", ["round-robin", "random"])
def test_the_other_strategies_ask_for_no_load_and_use_every_server(pair: Pair, strategy: str) -> None:
    seen = []
    with channel_to(pair.hosts, f"loadBalancer={strategy}") as channel:
        for _ in range(24):
            seen.append(version(channel))
            assert channel._line is not None
            line, channel._line = channel._line, None
            line.retire()
    assert set(seen) == {"19.29.0", "19.29.1"}
    if strategy == "round-robin":
        assert all(a != b for a, b in pairwise(seen))
    assert all(front.requests == [] for front in pair.fronts)


def test_one_server_is_asked_nothing(pair: Pair) -> None:
    with channel_to(pair.fronts[0].address) as channel:
        version(channel)
    assert pair.fronts[0].requests == []


def test_a_dead_server_is_passed_over_at_the_first_connect(pair: Pair) -> None:
    die(pair.fronts[0])
    for strategy in ("least-connections", "round-robin", "random"):
        with channel_to(pair.hosts, f"loadBalancer={strategy}", timeout=FOR_EVER) as channel:
            assert version(channel, retry=False) == "19.29.1"


def test_when_nobody_answers_every_server_is_named(pair: Pair) -> None:
    for front in pair.fronts:
        die(front)
    with channel_to(pair.hosts) as channel, pytest.raises(KernelUnreachableError) as caught:
        version(channel, retry=False)
    assert "None of the 2 servers" in str(caught.value)
    assert all(front.address in str(caught.value) for front in pair.fronts)


def test_reads_move_to_another_server_long_before_their_deadline(pair: Pair) -> None:
    text = f"chronicle://{pair.hosts}/?auth=none"
    with cn.connect(text, event_store="shop", name="cluster", timeout=FOR_EVER) as client:
        before = client.server
        assert client.webhooks.all().ids == []
        die(pair.using(before))
        assert client.webhooks.all().ids == []
        assert client.server != before
        assert client.server in repr(client)
        assert client.generation == "commands"


def test_a_call_that_was_under_way_is_made_again_on_another_server(pair: Pair) -> None:
    hold = Hold()

    def hang(_request: Any, context: grpc.ServicerContext) -> Any:
        hold.wait(context)
        return enveloped(ROWS)

    pair.fronts[0].kernel.on(methods.GET_WEBHOOKS, hang)
    with channel_to(pair.hosts, timeout=FOR_EVER) as channel:
        version(channel)
        assert channel.server == pair.fronts[0].address
        killer = threading.Thread(target=die_after, args=(hold.entered, pair.fronts[0]), daemon=True)
        killer.start()
        channel.call(methods.GET_WEBHOOKS, webhooks_pb2.GetWebhooksRequest(EventStore="shop"))
        assert channel.server == pair.fronts[1].address
        killer.join(LONG)
    assert not hold.in_vain


def test_an_observation_moves_to_another_server(pair: Pair) -> None:
    with (
        cn.connect(f"chronicle://{pair.hosts}/?auth=none", event_store="shop", name="cluster") as client,
        client.webhooks.observe() as changes,
    ):
        assert changes.next(LONG) is not None
        before = client.server
        pair.rows.append(webhooks_pb2.WebhookDetailsResponse(Identifier="new", Url="http://x", IsActive=True))
        die(pair.using(before))
        hooks = changes.next(LONG)
        assert hooks is not None
        assert hooks.ids == ["new"]
        assert client.server != before


@pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
def test_a_registration_under_way_is_read_back_from_another_server_and_never_sent_twice(pair: Pair, done: bool) -> None:
    def killed(front: ScriptedFront, context: Any) -> None:
        if not done:
            pair.rows.clear()
        threading.Thread(target=die, args=(front,), daemon=True).start()
        Hold().wait(context)  # the answer must not get out

    pair.on_write = killed
    with cn.connect(f"chronicle://{pair.hosts}/?auth=none", event_store="shop", name="cluster") as client:
        if done:
            outcome = client.webhooks.register("h", "http://x.example", lambda b: b.with_event_type("A"), wait=LONG)
            assert outcome
            assert "lost" in outcome.notes[0]
        else:
            with pytest.raises(KernelUnreachableError) as caught:
                client.webhooks.register("h", "http://x.example", lambda b: b.with_event_type("A"), wait=1)
            assert "unknown" in caught.value.hint
        assert client.server == pair.fronts[1].address
    assert pair.writes == 1


def test_a_write_of_another_thread_is_not_cut_off_when_a_read_gives_the_server_up(pair: Pair) -> None:
    front = pair.fronts[0]
    writing, go_on = threading.Event(), threading.Event()

    def slow(_request: Any, _context: grpc.ServicerContext) -> Any:
        writing.set()
        assert go_on.wait(LONG)
        return enveloped(event_stores_pb2.CommandResult)

    front.kernel.on(methods.ENSURE_EVENT_STORE, slow)
    front.kernel.fail(methods.GET_WEBHOOKS, S.UNAVAILABLE, "shutting down")
    with channel_to(pair.hosts) as channel:
        results: list[Any] = []
        request = event_stores_pb2.EnsureEventStoreRequest(Name="shop")
        writer = threading.Thread(target=lambda: results.append(channel.call(methods.ENSURE_EVENT_STORE, request)))
        writer.start()
        assert writing.wait(LONG)
        channel.call(methods.GET_WEBHOOKS, webhooks_pb2.GetWebhooksRequest(EventStore="shop"))
        assert channel.server == pair.fronts[1].address
        go_on.set()
        writer.join(LONG)
    assert len(results) == 1


class NameServer:
    """Answers SRV questions over UDP with the records it was given; an empty list is NXDOMAIN."""

    def __init__(self) -> None:
        self.records: list[str] = []
        self.questions: list[str] = []
        self.silent = False
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        asked = -1
        while True:
            data, peer = self._socket.recvfrom(4096)
            if not data:
                return
            query = dns.message.from_wire(data)
            answer = dns.message.make_response(query)
            name = query.question[0].name
            if query.id != asked:  # and not the same question again, because the answer took its time
                self.questions.append(name.to_text())
            asked = query.id
            if self.records:
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", "SRV", *self.records))
            else:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            if not self.silent:
                self._socket.sendto(answer.to_wire(), peer)

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as goodbye:
            goodbye.sendto(b"", self._socket.getsockname())
        self._thread.join(LONG)
        self._socket.close()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    monkeypatch.setattr(_srv, "LOOK_UP_TIMEOUT", LONG)  # 5 seconds can be too few for a busy machine
    with closing(NameServer()) as running:
        yield running


def test_servers_are_discovered_by_srv_and_again_at_each_connect(pair: Pair, names: NameServer) -> None:
    first, second = pair.fronts
    names.records = [f"10 5 {first.port} localhost."]
    text = f"chronicle+srv://kernel.example/?auth=none&skipTlsValidation=true&srvNameServer={names.address}"
    with closing(Channel(ConnectionString.parse(text))) as channel:
        assert version(channel) == "19.29.0"
        assert names.questions == ["_chronicle._tcp.kernel.example."]
        assert channel.server == f"localhost:{first.port}"
        names.records = [f"10 5 {second.port} localhost."]
        die(first)
        assert version(channel) == "19.29.1"
    assert len(names.questions) == 2


def test_srv_records_are_ordered_by_priority_and_by_weight_within_one(names: NameServer) -> None:
    names.records = ["20 9 1 c.bank.example.", "10 1 2 b.bank.example.", "10 7 3 a.bank.example."]
    found = resolve("kernel.bank.example", Host.parse(names.address), Deadline(LONG))
    assert found == [Host("a.bank.example", 3), Host("b.bank.example", 2), Host("c.bank.example", 1)]


@pytest.mark.parametrize("told", ["localhost", "kernel.other.example", "bank.example.attacker.test", "mybank.example"])
def test_records_that_lead_out_of_the_domain_that_was_named_are_refused(names: NameServer, told: str) -> None:
    names.records = ["10 1 1 a.bank.example.", f"20 1 1 {told}."]
    with pytest.raises(KernelUnreachableError, match=f"{told}, which is not in bank.example") as caught:
        resolve("kernel.bank.example", Host.parse(names.address), Deadline(LONG))
    assert "chronicle://one,two" in caught.value.hint
    assert len(resolve("kernel.bank.example", Host.parse(names.address), Deadline(LONG), anywhere=True)) == 2


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("kernel.bank.example", "a.b.bank.example", "example"),
        ("KERNEL.bank.Example.", "kernel.BANK.example", "a.example"),
        ("bank.example", "a.bank.example", "a.example"),
        ("kernels", "a.kernels", "localhost"),
    ],
)
def test_the_domain_is_that_around_a_name_and_never_one_that_anybody_can_be_in(
    names: NameServer, name: str, inside: str, outside: str
) -> None:
    names.records = [f"10 1 1 {inside}."]
    (found,) = resolve(name, Host.parse(names.address), Deadline(LONG))
    # Letters of a name have no case. An answer may repeat the letters of the question.
    assert (found.name.lower(), found.port) == (inside.lower(), 1)
    names.records = [f"10 1 1 {outside}."]
    with pytest.raises(KernelUnreachableError):
        resolve(name, Host.parse(names.address), Deadline(LONG))


def test_a_record_that_names_this_machine_does_not_switch_the_check_of_the_certificate_off(
    pair: Pair, names: NameServer
) -> None:
    front = pair.fronts[0]
    names.records = [f"0 0 {front.port} localhost."]
    text = f"chronicle+srv://{{}}/?apiKey=prod-token&srvNameServer={names.address}"
    for name, error in (("kernel.prod.example.com", KernelUnreachableError), ("localhost", CertificateError)):
        with closing(Channel(ConnectionString.parse(text.format(name)), timeout=LONG)) as channel:
            assert channel.verified
            with pytest.raises(error):
                version(channel)
    assert not [call for call in front.kernel.calls if "prod-token" in str(call.metadata)]


def test_no_records_and_a_silent_name_server_are_told_apart(names: NameServer) -> None:
    with pytest.raises(KernelUnreachableError, match=r"_chronicle\._tcp\.kernel\.example: there are none"):
        resolve("kernel.example", Host.parse(names.address), Deadline(LONG))
    names.silent = True
    with pytest.raises(KernelUnreachableError, match="the name server does not answer"):
        resolve("kernel.example", Host.parse(names.address), Deadline(0.5))


def test_ctrl_c_ends_the_look_up(names: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_srv, "LOOK_UP_TIMEOUT", FOR_EVER)
    names.silent = True
    with ctrl_c(lambda: names.questions):
        resolve("kernel.example", Host.parse(names.address), Deadline(FOR_EVER))


def test_without_dnspython_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dns.resolver", None)
    with pytest.raises(MissingDependencyError, match=r"chronicle-notebook\[srv\]"):
        resolve("kernel.example", None, Deadline(1))


def test_a_token_and_a_correlation_id_go_with_each_call_after_a_failover_too(pair: Pair) -> None:
    from tests.scripted_front import as_json

    for number, front in enumerate(pair.fronts):
        front.on("/connect/token", as_json({"access_token": f"of-{number}", "expires_in": 3600}))
    text = f"chronicle://orders:secret@{pair.hosts}"
    with closing(Channel(ConnectionString.parse(text), timeout=8000)) as channel:
        version(channel)
        die(pair.fronts[0])
        version(channel)
    calls = [call for front in pair.fronts for call in front.kernel.calls if "GetVersionInfo" in call.method]
    assert [call.metadata["authorization"] for call in calls] == ["Bearer of-0", "Bearer of-0"]
    assert len({call.metadata["x-correlation-id"] for call in calls}) == 2
    assert all(7000 < (call.time_remaining or 0) < 9000 for call in calls)


def test_a_server_of_the_cluster_that_refuses_the_token_of_another_gives_its_own(pair: Pair) -> None:
    from tests.scripted_front import as_json

    def guard(kernel: ScriptedKernel, good: str, version_text: str) -> None:
        def answer(_request: Any, context: grpc.ServicerContext) -> Any:
            if dict(context.invocation_metadata()).get("authorization") != f"Bearer {good}":
                context.abort(S.UNAUTHENTICATED, "unknown token")
            return host_pb2.ServerVersionInfo(Version=version_text)

        kernel.on(methods.GET_VERSION_INFO, answer)

    for number, front in enumerate(pair.fronts):
        front.on("/connect/token", as_json({"access_token": f"of-{number}"}))
        guard(front.kernel, f"of-{number}", f"19.29.{number}")
    with closing(Channel(ConnectionString.parse(f"chronicle://orders:secret@{pair.hosts}"))) as channel:
        assert version(channel) == "19.29.0"
        die(pair.fronts[0])
        assert version(channel) == "19.29.1"
