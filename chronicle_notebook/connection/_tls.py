"""The first handshake with a server: what it shows, whether that is accepted, and how gRPC is to be told.

gRPC for Python has no switch that skips validation. Where it is skipped, the certificate that the server shows is
fetched and pinned: trusted as it is, under a name that it has. Where even that cannot work, because it has expired or
has no name, a relay takes gRPC's place in the handshake and checks for the same certificate.
"""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
from dataclasses import dataclass
from typing import Any

from chronicle_notebook.base._errors import CertificateError, KernelUnreachableError
from chronicle_notebook.connection._cancellation import ended_by_cancellation
from chronicle_notebook.connection._host import Host
from chronicle_notebook.connection._sockets import Deadline, connect
from chronicle_notebook.connection._trust import H2, Trust

__all__ = [
    "HANDSHAKE_TIMEOUT",
    "Pin",
    "Secured",
    "fetch_pin",
    "refusal",
    "secure",
    "shake_hands",
    "unreachable",
]

HANDSHAKE_TIMEOUT = 5.0
"""Seconds that a connection and its handshake may take, unless the call ends earlier."""

_EXPIRED, _NOT_YET, _OTHER_NAMES = 10, 9, {62, 64}
_SKIP = "To connect all the same, write skipTlsValidation=true."


@dataclass(frozen=True, slots=True)
class Pin:
    """A certificate as a server showed it: what to trust, and under which name."""

    pem: bytes
    name: str
    """A name that the certificate is made out to; empty when gRPC could never accept it."""
    fingerprint: str
    """SHA-256 of the certificate, in hexadecimal."""


@dataclass(frozen=True, slots=True)
class Secured:
    """A server that has shown an acceptable certificate."""

    host: Host
    pin: Pin | None
    """What is trusted; None when the certificate was verified."""

    @property
    def relayed(self) -> bool:
        """Whether gRPC could never accept the certificate, so that a relay must."""
        return self.pin is not None and not self.pin.name


def secure(host: Host, trust: Trust, deadline: Deadline) -> Secured:
    """Shake hands with a server as its client's rules demand.

    :raises CertificateError: its certificate is not accepted; ``problem`` says why.
    :raises KernelUnreachableError: no server there, or one that does not speak TLS.
    """
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
    """Take the certificate that a server shows, and find a name in it.

    The standard library reads a certificate's names only when it has verified it, hence a second handshake that trusts
    exactly this one.
    """
    with shake_hands(host, trust.taking_any(H2), deadline) as shown:
        der = shown.getpeercert(binary_form=True) or b""
    pem = ssl.DER_cert_to_PEM_cert(der).encode()
    try:
        with shake_hands(host, trust.taking_only(pem, H2), deadline) as verified:
            name = _name(verified)
    except CertificateError:
        name = ""
    return Pin(pem, name, hashlib.sha256(der).hexdigest())


def refusal(host: Host, trust: Trust, deadline: Deadline) -> KernelUnreachableError | None:
    """What a server says right after a handshake in which it took no offence: in TLS 1.3 a certificate of the client
    is asked for in the handshake and missed after it.
    """
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
        hint="It may not accept the client certificate that it was shown."
        if trust.identity is not None
        else "It may ask for a client certificate: name one with certificatePath. Or it is shutting down.",
    )


def shake_hands(host: Host, context: ssl.SSLContext, deadline: Deadline) -> ssl.SSLSocket:
    """A TLS connection, with every failure told as an error of this package."""
    failure: KernelUnreachableError
    within = deadline.within(HANDSHAKE_TIMEOUT)
    seconds = within.left
    opened: socket.socket | None = None
    try:
        opened = connect(host, within)
        opened.settimeout(within.left)
        # Wrapped first and shaken hands with afterwards: interrupted in between, there is something to close.
        opened = secured = context.wrap_socket(opened, server_hostname=host.name, do_handshake_on_connect=False)
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
    """What a failed connection or handshake means."""
    server = str(host)
    if isinstance(error, ssl.SSLCertVerificationError):
        return _not_accepted(error, host)
    if isinstance(error, TimeoutError):
        return KernelUnreachableError(
            f"{server} did not {'complete a TLS handshake' if connected else 'answer'} within {seconds:.3g} seconds.",
            server=server,
            hint="A Chronicle kernel always speaks TLS: check the port, and that no firewall is between."
            if connected
            else "Check host and port, and that no firewall is between.",
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
            hint="A Chronicle kernel always speaks TLS: check the port.",
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
            f"The certificate of {server} is made out to another name than {host.name}.",
            server=server,
            problem="wrong name",
            hint=f"Connect under a name that it has. {_SKIP}",
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
        f"The certificate of {server} is of an authority that is not trusted here ({why}).",
        server=server,
        problem="unknown authority",
        hint=f"Give its authority with connect(..., root_certificates=FILE). {_SKIP}",
    )


def _name(shown_by: ssl.SSLSocket) -> str:
    """A name that the certificate is made out to, in a form that gRPC compares; an address counts as one."""
    # The type stubs are vaguer than what this returns: tuples of pairs of texts.
    shown: Any = shown_by.getpeercert() or {}
    alternatives = shown.get("subjectAltName", ())
    names: list[str] = [value for kind, value in alternatives if kind == "DNS"]
    for parts in shown.get("subject", ()):
        names += [value for key, value in parts if key == "commonName"]
    names += [value for kind, value in alternatives if kind == "IP Address"]
    return next((name.replace("*", "x") for name in names), "")
