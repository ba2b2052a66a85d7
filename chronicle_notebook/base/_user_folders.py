"""The user's own folders for settings and data. A process in a container can have none: no ``HOME``, and no entry of
the user in the system's list."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Literal

from chronicle_notebook.base._errors import InvalidInputError

_NAME = "chronicle-notebook"


def expanded(path: str | os.PathLike[str]) -> Path:
    """A path with the home directory in place of ``~``.

    :raises OSError: the path begins with ``~``, and nobody knows the home directory.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise OSError(errno.ENOENT, "the home directory is not known") from None


def user_folder(kind: Literal["configuration", "data"], what: str, *, variable: str, field: str) -> Path:
    """The folder of this package for the user's settings or data. It need not exist.

    :param what: what is kept there, for the error.
    :param variable: the environment variable with which the user can name another place.
    :raises InvalidInputError: the home directory is not known.
    """
    from platformdirs import user_config_path, user_data_path

    try:
        if kind == "data":
            found = user_data_path(_NAME, appauthor=False)
        else:
            # Windows: the roaming folder, which follows a user from one machine to the next.
            found = user_config_path(_NAME, appauthor=False, roaming=True)
    except RuntimeError:
        found = Path()
    if found.is_absolute():
        return found
    raise InvalidInputError(
        f"There is no home directory, so {what} has no place.",
        field=field,
        hint=f"Set HOME, or name a place in {variable}.",
    )


def named_folder(given: str, *, variable: str, field: str) -> Path:
    """The path that an environment variable names.

    :raises InvalidInputError: it begins with ``~``, and nobody knows the home directory.
    """
    try:
        return expanded(given)
    except OSError as error:
        raise InvalidInputError(
            f"{variable} names a place in a home directory: {error.strerror}.",
            field=field,
            hint=f"Set HOME, or write the whole path into {variable}.",
        ) from None
