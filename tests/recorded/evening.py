"""Messages and deliveries without what differs from run to run: ids, times, ports, hashes and ciphertexts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache, partial
from inspect import getmembers
from types import ModuleType
from typing import Any

from google.protobuf.message import DecodeError, Message

from chronicle_notebook.base._call import Method
from chronicle_notebook.contracts.classic import methods as classic
from chronicle_notebook.contracts.commands import methods as commands

ID, TIME, PORT, HASH, CIPHERTEXT = "<id>", "<time>", "<port>", "<hash>", "<ciphertext>"

_NEVER = "0001-01-01"
_PATTERNS = (
    (re.compile(r"\bcrk1:[0-9A-Fa-f]{40}:[A-Za-z0-9+/=]+"), CIPHERTEXT),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), ID),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?"), TIME),
    (re.compile(r"\b00-[0-9a-f]{32}-[0-9a-f]{16}-\d\d\b"), ID),
    (re.compile(r"(?<=127\.0\.0\.1:)\d+"), PORT),
)
_OF_EACH_CLIENT = {"ClientType", "ClientVersion", "ProtocolVersion", "DescriptorSet"}
"""What a client says of itself when it asks whether it fits."""


def text(value: str) -> Any:
    """A text without what differs from run to run; JSON objects and lists are read, as their layout means nothing."""
    if value[:1] in {"{", "["}:
        try:
            return values(json.loads(value))
        except ValueError:
            pass
    for pattern, name in _PATTERNS:
        value = pattern.sub(partial(_replaced, name), value)
    return value


def _replaced(name: str, found: re.Match[str]) -> str:
    return found[0] if found[0].startswith(_NEVER) else name


def values(value: Any) -> Any:
    """Values as of JSON: what a target receives, for example."""
    if isinstance(value, Mapping):
        return {text(str(key)): _named(str(key), each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [values(each) for each in value]
    return text(value) if isinstance(value, str) else value


def _named(name: str, value: Any) -> Any:
    return HASH if name.lower() == "hash" and value else values(value)


def message(given: Message) -> dict[str, Any]:
    """The fields of a message that are there, by name."""
    found: dict[str, Any] = {}
    for field, value in given.ListFields():
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            found[field.name] = {str(key): _any(value[key]) for key in sorted(value)}
        elif field.message_type is not None:
            found[field.name] = [_part(each) for each in value] if field.is_repeated else _part(value)
        else:
            plain = list(value) if field.is_repeated else value
            found[field.name] = _named(field.name, plain)
    return found


def _any(value: Any) -> Any:
    return _part(value) if isinstance(value, Message) else values(value)


def _part(given: Message) -> Any:
    if given.DESCRIPTOR.full_name == "bcl.Guid":
        return ID
    return message(given)


@cache
def methods_of(generation: str) -> Mapping[str, Method[Any, Any]]:
    """All known methods by path; where both generations have one, that of the generation asked for."""
    own, other = (commands, classic) if generation == "commands" else (classic, commands)
    return {**_methods(other), **_methods(own)}


def _methods(module: ModuleType) -> dict[str, Method[Any, Any]]:
    found = [each for _, each in getmembers(module) if isinstance(each, Method)]
    # Two ways to read one answer stand under one path; what is named first is the contract's.
    return {each.path: each for each in reversed(found)}


def meaning(path: str, request: bytes, generation: str) -> str:
    """What a request means: two that mean the same are equal as texts, whichever process made them."""
    method = methods_of(generation).get(path)
    if method is None:
        return request.hex()
    found = message(method.request.FromString(request))
    if path == commands.CHECK_COMPATIBILITY.path:
        found = {name: value for name, value in found.items() if name not in _OF_EACH_CLIENT}
    return json.dumps(found, sort_keys=True)


def answer(path: str, response: bytes, generation: str) -> Any:
    """What an answer says; its bytes, written in hexadecimal, where the method is not known."""
    method = methods_of(generation).get(path)
    if method is None:
        return response.hex()
    try:
        return message(method.response.FromString(response))
    except DecodeError:
        return response.hex()
