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
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chronicle_notebook._errors import InvalidInputError, did_you_mean
from chronicle_notebook._secrets import Secret
from chronicle_notebook.connection._string import ConnectionString

CONFIG = "CHRONICLE_NOTEBOOK_CONFIG"
"""The environment variable that names the file."""
PROFILE = "CHRONICLE_NOTEBOOK_PROFILE"
"""The environment variable that names the profile of a :func:`connect` without one."""

_KINDS: dict[str, type] = {"connection": str, "event_store": str, "namespace": str, "protected": bool}
_WORDS = {str: "a text", bool: "true or false"}


@dataclass(frozen=True, slots=True)
class Profile:
    """What a file says of one connection; what it does not say is None."""

    name: str
    connection: ConnectionString | None = None
    event_store: str | None = None
    namespace: str | None = None
    protected: bool = False


def config_file() -> Path:
    """Where the profiles are."""
    given = os.environ.get(CONFIG)
    if given:
        return Path(given).expanduser()
    if sys.platform == "win32":
        base = Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return base / "chronicle-notebook" / "config.toml"


def profile(name: str) -> Profile:
    """Read one profile.

    :raises InvalidInputError: there is no such file or profile, a key of it is unknown or of another type, or a secret
        is written out in it. No value is repeated.
    """
    path = config_file()
    profiles = _read(path)
    if name not in profiles:
        raise InvalidInputError(
            f"{path} has no profile {name!r}.",
            field="profile",
            hint=did_you_mean(name, profiles) or f"It has {', '.join(profiles) or 'none'}. Write [profiles.{name}].",
        )
    table = profiles[name]
    _check(path, name, table)
    given = table.get("connection")
    return Profile(
        name=name,
        connection=None if given is None else _connection(path, name, given),
        event_store=table.get("event_store"),
        namespace=table.get("namespace"),
        protected=table.get("protected", False),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInputError(
            f"The file of profiles {path} cannot be read: {error.strerror or type(error).__name__}.",
            field="profile",
            hint=f"Make it, with [profiles.NAME] and connection = ..., or name another one in {CONFIG}.",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        # The error of the parser can repeat a part of the line, which may be a secret.
        raise InvalidInputError(
            f"The file of profiles {path} is not TOML.", field="profile", hint="Put each text into double quotes."
        ) from None
    found = document.get("profiles", {})
    unknown = [key for key in document if key != "profiles"]
    if unknown or not isinstance(found, dict):
        raise InvalidInputError(
            f"{path} holds something else than profiles.", field="profile", hint="Begin each with [profiles.NAME]."
        )
    return found


def _check(path: Path, name: str, table: Any) -> None:
    where = f"profile {name!r} in {path}"
    if not isinstance(table, Mapping):
        raise InvalidInputError(f"{where} is not a table.", field="profile", hint=f"Write [profiles.{name}].")
    for key, value in table.items():
        if key not in _KINDS:
            hint = did_you_mean(key, _KINDS) or f"Write {', '.join(_KINDS)}."
            raise InvalidInputError(f"The {where} has an unknown key {key!r}.", field=key, hint=hint)
        if not isinstance(value, _KINDS[key]):
            raise InvalidInputError(f"{key} of {where} must be {_WORDS[_KINDS[key]]}.", field=key)


def _connection(path: Path, name: str, text: str) -> ConnectionString:
    # A reference to a variable that holds the whole connection string keeps even the host out of the file.
    if text.startswith(("env:", "keyring:")):
        return ConnectionString.parse(Secret.parse(text).reveal())
    target = ConnectionString.parse(text)
    secrets = {
        "the secret of the client": target.password,
        "apiKey": target.api_key,
        "certificatePassword": target.certificate_password,
    }
    for what, secret in secrets.items():
        if secret is not None and secret.reference is None:
            raise InvalidInputError(
                f"connection of profile {name!r} in {path} holds {what} itself.",
                field="connection",
                hint="Take it out of the file, change it, and write a reference: env:NAME or keyring:SERVICE/USER.",
            )
    return target
