"""Which certificate each server that is not verified has shown, and what to say when it shows another."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

from chronicle_notebook._errors import CertificateChangedWarning


@dataclass(frozen=True, slots=True)
class CertificateChange:
    """A server that is not verified and showed another certificate than before, both as SHA-256."""

    server: str
    before: str
    now: str


class Fingerprints:
    """What was seen in the life of one client."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}
        self.changes: list[CertificateChange] = []
        """Each time that a server showed another certificate."""

    def note(self, server: str, fingerprint: str, *, warn: bool) -> None:
        """Compare with what was seen before.

        Each development kernel makes a certificate at every start. So on loopback, where nobody asked to skip
        validation, ``warn`` is false, and a change is no more than a remark.
        """
        before = self._seen.get(server)
        self._seen[server] = fingerprint
        if before is None or before == fingerprint:
            return
        self.changes.append(CertificateChange(server, before, fingerprint))
        if warn:
            warnings.warn(
                f"{server} shows another certificate than before (SHA-256 {fingerprint[:16]}…, it was {before[:16]}…). "
                "With skipTlsValidation=true nobody checks that it is the same server.",
                CertificateChangedWarning,
                stacklevel=2,
            )
