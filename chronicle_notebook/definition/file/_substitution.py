"""``${name}`` in the texts of a file: one file for several environments."""

from __future__ import annotations

import re
from collections.abc import Mapping

from chronicle_notebook.base._errors import InvalidInputError, did_you_mean
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.definition._references import LITERAL, looks_like_reference

FILE_KINDS = ("env", "file", "keyring")
"""The references that a file may have: those that another process can look up too."""
_PLACE = re.compile(r"\$\$\{|\$\{([^}]*)\}?")


class Substitution:
    """The variables of one profile."""

    def __init__(self, variables: Mapping[str, str], profile: str | None, profiles: tuple[str, ...]) -> None:
        self._variables = variables
        self._profile = profile
        self._profiles = profiles

    def resolved(self, text: str, field: str) -> str | Secret:
        """The value of a text of the file: a reference to a secret, or the text with its variables.

        :raises InvalidInputError: a variable or a kind of reference is unknown.
        """
        if not looks_like_reference(text):
            return self.filled(text, field)
        if text.startswith(LITERAL):
            return self.filled(text.removeprefix(LITERAL), field)
        kind = text.partition(":")[0]
        if kind not in FILE_KINDS:
            raise InvalidInputError(
                f"{field}: {kind}: is not a reference that a file can have.",
                field=field,
                hint=f"Write env:NAME, file:PATH or keyring:SERVICE/USER, or {LITERAL}TEXT for a text that begins so.",
            )
        return Secret.parse(self.filled(text, field))

    def filled(self, text: str, field: str) -> str:
        """A text with the values of its variables; ``$${`` stands for ``${`` itself."""

        def value(found: re.Match[str]) -> str:
            if found[0] == "$${":
                return "${"
            return self._value(found[1], field, closed=found[0].endswith("}"))

        return _PLACE.sub(value, text) if "${" in text else text

    def _value(self, name: str, field: str, *, closed: bool) -> str:
        if closed and name in self._variables:
            return self._variables[name]
        if not closed or not name.isidentifier():
            raise InvalidInputError(
                f"{field}: '${{' begins a variable, and no name and '}}' follow.",
                field=field,
                hint="Write ${name}, or $${ for the characters themselves.",
            )
        if self._profile is None and self._profiles:
            raise InvalidInputError(
                f"{field}: ${{{name}}} has a value for each profile, and no profile was given.",
                field=field,
                hint=f"Give profile= (--profile): {', '.join(self._profiles)}.",
            )
        whose = f"The profile {self._profile!r} has" if self._profile in self._profiles else "The file has"
        raise InvalidInputError(
            f"{field}: {whose} no variable {name!r}.",
            field=field,
            hint=did_you_mean(name, self._variables) or f"Add {name}: ... under variables.",
        )


def escaped_places(text: str) -> str:
    """A text in which nothing is taken for a variable."""
    return text.replace("${", "$${")
