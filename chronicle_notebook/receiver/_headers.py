"""The headers and the query of a request. Credentials are masked before anything stores them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import final
from urllib.parse import unquote_plus

from chronicle_notebook.base._credential_names import looks_like_credential, parameter_looks_like_credential
from chronicle_notebook.base._secrets import MASK
from chronicle_notebook.base._text import utf8

# The registered schemes. Any other first word of the header could be the secret itself, so it is not stored.
_SCHEMES = {
    scheme.lower(): scheme
    for scheme in (
        *("Basic", "Bearer", "Concealed", "Digest", "DPoP", "GNAP", "HOBA", "Mutual", "Negotiate", "NTLM", "OAuth"),
        *("PrivateToken", "SCRAM-SHA-1", "SCRAM-SHA-256", "vapid"),
    )
}
OTHER_SCHEME = "other"
"""The result of :func:`authorization_scheme` for a scheme that is not registered."""


def authorization_scheme(value: str | None) -> str | None:
    """The scheme of an ``Authorization`` header: ``Basic``, ``Bearer`` and so on, or ``other``; None without a
    header."""
    if value is None:
        return None
    first, space, _ = value.strip().partition(" ")
    return _SCHEMES.get(first.lower(), OTHER_SCHEME) if space else OTHER_SCHEME


def _masked(name: str, value: str) -> str:
    if not looks_like_credential(name):
        return utf8(value)
    if name.lower() in {"authorization", "proxy-authorization"}:
        scheme = authorization_scheme(value)
        return f"{scheme} {MASK}" if scheme not in {None, OTHER_SCHEME} else MASK
    return MASK


@final
class RequestHeaders(Mapping[str, str]):
    """The headers of a request, without regard to upper and lower case. Values of headers that look like credentials
    are never stored.

    If a header came several times, a comma joins its values.
    """

    __slots__ = ("_names", "_values")

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._names: dict[str, str] = {}
        self._values: dict[str, str] = {}
        for raw_name, raw_value in pairs:
            name, value = utf8(raw_name), _masked(raw_name, raw_value)
            lowered = name.lower()
            self._names.setdefault(lowered, name)
            before = self._values.get(lowered)
            self._values[lowered] = value if before is None else f"{before}, {value}"

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names.values())

    def __len__(self) -> int:
        return len(self._names)

    def __eq__(self, other: object) -> bool:
        return self._values == other._values if isinstance(other, RequestHeaders) else NotImplemented

    def __hash__(self) -> int:
        return hash(frozenset(self._values.items()))

    def __repr__(self) -> str:
        return f"Headers({dict(self.items())!r})"


def masked_query(query: str) -> str:
    """The query as it was sent, with masked values of parameters that look like credentials."""
    return "&".join(_masked_parameter(pair) for pair in utf8(query).split("&"))


def _masked_parameter(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    if equals and parameter_looks_like_credential(unquote_plus(name)):
        return f"{name}={MASK}"
    return pair
