"""Target URLs for people and for outcomes: other clients may have put a credential into one."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from chronicle_notebook._secrets import MASK


def host_of(url: str) -> str:
    """``host`` or ``host:port``, without a user name and a password."""
    return urlsplit(url).netloc.rpartition("@")[2]


def shown(url: str) -> str:
    """The URL without a user name, a password, and the values of its query."""
    parts = urlsplit(url)
    netloc = f"{MASK}@{host_of(url)}" if "@" in parts.netloc else parts.netloc
    query = "&".join(f"{pair.partition('=')[0]}={MASK}" for pair in parts.query.split("&")) if parts.query else ""
    return urlunsplit(parts._replace(netloc=netloc, query=query, fragment=""))


_QUOTED = re.compile(r"""\bhttps?://[^\s"'<>]+""", re.IGNORECASE)


def without_credentials(text: str, url: str) -> str:
    """A text with each URL in it as :func:`shown` gives it.

    :param url: one that may stand in it with spaces or quotes, which would end any other.
    """
    return _QUOTED.sub(lambda found: _shown_or_masked(found[0]), text.replace(url, shown(url)) if url else text)


def _shown_or_masked(url: str) -> str:
    try:
        return shown(url)
    except ValueError:  # what looks like a URL is none
        return MASK
