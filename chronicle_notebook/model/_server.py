"""Which server answers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerVersion:
    """What a kernel says of itself; texts are empty when it does not say."""

    version: str
    commit: str = ""
    protocol: str = ""
    """The version of its contract; kernels up to 16.37 leave it out."""
