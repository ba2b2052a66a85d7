"""Every kind of certificate against verification on and off: what works, and what is told when it does not."""

from __future__ import annotations

import errno
import os
import re
import ssl
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from google.protobuf.empty_pb2 import Empty

import chronicle_notebook as cn
from chronicle_notebook import CertificateChangedWarning, CertificateError, InvalidInputError, KernelUnreachableError
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.connection import _server_channel
from chronicle_notebook.connection._certificates import Identity, read_certificate
from chronicle_notebook.connection._channel import Channel
from chronicle_notebook.connection._early_handshake import EarlyHandshake
from chronicle_notebook.connection._host import Host
from chronicle_notebook.connection._server_channel import ServerChannel, reached_early
from chronicle_notebook.connection._sockets import Deadline
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.connection._tls import Pin, named_pin
from chronicle_notebook.connection._trust import Trust
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import host_pb2, webhooks_pb2
from chronicle_notebook.sandbox._certificate import Certificate
from chronicle_notebook.session._description import describe_security
from tests.certificates import Issued, issue
from tests.ports import free_port
from tests.scripted import ScriptedKernel, enveloped, scripted
from tests.scripted_front import as_json, fronted
from tests.waiting import FOR_EVER, LONG

VERSION = host_pb2.ServerVersionInfo(Version="19.29.4")
SKIP = " To connect nevertheless, write skipTlsValidation=true."
UNTRUSTED = "The certificate of SERVER was issued by an authority that is not trusted here (WHY)."
OTHER_NAME = "The certificate of SERVER is for another name than 127.0.0.1."
EXPIRED = "The certificate of SERVER has expired."
NO_TLS = "SERVER does not complete a TLS handshake (wrong version number)."
GIVE_ROOTS = "Give its authority with connect(..., root_certificates=FILE)." + SKIP
NAME_IT = "Connect with a name of the certificate." + SKIP
RENEW = "Renew it on the kernel." + SKIP
CHECK_PORT = "A Chronicle kernel speaks TLS: check the port. For one without TLS write disableTls=true."

AUTHORITY = issue(subject="Private CA", authority=True)
KINDS: dict[str, Issued | None] = {
    "self-signed": issue("127.0.0.1", "localhost", subject="kernel"),
    "self-signed, other name": issue("elsewhere.example", subject="elsewhere.example"),
    "private CA": issue("127.0.0.1", "localhost", subject="kernel", issuer=AUTHORITY),
    "expired": issue("127.0.0.1", "localhost", subject="kernel", days=(-30, -1)),
    "nameless": issue(),
    "plaintext": None,
}


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, int]]:
    with ExitStack() as stack:
        ports = {}
        for kind, issued in KINDS.items():
            settings: dict[str, Any] = {"plain": True} if issued is None else {"certificate": issued.served}
            kernel = stack.enter_context(scripted(**settings))
            ports[kind] = kernel.on(methods.GET_VERSION_INFO, VERSION).port
        yield ports


def ask(port: int, trust: Trust, *, host: str = "127.0.0.1", early: bool = False) -> Channel:
    """A channel over which one call was made. With ``early`` its handshake was begun in a thread before."""
    target = ConnectionString.parse(f"chronicle://{host}:{port}/?auth=none")
    first = reached_early(EarlyHandshake(target.hosts[0], trust, Deadline(FOR_EVER))) if early else None
    channel = Channel(target, trust=trust, timeout=FOR_EVER, first=first)
    try:
        assert channel.call(methods.GET_VERSION_INFO, Empty()).Version == "19.29.4"
    finally:
        channel.close()
    return channel


def refused(port: int, trust: Trust, *, early: bool = False) -> tuple[str, str, str]:
    """The problem, the message with SERVER and WHY in place of what varies, and the hint."""
    with pytest.raises(KernelUnreachableError) as caught:
        ask(port, trust, early=early)
    error = caught.value
    message = re.sub(r"\(self.signed certificate.*?\)|\(unable to .*?\)", "(WHY)", error.message)
    return getattr(error, "problem", ""), message.replace(f"127.0.0.1:{port}", "SERVER"), error.hint


