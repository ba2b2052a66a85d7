"""A secret that cannot be printed, formatted, pickled, copied into JSON or shown in a notebook.

Give a secret as a *reference* (``env:NAME``, ``file:PATH``, ``keyring:SERVICE/NAME``, ``prompt``) if you can: then the
notebook contains only a name, and the value is looked up when it is sent. A literal is possible too. It is never
written anywhere.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NoReturn, final

from chronicle_notebook.base._errors import InvalidInputError, SecretUnavailableError, missing
from chronicle_notebook.base._public import public
from chronicle_notebook.base._revealed import note_revealed

_LONGEST_FILE = 65_536
"""The largest number of bytes in a file with a secret."""
MASK = "••••••"
"""The text that is shown instead of a secret. It always has the same width, so that it does not show the length."""


@public
@final
class Secret:
    """A value that only :meth:`reveal` returns.

    ``Secret("literal")`` holds the text itself. :meth:`env`, :meth:`file`, :meth:`keyring` and :meth:`prompt` hold a
    reference, and look the value up at each :meth:`reveal` (a prompt asks only once).

    >>> Secret("swordfish")
    Secret(••••••)
    >>> Secret.env("WEBHOOK_TOKEN")
    Secret.env('WEBHOOK_TOKEN')
    """

    __slots__ = ("_look_up", "_reference")

    def __init__(self, value: str) -> None:
        if not isinstance(value, str):
            raise InvalidInputError(
                f"A secret is a text, not {type(value).__name__}.",
                field="value",
                hint="Give a text, or a reference such as Secret.env('NAME').",
            )
        self._look_up: Callable[[], str] = lambda: value
        self._reference: str | None = None

    @classmethod
    def _from(cls, reference: str, look_up: Callable[[], str]) -> Secret:
        secret = cls("")
        secret._look_up, secret._reference = look_up, reference
        return secret

    @classmethod
    def env(cls, name: str) -> Secret:
        """A secret in the environment variable ``name``. The variable is read when the secret is needed."""
        if not isinstance(name, str) or not name or "=" in name or "\0" in name:
            raise InvalidInputError(
                "This is not the name of an environment variable.", field="name", hint="Write env:NAME."
            )

        def look_up() -> str:
            value = os.getenv(name)
            if not value:
                state = "empty" if value == "" else "not set"
                raise SecretUnavailableError(
                    f"The environment variable {name!r} is {state}.",
                    field=name,
                    hint=f"Set {name} before this process (or Jupyter) starts, or use %env, and run again.",
                )
            return value

        return cls._from(f"env:{name}", look_up)

    @classmethod
    def file(cls, path: str) -> Secret:
        """A secret in a file, as container platforms mount them. The file is read when the secret is needed.

        One line break at its end is not part of the secret.
        """
        if not isinstance(path, str) or not path or "\0" in path:
            raise InvalidInputError("This is not the path of a file.", field="path", hint="Write file:/path/to/file.")

        def look_up() -> str:
            from chronicle_notebook.base._user_folders import expanded

            try:
                with expanded(path).open("rb") as file:
                    value = file.read(_LONGEST_FILE + 1)
            except OSError as error:
                why = error.strerror or "it cannot be read"
            else:
                why = "it is empty" if not value.strip() else "it is too long" if len(value) > _LONGEST_FILE else ""
            if why:
                value = b""  # deleted, because a traceback can show local variables
                raise SecretUnavailableError(
                    f"The file {path!r} gives no secret: {why}.",
                    field=path,
                    hint="Write the secret into that file, for its owner to read (mode 600), and run again.",
                )
            return value.decode("utf-8", "surrogateescape").removesuffix("\n").removesuffix("\r")

        return cls._from(f"file:{path}", look_up)

    @classmethod
    def keyring(cls, name: str) -> Secret:
        """A secret in the system's keyring, named ``SERVICE/USER``. This needs the package ``keyring``."""
        service, slash, user = name.partition("/") if isinstance(name, str) else ("", "", "")
        if not (service and slash and user):
            raise InvalidInputError(
                "A keyring reference needs a service and a user.", field="name", hint="Write keyring:SERVICE/USER."
            )

        def look_up() -> str:
            try:
                import keyring
            except ImportError as error:
                raise missing("keyring", "A secret in the system's keyring", error) from None
            try:
                value = keyring.get_password(service, user)
            except Exception as error:
                if type(error).__module__.partition(".")[0] != "keyring":
                    raise
                raise SecretUnavailableError(
                    f"The system's keyring cannot be read: {type(error).__name__}.",
                    field=name,
                    hint="Unlock it, or install one that works here (keyring --list-backends), or give env:NAME.",
                ) from None
            if not value:
                raise SecretUnavailableError(
                    f"The keyring has no entry for service {service!r} and user {user!r}.",
                    field=name,
                    hint=f"Add it with: keyring set {service} {user}",
                )
            return str(value)

        return cls._from(f"keyring:{name}", look_up)

    @classmethod
    def prompt(cls, label: str = "Secret") -> Secret:
        """A secret that the user types, once, when it is first needed. The typed text is not shown."""
        answer: list[str] = []

        def look_up() -> str:
            if not answer:
                try:
                    import getpass

                    given = getpass.getpass(f"{label}: ")
                except (EOFError, OSError, RuntimeError, NotImplementedError):
                    given = ""
                if not given:
                    raise SecretUnavailableError(
                        f"Nobody answered the prompt for {label!r}.",
                        field=label,
                        hint="Run where somebody can answer, or give the secret as env:NAME.",
                    )
                answer.append(given)
            return answer[0]

        return cls._from(f"prompt:{label}", look_up)

    @classmethod
    def parse(cls, reference: str) -> Secret:
        """Read ``env:NAME``, ``file:PATH``, ``keyring:SERVICE/USER`` or ``prompt[:LABEL]``; refuse any other text."""
        kind, _, name = reference.partition(":") if isinstance(reference, str) else ("", "", "")
        if kind == "env" and name:
            return cls.env(name)
        if kind == "file" and name:
            return cls.file(name)
        if kind == "keyring" and name:
            return cls.keyring(name)
        if kind == "prompt":
            return cls.prompt(name or "Secret")
        raise InvalidInputError(
            "This is not a reference to a secret (the text itself is not repeated here).",
            field="reference",
            hint="Write env:NAME, file:PATH, keyring:SERVICE/USER or prompt.",
        )

    @property
    def reference(self) -> str | None:
        """``env:NAME`` and similar references, which are safe to show and to store; None for a literal."""
        return self._reference

    def reveal(self) -> str:
        """The value of the secret.

        :raises SecretUnavailableError: the value of a reference was not found, or its bytes are not text.
        """
        value = self._look_up()
        if self._reference is None:
            return value
        if is_text(value):
            note_revealed(value, self._reference)
            return value
        value = ""  # deleted, because a traceback can show local variables
        raise SecretUnavailableError(
            f"The value of {self._reference} is not text: some of its bytes are not UTF-8.",
            field=self._reference.partition(":")[2],
            hint="Set it as UTF-8.",
        )

    def __repr__(self) -> str:
        if self._reference is None:
            return f"Secret({MASK})"
        kind, _, name = self._reference.partition(":")
        return f"Secret.{kind}({name!r})"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __bool__(self) -> bool:
        return self._reference is not None or bool(self._look_up())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        if self._reference is not None or other._reference is not None:
            return self._reference == other._reference
        import hmac

        return hmac.compare_digest(self._look_up().encode(), other._look_up().encode())

    def __hash__(self) -> int:
        # All literals have the same hash on purpose: a hash of the value would reveal something about it.
        return hash((Secret, self._reference))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("A Secret cannot be pickled: it would be written out in clear.")


def is_text(value: str) -> bool:
    """Whether a text can be written as UTF-8. Python reads bytes of the environment that are not UTF-8 as halves of
    characters."""
    return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)


def variable_names() -> list[str]:
    """The names of all environment variables. No other line uses the whole environment, because a traceback could show
    it."""
    return list(os.environ)


def secret(value: Secret | str, *, field: str) -> Secret:
    """Return a secret as it is, and a text as a literal secret."""
    if isinstance(value, Secret):
        return value
    if isinstance(value, str):
        return Secret(value)
    raise InvalidInputError(
        f"{field} must be a Secret or a text, not {type(value).__name__}.",
        field=field,
        hint="Write cn.Secret.env('NAME').",
    )
