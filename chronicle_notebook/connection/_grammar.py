"""Parsing: from the text of a connection string to its fields.

No error repeats a part of the text that could contain a secret, and none has such a part in its context. An error names
an unknown option only if the option consists of letters and does not follow a secret that may have been cut in two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from chronicle_notebook.base._errors import InvalidConnectionStringError, InvalidInputError, did_you_mean
from chronicle_notebook.base._secret_rules import unfit
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.connection._host import DEFAULT_PORT, Host, parse_port, shape

SCHEMES = ("chronicle", "chronicle+srv")
LOAD_BALANCERS = ("least-connections", "round-robin", "random")
OPTIONS = {
    "skipTlsValidation": "skip_tls_validation",
    "certificatePath": "certificate_path",
    "certificatePassword": "certificate_password",
    "apiKey": "api_key",
    "auth": "auth",
    "loadBalancer": "load_balancer",
    "srvNameServer": "srv_name_server",
    "authPort": "auth_port",
    "disableTls": "disable_tls",
}
"""The options, and the field of each option."""

_PAIR_KEYS = ("Scheme", "Host", "Port", "Servers", "Username", "Password")
_SECRETS = frozenset({"Password", "certificatePassword", "apiKey"})
_DNS_PORT = 53
_URL = re.compile(r"(?s)([A-Za-z][A-Za-z0-9+.-]*)://(.*)")
_NAMEABLE = r"[A-Za-z_-]{1,30}"
REFERENCES = ("env:", "file:", "keyring:")
"""The prefixes of a reference to a secret in a connection string."""


def read(text: str) -> dict[str, Any]:
    """The fields of a text."""
    bare = text.strip()
    fault = unfit(text.strip(" ")) if bare else None
    if fault is not None:
        # No key of a pair begins with a quote, so quotes around the whole text are never meant.
        raise _wrong("text", f"The connection string {fault.message}", fault.hint.partition(" If ")[0])
    if not bare:
        raise _wrong(
            "text",
            "The connection string is empty.",
            "Write chronicle://localhost:35000 for a kernel on this machine; without a connection string "
            "$CHRONICLE_CONNECTION_STRING is used.",
        )
    url = _URL.fullmatch(bare)
    return _read_url(url[1].lower(), url[2]) if url else _read_pairs(bare)


# -- chronicle://... -------------------------------------------------------------------------------------------------


def _read_url(scheme: str, rest: str) -> dict[str, Any]:
    fields: dict[str, Any] = {"scheme": _scheme(scheme)}
    end = next((position for position, character in enumerate(rest) if character in "/?"), len(rest))
    authority, tail = rest[:end], rest[end:]
    path, _, query = tail.partition("?")
    if "@" in tail and "@" not in authority:
        raise _wrong(
            "host",
            "There is an '@' after the hosts.",
            "Write '/' and '?' in a user name or password as %2F and %3F, and '@' in an option as %40.",
        )
    if path not in {"", "/"}:
        raise _wrong("path", "There is a path after the hosts.", "The event store is an argument of connect().")
    user, at, hosts = authority.rpartition("@")
    if at:
        fields |= _user(user)
    fields["hosts"] = tuple(map(Host.parse, hosts.split(",")))
    return fields | _query(query)


def _scheme(scheme: str) -> str:
    if scheme in SCHEMES:
        return scheme
    known = scheme if scheme in {"http", "https", "grpc", "grpcs"} else ""
    raise _wrong(
        "scheme",
        f"{known} is not a scheme of a connection string." if known else "The scheme is not known.",
        "Use chronicle:// or chronicle+srv://.",
    )


def _user(text: str) -> dict[str, Any]:
    username, colon, password = text.partition(":")
    if ":" in password:
        hint = "Write ':' in a password as %3A, so env:NAME as env%3ANAME."
        raise _wrong("password", "There is more than one ':' before the '@'.", hint)
    if not username and not password:
        raise _wrong(
            "username", "There is nothing before the '@'.", "Write chronicle://id:secret@host, or leave out the '@'."
        )
    return {
        "username": _decoded("username", username) or None,
        "password": _secret("password", _decoded("password", password)) if colon and password else None,
    }


def _query(query: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    before = ""
    for position, pair in enumerate(query.split("&") if query else (), start=1):
        key, _, value = pair.partition("=")
        if pair.count("=") != 1:
            from urllib.parse import unquote

            known = _known(unquote(key, errors="replace"), tuple(OPTIONS))
            raise _wrong(
                known or "options",
                f"Option {position} in the text{f', {known},' if known else ''} is not a name, one '=' and a value.",
                "Write '=' and '&' in a value as %3D and %26.",
            )
        option = _option(_decoded("options", key), tuple(OPTIONS), before, "Write '&' in a value as %26.")
        _put(fields, option, _decoded(option, value))
        before = option
    return fields


def _decoded(field: str, text: str) -> str:
    decoded = text
    if "%" in text:
        from urllib.parse import unquote

        # Not strictly and with except: that error would contain the bytes in its traceback.
        decoded = unquote(text, errors="surrogateescape")
    if any(0xD800 <= ord(character) < 0xE000 for character in decoded):
        raise _wrong(field, f"The percent-encoding in {field} is not UTF-8.", "Encode the text as UTF-8 first.")
    return decoded


# -- Key=Value;... ---------------------------------------------------------------------------------------------------


def _read_pairs(text: str) -> dict[str, Any]:
    if "=" not in text or text.lower().startswith(("chronicle:", "chronicle+srv:")):
        raise _wrong(
            "scheme",
            "The text neither begins with chronicle:// nor consists of Key=Value pairs.",
            "Write chronicle://host:port.",
        )
    known = (*_PAIR_KEYS, *OPTIONS)
    fields: dict[str, Any] = {}
    address: dict[str, str] = {}
    before = ""
    for key, value in _pairs(text):
        option = _option(key, known, before, "Write a value with ';' in double quotes.")
        if option in _PAIR_KEYS:
            _refuse_twice(option, address)
            if not value:
                raise _empty(option)
            address[option] = value
        else:
            _put(fields, option, value)
        before = option
    return fields | _address(address)


def _address(given: dict[str, str]) -> dict[str, Any]:
    if "Servers" in given and ("Host" in given or "Port" in given):
        raise _wrong(
            "Servers", "Servers is given together with Host or Port.", "Write only Servers=host:port,host:port."
        )
    fields: dict[str, Any] = {}
    if "Scheme" in given:
        fields["scheme"] = _scheme(given["Scheme"].lower())
    if "Username" in given:
        fields["username"] = given["Username"]
    if "Password" in given:
        fields["password"] = _secret("password", given["Password"])
    if "Servers" in given:
        fields["hosts"] = tuple(Host.parse(host.strip()) for host in given["Servers"].split(","))
    if "Host" in given or "Port" in given:
        name = given.get("Host", "localhost")
        name = name[1:-1] if name.startswith("[") and name.endswith("]") else name
        fields["hosts"] = (Host(name, parse_port(given.get("Port", str(DEFAULT_PORT)), field="Port")),)
    return fields


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """The keys and values. A value may be in single or double quotes; such a quote inside the value is doubled."""
    rest, position = text, 0
    while rest := rest.lstrip("; "):
        position += 1
        key, equals, rest = rest.partition("=")
        if not equals or ";" in key:
            raise _wrong(
                "options", f"Pair {position} in the text has no '='.", "Write a value with ';' in double quotes."
            )
        rest = rest.lstrip(" ")
        quote = rest[:1]
        if quote not in {'"', "'"}:
            value, _, rest = rest.partition(";")
            yield key.strip(), value.strip()
            continue
        quoted = re.match(f"{quote}((?:[^{quote}]|{quote}{quote})*){quote} *(?:;|$)", rest)
        if quoted is None:
            raise _wrong("options", f"The quotes of pair {position} in the text do not end.", "Double a quote inside.")
        rest = rest[quoted.end() :]
        yield key.strip(), quoted[1].replace(quote * 2, quote)


# -- options ---------------------------------------------------------------------------------------------------------


def _known(name: str, known: tuple[str, ...]) -> str:
    return next((option for option in known if option.lower() == name.lower()), "")


def _option(name: str, known: tuple[str, ...], before: str, cut: str) -> str:
    option = _known(name, known)
    if option:
        return option
    if before in _SECRETS:
        raise _wrong(before, f"The text after {before} is not a known option. Perhaps the value was cut.", cut)
    if not re.fullmatch(_NAMEABLE, name):
        raise _wrong("options", f"An option, {shape(name)}, is not known.", f"Known are {', '.join(known)}.")
    raise _wrong(
        name, f"The option {name!r} is not known.", did_you_mean(name, known) or f"Known are {', '.join(known)}."
    )


def _put(fields: dict[str, Any], option: str, value: str) -> None:
    field = OPTIONS[option]
    _refuse_twice(option, {option: ""} if field in fields else {})
    if not value:
        raise _empty(option)
    fields[field] = _VALUES[option](option, value)


def _refuse_twice(option: str, given: dict[str, str]) -> None:
    if option in given:
        raise _wrong(option, f"{option} is given twice.", "Leave out one of them.")


def _empty(option: str) -> InvalidConnectionStringError:
    return _wrong(option, f"{option} has no value.", "Give it one, or leave it out.")


def _secret(field: str, text: str) -> Secret:
    if not text.startswith(REFERENCES):
        return Secret(text)
    try:
        return Secret.parse(text)
    except InvalidInputError as error:
        hint = error.hint
    # Raised here, so that it does not contain the other error.
    raise _wrong(field, f"{field} begins like a reference to a secret, but is not one.", hint)


def _boolean(option: str, value: str) -> bool:
    if value.lower() not in {"true", "false"}:
        raise _wrong(option, f"{option} must be true or false, not {shape(value)}.", "")
    return value.lower() == "true"


def _name_server(option: str, value: str) -> Host:
    try:
        return Host.parse(value, default_port=_DNS_PORT)
    except InvalidConnectionStringError as error:
        message = error.message
    # Raised here, so that it does not contain the other error.
    raise _wrong(option, f"{option}: {message}", "Write the name or the address of a DNS server, and :PORT after it.")


_VALUES: dict[str, Callable[[str, str], Any]] = {
    "skipTlsValidation": _boolean,
    "certificatePath": lambda _, value: value,
    "certificatePassword": _secret,
    "apiKey": _secret,
    "auth": lambda _, value: value.lower(),
    "loadBalancer": lambda _, value: value.lower(),
    "authPort": lambda option, value: parse_port(value, field=option),
    "disableTls": _boolean,
    "srvNameServer": _name_server,
}


def _wrong(field: str, message: str, hint: str) -> InvalidConnectionStringError:
    return InvalidConnectionStringError(message, field=field, hint=hint)
