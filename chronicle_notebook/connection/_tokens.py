"""The token that goes with each call: fetched from the kernel's own token endpoint, kept, and renewed in time.

Facts (source: C/Connections/OAuthTokenProvider.cs): a form with ``grant_type=client_credentials`` goes to
``/connect/token`` on the kernel's port. Chronicle's own clients wait five seconds after a failed fetch. A kernel
without authentication has no such endpoint, or fails on each request. ``_token_answer`` reads the answer.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING

from chronicle_notebook.base._errors import (
    AuthenticationError,
    CallCancelledError,
    ChronicleError,
    InvalidConnectionStringError,
    KernelError,
    KernelUnreachableError,
    ProtocolError,
    SecretUnavailableError,
)
from chronicle_notebook.base._redaction import without
from chronicle_notebook.base._secret_rules import unfit
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.connection._cancellation import watching
from chronicle_notebook.connection._credentials import DEVELOPMENT_CLIENT_ID, AuthenticationMode
from chronicle_notebook.connection._host import Host
from chronicle_notebook.connection._sockets import Deadline
from chronicle_notebook.connection._string import ConnectionString
from chronicle_notebook.connection._tls import Secured, secure
from chronicle_notebook.connection._trust import Trust

if TYPE_CHECKING:
    from chronicle_notebook.connection._http import Ahead
    from chronicle_notebook.connection._token_answer import BearerToken

THROTTLE = 5.0
"""The pause in seconds after a failed fetch."""

_DEVELOPMENT_SECRET = Secret("chronicle-dev-secret")  # this secret is public


class Tokens:
    """The tokens of one client. Thread-safe; with a valid token nothing is locked."""

    def __init__(self, target: ConnectionString, trust: Trust) -> None:
        self._mode = target.authentication
        self._development = target.uses_development_credentials
        self._id = target.credentials.client_id or DEVELOPMENT_CLIENT_ID
        self._secret = _DEVELOPMENT_SECRET if self._development else target.password
        self._trust = trust
        self._port = target.auth_port
        self._fetching = threading.Lock()
        self._token: BearerToken | None = None
        self._failure: ChronicleError | None = None
        self._failed_at = 0.0
        self._failed_server = ""
        self._no_endpoint: str | None = None
        self._looked_up = False
        self.clock_ahead = 0.0
        """How many seconds the clock of this machine was ahead of the kernel's when the last token came, to a second;
        negative if it was behind. 0 if no token has come, or the answer had no time."""
        self._ahead: Ahead | None = None
        """A connection to the token endpoint that is opened before it is needed."""
        self._carried: deque[Secret] = deque(maxlen=4)
        """The recent tokens: an answer can belong to a call with the previous token."""
        if self._mode is AuthenticationMode.API_KEY and target.api_key is not None:
            from chronicle_notebook.connection._token_answer import BearerToken

            self._token = BearerToken(target.api_key, float("inf"), float("inf"))
            self._carried.append(target.api_key)

    @property
    def current(self) -> Secret | None:
        """The token that calls carry now; None if there is none."""
        token = self._token
        return None if token is None else token.value

    @property
    def renewable(self) -> bool:
        """Whether another token can be fetched if the kernel refuses this one."""
        return self._mode is AuthenticationMode.CLIENT_CREDENTIALS

    @property
    def remark(self) -> str:
        """A remark about the token, for example that there is none."""
        if self._no_endpoint is not None:
            return "no token is sent, because the kernel has no token endpoint"
        if not self.renewable or self._token is None:
            return ""
        minutes = max(0.0, self._token.ends_at - time.monotonic()) / 60
        return f"token valid for {minutes:.0f} min"

    def hide(self, text: str) -> str:
        """A text with dots for every token that a call may have carried, and for the secret of the client."""
        if not text:  # of most answers; looking a secret up may ask a keyring
            return text
        confidential = [*self._carried, *([] if self._development or self._secret is None else [self._secret])]
        for secret in confidential:
            with suppress(SecretUnavailableError):
                text = without(text, secret.reveal())
        return text

    def ensure(self, secured: Secured, deadline: Deadline) -> None:
        """Return with a valid token, if tokens are used.

        :raises SecretUnavailableError: the secret of a reference was not found.
        :raises InvalidConnectionStringError: the apiKey cannot be sent.
        :raises AuthenticationError: the kernel gives no token.
        :raises KernelUnreachableError: the token endpoint does not answer.
        """
        if self._mode is not AuthenticationMode.CLIENT_CREDENTIALS:
            self._look_up_once()
            return
        now, token = time.monotonic(), self._token
        if token is not None and now < token.renew_at:
            return
        if token is None and self._no_endpoint == str(secured.host):
            return
        valid = token is not None and now < token.ends_at
        # A thread that still has a valid token does not wait for the thread that renews it.
        if not self._fetching.acquire(blocking=not valid, timeout=-1 if valid else deadline.left):
            if valid:
                return
            raise self._busy(secured)
        try:
            found_out = token is None and self._no_endpoint == str(secured.host)
            if self._token is token and not found_out:  # another thread may have fetched it meanwhile
                self._renew(secured, deadline, needed=not valid)
        finally:
            self._fetching.release()

    def _look_up_once(self) -> None:
        """Look the secret up here, so that an error about it does not come from a frame of gRPC."""
        key = None if self._looked_up or self._token is None else self._token.value
        if key is not None:
            _refuse_unfit(key, "apiKey")
            from chronicle_notebook.connection._token_answer import is_token

            if not is_token(key.reveal()):
                raise _not_sendable(
                    key, "apiKey", "contains a character that a header cannot contain, such as white space."
                )
        self._looked_up = True

    @contextmanager
    def connecting(self, host: Host, deadline: Deadline) -> Iterator[None]:
        """Open a connection to the token endpoint in the block, if a token will be needed, while the block connects to
        the server itself."""
        needed = self.renewable and self._token is None and self._no_endpoint != str(host)
        if not needed or self._port not in {None, host.port} or watching() is not None:
            yield
            return
        from chronicle_notebook.connection._http import Ahead

        self._ahead = ahead = Ahead(host, self._trust, deadline)
        try:
            yield
        finally:
            self._ahead = None
            ahead.close()

    def prepare(self) -> None:
        """Look up the secret in this thread, because only the main thread can ask for it.

        :raises SecretUnavailableError: the secret of a reference was not found.
        :raises InvalidConnectionStringError: the secret cannot be sent.
        """
        if self.renewable and self._token is None and self._secret is not None:
            _refuse_unfit(self._secret, "password")

    def refresh(self, refused: Secret | None, secured: Secured, deadline: Deadline) -> bool:
        """Fetch another token than the one that the kernel refused. Returns False if there is none."""
        if not self.renewable:
            return False
        if not self._fetching.acquire(timeout=deadline.left):
            raise self._busy(secured)
        try:
            if self.current is refused:
                self._no_endpoint = None
                self._renew(secured, deadline, needed=True, refused=True)
            return self._token is not None
        finally:
            self._fetching.release()

    def _busy(self, secured: Secured) -> KernelUnreachableError:
        return KernelUnreachableError(
            f"The token endpoint of {secured.host} did not answer in time.",
            server=str(secured.host),
            hint="Call again.",
        )

    def _renew(self, secured: Secured, deadline: Deadline, *, needed: bool, refused: bool = False) -> None:
        server = str(secured.host)
        failure = self._failure
        if failure is not None and server == self._failed_server and time.monotonic() < self._failed_at + THROTTLE:
            if needed:
                raise copy(failure)
            return
        try:
            self._token = self._fetch(secured, deadline, refused=refused)
            if self._token is not None:
                self._carried.append(self._token.value)
            self._failure = None
            return
        except CallCancelledError:
            # The user gave this fetch up. It says nothing about the endpoint.
            raise
        except KernelError as error:
            failed = error
        self._failure, self._failed_at, self._failed_server = failed, time.monotonic(), server
        if needed:
            raise failed

    def _fetch(self, secured: Secured, deadline: Deadline, *, refused: bool) -> BearerToken | None:
        from chronicle_notebook.connection._http import post
        from chronicle_notebook.connection._token_answer import (
            PATH,
            http2_alone,
            no_token,
            not_the_endpoint,
            refused_without_a_reason,
            token_in,
        )

        secret = self._secret
        server = str(secured.host)
        asked_at = time.monotonic()
        absent = clear = False
        try:
            form = self._form(secret)
            ahead, self._ahead = self._ahead, None
            opened = None if ahead is None else ahead.taken(secured.host)
            secured = self._endpoint(secured, deadline)
            answer = post(secured, self._trust, PATH, form, deadline, opened=opened)
            if answer.date is not None:
                self.clock_ahead = time.time() - answer.date - 0.5
            # A kernel without authentication fails on the request with HTTP 500 (seen on 16.37.1).
            absent = answer.status in {404, 405} or (answer.status == 500 and self._development)
            clear = self._shares_a_clear_port and refused_without_a_reason(answer)
        except ProtocolError as error:
            clear = self._shares_a_clear_port
            if error.call and not clear:  # an answer that cannot be used is not the same as none
                raise
            absent = True
        if clear and (refused or not self._development):
            raise http2_alone(server)
        if absent or clear:
            if self._development:
                # No credentials were given, and the kernel needs none.
                self._no_endpoint = server
                return None
            if self._carried:
                raise not_the_endpoint(server)
            raise AuthenticationError(
                f"{server} has no token endpoint, so the id {self._id!r} and its secret cannot be used there.",
                server=server,
                call=PATH,
                hint="Authentication may be switched off in this kernel: connect with auth=none.",
            )
        self._no_endpoint = None
        token = token_in(answer, server=server, client=self._id, development=self._development, asked_at=asked_at)
        if token is None:
            raise not_the_endpoint(server) if self._carried else no_token(server)
        return token

    @property
    def _shares_a_clear_port(self) -> bool:
        """Whether tokens are asked for at a port without TLS that gRPC uses too, and none came from there yet."""
        return self._trust.plain and self._port is None and not self._carried

    def _endpoint(self, secured: Secured, deadline: Deadline) -> Secured:
        """The server of the token endpoint: the kernel itself, unless ``authPort`` names another port."""
        if self._port in {None, secured.host.port}:
            return secured
        host = replace(secured.host, port=self._port)
        return Secured(host, None) if self._trust.plain else secure(host, self._trust, deadline)

    def _form(self, secret: Secret | None) -> Callable[[], bytes]:
        from urllib.parse import urlencode

        client = self._id
        if secret is not None:
            _refuse_unfit(secret, "password")  # raises before anything is sent, also if the secret is not found
        return lambda: urlencode(
            {
                "grant_type": "client_credentials",
                "client_id": client,
                "client_secret": "" if secret is None else secret.reveal(),
            }
        ).encode("ascii")


def _refuse_unfit(secret: Secret, field: str) -> None:
    fault = unfit(secret)
    if fault is not None:
        raise _not_sendable(secret, field, fault.message, fault.hint)


def _not_sendable(secret: Secret, field: str, message: str, hint: str = "") -> InvalidConnectionStringError:
    origin = "" if secret.reference is None else f"It comes from {secret.reference}: check how this is set."
    told = f"{origin} {hint}".strip() or "Check where it comes from."
    return InvalidConnectionStringError(f"{field} {message}", field=field, hint=told)
