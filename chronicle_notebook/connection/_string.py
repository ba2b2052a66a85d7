"""The connection string: one line that names the kernel and the identity of the client."""

from __future__ import annotations

from dataclasses import dataclass

from chronicle_notebook.base._errors import InvalidConnectionStringError
from chronicle_notebook.base._public import public
from chronicle_notebook.base._secret_rules import unfit
from chronicle_notebook.base._secrets import Secret, is_text
from chronicle_notebook.connection._credentials import AuthenticationMode, Credentials, choose
from chronicle_notebook.connection._grammar import LOAD_BALANCERS, REFERENCES, SCHEMES, read
from chronicle_notebook.connection._host import Host, shape

REDACTED = "REDACTED"
"""The text that replaces a secret. Chronicle's own clients use the same text."""


@public
@dataclass(frozen=True, slots=True, repr=False)
class ConnectionString:
    """Names the kernel and the identity of the client. It shows itself without its secrets.

    ::

        chronicle://[id:secret@]host[:port][,host[:port]...][/][?option=value&...]

    The scheme is ``chronicle`` or ``chronicle+srv``; the defaults are ``localhost`` and 35000. User name, password and
    the values of options are percent-decoded. The options, in any case: ``skipTlsValidation``, ``certificatePath``,
    ``certificatePassword``, ``apiKey``, ``auth=none``, ``loadBalancer``, ``srvNameServer``, ``authPort``, and
    ``disableTls``, for kernels without TLS. A password, apiKey or certificatePassword can be a reference:
    ``env:NAME``, ``file:PATH`` or ``keyring:SERVICE/USER``, the ``:`` in a password written ``%3A``. The form
    ``Host=...;Port=...;Username=...;Password=...`` with the same options is read too. (Source:
    C/Connections/ChronicleConnectionStringBuilder.cs.)

    Chronicle's own clients read an empty text as the defaults, so nobody notices a variable that is not set. They
    silently ignore an unknown option, an option without exactly one ``=``, a path, an unknown value of ``auth``, and
    the text after a second ``:`` in the user information. This class refuses each of these, and an option that is given
    twice, because such a typing error silently changes the kernel or the identity.

    :raises InvalidConnectionStringError: a field is not valid, also without :meth:`parse`. ``field`` names it, and
        neither the message nor the hint repeats a value.
    """

    scheme: str = "chronicle"
    hosts: tuple[Host, ...] = (Host(),)
    username: str | None = None
    """The id of the client credentials."""
    password: Secret | None = None
    """The secret of the client credentials."""
    api_key: Secret | None = None
    """An access token that is sent as it is."""
    auth: str | None = None
    """``none`` for no credentials, whatever the other fields are."""
    skip_tls_validation: bool | None = None
    """Whether any server certificate is accepted. None: only on loopback. Chronicle's own clients read None as True
    (source: C/Connections/ChronicleConnectionStringBuilder.cs)."""
    certificate_path: str | None = None
    """A file with a client certificate."""
    certificate_password: Secret | None = None
    load_balancer: str = LOAD_BALANCERS[0]
    """``least-connections``, ``round-robin`` or ``random``."""
    srv_name_server: Host | None = None
    """The name server that resolves ``chronicle+srv``; None: the system's resolver. The default port is 53."""
    auth_port: int | None = None
    """The port of the token endpoint on the kernel's host; None: the port of the kernel itself."""
    disable_tls: bool = False
    """Whether there is no TLS, for kernels that listen in cleartext HTTP/2. Everything goes in clear then, tokens and
    secrets too."""

    @classmethod
    def parse(cls, text: str) -> ConnectionString:
        """Parse a text.

        :raises InvalidConnectionStringError: the text is not a connection string.
        """
        if not isinstance(text, str):
            raise InvalidConnectionStringError(
                f"A connection string is a text, not {type(text).__name__}.",
                field="text",
                hint="Write chronicle://host:port.",
            )
        # Raised here, without the frames that parsed the text and without the text: a traceback that shows local
        # variables must not show a secret of the text.
        try:
            return cls(**read(text))
        except InvalidConnectionStringError as error:
            problem = error.with_traceback(None)
        text = ""
        raise problem

    def __post_init__(self) -> None:
        if self.scheme not in SCHEMES:
            raise _wrong("scheme", "The scheme is not known.", f"It is {' or '.join(SCHEMES)}.")
        if not isinstance(self.hosts, tuple) or not self.hosts or not all(isinstance(h, Host) for h in self.hosts):
            raise _wrong("host", "hosts must be a tuple of at least one Host.", "Write (Host('localhost'),).")
        if self.scheme == "chronicle+srv" and len(self.hosts) > 1:
            raise _wrong("host", "chronicle+srv asks for the records of one name, and there are several.", "Give one.")
        self._check_texts()
        self._check_secrets()
        self._check_choices()
        choose(auth=self.auth, username=self.username, password=self.password, api_key=self.api_key)

    def _check_texts(self) -> None:
        for field, value in (("username", self.username), ("certificatePath", self.certificate_path)):
            if value is None:
                continue
            if not isinstance(value, str) or not value:
                raise _wrong(field, f"{field} must be a text that is not empty.", "Leave it out otherwise.")
            if any(0xD800 <= ord(character) < 0xE000 for character in value):
                raise _wrong(field, f"{field} has characters that no UTF-8 text has.", "")

    def _check_secrets(self) -> None:
        for field, value in (
            ("password", self.password),
            ("apiKey", self.api_key),
            ("certificatePassword", self.certificate_password),
        ):
            if value is not None and not isinstance(value, Secret):
                raise _wrong(
                    field, f"{field} must be a Secret, not {type(value).__name__}.", "Write Secret.env('NAME')."
                )
            if value is not None and value.reference is None:
                if not is_text(value.reveal()):
                    raise _wrong(field, f"{field} has characters that no UTF-8 text has.", "")
                # Blanks and quotes around a value are written as %20 and %22, or in quotes, so they are meant.
                fault = unfit(value.reveal().strip(" "))
                if fault is not None and not fault.question:
                    raise _wrong(field, f"{field} {fault.message}", fault.hint)
        if self.api_key is not None and not self.api_key:
            raise _wrong("apiKey", "apiKey is empty.", "Leave it out, or write auth=none.")

    def _check_choices(self) -> None:
        if self.auth not in (None, "none"):
            raise _wrong("auth", f"auth can only be none, not {shape(str(self.auth))}.", "Leave it out otherwise.")
        if self.skip_tls_validation is not None and not isinstance(self.skip_tls_validation, bool):
            raise _wrong("skipTlsValidation", "skipTlsValidation must be true or false.", "")
        if self.load_balancer not in LOAD_BALANCERS:
            raise _wrong("loadBalancer", f"loadBalancer must be {', '.join(LOAD_BALANCERS[:-1])} or random.", "")
        if self.auth_port is not None and not (type(self.auth_port) is int and 0 < self.auth_port < 65536):
            raise _wrong("authPort", "authPort must be a port, a whole number from 1 to 65535.", "")
        if not isinstance(self.disable_tls, bool):
            raise _wrong("disableTls", "disableTls must be true or false.", "")
        if self.disable_tls and (self.certificate_path is not None or self.skip_tls_validation is False):
            other = "certificatePath" if self.certificate_path is not None else "skipTlsValidation=false"
            raise _wrong("disableTls", f"disableTls=true and {other} contradict each other.", "Leave out one of them.")
        if self.srv_name_server is not None and not isinstance(self.srv_name_server, Host):
            raise _wrong("srvNameServer", "srvNameServer must be a Host.", "Write Host('10.0.0.1', 53).")

    @property
    def credentials(self) -> Credentials:
        """The credentials in use, for display."""
        return choose(auth=self.auth, username=self.username, password=self.password, api_key=self.api_key)

    @property
    def authentication(self) -> AuthenticationMode:
        """The kind of proof that goes with each call."""
        return self.credentials.mode

    @property
    def uses_development_credentials(self) -> bool:
        """Whether the development pair is used, because no credentials were given."""
        return self.credentials.development

    @property
    def redacted(self) -> str:
        """The connection string without its secrets. It can be parsed again.

        The user name and references to secrets stay.
        """
        from urllib.parse import quote

        user = "" if self.username is None else quote(self.username, safe="")
        if self.password is not None:
            user += f":{_shown(self.password)}"
        options = "&".join(f"{name}={value}" for name, value in self._options())
        hosts = ",".join(map(str, self.hosts))
        return f"{self.scheme}://{user}{'@' if user else ''}{hosts}{'/?' if options else ''}{options}"

    def _options(self) -> list[tuple[str, str]]:
        from urllib.parse import quote

        options: list[tuple[str, str]] = []
        if self.auth is not None:
            options.append(("auth", self.auth))
        if self.api_key is not None:
            options.append(("apiKey", _shown(self.api_key)))
        if self.skip_tls_validation is not None:
            options.append(("skipTlsValidation", str(self.skip_tls_validation).lower()))
        if self.certificate_path is not None:
            options.append(("certificatePath", quote(self.certificate_path, safe="/:")))
        if self.certificate_password is not None:
            options.append(("certificatePassword", _shown(self.certificate_password)))
        if self.load_balancer != LOAD_BALANCERS[0]:
            options.append(("loadBalancer", self.load_balancer))
        if self.srv_name_server is not None:
            options.append(("srvNameServer", str(self.srv_name_server)))
        if self.auth_port is not None:
            options.append(("authPort", str(self.auth_port)))
        if self.disable_tls:
            options.append(("disableTls", "true"))
        return options

    def __str__(self) -> str:
        return self.redacted

    def __repr__(self) -> str:
        return f"ConnectionString({self.redacted!r})"

    def __format__(self, spec: str) -> str:
        return format(self.redacted, spec)


def _shown(secret: Secret) -> str:
    from urllib.parse import quote

    reference = secret.reference or ""
    return quote(reference, safe="") if reference.startswith(REFERENCES) else REDACTED


def _wrong(field: str, message: str, hint: str) -> InvalidConnectionStringError:
    return InvalidConnectionStringError(message, field=field, hint=hint)