VERIFIED_BY_SYSTEM = {
    "self-signed": ("unknown authority", UNTRUSTED, GIVE_ROOTS),
    "self-signed, other name": ("unknown authority", UNTRUSTED, GIVE_ROOTS),
    "private CA": ("unknown authority", UNTRUSTED, GIVE_ROOTS),
    "expired": ("unknown authority", UNTRUSTED, GIVE_ROOTS),
    "nameless": ("unknown authority", UNTRUSTED, GIVE_ROOTS),
    "plaintext": ("", NO_TLS, CHECK_PORT),
}


@pytest.mark.parametrize("early", [False, True], ids=["", "early"])
@pytest.mark.parametrize("kind", KINDS)
def test_with_the_systems_authorities(servers: dict[str, int], kind: str, early: bool) -> None:
    assert refused(servers[kind], Trust(skip=False), early=early) == VERIFIED_BY_SYSTEM[kind]


VERIFIED_BY_ROOTS = {
    "self-signed, other name": ("wrong name", OTHER_NAME, NAME_IT),
    "expired": ("expired", EXPIRED, RENEW),
    "nameless": ("wrong name", OTHER_NAME, NAME_IT),
    "plaintext": ("", NO_TLS, CHECK_PORT),
}


@pytest.mark.parametrize("early", [False, True], ids=["", "early"])
@pytest.mark.parametrize("kind", KINDS)
def test_with_the_authority_that_signed_it(servers: dict[str, int], kind: str, early: bool) -> None:
    issued = KINDS[kind] or AUTHORITY
    trust = Trust(skip=False, roots=(issued.issuer or issued).pem)
    if kind in VERIFIED_BY_ROOTS:
        assert refused(servers[kind], trust, early=early) == VERIFIED_BY_ROOTS[kind]
        return
    channel = ask(servers[kind], trust, early=early)
    assert channel.verified
    assert describe_security(channel) == "certificate verified"


@pytest.mark.parametrize("early", [False, True], ids=["", "early"])
@pytest.mark.parametrize("kind", KINDS)
def test_without_verification_every_certificate_works_and_it_is_announced(
    servers: dict[str, int], kind: str, early: bool
) -> None:
    if kind == "plaintext":
        assert refused(servers[kind], Trust(skip=True), early=early) == ("", NO_TLS, CHECK_PORT)
        return
    channel = ask(servers[kind], Trust(skip=True), early=early)
    assert not channel.verified
    assert channel.relayed == (kind in {"expired", "nameless"}), "a relay only where a pin cannot work"
    said = describe_security(channel)
    assert said.startswith("certificate not verified (skipTlsValidation=true), pinned at first use, SHA-256 ")
    assert ("relay" in said) == channel.relayed


