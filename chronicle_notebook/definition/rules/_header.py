"""Rules for the extra headers of a delivery. No message repeats a value, or a name that is not a header name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from chronicle_notebook.base._credential_names import looks_like_credential
from chronicle_notebook.base._errors import ChronicleWarning, CredentialHeaderWarning
from chronicle_notebook.base._header_grammar import wrong_part
from chronicle_notebook.base._secret_rules import unfit
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.definition.rules._problem import Caution, Problem

FIELD = "headers"

CONTENT_HEADERS = frozenset(
    {
        "allow",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-length",
        "content-location",
        "content-md5",
        "content-range",
        "content-type",
        "expires",
        "last-modified",
    }
)
"""Headers that .NET keeps with the body. A kernel adds a webhook's headers to the request, which refuses these, so
every delivery fails (source: Core/Observation/Webhooks/WebhookHttpClientFactory.cs)."""

TRANSPORT_HEADERS = frozenset(
    {
        "connection",
        "expect",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers of one connection. An HTTP client sets them itself."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NOT_IN_TOKEN = re.compile(r"[^!#$%&'*+.^_`|~0-9A-Za-z-]")
_NOT_IN_VALUE = re.compile(r"[^\t\x20-\x7e]")


def check_header(name: object, value: object) -> list[Problem]:
    """Check one header: its name must be valid in RFC 9110 and allowed here, and its value must be possible to send."""
    return [*check_header_name(name), *check_header_value(name, value)]


def check_header_name(name: object) -> list[Problem]:
    """Check only the name. A message describes an invalid name by its shape, because it may be a value in the wrong
    place."""
    if not isinstance(name, str):
        return [Problem(FIELD, f"The name of a header is a text, not {type(name).__name__}.")]
    if not name:
        return [Problem(FIELD, "The name of a header is empty.", "Write, for example, x-source.")]
    if not _TOKEN.fullmatch(name):
        return [Problem(FIELD, _shape(name), "Use letters, digits and '-', for example x-source.")]
    if name.lower() in CONTENT_HEADERS:
        return [
            Problem(
                FIELD,
                f"The header {name!r} describes the body, and every delivery with it fails.",
                "Leave it out; deliveries are JSON.",
            )
        ]
    if name.lower() in TRANSPORT_HEADERS:
        return [Problem(FIELD, f"The header {name!r} is set by the HTTP client of the kernel.", "Leave it out.")]
    return []


def _shape(name: str) -> str:
    found = _NOT_IN_TOKEN.search(name)
    position = (found.start() if found else 0) + 1
    character = name[position - 1]
    what = "white space" if character.isspace() else "a character"
    return f"The name of a header contains {what}, which is not allowed (character {position} of {len(name)})."


def check_header_value(name: object, value: object) -> list[Problem]:
    """Check only the value; ``name`` is for the message. A reference to a secret is looked up when it is sent, not
    here."""
    shown = f"The header {name!r}" if isinstance(name, str) and _TOKEN.fullmatch(name) else "A header"
    fault = None
    if isinstance(value, Secret):
        if value.reference is not None:
            return []
        fault = unfit(value)
        value = value.reveal()
        if not value:
            return [Problem(FIELD, f"{shown} has an empty secret.", "Give it a value, for example Secret.env('NAME').")]
    if not isinstance(value, str):
        kind = type(value).__name__
        return [Problem(FIELD, f"{shown} must have a text or a Secret as its value, not {kind}.")]
    found = _NOT_IN_VALUE.search(value)
    if found is None:
        # In a header quotes can have a meaning.
        return [] if fault is None or fault.question else [Problem(FIELD, f"{shown} {fault.message}", fault.hint)]
    character = found.group()
    names = {"\r": "a carriage return", "\n": "a line break", "\0": "a NUL"}
    what = names.get(character) or ("a control character" if ord(character) < 128 else "a character that is not ASCII")
    hint = "Remove it." if ord(character) < 128 else "Percent-encode it, as kernels send ASCII only."
    return [Problem(FIELD, f"{shown} has a value with {what} (character {found.start() + 1}).", hint)]


def check_headers(headers: Mapping[Any, Any], *, authorized: bool) -> list[Problem]:
    """Check all headers together.

    :param authorized: whether the webhook has an authorization. The kernel then sets the ``Authorization`` header
        itself.
    """
    problems = [problem for name, value in headers.items() for problem in check_header(name, value)]
    seen: dict[str, str] = {}
    for name in headers:
        if isinstance(name, str) and seen.setdefault(name.lower(), name) != name:
            problems.extend(check_twice(seen[name.lower()], name))
    if authorized and "authorization" in seen:
        problems.append(
            Problem(
                FIELD,
                "The header 'Authorization' repeats the authorization, which sets it too; every delivery would fail.",
                "Keep one of the two.",
            )
        )
    return problems


def check_twice(first: str, second: str) -> list[Problem]:
    """Check two names that may be the same header."""
    if first == second or first.lower() != second.lower():
        return []
    if not _TOKEN.fullmatch(first):
        return [Problem(FIELD, "Two headers differ only in upper and lower case.", "Keep one.")]
    return [Problem(FIELD, f"The headers {first!r} and {second!r} differ only in upper and lower case.", "Keep one.")]


def header_caution(name: object, value: object) -> Caution | None:
    """A caution if a header's name looks like a credential, or its value is a Secret: kernels store it in clear."""
    if not isinstance(name, str) or not _TOKEN.fullmatch(name):
        return None
    if looks_like_credential(name):
        what = "looks like a credential"
    elif isinstance(value, Secret):
        what = "has a Secret as its value"
    else:
        return None
    return Caution(
        FIELD,
        f"The header {name!r} {what}, and kernels store and list the values of headers in clear.",
        _instead(name, value),
        CredentialHeaderWarning,
    )


def value_caution(name: object, value: object) -> Caution | None:
    """A caution if .NET refuses the value of a header that it parses: then a kernel cannot deliver."""
    if isinstance(value, Secret):
        value = None if value.reference is not None else value.reveal()
    if not isinstance(name, str) or not isinstance(value, str) or wrong_part(name.lower(), value) is None:
        return None
    return Caution(
        FIELD,
        f"The header {name!r} has a value that .NET does not accept for it, so a kernel cannot deliver with it.",
        f"Follow the grammar of {name!r} in RFC 9110, or use a name of your own, for example x-{name.lower()}.",
        ChronicleWarning,
    )


def _instead(name: str, value: object) -> str:
    if name.lower() != "authorization":
        return "If the receiver can take a bearer token or a user name and password, use those: they are encrypted."
    if isinstance(value, Secret):
        value = value.reveal() if value.reference is None else ""
    scheme = value.split(" ")[0].lower() if isinstance(value, str) else ""
    if scheme == "bearer":
        return "Use with_bearer_token instead."
    if scheme == "basic":
        return "Use with_basic_auth instead."
    return "Use with_bearer_token or with_basic_auth instead."
