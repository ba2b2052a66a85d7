"""One POST to a target, limited by a deadline whatever the target does. No local variable holds what is sent, because a
traceback would show it.

The request uses no proxy and follows no redirect.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from chronicle_notebook.base._errors import InvalidDefinitionError
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.connection._host import Host
from chronicle_notebook.connection._http_exchange import HttpAnswer, NoAnswerError, exchange
from chronicle_notebook.connection._sockets import Deadline, connect
from chronicle_notebook.model import WebhookCredentials, WebhookDefinition

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_PATH = re.compile(r"[\x21-\x7e]+")


class _Target(NamedTuple):
    host: Host
    secure: bool
    named: str
    """The value of the ``Host`` header."""
    path: str


def post(definition: WebhookDefinition, body: bytes, timeout: float) -> HttpAnswer:
    """POST a JSON body with the headers and the credentials of a definition.

    :param timeout: seconds for everything: name, connection, handshake, request and answer.
    :raises OSError: there is no connection, or not in time.
    :raises NoAnswerError: the URL cannot be requested, or the received bytes are not an answer.
    :raises InvalidDefinitionError: a value cannot be sent in a header.
    """
    deadline = Deadline(timeout)
    target = _target(definition.target_url)
    # A view: the frames of the standard library would show bytes.
    request = memoryview("\r\n".join(_lines(definition, target, len(body))).encode("latin-1") + body)
    with closing(_open(target, deadline)) as connection:
        return exchange(connection, request, deadline)


def _target(url: str) -> _Target:
    """The address to connect to, and the request path. A URL that another client registered may be impossible to
    request."""
    try:
        parts = urlsplit(url)
        secure, name, port = parts.scheme == "https", parts.hostname or "", parts.port
        path = _encoded(parts.path or "/") + (f"?{_encoded(parts.query)}" if parts.query else "")
        if parts.scheme not in {"http", "https"} or not _PATH.fullmatch(path):
            raise ValueError
        usual = 443 if secure else 80
        host = Host(name, usual if port is None else port)
    except ValueError:  # an error of Host is a ValueError too
        raise NoAnswerError("its URL cannot be requested") from None
    named = f"[{host.name}]" if ":" in host.name else host.name
    return _Target(host, secure, named if host.port == usual else str(host), path)


def _encoded(part: str) -> str:
    """A path or a query with characters outside of ASCII percent-encoded, as a kernel's deliveries have them."""
    return part if part.isascii() else quote(part, safe="!#$%&'()*+,/:;=?@[]~")


def _lines(definition: WebhookDefinition, target: _Target, length: int) -> Iterator[str]:
    """The lines of the head. Each value is looked up where it is used, and is in no variable."""
    yield f"POST {target.path} HTTP/1.1"
    yield f"Host: {target.named}"
    yield "Content-Type: application/json; charset=utf-8"
    yield f"Content-Length: {length}"
    for name in definition.headers:
        if not _NAME.fullmatch(name):
            raise _not_carried(definition, "a header")
        yield f"{name}: {_carried(definition, f'the header {name!r}', partial(_header, definition, name))}"
    if isinstance(definition.authorization, WebhookCredentials) and not definition.authorization.fetched:
        yield f"Authorization: {_carried(definition, 'the authorization', partial(_authorization, definition))}"
    yield from ("Connection: close", "", "")


def _carried(definition: WebhookDefinition, what: str, value: Callable[[], str]) -> str:
    if not _VALUE.fullmatch(value()):
        raise _not_carried(definition, what)
    return value()


def _header(definition: WebhookDefinition, name: str) -> str:
    value = definition.headers[name]
    return value.reveal() if isinstance(value, Secret) else value


def _authorization(definition: WebhookDefinition) -> str:
    return (isinstance(definition.authorization, WebhookCredentials) and definition.authorization.header()) or ""


def _not_carried(definition: WebhookDefinition, what: str) -> InvalidDefinitionError:
    return InvalidDefinitionError(
        f"Webhook {definition.id!r}: {what} has a value that a header cannot contain.",
        field="headers",
        webhook=definition.id,
        hint="Check where it comes from: it may end with a line break.",
    )


def _open(target: _Target, deadline: Deadline) -> socket.socket:
    plain = connect(target.host, deadline)
    if not target.secure:
        return plain
    try:
        plain.settimeout(deadline.left)
        secured = ssl.create_default_context().wrap_socket(
            plain, server_hostname=target.host.name, do_handshake_on_connect=False
        )
    except BaseException:
        plain.close()
        raise
    try:
        secured.do_handshake()
    except BaseException:
        secured.close()
        raise
    return secured
