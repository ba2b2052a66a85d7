"""Certificates from files: authorities to trust, and the certificate of the client."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from chronicle_notebook.base._errors import InvalidInputError, missing
from chronicle_notebook.base._secret_rules import unfit
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.base._user_folders import expanded

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n?", re.DOTALL)
_KEY = re.compile(rb"-----BEGIN (ENCRYPTED |[A-Z]+ )?PRIVATE KEY-----")
_WHOLE_KEY = re.compile(rb"-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----.+?-----END \1-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Identity:
    """A client certificate with its key, both PEM. The key is not encrypted and is never shown."""

    chain: bytes
    key: Secret

    def load_into(self, context: ssl.SSLContext) -> None:
        """Load the certificate and the key into a context. The standard library reads keys only from files, so a file
        exists for a moment: in memory alone where the system can do this, as on Linux.

        :raises InvalidInputError: no temporary file can be written.
        """
        with _brief_file(lambda: self.chain + self.key.reveal().encode()) as name:
            # The password prevents a question at a terminal.
            context.load_cert_chain(name, password="")


@dataclass(frozen=True, slots=True)
class CertificateFile:
    """The contents of a file that ``certificatePath`` names."""

    certificates: bytes
    """All certificates of the file, as PEM. A server that shows one of them is accepted (source:
    C/Connections/ChronicleConnection.cs)."""
    identity: Identity | None
    """The certificate and key of the client; None if the file has no key."""


def read_roots(source: str | os.PathLike[str] | bytes) -> bytes:
    """Authorities as PEM, from PEM text or from a PEM file.

    :raises InvalidInputError: the file does not exist, has no certificate, or has an invalid one.
    """
    certificates = _certificates(_held(source) if isinstance(source, bytes) else _read(source, "root_certificates"))
    if not certificates:
        raise InvalidInputError(
            "root_certificates has no PEM certificate.",
            field="root_certificates",
            hint="Give a file, or its bytes, with '-----BEGIN CERTIFICATE-----' in it.",
        )
    if not _are_certificates(certificates):
        raise InvalidInputError(
            "root_certificates has a PEM certificate that cannot be read.",
            field="root_certificates",
            hint="Remove it. openssl x509 -text reads one certificate at a time, to find it.",
        )
    return certificates


def read_certificate(
    path: str | os.PathLike[str], password: Secret | None, *, field: str = "certificatePath"
) -> CertificateFile:
    """A client certificate: PKCS#12, or PEM with or without a key.

    PKCS#12 and encrypted keys need the package cryptography (the extra ``tls``).

    :raises InvalidInputError: the file cannot be read, has neither of these formats, has a different password, or its
        key does not belong to its certificate.
    """
    data = _read(path, field)
    certificates = _certificates(data)
    if not certificates:
        found = _pkcs12(data, password, field)
    elif _KEY.search(data()) is None:
        found = CertificateFile(certificates, None)
    else:
        text = _decrypted(data, password, field) if _is_encrypted(data) else _key_text(data, field)
        found = CertificateFile(certificates, Identity(certificates, text))
    if _works(found):
        return found
    raise _wrong(field)


# A traceback can show the local variables of its frames, and a file can contain a key. So the content is inside a
# function.
Data = Callable[[], bytes]


def _held(data: bytes) -> Data:
    return lambda: data


def _read(path: str | os.PathLike[str], field: str) -> Data:
    try:
        return _held(expanded(path).read_bytes())
    except OSError as error:
        why = error.strerror or "it cannot be read"
    raise InvalidInputError(f"The file that {field} names cannot be read: {why}.", field=field, hint="Check the path.")


@contextmanager
def _brief_file(data: Data) -> Iterator[str]:
    """The name of a file with these bytes, which only this user can read and which is gone after the block."""
    number = -1
    with suppress(AttributeError, OSError):  # not on this system, or its settings forbid it
        number = os.memfd_create("chronicle")
    name = f"/proc/self/fd/{number}"
    if number >= 0 and not Path(name).exists():  # /proc is not mounted
        os.close(number)
        number = -1
    try:
        if number < 0:
            import tempfile

            number, name = tempfile.mkstemp(prefix="chronicle-", suffix=".pem")  # with mode 0600
        with os.fdopen(number, "wb") as file:
            file.write(data())
            file.flush()
            yield name
    except OSError as error:
        if isinstance(error, ssl.SSLError):
            raise
        raise InvalidInputError(
            f"The key of the client cannot be loaded: no temporary file can be written ({error.strerror}).",
            field="certificatePath",
            hint="Set TMPDIR to a folder that this process can write to, and that has room.",
        ) from None
    finally:
        if not name.startswith("/proc/"):
            Path(name).unlink(missing_ok=True)


def _certificates(data: Data) -> bytes:
    """All certificates in a PEM text."""
    return b"".join(each if each.endswith(b"\n") else each + b"\n" for each in _CERTIFICATE.findall(data()))


def _is_encrypted(data: Data) -> bool:
    key = _KEY.search(data())
    return b"Proc-Type: 4,ENCRYPTED" in data() or (key is not None and key.group(1) == b"ENCRYPTED ")


def _key_text(data: Data, field: str) -> Secret:
    """The first key in a PEM text, with its first and last line."""
    found = _WHOLE_KEY.search(data())
    if found is None:
        raise _wrong(field)
    return Secret(found.group().decode("ascii", "replace") + "\n")


def _works(found: CertificateFile) -> bool:
    """Whether OpenSSL accepts the certificate and the key. Otherwise the first handshake would fail."""
    if not _are_certificates(found.certificates):
        return False
    try:
        if found.identity is not None:
            found.identity.load_into(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    except ssl.SSLError:
        return False
    return True


def _are_certificates(pem: bytes) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem.decode("ascii", "replace"))
    except (ssl.SSLError, ValueError):
        return False
    return True


def _wrong(field: str) -> InvalidInputError:
    return InvalidInputError(
        f"The file that {field} names is not a readable certificate, or the password or the key does not fit.",
        field=field,
        hint="It is PKCS#12, or PEM with a certificate; give its password with certificatePassword.",
    )


def _refuse_unfit(password: Secret | None, field: str) -> None:
    fault = None if password is None else unfit(password)
    if fault is not None:
        raise InvalidInputError(
            f"The password of the file that {field} names {fault.message}", field=field, hint=fault.hint
        )


def _decrypted(data: Data, password: Secret | None, field: str) -> Secret:
    try:
        from cryptography.hazmat.primitives import serialization
    except ImportError as error:
        raise missing("tls", "A private key with a password", error) from None
    text = _key_text(data, field)
    _refuse_unfit(password, field)
    try:
        key = serialization.load_pem_private_key(
            text.reveal().encode(), None if password is None else password.reveal().encode()
        )
        return Secret(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ).decode()
        )
    except (ValueError, TypeError):
        failed = _wrong(field)
    raise failed


def _pkcs12(data: Data, password: Secret | None, field: str) -> CertificateFile:
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.serialization import pkcs12
    except ImportError as error:
        raise missing("tls", "A PKCS#12 certificate", error) from None
    _refuse_unfit(password, field)
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(
            data(), None if password is None else password.reveal().encode()
        )
        pem = serialization.Encoding.PEM
        chain = b"".join(each.public_bytes(pem) for each in [*([certificate] if certificate else []), *others])
        text = (
            None
            if key is None
            else Secret(
                key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
            )
        )
    except (ValueError, TypeError):
        failed = _wrong(field)
    else:
        return CertificateFile(chain, None if text is None else Identity(chain, text))
    raise failed
