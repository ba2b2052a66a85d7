"""Which server certificates a client accepts, and which certificate the client shows.

Kernels use TLS, unless it was switched off in later ones (source: K/Server/Program.cs). The certificate is verified for
every host except loopback, and on loopback too if the name came from DNS or an authority was given, unless
``skipTlsValidation`` says otherwise. Chronicle's own clients read a missing ``skipTlsValidation`` as true, and so
accept every server.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from chronicle_notebook.base._errors import InvalidInputError
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.base._url import is_local
from chronicle_notebook.connection._host import Host
from chronicle_notebook.connection._string import ConnectionString

if TYPE_CHECKING:
    from chronicle_notebook.connection._certificates import Identity

H2 = ("h2",)
HTTP = ("http/1.1",)
CLEAR = "disableTls=true: everything goes in clear, tokens and secrets too"
"""What to say about a connection without TLS."""


class Trust(NamedTuple):
    """The rules for one client."""

    skip: bool | None = None
    """``skipTlsValidation``. None: skip validation only on loopback, only if the connection string itself names it, and
    only if no authority was given."""
    roots: bytes | None = None
    """The authorities to trust instead of those of the system, as PEM."""
    accepted: bytes = b""
    """Certificates that are accepted as they are, in addition to the authorities, as PEM."""
    identity: Identity | None = None
    """The certificate and key of the client."""
    discovered: bool = False
    """Whether DNS names the servers. An answer of DNS can come from anybody, so it never switches a check off."""
    plain: bool = False
    """Whether there is no TLS at all (``disableTls=true``)."""

    @classmethod
    def of(
        cls,
        target: ConnectionString,
        *,
        root_certificates: str | os.PathLike[str] | bytes | None = None,
        client_certificate: str | os.PathLike[str] | None = None,
        client_certificate_password: Secret | None = None,
    ) -> Trust:
        """The rules of a connection string and of the arguments. Arguments win.

        :raises InvalidInputError: a file cannot be read.
        """
        discovered = target.scheme != "chronicle"
        if root_certificates is None and client_certificate is None and target.certificate_path is None:
            return cls(target.skip_tls_validation, discovered=discovered, plain=target.disable_tls)
        from chronicle_notebook.connection._certificates import read_certificate, read_roots

        roots = None if root_certificates is None else read_roots(root_certificates)
        if client_certificate is not None:
            found = read_certificate(client_certificate, client_certificate_password, field="client_certificate")
        elif target.certificate_path is not None:
            found = read_certificate(target.certificate_path, target.certificate_password)
        else:
            return cls(target.skip_tls_validation, roots, discovered=discovered, plain=target.disable_tls)
        if target.disable_tls:
            raise InvalidInputError(
                "A client certificate was given, and disableTls=true says that there is no TLS.",
                field="client_certificate",
                hint="Leave out one of them.",
            )
        return cls(target.skip_tls_validation, roots, found.certificates, found.identity, discovered)

    def verifies(self, host: Host) -> bool:
        """Whether the certificate of a host is verified. Without TLS there is none, and nothing to accept."""
        if self.plain:
            return True
        if self.skip is not None:
            return not self.skip
        return self.discovered or self.roots is not None or not is_local(host.name, subdomains=False)

    @property
    def authorities(self) -> bytes:
        """The authorities that servers are verified against, as PEM. The issuer of a client certificate is not one of
        them."""
        return self.roots if self.roots is not None else system_roots()

    def accepts(self, der: bytes) -> bool:
        """Whether a certificate is one of the certificates that are accepted as they are."""
        return bool(self.accepted) and ssl.DER_cert_to_PEM_cert(der).strip().encode() in _normal(self.accepted)

    def verifying(self, alpn: Sequence[str]) -> ssl.SSLContext:
        """A TLS context that checks the certificate and its name."""
        context = self._context(alpn)
        context.load_verify_locations(cadata=self.authorities.decode("ascii", "ignore"))
        return context

    def taking_any(self, alpn: Sequence[str]) -> ssl.SSLContext:
        """A TLS context that accepts every certificate. The certificate is then compared with a pin."""
        context = self._context(alpn)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    def taking_only(self, pem: bytes, alpn: Sequence[str]) -> ssl.SSLContext:
        """A TLS context that accepts exactly one certificate, whatever its names are."""
        context = self._context(alpn)
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(cadata=pem.decode())
        return context

    def _context(self, alpn: Sequence[str]) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.set_alpn_protocols(list(alpn))
        if self.identity is not None:
            self.identity.load_into(context)
        return context


def system_roots() -> bytes:
    """The authorities that this system trusts, as PEM. gRPC gets them too, because otherwise it knows only its own
    list.

    ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` are read each time, so a notebook can set them at any moment. On a system
    without a list, gRPC's own list is used.
    """
    paths = ssl.get_default_verify_paths()
    named = _named_by_environment(paths)
    if named:
        return named
    from pathlib import Path

    folder = Path(paths.capath or paths.openssl_capath)
    for file in (Path(paths.cafile or paths.openssl_cafile), folder / "ca-certificates.crt"):
        if file.is_file():
            return file.read_bytes()
    loaded = ssl.create_default_context().get_ca_certs(binary_form=True)
    if loaded:
        return "".join(map(ssl.DER_cert_to_PEM_cert, loaded)).encode()
    import pkgutil

    return pkgutil.get_data("grpc", "_cython/_credentials/roots.pem") or b""


def _named_by_environment(paths: ssl.DefaultVerifyPaths) -> bytes:
    """The authorities in the file and in the folders that the environment names; empty if it names none."""
    from pathlib import Path

    # os.getenv, never os.environ: a traceback that shows the values of a line would show the whole environment.
    named = os.getenv(paths.openssl_cafile_env)
    files = [Path(named)] if named else []
    for folder in filter(None, os.getenv(paths.openssl_capath_env, "").split(os.pathsep)):
        with suppress(OSError):
            files += sorted(Path(folder).iterdir())
    found: list[bytes] = []
    for file in files:
        with suppress(OSError):
            content = file.read_bytes() if file.is_file() else b""
            if b"-----BEGIN CERTIFICATE-----" in content:
                found.append(content)
    # A folder has each certificate under the name of its hash too.
    return b"\n".join(dict.fromkeys(found))


def _normal(pem: bytes) -> set[bytes]:
    """Certificates in the form in which the standard library writes them."""
    marker = "-----END CERTIFICATE-----"
    parts = [part + marker for part in pem.decode("ascii", "ignore").split(marker) if "BEGIN" in part]
    return {ssl.DER_cert_to_PEM_cert(ssl.PEM_cert_to_DER_cert(part.strip())).strip().encode() for part in parts}
