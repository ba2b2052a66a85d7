"""What is wrong, or likely not meant, in a definition: values that a form can show beside a field."""

from __future__ import annotations

from dataclasses import dataclass

from chronicle_notebook.base._errors import ChronicleWarning, CredentialHeaderWarning, InvalidDefinitionError


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that cannot work. Its texts tell a value's shape, never a secret, a header's value or a URL."""

    field: str
    """The argument it is about: ``id``, ``target_url``, ``headers``, ``username`` and so on."""
    message: str
    """A whole sentence."""
    hint: str = ""
    """The next step, as a sentence."""
    error: type[InvalidDefinitionError] = InvalidDefinitionError
    """What is raised for it."""


@dataclass(frozen=True, slots=True)
class Caution:
    """Something that works and is likely not meant, with texts that are as discreet as those of a problem."""

    field: str
    message: str
    hint: str = ""
    warning: type[ChronicleWarning] = CredentialHeaderWarning
    """The kind of warning it is given as."""
