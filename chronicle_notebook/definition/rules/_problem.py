"""Problems and cautions of a definition, as values that a form can show beside a field."""

from __future__ import annotations

from dataclasses import dataclass

from chronicle_notebook.base._errors import ChronicleWarning, CredentialHeaderWarning, InvalidDefinitionError


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that cannot work. Its texts describe the shape of a value, never a secret, the value of a header or a
    URL."""

    field: str
    """The argument: ``id``, ``target_url``, ``headers``, ``username`` and so on."""
    message: str
    """A whole sentence."""
    hint: str = ""
    """The next step, as a sentence."""
    error: type[InvalidDefinitionError] = InvalidDefinitionError
    """The type of the error to raise."""


@dataclass(frozen=True, slots=True)
class Caution:
    """Something that works but probably does not do what the user wants. Its texts follow the rules of a problem."""

    field: str
    message: str
    hint: str = ""
    warning: type[ChronicleWarning] = CredentialHeaderWarning
    """The type of the warning."""
