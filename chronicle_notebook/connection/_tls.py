"""How the channel is secured. Kernels always speak TLS (source: K/Server/Program.cs).

Loopback hosts, and any host with ``skipTlsValidation=true``, are trusted on first use: the certificate that the server
shows is fetched and pinned, since gRPC for Python has no switch that skips validation. Every other host is verified
against the system's authorities.
"""

from __future__ import annotations

import hashlib
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from typing import Any

from chronicle_notebook._errors import KernelUnreachableError

FETCH_TIMEOUT = 5.0
"""Seconds to wait for a server to show its certificate."""


@dataclass(frozen=True, slots=True)
class Pin:
    """A certificate as a server showed it: what to trust, and under which name."""

    pem: bytes
    name: str
    fingerprint: str
    """SHA-256 of the certificate, in hexadecimal."""


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its very name."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def fetch_pin(host: str, port: int) -> Pin:
    """Connect once, take the certificate that the server shows, and find a name in it.

    :raises KernelUnreachableError: no server there, or one that does not speak TLS.
    """
    server = f"{host}:{port}"
    try:
        der = _show(host, port, _any_certificate())
        pem = ssl.DER_cert_to_PEM_cert(der).encode()
        name = _name(host, port, pem)
    except ssl.SSLError as error:
        raise KernelUnreachableError(
            f"{server} does not complete a TLS handshake ({error.reason or 'no TLS'}).",
            server=server,
            hint="A Chronicle kernel always speaks TLS: check the port.",
        ) from None
    except TimeoutError:
        raise KernelUnreachableError(
            f"{server} did not answer within {FETCH_TIMEOUT:g} seconds.",
            server=server,
            hint="Check host and port, and that no firewall is between.",
        ) from None
    except OSError as error:
        raise KernelUnreachableError(
            f"No connection to {server}: {error.strerror or error}.",
            server=server,
            hint="Check host and port, and that the kernel runs.",
        ) from None
    return Pin(pem, name, hashlib.sha256(der).hexdigest())


def _any_certificate() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    return context


def _show(host: str, port: int, context: ssl.SSLContext) -> bytes:
    with (
        socket.create_connection((host, port), timeout=FETCH_TIMEOUT) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        return secured.getpeercert(binary_form=True) or b""


def _name(host: str, port: int, pem: bytes) -> str:
    """A name that the certificate is made out to.

    The standard library reads a certificate's names only when it has verified it, hence a second handshake that
    trusts exactly this one.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=pem.decode())
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection((host, port), timeout=FETCH_TIMEOUT) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        # The type stubs are vaguer than what this returns: tuples of pairs of texts.
        shown: Any = secured.getpeercert() or {}
    names: list[str] = [value for kind, value in shown.get("subjectAltName", ()) if kind == "DNS"]
    for parts in shown.get("subject", ()):
        names += [value for key, value in parts if key == "commonName"]
    return next((name.replace("*", "x") for name in names), host)
