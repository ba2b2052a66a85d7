"""Rules for a URL to which a kernel sends something. No message repeats any part of it, because it may contain a
password."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from urllib.parse import SplitResult, parse_qsl, urlsplit

from chronicle_notebook.base._credential_names import parameter_looks_like_credential
from chronicle_notebook.base._errors import ChronicleWarning, CredentialUrlWarning
from chronicle_notebook.base._text import unseen
from chronicle_notebook.base._url import shown
from chronicle_notebook.definition.rules._problem import Caution, Problem
from chronicle_notebook.definition.rules._text import check_text

EXAMPLE = "Write, for example, https://example.com/chronicle/webhooks."
AUTHORITY = "Write, for example, https://login.example.com/realms/bank."

LONGEST = 65_519
"""The largest number of characters of a URL that .NET reads before .NET 10. No common receiver takes as many."""
USUAL = 8_000
"""So many characters each HTTP server should take (RFC 9110, section 4.1), and many take no more."""

_LONGEST_HOST = 253
"""The largest number of characters of the name of a host in DNS (RFC 1035)."""
_FIRST_LABEL = re.compile("[A-Za-z0-9_\u00a0-\U0010ffff-]+")
_LATER_LABEL = re.compile("[A-Za-z0-9\u00a0-\U0010ffff][A-Za-z0-9_\u00a0-\U0010ffff-]*")
"""The labels that .NET reads in the host of an http URL: the first can begin with a hyphen or an underscore (source:
System.Private.Uri of .NET). With any other text every delivery fails, although kernels keep it."""


def check_target_url(value: object) -> list[Problem]:
    """Check the URL to which a kernel POSTs events: an absolute http or https URL.

    Kernels accept any text, and then every delivery fails (source: Core/Observation/Webhooks/WebhookMediator.cs).
    """
    return check_url(
        value,
        field="target_url",
        what="The target URL",
        credentials="Use with_basic_auth instead.",
        example=EXAMPLE,
    )


def holds_credential(url: str) -> bool:
    """Whether a URL has a user name, or a parameter that looks like a credential."""
    front, _, query = url.partition("#")[0].partition("?")
    return shown(front) != front or any(parameter_looks_like_credential(name) for name, _ in parse_qsl(query))


def target_url_caution(value: object) -> Caution | None:
    """A caution if a name in the query looks like a credential: kernels store and list the URL in clear."""
    if not isinstance(value, str) or check_target_url(value):
        return None
    # parse_qsl leaves out names without a value.
    for position, (name, _) in enumerate(parse_qsl(urlsplit(value).query), start=1):
        if parameter_looks_like_credential(name):
            return Caution(
                "target_url",
                f"The query of the target URL has a parameter (number {position}) that looks like a credential, "
                "and kernels store and list URLs in clear.",
                "If the receiver can take a bearer token or a user name and password, use those: they are encrypted.",
                CredentialUrlWarning,
            )
    return None


def long_url_caution(value: object) -> Caution | None:
    """A caution if the target URL is longer than many servers take."""
    if not isinstance(value, str) or len(value) <= USUAL or check_target_url(value):
        return None
    return Caution(
        "target_url",
        f"The target URL has {len(value):,} characters, and many servers refuse one of more than {USUAL:,}.",
        "Send a delivery to it before you rely on it, or use a shorter one.",
        ChronicleWarning,
    )


def odd_host_caution(value: object) -> Caution | None:
    """A caution if the host has a label that .NET reads, and that no name in the public DNS has."""
    if not isinstance(value, str) or check_target_url(value):
        return None
    labels = (urlsplit(value).hostname or "").removesuffix(".").split(".")
    if any(label.startswith("xn--") and not _is_punycode(label[4:]) for label in labels):
        return Caution(
            "target_url",
            "The host of the target URL has a label that begins with xn-- and stands for no text.",
            "Write the name in its own letters, or copy the label again.",
            ChronicleWarning,
        )
    if any(label.startswith("-") or label.endswith("-") for label in labels):
        return Caution(
            "target_url",
            "The host of the target URL has a label that begins or ends with a hyphen, which no host in the DNS has.",
            "Check how the name is written. If it is right, send a delivery to it before you rely on it.",
            ChronicleWarning,
        )
    return None


def _is_punycode(text: str) -> bool:
    try:
        found = text.encode("ascii").decode("punycode")
    except UnicodeError:
        return False
    return bool(found) and not found.isascii()


def check_authority(value: object, *, field: str = "authority", what: str = "The OAuth authority") -> list[Problem]:
    """Check the URL below which a kernel finds the token endpoint of an OAuth authorization: an absolute http or https
    URL."""
    return check_url(
        value,
        field=field,
        what=what,
        credentials="Use client_id and client_secret.",
        example=AUTHORITY,
    )


def check_url(value: object, *, field: str, what: str, credentials: str, example: str) -> list[Problem]:
    """Check an absolute http or https URL with a host and without user name, password and fragment.

    :param what: the name of the URL in a sentence.
    :param credentials: the hint for a URL with credentials.
    :param example: the hint for a text that is not such a URL.
    """
    problems = check_text(value, field=field, what=what, hint=example)
    if problems or not isinstance(value, str):
        return problems
    problem = _check_characters(value, field=field, what=what)
    if problem is not None:
        return [problem]
    try:
        parts = urlsplit(value)
    except ValueError:  # its text repeats the URL
        return [Problem(field, f"{what} has a host that cannot be read.", example)]
    return _check_parts(value, parts, field=field, what=what, credentials=credentials, example=example)


def _check_characters(url: str, *, field: str, what: str) -> Problem | None:
    if any(character.isspace() for character in url):
        return Problem(field, f"{what} contains white space.", "Write %20 for a space, or remove it.")
    position = unseen(url)
    if position:
        message = f"{what} holds an invisible character (character {position})."
        return Problem(field, message, "Remove it. In a path, percent-encode one that is meant.")
    if "\\" in url:
        return Problem(field, f"{what} contains a backslash.", "Use '/'.")
    if len(url) > LONGEST:
        message = f"{what} has {len(url):,} characters; at most {LONGEST:,} can be read."
        return Problem(field, message, "Use a shorter one.")
    return None


def _check_parts(
    url: str, parts: SplitResult, *, field: str, what: str, credentials: str, example: str
) -> list[Problem]:
    if parts.scheme not in {"http", "https"} or not url[len(parts.scheme) :].startswith("://"):
        return [Problem(field, f"{what} is not an absolute http or https URL.", example)]
    if "@" in parts.netloc:
        return [Problem(field, f"{what} contains a user name or password, which kernels list in clear.", credentials)]
    if "#" in url:
        return [Problem(field, f"{what} has a fragment, which is never sent.", "Remove '#' and the text after it.")]
    return _check_host(parts, field=field, what=what, example=example)


def _check_host(parts: SplitResult, *, field: str, what: str, example: str) -> list[Problem]:
    host = parts.hostname or ""
    if not host:
        return [Problem(field, f"{what} has no host.", example)]
    # A port that is left out after its colon, or a host that is the word http, before a second "//".
    if parts.path.startswith("//") and (parts.netloc.endswith(":") or host in {"http", "https"}):
        return [Problem(field, f"{what} has a second http:// or https:// where its host ends.", "Remove one of them.")]
    if not _is_host(host, bracketed=parts.netloc.startswith("[")):
        return [Problem(field, f"{what} has a host that cannot be read.", example)]
    try:
        port = parts.port
    except ValueError:  # its text repeats the port, which may be a password in the wrong place
        port = 0
    if port == 0:
        return [Problem(field, f"{what} has a port that is not a number from 1 to 65535.", example)]
    return []


def _is_host(host: str, *, bracketed: bool) -> bool:
    if bracketed:
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            return False
        return True
    first, *later = labels = host.removesuffix(".").split(".")
    lengths = [_length(label) for label in labels]
    if sum(lengths) + len(lengths) - 1 > _LONGEST_HOST or max(lengths) > 63:
        return False
    return bool(_FIRST_LABEL.fullmatch(first)) and all(map(_LATER_LABEL.fullmatch, later))


def _length(label: str) -> int:
    """The number of characters of a label in DNS, where a label that is not ASCII is written in Punycode."""
    return len(label) if label.isascii() else len("xn--") + len(unicodedata.normalize("NFC", label).encode("punycode"))
