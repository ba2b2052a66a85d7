"""Finding out the wire generation of a kernel, before any answer is decoded.

Both generations have some methods with the same path and different answers. Decoding an answer with the wrong message
gives no error. So the client does not guess from an answer, but does the following, in this order:

1. ``CheckCompatibility`` with the real webhook file. Compatible means `commands`. The call is anonymous, and kernels up
   to 16.37 do not have it (source: K/Core/Services/Clients/ConnectionService.cs).
2. The text of ``GetDescriptorSet``, anonymous in both generations: the methods of the service Webhooks.
3. The raw bytes of one harmless read: the webhooks of the event store ``System``, which every kernel has. A `commands`
   answer begins with a correlation id, a message of 18 bytes with two fixed numbers, and is never empty. A `classic`
   answer is empty, or begins with an entry that begins with a text.

The first two are asked at once, together with the version and the event stores, which every client needs next.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, TypeVar

from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import DecodeError, Message

from chronicle_notebook._version import __version__
from chronicle_notebook.base._at_once import at_once
from chronicle_notebook.base._call import ServerCaller
from chronicle_notebook.base._errors import (
    AuthenticationError,
    KernelError,
    MethodNotImplementedError,
    PermissionDeniedError,
    ProtocolError,
    RequestRefusedError,
)
from chronicle_notebook.base._redaction import all_said
from chronicle_notebook.contracts._descriptor import PROTOCOL_VERSION, webhook_descriptor_set
from chronicle_notebook.contracts._envelope import open_envelope
from chronicle_notebook.contracts.commands import methods
from chronicle_notebook.contracts.wire import clients_pb2, webhooks_pb2
from chronicle_notebook.model import ServerVersion

COMMANDS, CLASSIC = "commands", "classic"
SYSTEM_STORE = "System"
"""The event store that every kernel has (source: K/Concepts/EventStoreName.cs)."""

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)

_WITHOUT_AN_ANSWER = (
    AuthenticationError,
    MethodNotImplementedError,
    PermissionDeniedError,
    ProtocolError,
    RequestRefusedError,
)
"""Failures that say nothing about the generation, so the next way is tried. A lost connection is not one of them."""

_SERVICE = r"(?ms)\bservice\s+Webhooks\s*\{(.*?)(?=^\s*(?:service|message|enum|package)\b|\Z)"
"""The service in the text of a contract."""


@dataclass(frozen=True, slots=True)
class Negotiation:
    """What is known about a server."""

    generation: str
    """``commands`` or ``classic``."""
    how: str
    """How the generation was found out, as a sentence."""
    version: ServerVersion
    """The version that the server reports; its texts are empty if the server does not report them."""
    incompatibilities: tuple[str, ...] = ()
    """The objections of the kernel's own check to the contract of this package; empty if there are none."""
    early: bool | None = None
    """Whether event stores and namespaces have the services of kernels up to 16.33.0; None if it is not known."""
    told: ServerVersion | None = field(default=None, repr=False)
    """What the server reported about itself when it was connected to; None if it reported nothing to this caller."""
    stores: tuple[str, ...] | None = field(default=None, repr=False)
    """The names of its event stores at that moment; None if it did not list them."""


def negotiate(server: ServerCaller) -> Negotiation:
    """Ask a server for its wire generation.

    :raises ProtocolError: the server answers, but no answer shows the generation.
    :raises KernelError: the connection failed.
    """
    # At once: for a kernel far away each of them would take a round trip of its own.
    (answer, failure), text, told, listed = at_once(
        lambda: _check(server), lambda: _text(server), lambda: _version(server), lambda: _listed(server)
    )
    if answer is not None and answer.IsCompatible and not answer.Incompatibilities:
        return Negotiation(
            COMMANDS,
            "The kernel's own check finds the webhook contract of this package compatible.",
            ServerVersion(answer.ServerVersion, protocol=answer.ServerProtocolVersion),
            told=told,
            stores=_stores(server, listed, COMMANDS, early=None),
        )
    generation, how = _by_text(text) or _by_bytes(server) or (None, "")
    objections = () if answer is None else all_said(answer.Incompatibilities) or ("It gives no reason.",)
    if generation is None and isinstance(failure, MethodNotImplementedError):
        generation, how = CLASSIC, "The kernel has no compatibility check, which kernels up to 16.37 lack."
    if generation is None and failure is not None:
        # Perhaps the server lets nobody in: this says nothing about the generation.
        raise failure
    if generation is None:
        raise ProtocolError(
            f"{server.server} finds the webhook contract of this package incompatible ({objections[0]}), and does not "
            "tell which one it has.",
            server=server.server,
            call=methods.CHECK_COMPATIBILITY.short,
            hint="Use a version of chronicle-notebook that is made for this kernel.",
        )
    checked = None if answer is None else ServerVersion(answer.ServerVersion, protocol=answer.ServerProtocolVersion)
    early = _is_early(text) if generation == CLASSIC else None
    stores = _stores(server, listed, generation, early=early)
    return Negotiation(generation, how, checked or told or ServerVersion(""), objections, early, told, stores)


