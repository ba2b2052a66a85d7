"""The public class of the receiver."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from chronicle_notebook.base._arguments import check_port, check_seconds, check_whole, shape
from chronicle_notebook.base._errors import DeliveryTimeoutError, InvalidInputError, ReceiverError, missing
from chronicle_notebook.base._public import public
from chronicle_notebook.base._secrets import Secret, secret
from chronicle_notebook.base._text import count
from chronicle_notebook.display._table_and_card import Card
from chronicle_notebook.receiver._callbacks import Callbacks
from chronicle_notebook.receiver._conduct import Conduct, Misbehaviour
from chronicle_notebook.receiver._credential import CredentialCheck
from chronicle_notebook.receiver._delivery import Delivery
from chronicle_notebook.receiver._journal import Journal
from chronicle_notebook.receiver._list import DeliveryList

if TYPE_CHECKING:
    import pandas as pd

    from chronicle_notebook.receiver._endpoint import Endpoint


import weakref
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

KEEP_BYTES = 256 * 1024 * 1024
"""The default limit in bytes for the deliveries that a receiver stores."""


@public
class Receiver:
    """An HTTP endpoint on 127.0.0.1 that records the requests that it receives.

    It serves from :meth:`start` to :meth:`stop`, or inside a ``with`` block, in its own thread. Its records stay
    readable afterwards.

    :param port: the port; 0 for a free port, chosen at each start.
    :param path: deliveries are accepted at and below this path. Requests to other paths are recorded and answered with
        404.
    :param keep: how many deliveries are stored. Older ones are dropped and counted in :attr:`dropped`.
    :param keep_bytes: approximately how many bytes of deliveries are stored. Older ones are dropped too.
    :param hosts: names besides ``127.0.0.1`` and ``localhost`` under which senders reach the receiver, for example
        ``host.docker.internal`` or the name of a tunnel. Requests for any other ``Host`` are refused with 403, and so
        are requests with an ``Origin``, which come from web pages: kernels send none.
    :raises InvalidInputError: an argument has a wrong type or value.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        path: str = "/webhooks",
        keep: int = 10_000,
        keep_bytes: int = KEEP_BYTES,
        hosts: Iterable[str] = (),
    ) -> None:
        check_port(port)
        _check_path(path)
        check_whole(keep, field="keep", least=1)
        check_whole(keep_bytes, field="keep_bytes", least=1)
        self._hosts = _check_hosts(hosts)
        self._wanted_port = port
        self._path = path.rstrip("/")
        self._journal = Journal(keep, keep_bytes)
        self._callbacks = Callbacks(keep)
        self._conduct = Conduct(self._callbacks)
        self._lock = threading.Lock()
        self._endpoint: Endpoint | None = None

    # -- life ----------------------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Start serving. Does nothing if it already serves.

        :raises ReceiverError: the port is not available.
        :raises MissingDependencyError: aiohttp is not installed.
        """
        if self.running:  # without the lock: a callback may ask while stop() waits for its thread
            return self
        with self._lock:
            if self._endpoint is not None:
                return self
            try:
                from chronicle_notebook.receiver._endpoint import Endpoint
                from chronicle_notebook.receiver._intake import Intake
            except ImportError as error:
                raise missing("sandbox", "A receiver of deliveries", error) from error
            intake = Intake(self._path, self._hosts, self._journal, self._conduct, self._callbacks)
            try:
                self._endpoint = Endpoint(intake.handle, self._wanted_port)
            except OSError as error:
                raise _not_started(self._wanted_port, error) from error
            self._journal.open()
            RUNNING.add(self)
        return self

    def stop(self) -> None:
        """End the service and free the port. Does nothing if it does not serve.

        Deliveries that wait for a slow answer get none, and are recorded without an answer.
        """
        self._not_on_its_thread("stop()")
        with self._lock:
            if self._endpoint is not None:
                self._endpoint.stop()
                self._endpoint = None
                RUNNING.discard(self)
                self._journal.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether the receiver serves."""
        return self._endpoint is not None

    @property
    def port(self) -> int:
        """The port.

        :raises ReceiverError: the receiver does not serve.
        """
        endpoint = self._endpoint
        if endpoint is None:
            raise ReceiverError("The receiver does not run.", hint="Call start(), or use it in a with block.")
        return endpoint.port

    @property
    def url(self) -> str:
        """The URL to register as the target of a webhook.

        :raises ReceiverError: the receiver does not serve.
        """
        return f"http://127.0.0.1:{self.port}{self._path or '/'}"

    def url_for(self, name: str) -> str:
        """A URL below :attr:`url`, so that several webhooks can share a receiver: see :attr:`Delivery.name`.

        :raises InvalidInputError: a URL cannot contain the name.
        """
        if not name or name in {".", ".."}:
            raise InvalidInputError("This name cannot be part of a URL.", field="name", hint="Give the webhook's id.")
        return f"{self.url.rstrip('/')}/{quote(name, safe='')}"

    # -- what came -----------------------------------------------------------------------------------------------

    @property
    def deliveries(self) -> DeliveryList:
        """The deliveries so far. A delivery is recorded when it is answered, or when it ends without an answer."""
        return self._journal.snapshot()

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of all deliveries, in order."""
        return self.deliveries.events

    @property
    def dropped(self) -> int:
        """How many deliveries were dropped because newer ones came."""
        return self._journal.dropped

    def to_frame(self) -> pd.DataFrame:
        """The deliveries as a frame: see :meth:`DeliveryList.to_frame`."""
        return self.deliveries.to_frame()

    def clear(self) -> None:
        """Forget the deliveries and the errors of callbacks. The numbers continue."""
        self._journal.clear()
        self._callbacks.clear_errors()

    def wait_for(
        self, count: int = 1, *, timeout: float = 10.0, where: Callable[[Delivery], bool] | None = None
    ) -> DeliveryList:
        """Wait until there are ``count`` deliveries, including earlier ones. ``where`` says which deliveries count.

        :param timeout: in seconds.
        :returns: all deliveries that count. They may be more than ``count``.
        :raises InvalidInputError: the count is larger than what the receiver stores, or the timeout is not a number of
            seconds.
        :raises DeliveryTimeoutError: the deliveries did not come in time.
        :raises ReceiverError: the receiver does not serve, so they cannot come any more.
        """
        kept = f"This receiver stores {self._journal.keep} deliveries. Change this with Receiver(keep=...)."
        check_whole(count, field="count", least=1, most=self._journal.keep, hint=kept)
        check_seconds(timeout, field="timeout")
        self._not_on_its_thread("wait_for()")
        deadline = time.monotonic() + timeout
        matching: list[Delivery] = []
        seen = position = 0
        while True:
            new, position = self._journal.since(position)
            seen += len(new)
            matching += new if where is None else [delivery for delivery in new if where(delivery)]
            if len(matching) >= count:
                return DeliveryList.of(matching)
            if not self._journal.wait_beyond(position, deadline):
                raise self._not_come(count, len(matching), seen - len(matching), timeout)

    def _not_come(self, wanted: int, matching: int, others: int, timeout: float) -> ReceiverError:
        told = f"{matching} of {count(wanted, 'delivery', 'deliveries')} came"
        if others:
            told += f", and {others:,} that 'where' did not count"
        endpoint = self._endpoint
        if endpoint is None:
            return ReceiverError(
                f"The receiver does not run; {told}.", hint="Call start(), or wait inside the with block."
            )
        return DeliveryTimeoutError(
            f"Within {timeout:g} s {told} to {self._path or '/'} on port {endpoint.port}.",
            wanted=wanted,
            received=matching,
            hint="Look at .deliveries, and at the webhook's target URL and its observer.",
        )

    # -- how it answers ------------------------------------------------------------------------------------------

    def misbehave(
        self,
        *,
        status: int | None = None,
        delay: float = 0.0,
        drop: bool = False,
        times: int | None = None,
        when: Callable[[Delivery], bool] | None = None,
        probability: float = 1.0,
        seed: int | None = None,
    ) -> None:
        """Answer badly from now on. This replaces any earlier misbehaviour.

        :param status: answer with this HTTP status, 200 to 599.
        :param delay: answer after this many seconds.
        :param drop: close the connection without an answer.
        :param times: for this many requests, then properly again; None: until :meth:`behave`.
        :param when: only for requests for which this function returns True. Such a delivery has no status and duration
            yet. The function runs in the receiver's thread. If it raises an error, the request is answered properly and
            the error is stored in :attr:`callback_errors`.
        :param probability: from 0 to 1. A request that is answered properly by chance counts for ``times``.
        :param seed: makes chance the same each time.
        :raises InvalidInputError: no misbehaviour is given, or an argument has a wrong type or value.
        """
        wrong = Misbehaviour(status=status, delay=delay, drop=drop, times=times, when=when, probability=probability)
        self._conduct.misbehave(wrong, seed)

    def behave(self) -> None:
        """Answer properly again. An expected credential stays expected."""
        self._conduct.behave()

    def expect(self, *, basic: tuple[str, Secret | str] | None = None, bearer: Secret | str | None = None) -> None:
        """Answer 401 to requests without this credential. Without an argument: expect none any more.

        The secret is looked up now, and only a keyed digest of it is stored.

        :raises InvalidInputError: both are given.
        :raises SecretUnavailableError: the secret of a reference was not found.
        """
        if basic is not None and bearer is not None:
            raise InvalidInputError(
                "A request has only one authorization.", field="basic", hint="Give basic or bearer."
            )
        check = None
        if basic is not None:
            check = CredentialCheck.basic(basic[0], secret(basic[1], field="basic").reveal())
        if bearer is not None:
            check = CredentialCheck.bearer(secret(bearer, field="bearer").reveal())
        self._conduct.expect(check)

    @property
    def conduct(self) -> str:
        """A description of the current answers in words."""
        return self._conduct.describe()

    # -- who listens ---------------------------------------------------------------------------------------------

    def on_delivery(self, callback: Callable[[Delivery], object]) -> Callable[[], None]:
        """Call ``callback`` with each delivery after it was recorded, in the receiver's thread.

        :returns: a function that ends this.
        """
        return self._callbacks.add(callback)

    @property
    def callback_errors(self) -> tuple[Exception, ...]:
        """The errors of callbacks and conditions, oldest first. As many errors are stored as deliveries."""
        return self._callbacks.errors

    def _not_on_its_thread(self, what: str) -> None:
        endpoint = self._endpoint
        if endpoint is not None and endpoint.on_its_thread:
            raise ReceiverError(
                f"{what} cannot be called from a callback: it would wait for itself.",
                hint="Set a threading.Event in the callback and wait for it elsewhere.",
            )

    # -- how it looks --------------------------------------------------------------------------------------------

    def _address(self) -> str:
        endpoint = self._endpoint
        return f"http://127.0.0.1:{endpoint.port}{self._path or '/'}" if endpoint is not None else "not running"

    def _facts(self) -> list[tuple[str, str]]:
        facts = [
            ("URL", self._address()),
            ("Recorded", count(len(self._journal), "delivery", "deliveries")),
            ("Conduct", self._conduct.describe()),
        ]
        if self.dropped:
            facts.append(("Dropped", count(self.dropped, "older delivery", "older deliveries")))
        if self.callback_errors:
            facts.append(("Callback errors", f"{len(self.callback_errors):,}"))
        return facts

    def __repr__(self) -> str:
        told = [self._address(), count(len(self._journal), "delivery", "deliveries"), self._conduct.describe()]
        return f"<Receiver: {', '.join(told)}>"

    def _repr_html_(self) -> str:
        return Card("Receiver", self._facts()).html()


def _check_hosts(hosts: Iterable[str]) -> frozenset[str]:
    names = (hosts,) if isinstance(hosts, str) else tuple(hosts)
    for name in names:
        if not isinstance(name, str) or not name.strip() or "/" in name:
            raise InvalidInputError(
                f"hosts must be names of hosts, not {shape(name)}.",
                field="hosts",
                hint='Write hosts=["host.docker.internal"].',
            )
    return frozenset(name.strip().lower() for name in names)


def _check_path(path: object) -> None:
    if not isinstance(path, str):
        message = f"path must be a text that begins with '/', not {shape(path)}."
        raise InvalidInputError(message, field="path", hint='Write path="/webhooks", or leave it out.')
    plain = path.isascii() and path.isprintable() and not set(path) & set(" ?#%")
    if not (path.startswith("/") and plain):
        raise InvalidInputError(
            "path must be a path of plain characters that begins with '/'.",
            field="path",
            hint="Names with other characters can go into url_for().",
        )


def _not_started(port: int, error: OSError) -> ReceiverError:
    if error.errno == errno.EADDRINUSE:
        return ReceiverError(
            f"Port {port} is in use.",
            hint="Stop the program on this port, perhaps an earlier receiver, or leave out the port for a free one.",
        )
    return ReceiverError(
        f"Port {port} could not be opened: {error.strerror or type(error).__name__}.",
        hint="Leave out the port for a free one.",
    )


RUNNING: weakref.WeakSet[Receiver] = weakref.WeakSet()
"""The receivers that were started and not stopped."""

_LOOPBACK = {"127.0.0.1", "localhost"}


def receiver_at(url: str) -> Receiver | None:
    """The receiver of this process at a URL; None if there is none."""
    try:
        target = urlsplit(url)
        host, port = target.hostname, target.port
    except ValueError:
        return None
    if target.scheme != "http" or host not in _LOOPBACK:
        return None
    for receiver in list(RUNNING):
        if receiver.running and receiver.port == port:
            base = urlsplit(receiver.url).path.rstrip("/")
            if target.path == base or target.path.startswith(f"{base}/"):
                return receiver
    return None
