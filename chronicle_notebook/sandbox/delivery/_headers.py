"""The headers of a request: .NET's checks of a webhook's headers, and how it merges them.

The messages were seen on kernels of 16.37.1 and of a build before 16.38.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from chronicle_notebook.base._header_grammar import ONE_VALUE, TOKEN, wrong_part
from chronicle_notebook.sandbox.delivery._failure import DeliveryError

CONTENT = frozenset(
    ("allow", "content-disposition", "content-encoding", "content-language", "content-length", "content-location",
     "content-md5", "content-range", "content-type", "expires", "last-modified")
)  # fmt: skip
"""Headers of the body, which cannot be added to a request."""


def merged(headers: Collection[tuple[str, str]], credentials: str | None) -> list[tuple[str, str]]:
    """The headers of a request in their order: the credentials first, then the webhook's own.

    Names that differ only in case are one header, with the first name and both values. Raises DeliveryError for
    everything that .NET refuses.
    """
    if not headers and credentials is None:
        return []
    found: dict[str, tuple[str, list[str]]] = {}
    if credentials is not None:
        found["authorization"] = ("Authorization", [credentials])
    for name, value in headers:
        _check_name(name)
        key = name.lower()
        if key in found and key in ONE_VALUE:
            raise DeliveryError(f"Cannot add value because header '{name}' does not support multiple values.")
        _check_value(key, value)
        found.setdefault(key, (name, []))[1].append(value.strip(" \t"))
    together = {key: " " if key == "user-agent" else ", " for key in found}
    kept = [(name, together[key].join(values)) for key, (name, values) in found.items()]
    if any(not value.isascii() for _, value in kept):
        raise DeliveryError("Request headers must contain only ASCII characters.")
    return kept


def _check_name(name: str) -> None:
    if not name:
        raise DeliveryError("The value cannot be an empty string. (Parameter 'name')")
    if not re.fullmatch(TOKEN, name):
        raise DeliveryError(f"The header name '{name}' has an invalid format.")
    if name.lower() in CONTENT:
        raise DeliveryError(
            f"Misused header name, '{name}'. Make sure request headers are used with HttpRequestMessage, response "
            "headers with HttpResponseMessage, and content headers with HttpContent objects."
        )


def _check_value(key: str, value: str) -> None:
    if any(character in "\r\n\0" for character in value):
        raise DeliveryError("New-line or NUL characters are not allowed in header values.")
    wrong = wrong_part(key, value)
    if wrong is not None:
        raise DeliveryError(f"The format of value '{wrong}' is invalid.")
