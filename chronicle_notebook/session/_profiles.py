"""Named connections in one TOML file, which holds references to secrets and no secrets.

::

    [profiles.staging]
    connection = "chronicle://reader:env%3ASTAGING_SECRET@staging.example.com:35000"
    event_store = "banking"
    namespace = "Default"

    [profiles.production]
    connection = "env:PRODUCTION_CHRONICLE"
    event_store = "banking"
    protected = true

The file is ``$CHRONICLE_NOTEBOOK_CONFIG``, else ``chronicle-notebook/config.toml`` in the user's configuration folder
(``$XDG_CONFIG_HOME`` or ``~/.config``; ``~/Library/Application Support`` on macOS; ``%APPDATA%`` on Windows).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from chronicle_notebook.base._errors import InvalidInputError, did_you_mean
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.base._user_folders import named_folder, user_folder
from chronicle_notebook.connection._grammar import REFERENCES
from chronicle_notebook.connection._string import ConnectionString

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = "CHRONICLE_NOTEBOOK_CONFIG"
"""The environment variable that names the file."""

_KINDS: dict[str, type] = {"connection": str, "event_store": str, "namespace": str, "protected": bool}
_WORDS = {str: "a text", bool: "true or false"}


@dataclass(frozen=True, slots=True)
class ConnectionProfile:
    """What the file says about one connection. A field that the file does not have is None."""

    name: str
    connection: ConnectionString | None = None
    event_store: str | None = None
    namespace: str | None = None
    protected: bool = False


def config_file() -> Path:
    """The path of the file with the profiles.

    :raises InvalidInputError: nobody knows the home directory, and the path is in it.
    """
    given = os.getenv(CONFIG)
    if given:
        return named_folder(given, variable=CONFIG, field="profile")
    return user_folder("configuration", "the file with profiles", variable=CONFIG, field="profile") / "config.toml"


def profile(name: str) -> ConnectionProfile:
    """Read one profile.

    :raises InvalidInputError: the file or the profile does not exist, a key is unknown or has a wrong type, or the file
        contains a secret in plain text. The error repeats no value.
    """
    path = config_file()
    document = _read(path)
    names = _names(path, document)
    if name not in names:
        raise InvalidInputError(
            f"{path} has no profile {name!r}.",
            field="profile",
            hint=did_you_mean(name, names) or f"It has {', '.join(names) or 'none'}. Write [profiles.{name}].",
        )
    _check(path, name, document)
    return ConnectionProfile(
        name=name,
        connection=_connection(path, name, document),
        event_store=_table(document, name).get("event_store"),
        namespace=_table(document, name).get("namespace"),
        protected=_table(document, name).get("protected", False),
    )


# A traceback can show the local variables of its frames, and the file may contain a secret, which is refused only
# later. So the content is inside a function.
Document = Callable[[], dict[str, Any]]


def _behind(document: dict[str, Any]) -> Document:
    return lambda: document


def _table(document: Document, name: str) -> Any:
    return document()["profiles"][name]


def _read(path: Path) -> Document:
    import tomllib

    try:
        return _behind(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except OSError as error:
        failure = InvalidInputError(
            f"The file with profiles, {path}, cannot be read: {error.strerror or type(error).__name__}.",
            field="profile",
            hint=f"Create it, with [profiles.NAME] and connection = ..., or name another file in {CONFIG}.",
        )
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        # The parser's error can repeat a part of the line, and this part may be a secret.
        failure = InvalidInputError(
            f"The file with profiles, {path}, is not TOML.", field="profile", hint="Put each text into double quotes."
        )
    raise failure


def _names(path: Path, document: Document) -> list[str]:
    if set(document()) - {"profiles"} or not isinstance(document().get("profiles", {}), dict):
        raise InvalidInputError(
            f"{path} contains something other than profiles.",
            field="profile",
            hint="Begin each profile with [profiles.NAME].",
        )
    return list(document().get("profiles", {}))


def _check(path: Path, name: str, document: Document) -> None:
    where = f"profile {name!r} in {path}"
    if not isinstance(_table(document, name), Mapping):
        raise InvalidInputError(f"{where} is not a table.", field="profile", hint=f"Write [profiles.{name}].")
    for key in _table(document, name):
        if key not in _KINDS:
            hint = did_you_mean(key, _KINDS) or f"Write {', '.join(_KINDS)}."
            raise InvalidInputError(f"The {where} has an unknown key {key!r}.", field=key, hint=hint)
        if not isinstance(_table(document, name)[key], _KINDS[key]):
            raise InvalidInputError(f"{key} of {where} must be {_WORDS[_KINDS[key]]}.", field=key)


def _connection(path: Path, name: str, document: Document) -> ConnectionString | None:
    given = partial(_given, document, name)
    if given() is None:
        return None
    # A reference to a variable with the whole connection string keeps the host out of the file too.
    if given().startswith(REFERENCES):
        return ConnectionString.parse(Secret.parse(given()).reveal())
    target = ConnectionString.parse(given())
    secrets = {
        "the secret of the client": target.password,
        "apiKey": target.api_key,
        "certificatePassword": target.certificate_password,
    }
    for what, secret in secrets.items():
        if secret is not None and secret.reference is None:
            raise InvalidInputError(
                f"connection of profile {name!r} in {path} contains {what} in plain text.",
                field="connection",
                hint="Remove it from the file, change it, and write a reference: env:NAME, file:PATH or "
                "keyring:SERVICE/USER.",
            )
    return target


def _given(document: Document, name: str) -> Any:
    return _table(document, name).get("connection")
