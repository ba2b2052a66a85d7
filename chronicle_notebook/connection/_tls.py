"""The first handshake with a server: which certificate it shows, whether this is accepted, and how to configure gRPC.

gRPC for Python has no switch that skips validation. If validation is skipped, the certificate of the server is fetched
and pinned: it is trusted as it is, under a name that it has. If the certificate has expired or has no name, gRPC cannot
accept it at all. Then a relay does the handshake instead of gRPC and checks for the same certificate.
"""

from __future__ import annotations

import re
import socket
import ssl
from typing import Any, NamedTuple

from chronicle_notebook.base._errors import CertificateChangedWarning, CertificateError, KernelUnreachableError
from chronicle_notebook.connection._cancellation import ended_by_cancellation
from chronicle_notebook.connection._host import Host
from chronicle_notebook.connection._sockets import Deadline, connect
from chronicle_notebook.connection._trust import H2, Trust

__all__ = [
    "HANDSHAKE_TIMEOUT",
    "Pin",
    "Secured",
    "SeenCertificates",
    "fetch_pin",
    "named_pin",
    "refusal",
    "secure",
    "shake_hands",
    "shown_pin",
    "unreachable",
]

HANDSHAKE_TIMEOUT = 5.0
"""The time limit of a connection and its handshake in seconds, unless the call ends earlier."""

_NAMES = re.compile(rb"\x06\x03\x55\x1d\x11(?:\x01\x01\xff)?\x04.{1,3}?\x30.{1,3}?\x82(.)", re.DOTALL)
"""The alternative names in the bytes of a certificate, up to the length of a first name of the kind DNS."""

_EXPIRED, _NOT_YET, _OTHER_NAMES = 10, 9, {62, 64}
_SKIP = "To connect nevertheless, write skipTlsValidation=true."


class Pin(NamedTuple):
    """A certificate that a server showed: what to trust, and under which name."""

    pem: bytes
    name: str
    """A name of the certificate; empty if gRPC could never accept the certificate."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, in hexadecimal."""
        import hashlib

        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(self.pem.decode())).hexdigest()


class Secured(NamedTuple):
    """A server that has shown an acceptable certificate."""

    host: Host
    pin: Pin | None
    """The pinned certificate; None if the certificate was verified."""

    @property
    def relayed(self) -> bool:
        """Whether a relay is needed, because gRPC could never accept the certificate."""
        return self.pin is not None and not self.pin.name


class SeenCertificates:
    """The certificates that were pinned for one client, by server."""

    def __init__(self) -> None:
        self._seen: dict[str, Pin] = {}
        self.replaced: list[Pin] = []
        """The certificates in place of which a server has shown another one later."""

    def note(self, server: str, pin: Pin, *, warn: bool) -> None:
        """Compare a certificate with the previous one of the same server.

        Each development kernel makes a new certificate at every start. So on loopback, if nobody asked to skip
        validation, ``warn`` is false, and a change is only a remark.
        """
        before = self._seen.get(server)
        self._seen[server] = pin
        if before is None or before.pem == pin.pem:
            return
        self.replaced.append(before)
        if warn:
            from chronicle_notebook.base._warning import warn_user

            warn_user(
                f"{server} shows another certificate than before (SHA-256 {pin.fingerprint[:16]}…, was "
                f"{before.fingerprint[:16]}…). With skipTlsValidation=true nothing checks that it is the same server.",
                CertificateChangedWarning,
            )


def secure(host: Host, trust: Trust, deadline: Deadline) -> Secured:
    """Do the handshake with a server under the rules of its client.

    :raises CertificateError: the certificate is not accepted; ``problem`` says why.
    :raises KernelUnreachableError: there is no server, or the server does not speak TLS.
    """
    if trust.plain:
        from chronicle_notebook.connection._plain import check_plain

        check_plain(host, deadline)
        return Secured(host, None)
    if not trust.verifies(host):
        return Secured(host, fetch_pin(host, trust, deadline))
    failure: CertificateError
    try:
        shake_hands(host, trust.verifying(H2), deadline).close()
        return Secured(host, None)
    except CertificateError as error:
        failure = error
    if trust.accepted:
        pin = fetch_pin(host, trust, deadline)
        if trust.accepts(ssl.PEM_cert_to_DER_cert(pin.pem.decode())):
            return Secured(host, pin)
    raise failure


def fetch_pin(host: Host, trust: Trust, deadline: Deadline) -> Pin:
    """Fetch the certificate that a server shows, and find a name in it."""
    return named_pin(shown_pin(host, trust, deadline), host, trust, deadline)


def shown_pin(host: Host, trust: Trust, deadline: Deadline) -> Pin:
    """Fetch the certificate that a server shows. Its name is only a guess, and empty if there is none."""
    with shake_hands(host, trust.taking_any(H2), deadline) as shown:
        der = shown.getpeercert(binary_form=True) or b""
    return Pin(ssl.DER_cert_to_PEM_cert(der).encode(), _guessed_name(der))


def named_pin(pin: Pin, host: Host, trust: Trust, deadline: Deadline) -> Pin:
    """A pin with the name that its certificate really has.

    The standard library reads the names of a certificate only after it has verified it. So a second handshake trusts
    exactly this certificate.
    """
    try:
        with shake_hands(host, trust.taking_only(pin.pem, H2), deadline) as verified:
            name = _name(verified)
    except CertificateError:
        name = ""
    return pin._replace(name=name)


