"""The doctor tells one illness from another, and says what to do."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

import chronicle_notebook as cn
from chronicle_notebook import Receiver, Sandbox
from chronicle_notebook.cli import main
from chronicle_notebook.connection._grpc import grpc
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import event_stores_pb2, host_pb2, namespaces_pb2, webhooks_pb2
from chronicle_notebook.session._doctor import Diagnosis, StepFinding, examine
from tests.sandbox.caller import Caller
from tests.scripted import ScriptedKernel, enveloped
from tests.waiting import LONG

CANARY = "qx9canary7"
STEPS = ["name", "port", "TLS", "token", "contract", "event store", "namespace", "permission"]


def diagnose(connection: str, **options: object) -> Diagnosis:
    return examine(ConnectionString.parse(connection), timeout=LONG, **options)  # type: ignore[arg-type]


def ends_at(diagnosis: Diagnosis, name: str) -> tuple[str, str]:
    """What was seen at the step where it must end, and what to do; what follows was not reached."""
    failed = diagnosis.failed
    assert failed is not None
    assert failed.name == name, diagnosis
    position = STEPS.index(name)
    assert [step.name for step in diagnosis] == STEPS
    assert {step.finding for step in diagnosis[:position]} <= {StepFinding.PASSED}
    assert {step.finding for step in diagnosis[position + 1 :]} <= {StepFinding.NOT_REACHED}
    assert all(step.duration is not None for step in diagnosis[: position + 1])
    assert not diagnosis
    assert f"fails at {name}" in repr(diagnosis)
    assert f"Next step: {failed.next_step}" in repr(diagnosis)
    return failed.detail, failed.next_step


@pytest.fixture(scope="module")
def locked() -> Iterator[Sandbox]:
    """A kernel that wants to know who calls."""
    with Sandbox(auth=True, clients={"reader": CANARY}) as running:
        yield running


def test_a_clear_way_passes_every_step(shared_sandbox: Sandbox) -> None:
    diagnosis = diagnose(shared_sandbox.connection_string, event_store="System", namespace="Default")
    assert diagnosis, diagnosis
    assert [step.finding for step in diagnosis] == [StepFinding.PASSED] * 8
    assert diagnosis["token"].detail == "not needed"
    assert diagnosis["contract"].detail.endswith("wire generation commands")
    assert "can be listed" in diagnosis["permission"].detail
    assert f"All steps to {shared_sandbox.address} passed." in repr(diagnosis)
    assert "<table" in diagnosis._repr_html_()


def test_without_a_store_the_last_steps_say_that_none_was_named(shared_sandbox: Sandbox) -> None:
    diagnosis = diagnose(shared_sandbox.connection_string)
    assert diagnosis
    assert diagnosis["event store"].detail == "none was named, so none was checked"


def test_a_name_that_is_not_known() -> None:
    detail, step = ends_at(diagnose("chronicle://no-such-host.invalid:35000/?auth=none"), "name")
    assert detail == "no address is known for the name 'no-such-host.invalid'"
    assert step == "Check the host in the connection string, and this machine's DNS or VPN."


def test_a_port_where_nobody_listens() -> None:
    detail, step = ends_at(diagnose("chronicle://127.0.0.1:9/?auth=none"), "port")
    assert detail == "port 9 of 127.0.0.1 is refused: no program listens there"
    assert step == "Start the kernel, or correct the port (a kernel's own is 35000)."


def test_a_port_that_speaks_http_without_tls() -> None:
    with Receiver() as receiver:
        port = receiver.port
        detail, step = ends_at(diagnose(f"chronicle://127.0.0.1:{port}/?auth=none"), "TLS")
    assert detail == f"port {port} of 127.0.0.1 answers without TLS"
    assert step == "Check the port, and that no proxy removes the TLS. A kernel without TLS needs disableTls=true."


def test_a_port_that_speaks_grpc_without_tls() -> None:
    server = grpc.server(ThreadPoolExecutor(2))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        detail, _ = ends_at(diagnose(f"chronicle://127.0.0.1:{port}/?auth=none"), "TLS")
    finally:
        server.stop(0).wait()
    assert detail == f"port {port} of 127.0.0.1 answers without TLS"


def test_a_port_that_takes_connections_and_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        target = ConnectionString.parse(f"chronicle://127.0.0.1:{port}/?auth=none")
        detail, step = ends_at(examine(target, timeout=0.3), "TLS")
    assert "did not complete a TLS handshake in time" in detail
    assert step == "The port accepts connections: the kernel hangs or is overloaded, or the port speaks no TLS."


def test_a_port_that_hangs_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as rude:

        def hang_up() -> None:
            try:
                while True:
                    rude.accept()[0].close()
            except OSError:
                return

        thread = threading.Thread(target=hang_up)
        thread.start()
        port = rude.getsockname()[1]
        detail, _ = ends_at(diagnose(f"chronicle://127.0.0.1:{port}/?auth=none"), "TLS")
        rude.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert "does not complete a TLS handshake" in detail


def test_a_certificate_that_is_not_trusted(shared_sandbox: Sandbox) -> None:
    target = f"chronicle://{shared_sandbox.address}/?auth=none&skipTlsValidation=false"
    detail, step = ends_at(diagnose(target), "TLS")
    assert detail.startswith(
        f"The certificate of {shared_sandbox.address} was issued by an authority that is not trusted here"
    )
    assert "skipTlsValidation=true" in step


def test_a_kernel_that_wants_credentials_and_gets_none(locked: Sandbox) -> None:
    detail, step = ends_at(diagnose(f"chronicle://{locked.address}/?auth=none"), "token")
    assert detail == "the kernel wants credentials, and the connection string says auth=none"
    assert step.startswith("Leave auth=none out")


def test_a_secret_that_is_wrong(locked: Sandbox) -> None:
    diagnosis = diagnose(f"chronicle://reader:wrong{CANARY}@{locked.address}")
    ends_at(diagnosis, "token")
    assert CANARY not in repr(diagnosis) + diagnosis._repr_html_() + str(list(diagnosis))


def test_a_token_that_is_not_accepted(locked: Sandbox) -> None:
    detail, _ = ends_at(diagnose(f"chronicle://{locked.address}/?apiKey={CANARY}"), "token")
    assert detail == "the kernel does not accept the api key"


def test_a_token_that_is_not_at_hand(locked: Sandbox) -> None:
    detail, step = ends_at(diagnose(f"chronicle://{locked.address}/?apiKey=env:NOT_SET_ANYWHERE"), "token")
    assert detail == "The environment variable 'NOT_SET_ANYWHERE' is not set"
    assert step.startswith("Set NOT_SET_ANYWHERE")


def test_the_right_secret_passes(locked: Sandbox) -> None:
    diagnosis = diagnose(f"chronicle://reader:{CANARY}@{locked.address}")
    assert diagnosis, diagnosis
    assert "accepted" in diagnosis["token"].detail
    assert CANARY not in repr(diagnosis)


@pytest.mark.parametrize("profile", ["16.37", "16.38", "documented"])
def test_a_sandbox_tells_what_it_accepted_and_does_not_carry_out(profile: str) -> None:
    release = {"documented": "19.29"}.get(profile, profile)
    with Sandbox(behaves_like=profile, accept_unserved=True) as sandbox:
        assert "executed" not in diagnose(sandbox.connection_string)["contract"].detail
        caller = Caller(sandbox, release)
        caller.call("Projections.Projections/Register", EventStore="shop", Projections=[{"Identifier": "One"}])
        caller.close()
        diagnosis = diagnose(sandbox.connection_string)
        assert diagnosis["contract"].detail.endswith("; accepted but not executed: 1 projection")
        with cn.connect(sandbox.connection_string) as client:
            assert "1 projection" in repr(client)


def test_a_kernel_of_the_other_generation_is_told() -> None:
    with Sandbox(contract="classic") as old:
        diagnosis = diagnose(old.connection_string, event_store="System", namespace="Default")
    assert diagnosis, diagnosis
    assert diagnosis["contract"].detail.endswith("wire generation classic")


def test_a_server_that_is_no_chronicle_kernel(kernel: ScriptedKernel) -> None:
    detail, step = ends_at(diagnose(kernel.connection_string), "contract")
    assert detail.startswith("the server speaks neither wire generation of Chronicle")
    assert step == "Check that the port belongs to a Chronicle kernel."


def test_a_store_and_a_namespace_that_are_not_there(shared_sandbox: Sandbox) -> None:
    detail, step = ends_at(diagnose(shared_sandbox.connection_string, event_store="Systm"), "event store")
    assert detail == "the kernel has no event store 'Systm'"
    assert "'System'" in step
    found = diagnose(shared_sandbox.connection_string, event_store="System", namespace="Defalt")
    detail, step = ends_at(found, "namespace")
    assert (detail, step) == ("event store 'System' has no namespace 'Defalt'", "Did you mean 'Default'?")


@pytest.mark.parametrize("name", ["", " "])
def test_an_event_store_with_a_blank_name_is_warned_of_before_the_kernel_is_restarted(
    kernel: ScriptedKernel, name: str
) -> None:
    """One such name, and a kernel on SQL storage never starts again."""
    stores = enveloped(event_stores_pb2.QueryResult_IEnumerable_EventStoreNamesResponse)
    for each in ("shop", name):
        stores.Data.add(Name=each)
    spaces = enveloped(namespaces_pb2.QueryResult_IEnumerable_NamespaceNamesResponse)
    spaces.Data.add(Name="Default")
    kernel.on(methods.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="16.38.0"))
    kernel.on(methods.ALL_EVENT_STORES, stores).on(methods.ALL_NAMESPACES, spaces)
    kernel.on(methods.GET_WEBHOOKS, enveloped(webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse))
    for diagnosis in (
        diagnose(kernel.connection_string),
        diagnose(kernel.connection_string, event_store="shop", namespace="Default"),
    ):
        assert diagnosis, "the way is clear"
        for shown in (repr(diagnosis), str(diagnosis["event store"])):
            assert f"a blank name ({name!r})" in shown
            assert "will not start again" in " ".join(shown.split())
    _, step = ends_at(diagnose(kernel.connection_string, event_store="nothing"), "event store")
    assert step.startswith(f"It has shop, {name!r}: name one")
    with cn.connect(kernel.connection_string, event_store="shop", name="blank") as client:
        assert "will not start again" in " ".join(repr(client.status()).split())
        assert "will not start again" in " ".join(repr(client).split())
        assert repr(name) in repr(client.event_stores())
        assert name in client.event_stores().to_frame().index, "the frame has the name itself"
    with cn.connect(kernel.connection_string, event_store="nothing", name="blank") as client:
        with pytest.raises(cn.UnknownEventStoreError) as caught:
            client.webhooks.all()
        assert caught.value.hint.startswith(f"It has shop, {name!r}. Create one")


def test_a_caller_who_may_not_list(kernel: ScriptedKernel) -> None:
    stores = enveloped(event_stores_pb2.QueryResult_IEnumerable_EventStoreNamesResponse)
    stores.Data.add(Name="shop")
    spaces = enveloped(namespaces_pb2.QueryResult_IEnumerable_NamespaceNamesResponse)
    spaces.Data.add(Name="Default")
    kernel.on(methods.GET_VERSION_INFO, host_pb2.ServerVersionInfo(Version="19.29.4"))
    kernel.on(methods.ALL_EVENT_STORES, stores).on(methods.ALL_NAMESPACES, spaces)
    kernel.fail(methods.GET_WEBHOOKS, grpc.StatusCode.PERMISSION_DENIED)
    detail, step = ends_at(diagnose(kernel.connection_string, event_store="shop", namespace="Default"), "permission")
    assert detail == "the kernel does not allow the caller to list webhooks"
    assert step == "Use the credentials of a client that may do this."


def test_it_is_reached_from_the_module_and_from_a_client(client: cn.Client) -> None:
    assert cn.doctor()
    assert client.doctor()
    assert client.doctor(event_store="nothing").failed is not None
    assert cn.doctor("chronicle://127.0.0.1:9/?auth=none").failed is not None


def test_the_command_line_ends_with_one_where_the_way_does(
    shared_sandbox: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["doctor", shared_sandbox.connection_string, "--store", "System", "--namespace", "Default"]) == 0
    assert " passed." in capsys.readouterr().out
    assert main(["doctor", shared_sandbox.connection_string, "--store", "Systm"]) == 1
    assert "fails at event store" in capsys.readouterr().out
    monkeypatch.setenv("MY_KERNEL", shared_sandbox.connection_string)
    assert main(["doctor", "env:MY_KERNEL"]) == 0
    capsys.readouterr()
    assert main(["doctor", "env:NOT_SET_ANYWHERE"]) == 1
    assert "NOT_SET_ANYWHERE" in capsys.readouterr().err
    assert main(["doctor", ""]) == 1, "a variable of a shell script that was not set"
    assert "The connection string is empty." in capsys.readouterr().err


def test_a_step_reads_as_a_sentence() -> None:
    step = diagnose("chronicle://127.0.0.1:9/?auth=none")["port"]
    assert str(step).startswith("port: failed (")
    assert str(step).endswith(
        "port 9 of 127.0.0.1 is refused: no program listens there. Start the kernel, or correct the port "
        "(a kernel's own is 35000)."
    )