@pytest.mark.parametrize("early", [False, True], ids=["", "early"])
def test_no_second_handshake_reads_the_name_of_a_certificate_that_grpc_has_accepted_under_the_guessed_one(
    servers: dict[str, int], early: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def noted(pin: Pin, host: Host, trust: Trust, deadline: Deadline) -> Pin:
        read.append(pin.name)
        return named_pin(pin, host, trust, deadline)

    def connect(line: ServerChannel) -> None:
        core: Any = line.channel._channel  # type: ignore[attr-defined]
        while not line.connected:
            core.watch_connectivity_state(core.check_connectivity_state(True), time.time() + LONG)

    monkeypatch.setattr(_server_channel, "named_pin", noted)
    assert ask(servers["expired"], Trust(skip=True), early=early).relayed
    assert len(read) == 1
    monkeypatch.setattr(ServerChannel, "connect_ahead", connect)
    with scripted(certificate=issue("localhost", "127.0.0.1").served) as kernel:
        ask(kernel.on(methods.GET_VERSION_INFO, VERSION).port, Trust(skip=True), early=early)
    assert len(read) == 1


@pytest.mark.parametrize(
    "issued",
    [
        issue(subject="only a common name"),
        issue("*.cluster.example", subject="x"),
        issue("10.1.2.3"),
        issue("k.example", subject="leaf of an expired authority", issuer=issue(subject="Old CA", days=(-9, -1))),
    ],
    ids=["common name with spaces", "wildcard", "address only", "authority expired"],
)
def test_a_pin_works_under_whatever_name_the_certificate_has(issued: Issued) -> None:
    with scripted(certificate=issued.served) as kernel:
        kernel.on(methods.GET_VERSION_INFO, VERSION)
        assert not ask(kernel.port, Trust(skip=True)).relayed


@pytest.mark.parametrize(
    "issued",
    [
        issue("fd00::1"),
        issue("::1", subject="a common name that does not count"),
        issue("*"),
        issue("foo*.example.com"),
        issue("a.*.example.com"),
        issue("*.com"),
    ],
    ids=["IPv6 address", "IPv6 and a common name", "asterisk", "part of a name", "second part", "one part"],
)
def test_a_certificate_whose_names_grpc_compares_with_nothing_goes_by_a_relay(issued: Issued) -> None:
    with scripted(certificate=issued.served) as kernel:
        kernel.on(methods.GET_VERSION_INFO, VERSION)
        channel = ask(kernel.port, Trust(skip=True))
        assert channel.relayed
        assert not channel.verified


def test_verification_is_on_for_every_host_but_loopback_unless_it_is_said() -> None:
    told: list[tuple[str, bool | None, bool]] = [
        ("localhost", None, False),
        ("127.0.0.1", None, False),
        ("127.8.8.8", None, False),
        ("::1", None, False),
        ("chronicle", None, True),
        ("localhost.example", None, True),
        ("10.0.0.1", None, True),
        ("kernel.example", None, True),
        ("kernel.example", True, False),
        ("kernel.example", False, True),
        ("localhost", False, True),
    ]
    for host, skip, verified in told:
        assert Trust(skip=skip).verifies(Host(host)) == verified, (host, skip)


def test_connect_takes_roots_from_a_file_and_the_card_says_that_it_verified(tmp_path: Path) -> None:
    file = tmp_path / "roots.pem"
    file.write_bytes(b"a comment\n" + AUTHORITY.pem)
    leaf = issue("localhost", subject="kernel", issuer=AUTHORITY)
    with scripted(certificate=leaf.served) as kernel:
        kernel.on(methods.GET_VERSION_INFO, VERSION)
        text = f"chronicle://localhost:{kernel.port}/?auth=none&skipTlsValidation=false"
        with cn.connect(text, name="roots", root_certificates=file) as client:
            assert "certificate verified" in repr(client)
        with cn.connect(text, name="roots", root_certificates=AUTHORITY.pem) as client:
            assert "certificate verified" in client._repr_html_()
        with pytest.raises(CertificateError) as caught:
            cn.connect(text, name="roots")
        assert caught.value.problem == "unknown authority"


def test_the_systems_authorities_are_those_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "system.pem"
    file.write_bytes(AUTHORITY.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    leaf = issue("127.0.0.1", subject="kernel", issuer=AUTHORITY)
    with scripted(certificate=leaf.served) as kernel:
        kernel.on(methods.GET_VERSION_INFO, VERSION)
        assert ask(kernel.port, Trust(skip=False)).verified


def test_what_the_environment_names_counts_at_each_connection_and_folders_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "authorities"
    folder.mkdir()
    (folder / "corporate.pem").write_bytes(AUTHORITY.pem)
    (folder / "0a1b2c3d.0").write_bytes(AUTHORITY.pem)  # as `openssl rehash` names it
    (folder / "notes.txt").write_text("no certificate")
    other = tmp_path / "other.pem"
    other.write_bytes(issue(subject="another authority", authority=True).pem)
    leaf = issue("127.0.0.1", subject="kernel", issuer=AUTHORITY)
    with scripted(certificate=leaf.served) as kernel:
        kernel.on(methods.GET_VERSION_INFO, VERSION)
        assert refused(kernel.port, Trust(skip=False))[0] == "unknown authority"
        monkeypatch.setenv("SSL_CERT_DIR", f"{tmp_path / 'missing'}{os.pathsep}{folder}")
        assert ask(kernel.port, Trust(skip=False)).verified, "set after a first try"
        monkeypatch.setenv("SSL_CERT_FILE", str(other))
        assert ask(kernel.port, Trust(skip=False)).verified, "the file and the folders are taken together"
        monkeypatch.delenv("SSL_CERT_DIR")
        assert refused(kernel.port, Trust(skip=False))[0] == "unknown authority"


def test_an_authority_that_is_given_is_checked_on_loopback_too() -> None:
    good, bad = (issue("127.0.0.1", subject="kernel", issuer=by) for by in (AUTHORITY, None))
    assert Trust(roots=AUTHORITY.pem).verifies(Host("127.0.0.1"))
    assert not Trust(roots=AUTHORITY.pem, skip=True).verifies(Host("127.0.0.1")), "unless it is said"
    for issued, connects in ((good, True), (bad, False)):
        with scripted(certificate=issued.served) as kernel:
            kernel.on(methods.GET_VERSION_INFO, VERSION)
            text = f"chronicle://127.0.0.1:{kernel.port}/?auth=none"
            if connects:
                with cn.connect(text, name="roots", root_certificates=AUTHORITY.pem) as client:
                    assert "certificate verified" in repr(client)
            else:
                with pytest.raises(CertificateError):
                    cn.connect(text, name="roots", root_certificates=AUTHORITY.pem)


def test_a_server_that_shows_the_very_certificate_of_certificate_path_is_accepted(tmp_path: Path) -> None:
    issued = issue("elsewhere.example", subject="elsewhere.example")
    file = tmp_path / "known.pem"
    file.write_bytes(issued.pem)
    with scripted(certificate=issued.served) as kernel:
        kernel.on(methods.GET_VERSION_INFO, VERSION)
        text = f"chronicle://127.0.0.1:{kernel.port}/?auth=none&skipTlsValidation=false&certificatePath={file}"
        trust = Trust.of(ConnectionString.parse(text))
        channel = ask(kernel.port, trust)
        assert "the certificate of certificatePath" in describe_security(channel)
        other = Trust(skip=False, accepted=AUTHORITY.pem)
        assert refused(kernel.port, other)[0] == "unknown authority"


CLIENT = issue(subject="a client", issuer=AUTHORITY)
PASSWORD = "canary-password"


@pytest.mark.parametrize("form", ["pem", "encrypted pem", "pkcs12"])
def test_a_client_certificate_is_shown_and_its_key_is_not(tmp_path: Path, form: str) -> None:
    file = tmp_path / "client"
    file.write_bytes(
        {
            "pem": CLIENT.pem + CLIENT.key_pem,
            "encrypted pem": CLIENT.encrypted_key(PASSWORD) + CLIENT.pem,
            "pkcs12": CLIENT.pkcs12(PASSWORD),
        }[form]
    )
    password = "" if form == "pem" else f"&certificatePassword={PASSWORD}"
    with scripted(client_authority=AUTHORITY.pem) as kernel:
        kernel.on(methods.GET_VERSION_INFO, VERSION)
        text = f"chronicle://127.0.0.1:{kernel.port}/?auth=none&certificatePath={file}{password}"
        with cn.connect(text, name="with-certificate") as client:
            assert client.version.version == "19.29.4"
            assert "client certificate shown" in repr(client)
            trust = client._channel.trust
            assert PASSWORD not in repr(trust) + repr(vars(client._channel))
            assert CLIENT.key_pem.decode().splitlines()[1] not in repr(trust)
        plain = f"chronicle://127.0.0.1:{kernel.port}/?auth=none"
        given = Secret(PASSWORD) if password else None
        with cn.connect(plain, name="x", client_certificate=file, client_certificate_password=given) as client:
            assert client.version.version == "19.29.4"


def test_the_key_of_a_client_is_on_no_disk_and_where_it_must_be_there_is_room_or_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = Identity(CLIENT.pem, Secret(CLIENT.key_pem.decode()))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    identity.load_into(ssl.create_default_context())
    monkeypatch.delattr(os, "memfd_create", raising=False)
    with pytest.raises(cn.InvalidInputError, match="no temporary file can be written") as caught:
        identity.load_into(ssl.create_default_context())
    assert (caught.value.field, "TMPDIR" in caught.value.hint) == ("certificatePath", True)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def forbidden(_: str) -> int:
        raise PermissionError(errno.EACCES, "the system allows no such file")

    identity.load_into(ssl.create_default_context())
    monkeypatch.setattr(os, "memfd_create", forbidden, raising=False)
    identity.load_into(ssl.create_default_context())
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_wants_a_client_certificate_says_so() -> None:
    with scripted(client_authority=AUTHORITY.pem) as kernel:
        kernel.on(methods.GET_VERSION_INFO, VERSION)
        with pytest.raises(KernelUnreachableError) as caught:
            ask(kernel.port, Trust())
    assert "certificate" in str(caught.value)


def test_who_signed_a_client_certificate_is_no_authority_for_servers(tmp_path: Path) -> None:
    file = tmp_path / "client.pem"
    file.write_bytes(CLIENT.key_pem + CLIENT.pem + AUTHORITY.pem)
    server = issue("127.0.0.1", issuer=AUTHORITY)
    with scripted(certificate=Certificate(server.pem, server.key_pem)) as kernel:
        kernel.on(methods.GET_VERSION_INFO, VERSION)
        text = f"chronicle://127.0.0.1:{kernel.port}/?auth=none&skipTlsValidation=false&certificatePath={file}"
        assert refused(kernel.port, Trust.of(ConnectionString.parse(text)))[0] == "unknown authority"
        trusted = Trust.of(ConnectionString.parse(text), root_certificates=AUTHORITY.pem)
        ask(kernel.port, trusted)


def test_an_authority_that_is_no_certificate_is_told_before_anything_is_dialled() -> None:
    broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    for given in (broken, AUTHORITY.pem + broken):
        with pytest.raises(InvalidInputError, match="cannot be read") as caught:
            cn.connect("chronicle://127.0.0.1:1", root_certificates=given)
        assert caught.value.field == "root_certificates"


def test_a_key_of_another_certificate_is_told_before_anything_is_dialled(tmp_path: Path) -> None:
    file = tmp_path / "client.pem"
    file.write_bytes(CLIENT.pem + AUTHORITY.key_pem)
    with pytest.raises(InvalidInputError, match="the password or the key does not fit"):
        cn.connect("chronicle://127.0.0.1:1", client_certificate=file)


def test_a_key_in_the_form_of_old_is_read_too(tmp_path: Path) -> None:
    old = CLIENT.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.BestAvailableEncryption(PASSWORD.encode()),
    )
    assert b"Proc-Type: 4,ENCRYPTED" in old
    file = tmp_path / "client.pem"
    file.write_bytes(old + CLIENT.pem)
    found = read_certificate(file, Secret(PASSWORD))
    assert found.identity is not None
    assert found.identity.chain == CLIENT.pem


@pytest.mark.parametrize(
    ("content", "password", "field"),
    [(b"nothing of use", None, "certificatePath"), (CLIENT.pkcs12("another"), PASSWORD, "certificatePath")],
    ids=["not a readable certificate", "wrong password"],
)
def test_a_file_that_cannot_be_used_is_told_without_its_password(
    tmp_path: Path, content: bytes, password: str | None, field: str
) -> None:
    file = tmp_path / "client.pfx"
    file.write_bytes(content)
    more = f"&certificatePassword={password}" if password else ""
    with pytest.raises(InvalidInputError) as caught:
        cn.connect(f"chronicle://127.0.0.1:1/?certificatePath={file}{more}")
    assert caught.value.field == field
    assert PASSWORD not in str(caught.value) + repr(caught.value.__context__)
    with pytest.raises(InvalidInputError, match="cannot be read"):
        cn.connect(f"chronicle://127.0.0.1:1/?certificatePath={tmp_path}/nowhere.pfx")
    with pytest.raises(InvalidInputError, match="root_certificates"):
        cn.connect("chronicle://127.0.0.1:1", root_certificates=b"no pem")


@pytest.mark.parametrize("end", ["\n", "\ufeff", "\x07"], ids=ascii)
def test_the_password_of_a_certificate_is_held_against_the_rule_for_secrets(
    end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "client.pfx").write_bytes(CLIENT.pkcs12(PASSWORD))
    monkeypatch.setenv("CERTIFICATE_PASSWORD", PASSWORD + end)
    address = (
        f"chronicle://127.0.0.1:1/?certificatePath={tmp_path}/client.pfx&certificatePassword=env:CERTIFICATE_PASSWORD"
    )
    with pytest.raises(
        InvalidInputError, match=r"The password of the file that certificatePath names (has|contains)"
    ) as caught:
        cn.connect(address)
    assert PASSWORD not in str(caught.value) + repr(caught.value.__context__)


def test_a_changed_certificate_is_reported_where_nobody_checks_who_the_server_is() -> None:
    port = free_port()
    text = f"chronicle://127.0.0.1:{port}/?auth=none&skipTlsValidation=true"
    with scripted(port) as first:
        first.on(methods.GET_VERSION_INFO, VERSION)
        client = cn.connect(text, name="changing")
        assert "it changed" not in repr(client)
    with closing(client), scripted(port) as second:
        second.on(methods.GET_VERSION_INFO, VERSION)
        with pytest.warns(CertificateChangedWarning, match=r"another certificate than before \(SHA-256 [0-9a-f]{16}…"):
            client.status()
        assert "it changed once since this client connected" in repr(client)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            client.status()


def test_on_loopback_a_new_certificate_is_on_the_card_and_no_warning() -> None:
    port = free_port()
    with scripted(port) as first:
        first.on(methods.GET_VERSION_INFO, VERSION)
        client = cn.connect(f"chronicle://127.0.0.1:{port}/?auth=none", name="developing")
    with closing(client), scripted(port) as second:
        second.on(methods.GET_VERSION_INFO, VERSION)
        client.status()
        assert "(loopback)" in repr(client)
        assert "it changed once" in repr(client)


def test_a_relay_passes_streams_and_large_answers_and_leaves_nothing_behind(caplog: pytest.LogCaptureFixture) -> None:
    rows = webhooks_pb2.QueryResult_IEnumerable_WebhookDetailsResponse
    row = webhooks_pb2.WebhookDetailsResponse(Url="https://example.com/" + "x" * 1000)
    large = enveloped(rows, [row] * 3000)
    before = set(threading.enumerate())
    with scripted(certificate=issue().served) as kernel:
        kernel.on(methods.GET_WEBHOOKS, large).on(methods.OBSERVE_WEBHOOKS, [large, large])
        channel = Channel(ConnectionString.parse(kernel.connection_string))
        answer = channel.call(methods.GET_WEBHOOKS, webhooks_pb2.GetWebhooksRequest(EventStore="shop"))
        assert len(answer.Data) == 3000
        assert channel.relayed
        stream = channel.stream(methods.OBSERVE_WEBHOOKS, webhooks_pb2.ObserveWebhooksRequest(EventStore="shop"))
        assert [len(each.Data) for each in stream] == [3000, 3000]
        relay = channel._last._relay if channel._last else None
        assert relay is not None
        socket_file = Path(relay.target.removeprefix("unix:"))
        assert socket_file.stat().st_mode & 0o077 == 0
        assert socket_file.parent.stat().st_mode & 0o077 == 0
        channel.close()
    assert not socket_file.parent.exists()
    assert caplog.records == []
    assert "chronicle-relay" not in {thread.name for thread in set(threading.enumerate()) - before}


def test_a_relay_lets_nobody_but_the_pinned_server_in() -> None:
    port = free_port()
    with scripted(port, certificate=issue().served) as first:
        first.on(methods.GET_VERSION_INFO, VERSION)
        channel = Channel(ConnectionString.parse(first.connection_string))
        channel.call(methods.GET_VERSION_INFO, Empty())
        line = channel._last
        assert line is not None
        line.take()
    with closing(channel), scripted(port, certificate=issue().served) as second:
        second.on(methods.GET_VERSION_INFO, VERSION)
        with pytest.raises(KernelUnreachableError):
            channel._once(line, methods.GET_VERSION_INFO, _sealed(), _deadline(), first=False)
        assert second.calls == []
        line.leave()
        channel.call(methods.GET_VERSION_INFO, Empty())
        assert len(channel.replaced_certificates) == 1


def _sealed() -> Any:
    from chronicle_notebook.base._call import Sealed

    return Sealed(Empty())


def _deadline() -> Any:
    from chronicle_notebook.connection._sockets import Deadline

    return Deadline(LONG)


def test_the_first_write_after_a_replacement_goes_once_through_a_new_relay() -> None:
    port, ensure = free_port(), methods.ENSURE_EVENT_STORE
    with scripted(port, certificate=issue().served) as first:
        first.on(methods.GET_VERSION_INFO, VERSION)
        channel = Channel(ConnectionString.parse(first.connection_string))
        channel.call(methods.GET_VERSION_INFO, Empty())
        assert channel.relayed
    with closing(channel), scripted(port, certificate=issue().served) as second:
        second.on(ensure, lambda _request, _context: enveloped(ensure.response))
        channel.call(ensure, ensure.request(Name="shop"))
        assert channel.dials == 2
        assert [call.method for call in second.calls] == [ensure.path]


def test_a_relay_that_cannot_be_made_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    long = tmp_path / ("x" * 120)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with scripted(certificate=issue().served) as kernel:
        kernel.on(methods.GET_VERSION_INFO, VERSION)
        with pytest.raises(KernelUnreachableError, match="folder for temporary files: AF_UNIX path too long"):
            ask(kernel.port, Trust())
    assert list(long.iterdir()) == []


def test_a_token_goes_through_a_relay_too(kernel: ScriptedKernel) -> None:
    with scripted(certificate=issue().served) as nameless:
        nameless.on(methods.GET_VERSION_INFO, VERSION)
        target = ConnectionString.parse(f"chronicle://127.0.0.1:{nameless.port}/?apiKey=swordfish")
        with closing(Channel(target)) as channel:
            channel.call(methods.GET_VERSION_INFO, Empty())
        assert nameless.calls[-1].metadata["authorization"] == "Bearer swordfish"


def test_the_token_endpoint_is_held_to_the_same_certificate() -> None:
    """Between the handshake and the request for a token, another server takes the port: it gets no secret."""
    from chronicle_notebook.connection import _http
    from chronicle_notebook.connection._sockets import Deadline
    from chronicle_notebook.connection._tls import secure

    trust = Trust(skip=True)
    with fronted() as first:
        secured = secure(Host("127.0.0.1", first.port), trust, Deadline(LONG))
    with fronted(port=first.port) as second:
        second.on("/connect/token", as_json({"access_token": "t"}))
        with pytest.raises(CertificateError) as caught:
            _http.post(secured, trust, "/connect/token", lambda: b"secret=1", Deadline(LONG))
        assert second.requests == []
    assert caught.value.problem == "changed"