def refusal(host: Host, trust: Trust, deadline: Deadline) -> KernelUnreachableError | None:
    """What a server reports right after a successful handshake: in TLS 1.3 a server asks for the client's certificate
    during the handshake and refuses a missing one after it.
    """
    if trust.plain:
        return None
    within = deadline.within(1.0)
    try:
        with shake_hands(host, trust.taking_any(H2), within) as connection:
            connection.settimeout(within.left)
            spoke = bool(connection.recv(1))
    except (TimeoutError, KernelUnreachableError):
        return None
    except OSError as error:
        if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
            return unreachable(error, host, within.left, connected=True)
        spoke = False
    if spoke:
        return None
    return KernelUnreachableError(
        f"{host} ends the connection right after the TLS handshake.",
        server=str(host),
        hint="It may not accept the client certificate."
        if trust.identity is not None
        else "It may ask for a client certificate: name one with certificatePath. Or it is shutting down.",
    )


def shake_hands(host: Host, context: ssl.SSLContext, deadline: Deadline) -> ssl.SSLSocket:
    """A TLS connection. Every failure is raised as an error of this package."""
    failure: KernelUnreachableError
    within = deadline.within(HANDSHAKE_TIMEOUT)
    seconds = within.left
    opened: socket.socket | None = None
    try:
        opened = connect(host, within)
        opened.settimeout(within.left)
        # First wrapped, then the handshake: if it is interrupted in between, there is an object to close.
        # The name as bytes: for a text, Python loads its tables of international names, and a host's name is ASCII.
        name = host.name.encode("ascii")
        opened = secured = context.wrap_socket(opened, server_hostname=name, do_handshake_on_connect=False)
        with ended_by_cancellation(opened):
            secured.do_handshake()
        return secured
    except OSError as error:
        failure = unreachable(error, host, seconds, connected=opened is not None)
    except BaseException:
        if opened is not None:
            opened.close()
        raise
    if opened is not None:
        opened.close()
    raise failure


def unreachable(error: OSError, host: Host, seconds: float, *, connected: bool = False) -> KernelUnreachableError:
    """The error for a failed connection or handshake."""
    server = str(host)
    if isinstance(error, ssl.SSLCertVerificationError):
        return _not_accepted(error, host)
    if isinstance(error, TimeoutError):
        within = f"within {seconds:.0f} second{'' if round(seconds) == 1 else 's'}" if seconds >= 1 else "in time"
        return KernelUnreachableError(
            f"{server} did not {'complete a TLS handshake' if connected else 'answer'} {within}.",
            server=server,
            hint="The port accepts connections: the kernel hangs or is overloaded, or the port speaks no TLS."
            if connected
            else "Check host and port, and that no firewall is in between.",
        )
    if isinstance(error, ssl.SSLError) or (connected and isinstance(error, ConnectionError)):
        reason = (getattr(error, "reason", None) or "").upper()
        if "CERTIFICATE" in reason or "HANDSHAKE_FAILURE" in reason:
            return CertificateError(
                f"{server} refuses the TLS handshake ({reason.lower().replace('_', ' ')}).",
                server=server,
                problem="refused",
                hint="It may ask for a client certificate: name one with certificatePath.",
            )
        return KernelUnreachableError(
            f"{server} does not complete a TLS handshake ({reason.lower().replace('_', ' ') or 'no TLS'}).",
            server=server,
            hint="A Chronicle kernel speaks TLS: check the port. For one without TLS write disableTls=true.",
        )
    return KernelUnreachableError(
        f"No connection to {server}: {error.strerror or error}.",
        server=server,
        hint="Check host and port, and that the kernel runs.",
    )


def _not_accepted(error: ssl.SSLCertVerificationError, host: Host) -> CertificateError:
    server, code = str(host), error.verify_code
    if code in _OTHER_NAMES:
        return CertificateError(
            f"The certificate of {server} is for another name than {host.name}.",
            server=server,
            problem="wrong name",
            hint=f"Connect with a name of the certificate. {_SKIP}",
        )
    if code == _EXPIRED:
        return CertificateError(
            f"The certificate of {server} has expired.",
            server=server,
            problem="expired",
            hint=f"Renew it on the kernel. {_SKIP}",
        )
    if code == _NOT_YET:
        return CertificateError(
            f"The certificate of {server} is not valid yet.",
            server=server,
            problem="not yet valid",
            hint=f"Compare the clocks of both machines. {_SKIP}",
        )
    why = re.sub(r"\s+", " ", error.verify_message or "not verified")
    return CertificateError(
        f"The certificate of {server} was issued by an authority that is not trusted here ({why}).",
        server=server,
        problem="unknown authority",
        hint=f"Give its authority with connect(..., root_certificates=FILE). {_SKIP}",
    )


def _name(shown_by: ssl.SSLSocket) -> str:
    """A name of the certificate in a form that gRPC compares; empty if it has none. An address counts as a name.

    gRPC compares no IPv6 address, and a wildcard only as the whole first part of a name. It looks at the subject only
    if the certificate has no other names.
    """
    # The type stubs are less exact than the real result: tuples of pairs of texts.
    shown: Any = shown_by.getpeercert() or {}
    alternatives = shown.get("subjectAltName", ())
    names: list[str] = [value for kind, value in alternatives if kind == "DNS"]
    names += [value for kind, value in alternatives if kind == "IP Address" and ":" not in value]
    for parts in () if alternatives else shown.get("subject", ()):
        names += [value for key, value in parts if key == "commonName"]
    return next((name.replace("*", "x", 1) for name in names if _is_comparable(name)), "")


def _guessed_name(der: bytes) -> str:
    """What looks like the first DNS name of a certificate; empty if nothing does."""
    found = _NAMES.search(der)
    length = 0 if found is None else found[1][0]
    name = "" if found is None else der[found.end() : found.end() + length].decode("ascii", "replace")
    return name.replace("*", "x", 1) if _is_comparable(name) else ""


def _is_comparable(name: str) -> bool:
    rest = name.removeprefix("*.")
    return "*" not in rest and (rest == name or "." in rest)
