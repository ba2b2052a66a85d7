"""URLs for display: dots replace everything that can be a credential. The host and the path stay."""

from __future__ import annotations

import re
from typing import Self

from chronicle_notebook.base._secrets import MASK

# Patterns are texts here, which re compiles when one is first used: nearly every URL needs none of them.
_BEFORE_AUTHORITY = r"(?:[A-Za-z][\w+.-]*:)?[/\\]{2,}"
_QUOTED = r"""(?i)\bhttps?://[^\s"'<>]+"""


def host_of(url: str) -> str:
    """``host`` or ``host:port``, without a user name and a password."""
    from urllib.parse import urlsplit

    return urlsplit(url).netloc.rpartition("@")[2]


def is_local(host: str, *, subdomains: bool = True) -> bool:
    """Whether the name of a host means this machine. An IPv6 address may have brackets.

    :param subdomains: also names below ``localhost`` (RFC 6761). Some systems ask DNS for them, so what must be sure,
        such as leaving a certificate unchecked, does without them.
    """
    name = host.lower().removeprefix("[").removesuffix("]")
    if name in {"localhost", "127.0.0.1", "::1"} or (subdomains and name.endswith(".localhost")):
        return True
    if ":" not in name and not name[-1:].isdigit():
        return False  # this is no address
    from ipaddress import ip_address

    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


class MaskedUrl(str):
    """A URL that can contain a credential. Its repr has dots there; as a text it is the URL itself.

    What shows values by their repr, such as a traceback with local variables or ``dataclasses.asdict``, shows the dots.
    Pickling keeps the dots only.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(shown(str(self)))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (shown(str(self)),)


class ReferencedText(MaskedUrl):
    """The value of a reference such as ``env:NAME`` in a place for a text, which knows the reference.

    So a definition that was read from a file is written with its references again. Its repr is the reference, so that
    messages do not repeat the value. Pickling keeps the text only.
    """

    __slots__ = ("reference",)

    reference: str
    """The reference, which is safe to show and to store."""

    @classmethod
    def of(cls, value: str, reference: str) -> Self:
        """The value of a reference."""
        text = cls(value)
        text.reference = reference
        return text

    def __repr__(self) -> str:
        return repr(self.reference)


def masked(url: str) -> str:
    """The same URL, which shows itself with dots if it can contain a credential."""
    return url if isinstance(url, MaskedUrl) or ("@" not in url and "?" not in url) else MaskedUrl(url)


def shown(url: str) -> str:
    """The URL with dots for the user name, the password and the values of its query, and without a fragment.

    It never raises an error, because a URL that was read back can be any text. To get the real URL, use ``target_url``
    of the definition.
    """
    # Nearly every URL ends here.
    if "@" not in url and "?" not in url and "#" not in url:
        return url
    front, mark, query = url.partition("#")[0].partition("?")
    return _without_user(front, cut=len(front) < len(url)) + mark + "&".join(map(_masked, query.split("&")))


def shown_each(urls: list[str]) -> list[str]:
    """Each URL as :func:`shown` returns it; the same list if nothing is hidden."""
    together = "\n".join(urls)
    if "@" not in together and "?" not in together and "#" not in together:
        return urls
    return [shown(url) for url in urls]


def without_credentials(text: str, url: str = "") -> str:
    """A text in which each URL is replaced by the result of :func:`shown`.

    :param url: a URL that may occur in the text. It may contain spaces or quotes, which would end any other URL.
    """
    if url and url in text:
        text = text.replace(url, shown(url))
    return re.sub(_QUOTED, lambda found: _shown_or_masked(found[0]), text)


def another(before: str, after: str) -> str:
    """The second of two texts whose hidden values are known to differ, changed so that the reader sees the
    difference."""
    return f"{after} (another value)" if before == after else after


def _without_user(front: str, *, cut: bool) -> str:
    """The part before the query, without a user name. ``cut`` is true if more text follows; a '?' in a password causes
    that too."""
    found = re.match(_BEFORE_AUTHORITY, front)
    scheme = found[0] if found else ""
    authority, slash, path = front[len(scheme) :].partition("/")
    if "@" in authority:
        return f"{scheme}{MASK}@{authority.rpartition('@')[2]}{slash}{path}"
    port = authority.rpartition("]")[2].partition(":")[2]
    if port and not port.isdigit() and ("@" in path or cut):
        # This is not a port but the beginning of a password with a '/', '?' or '#' in it.
        _, at, rest = path.rpartition("@")
        return f"{scheme}{MASK}{at}{rest if at else ''}"
    return front


def _masked(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    if equals:
        return f"{name}={MASK}"
    return MASK if pair else ""


def _shown_or_masked(url: str) -> str:
    from urllib.parse import urlsplit

    try:
        urlsplit(url)
    except ValueError:  # it looks like a URL, but is not one
        return MASK
    return shown(url)
