"""Why deliveries fail, in one word."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from chronicle_notebook.base._public import public
from chronicle_notebook.base._url import without_credentials
from chronicle_notebook.model import FailedAttempt, FailedPartition
from chronicle_notebook.model._observer import Causes

CIRCUIT = "circuit open"
SHARED = "shared circuit"
SHARED_DEFECT = "circuit-shared"
"""The known defect of kernels on which one failing target stops the deliveries to all others."""
OTHER = "other"

_STATUS = re.compile(r"status code\D{0,40}(\d{3})\b")
_URL = re.compile(r"\w+://\S+")
_ADDRESS = re.compile(r"\(([^()\s]+:\d{1,5})\)")
_WORDS = tuple(
    (word, re.compile(pattern, re.IGNORECASE))
    for word, pattern in (
        ("DNS", r"name or service not known|nodename nor servname|no such host|name resolution|no address associated"),
        ("refused", r"connection refused|actively refused|connect call failed"),
        ("timeout", r"did not arrive on time|timed? ?out|allowed timeout|httpclient\.timeout"),
        ("unreachable", r"no route to host|network is unreachable|host is down"),
        ("reset", r"\breset\b|forcibly closed|ended prematurely|disconnected|broken pipe|connection closed"),
        ("TLS", r"certificate|\btls\b|\bssl connection\b|\bssl error\b|\[ssl|handshake"),
        ("token", r"access token|acquire"),
        ("secret", r"decrypt"),
        ("header", r"ascii characters|header"),
        ("URL", r"request uri|invalid url"),
        ("blocked id", r"object reference not set|same key has already been added|nullreference"),
    )
)


@public
@dataclass(frozen=True, slots=True)
class Cause:
    """Why a partition fails."""

    word: str
    """``refused``, ``timeout``, ``TLS``, ``DNS``, ``reset``, ``unreachable``, ``HTTP 401`` and so on, ``token``,
    ``header``, ``URL``, ``secret``, ``blocked id``, ``quarantined``, ``circuit open``, ``shared circuit`` (nothing
    shows that this target fails: the circuit of all targets is open) or ``other``."""
    behind: str = ""
    """The word of the failure that opened the circuit; empty if no circuit is open or the failure is not known."""
    detail: str = ""
    """What the kernel noted, without credentials."""
    address: str = ""
    """``host:port`` of the target that opened the circuit, where no attempt of this webhook shows a cause. All targets
    of kernels up to 16.38 share one circuit, so this can be the target of another webhook."""

    @property
    def key(self) -> str:
        """The word by which failures are grouped: for an open circuit it is the cause behind it. A shared circuit is a
        group of its own, because the failure behind it can be one of another target."""
        return self.word if self.word == SHARED else self.behind or self.word

    def __str__(self) -> str:
        return f"{self.word} ({self.behind})" if self.behind else self.word


def cause_of(
    partition: FailedPartition, causes: Causes | None = None, *, shared: bool = False, target_url: str = ""
) -> Cause:
    """Why a partition fails.

    While a circuit is open, the kernel sends nothing. The cause behind it is then the latest failure of a request, of
    this partition or else of the others in ``causes``, or else the failure that the kernel names, which can be one of
    another target.

    :param shared: whether all targets of the kernel share one circuit.
    :param target_url: the target of the webhook. If the failure that the kernel names is one of this host and port, the
        circuit is not only shared.
    """
    if not partition.attempts:
        return Cause(OTHER)
    last = partition.attempts[-1]
    if not last.untried:
        return Cause(_word(last.messages), detail=_detail(last))
    known = causes or {}
    behind = partition.last_tried or known.get((partition.observer_id, partition.namespace))
    if behind is not None:
        return Cause(CIRCUIT, _word(behind.messages), _detail(behind))
    own = _address(target_url)
    opened = [_opener(each) for each in reversed(partition.attempts)]
    mine = next((each for each in opened if own and own in each[1]), None)
    messages, addresses = mine or opened[0]
    if not messages and not shared and (partition.observer_id, "") in known:
        # Nothing in this namespace says what opened the circuit of this target. Other namespaces have the same target.
        behind = known[partition.observer_id, ""]
        return Cause(CIRCUIT, _word(behind.messages), _detail(behind))
    word = CIRCUIT if mine or not shared else SHARED
    found = _word(messages) if messages else ""
    return Cause(word, found, _detail(last), "" if mine or not addresses else addresses[0])


def _opener(attempt: FailedAttempt) -> tuple[tuple[str, ...], list[str]]:
    """What opened the circuit that an attempt has met: the messages, and the addresses in them."""
    messages = tuple(message for message in attempt.messages if "circuit" not in message)
    return messages, _ADDRESS.findall(" ".join(messages))


def _address(url: str) -> str:
    """``host:port`` of a URL; empty if it has none."""
    try:
        parts = urlsplit(url)
        return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}" if parts.hostname else ""
    except ValueError:
        return ""


def _detail(attempt: FailedAttempt) -> str:
    return without_credentials(" / ".join(dict.fromkeys(attempt.messages)))


def _word(messages: tuple[str, ...]) -> str:
    text = " ".join(messages)
    status = _STATUS.search(text)
    if status:
        return f"HTTP {status[1]}"
    text = _URL.sub("", text)  # a path can contain any of these words
    return next((word for word, pattern in _WORDS if pattern.search(text)), OTHER)
