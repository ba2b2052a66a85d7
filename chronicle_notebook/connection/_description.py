"""What to tell people of a connection: as whom, and how it is secured."""

from __future__ import annotations

from chronicle_notebook.connection._channel import Channel


def describe_credentials(channel: Channel) -> str:
    """As whom the kernel is called, for example ``client credentials (development pair), token valid for 59 min``."""
    said, remark = channel.target.credentials.describe(), channel.tokens.remark
    if channel.target.uses_development_credentials:
        said += ", because the connection string has none"
    return f"{said}; {remark}" if remark else said


def describe_security(channel: Channel) -> str:
    """Whether the certificate was verified, and if not, why, and which one was pinned."""
    shown = ", client certificate shown" if channel.trust.identity is not None else ""
    pin = channel.pin
    if channel.verified or pin is None:
        return f"certificate {'verified' if channel.verified else 'not verified'}{shown}"
    if channel.trust.skip:
        why = " (skipTlsValidation=true)"
    else:
        why = " (loopback)" if channel.trust.skip is None else " (the very certificate of certificatePath)"
    text = f"certificate not verified{why}, pinned at first use, SHA-256 {pin.fingerprint[:16]}…{shown}"
    if channel.relayed:
        text += "; passed on by a relay, as it has expired or has no name"
    if channel.certificate_changes:
        last = channel.certificate_changes[-1]
        times = len(channel.certificate_changes)
        text += f"; it changed {'once' if times == 1 else f'{times} times'} since this client connected, last from "
        text += f"{last.before[:16]}…"
    return text