def _check(server: ServerCaller) -> tuple[clients_pb2.CompatibilityResponse | None, KernelError | None]:
    """The result of the kernel's own check, or why there is none."""
    request = clients_pb2.CompatibilityRequest(
        ClientType="Python",
        ClientVersion=__version__,
        ProtocolVersion=PROTOCOL_VERSION,
        DescriptorSet=webhook_descriptor_set(),
    )
    try:
        return server.call(methods.CHECK_COMPATIBILITY, request), None
    except _WITHOUT_AN_ANSWER as error:
        return None, error


def _text(server: ServerCaller) -> str:
    """The contract as the kernel describes it; empty if it does not."""
    try:
        return server.call(methods.GET_DESCRIPTOR_SET, Empty()).SchemaDefinition
    except _WITHOUT_AN_ANSWER:
        return ""


def _is_early(text: str) -> bool | None:
    """Whether a contract has the event stores of kernels up to 16.33.0; None if it has neither form."""
    names = set(re.findall(r"\brpc\s+(GetEventStores|AllEventStores)\b", text))
    return None if len(names) != 1 else names == {"GetEventStores"}


def _by_text(text: str) -> tuple[str, str] | None:
    service = re.search(_SERVICE, text)
    if service is None:
        return None
    names = set(re.findall(r"\brpc\s+(\w+)", service[1]))
    if "AddWebhooks" in names:
        return COMMANDS, "The kernel's contract has the method AddWebhooks."
    if "Add" in names:
        return CLASSIC, "The kernel's contract has the method Add for webhooks."
    return None


def _by_bytes(server: ServerCaller) -> tuple[str, str] | None:
    try:
        answer = server.raw(methods.GET_WEBHOOKS, webhooks_pb2.GetWebhooksRequest(EventStore=SYSTEM_STORE))
    except _WITHOUT_AN_ANSWER:
        return None
    generation = generation_of(answer)
    if generation is None:
        return None
    return generation, f"The bytes of a list of webhooks are those of the {generation} generation."


def generation_of(answer: bytes) -> str | None:
    """The generation that wrote an answer to ``GetWebhooks``; None if neither did."""
    if not answer:
        return CLASSIC
    if answer[0] != 0x0A:
        return None
    size, start = _varint(answer, 1)
    entry = answer[start : start + size]
    if len(entry) == 18 and entry[0] == 0x09 and entry[9] == 0x11:
        return COMMANDS
    # The first member of a definition that is set: sequence, identifier, event types or target.
    return CLASSIC if entry and entry[0] in {0x0A, 0x12, 0x1A, 0x22} else None


def _varint(data: bytes, start: int) -> tuple[int, int]:
    value = shift = 0
    for position in range(start, min(start + 5, len(data))):
        value |= (data[position] & 0x7F) << shift
        shift += 7
        if data[position] < 0x80:
            return value, position + 1
    return 0, len(data)


def _version(server: ServerCaller) -> ServerVersion | None:
    """What a server reports about itself to this caller, if anything."""
    try:
        answer = server.call(methods.GET_VERSION_INFO, Empty())
    except KernelError:
        return None
    return ServerVersion(answer.Version, answer.CommitSha, answer.ProtocolVersion)


def _listed(server: ServerCaller) -> bytes | None:
    """The bytes of a list of event stores: the call has one path in both generations, and two kinds of answers."""
    try:
        return server.raw(methods.ALL_EVENT_STORES, Empty(), first=True)
    except KernelError:
        return None


def _stores(
    server: ServerCaller, listed: bytes | None, generation: str, *, early: bool | None
) -> tuple[str, ...] | None:
    """The names in a list of event stores; None if there is no list that can be read."""
    try:
        if early:
            from chronicle_notebook.contracts.classic import methods as classic

            return tuple(server.call(classic.GET_EARLY_EVENT_STORES, Empty()).items)
        if listed is None:
            return None
        answer = _kind_of_list(generation).FromString(listed)
        open_envelope(answer, server=server.server, call=methods.ALL_EVENT_STORES.short)
        return tuple(each.Name for each in answer.Data) if generation == COMMANDS else tuple(answer.Data)
    except (KernelError, DecodeError):
        return None


def _kind_of_list(generation: str) -> type[Any]:
    """The message of a list of event stores."""
    if generation == COMMANDS:
        return methods.ALL_EVENT_STORES.response
    from chronicle_notebook.contracts.classic import methods as classic

    return classic.ALL_EVENT_STORES.response
