"""The cards of a client and of its webhooks: which kernel, as whom, how secured; which calls there are."""

from __future__ import annotations

from chronicle_notebook.connection._channel import Channel
from chronicle_notebook.connection._trust import CLEAR
from chronicle_notebook.contracts.negotiated import NegotiatedGateway
from chronicle_notebook.display._origin import Origin
from chronicle_notebook.display._table_and_card import Card, Tone
from chronicle_notebook.model import ServerVersion


def client_card(
    *,
    name: str,
    event_store: str,
    namespace: str,
    embedded: bool,
    version: ServerVersion,
    channel: Channel,
    kernel: NegotiatedGateway,
    remark: str,
) -> Card:
    """The card of a client.

    :param remark: what is missing in the kernel, as a sentence; empty if the event store and the namespace exist.
    """
    defects = kernel.known_defects
    measured = [defect for defect in defects if defect.measured is not None]
    basis = f", {len(measured)} of them {measured[0].basis}" if measured else ""
    found = kernel.negotiation
    objections = () if found is None else found.incompatibilities
    closed = ", closed" if channel.closed else ", connection lost" if channel.disconnected else ""
    before = ["What stands here was so before the connection was lost. The next call connects again."]
    return Card(
        heading=f"Chronicle kernel {kernel.server}{' (embedded sandbox)' if embedded else ''}{closed}",
        facts=[
            ("version", f"{version.version or 'not reported'}, wire generation {kernel.generation}"),
            ("event store", event_store),
            ("namespace", namespace),
            ("authentication", describe_credentials(channel)),
            ("TLS", describe_security(channel)),
            *([("cluster", channel.cluster)] if channel.cluster else []),
            ("known defects", f"{len(defects)}{basis}, listed by client.known_defects" if defects else "none"),
            *([("not executed", version.unserved)] if version.unserved else []),
            ("client", name),
        ],
        notes=[
            *(before if channel.disconnected and not channel.closed else []),
            *(f"The kernel objects: {each}" for each in objections),
            *([f"! {remark}"] if remark else []),
        ],
        tone=Tone.WARNING if remark or channel.disconnected else Tone.PLAIN,
        banner=kernel.origin().banner,
    )


def describe_credentials(channel: Channel) -> str:
    """The identity of the client, for example ``client credentials (development pair), token valid for 59 min``."""
    said, remark = channel.target.credentials.describe(), channel.tokens.remark
    if channel.target.uses_development_credentials:
        said += ", because the connection string has none"
    return f"{said}; {remark}" if remark else said


def describe_security(channel: Channel) -> str:
    """Whether the certificate was verified; if not, the reason and the pinned certificate."""
    if channel.trust.plain:
        return f"off ({CLEAR})"
    shown = ", client certificate shown" if channel.trust.identity is not None else ""
    pin = channel.pin
    if channel.verified or pin is None:
        return f"certificate {'verified' if channel.verified else 'not verified'}{shown}"
    if channel.trust.skip:
        why = " (skipTlsValidation=true)"
    else:
        why = " (loopback)" if channel.trust.skip is None else " (the certificate of certificatePath)"
    text = f"certificate not verified{why}, pinned at first use, SHA-256 {pin.fingerprint[:16]}…{shown}"
    if channel.relayed:
        text += "; through a relay, because it has expired or has no name"
    if channel.replaced_certificates:
        times = len(channel.replaced_certificates)
        text += f"; it changed {'once' if times == 1 else f'{times} times'} since this client connected, last from "
        text += f"{channel.replaced_certificates[-1].fingerprint[:16]}…"
    return text


CALLS = (
    ("all(), ids(), get(id)", "what is registered"),
    ("to_frame()", "the same as a DataFrame"),
    ("explore()", "the same as a widget, live"),
    ("plan(...), register(...)", "what a registration would do, and do it"),
    ("replace(...), remove(id)", "change what kernels otherwise ignore, and remove"),
    ("test(id)", "send a test request to the target"),
    ("code(id)", "show one as code"),
    ("observe()", "the list at each change"),
)
"""The most useful calls, with their purpose."""


def calls_card(event_store: str, origin: Origin) -> Card:
    """A card with the calls. It needs no answer of the kernel."""
    heading = f"Webhooks of event store {event_store!r} on {origin.server}"
    return Card(heading=heading, facts=CALLS, banner=origin.banner)
