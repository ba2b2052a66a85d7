"""Secrets in storage: encrypted, in the text form of the kernel."""

from __future__ import annotations

import base64
import hashlib
import os
import threading
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from chronicle_notebook.base._errors import SandboxError
from chronicle_notebook.sandbox._data_folder import KEY_UNFINISHED, private
from chronicle_notebook.sandbox._exceptions import OpenSslCryptographicException

MOST_BYTES = 190
"""The largest number of UTF-8 bytes that a 2048-bit key can encrypt with OAEP and SHA-256."""

_PADDING = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)


class Crypto:
    """Encrypts and decrypts with one RSA-2048 key, which is made when it is first needed and stored in the data folder
    with mode 0600.

    The text form is ``crk1:<thumbprint>:<base64>``. OAEP is randomized, so the same secret gives a different text each
    time (source: K/Core/Security/Encryption.cs).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mutex = threading.Lock()
        self._key: rsa.RSAPrivateKey | None = None
        self._thumbprint = ""
        # Decrypting takes about a millisecond, most of the time of a delivery.
        self._plain: dict[str, str] = {}

    def check(self) -> None:
        """Read the stored key, if there is one. Raises SandboxError if it cannot be used."""
        if self._path.exists() or self._path.is_symlink():
            self._loaded()

    def encrypt(self, secret: str) -> str:
        """The text form of a secret; an empty one stays empty.

        Raises ValueError for more than 190 bytes, as the kernel's certificate does.
        """
        if not secret:
            return secret
        raw = secret.encode()
        if len(raw) > MOST_BYTES:
            raise OpenSslCryptographicException("error:0200006E:rsa routines::data too large for key size")
        key = self._loaded()
        cipher = base64.b64encode(key.public_key().encrypt(raw, _PADDING)).decode()
        return f"crk1:{self._thumbprint}:{cipher}"

    def decrypt(self, text: str) -> str:
        """The secret of a text form. Raises ValueError if another key was used."""
        if not text:
            return text
        if text not in self._plain:
            key = self._loaded()
            prefix, thumbprint, cipher = text.split(":", 2)
            if prefix != "crk1" or thumbprint != self._thumbprint:
                raise ValueError(f"No certificate with thumbprint '{thumbprint}' is available for decryption.")
            if len(self._plain) >= 16384:
                self._plain.clear()
            self._plain[text] = key.decrypt(base64.b64decode(cipher), _PADDING).decode()
        return self._plain[text]

    def _loaded(self) -> rsa.RSAPrivateKey:
        with self._mutex:
            if self._key is None:
                self._key = _read(self._path) if self._path.exists() else _create(self._path)
                public = self._key.public_key().public_bytes(
                    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
                )
                self._thumbprint = hashlib.sha256(public).hexdigest()[:40].upper()
            return self._key


def _read(path: Path) -> rsa.RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(private(path).read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise SandboxError(
            f"{path} does not contain the RSA key of a sandbox, so the stored secrets cannot be read.",
            hint="Put the file back, or give another data folder.",
        )
    return key


def _create(path: Path) -> rsa.RSAPrivateKey:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    # Written beside and then renamed, so that a killed process leaves no half key.
    partial = path.with_name(KEY_UNFINISHED)
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    partial.replace(path)
    return key
