"""Which server answers."""

from dataclasses import dataclass

from chronicle_notebook.base._public import public

SANDBOX_SUFFIX = "-sandbox"
"""The end of the version of every sandbox kernel."""


@public
@dataclass(frozen=True, slots=True)
class ServerVersion:
    """What a kernel says of itself; texts are empty when it does not say."""

    version: str
    commit: str = ""
    protocol: str = ""
    """The version of its contract; kernels up to 16.37 leave it out."""

    @property
    def is_sandbox(self) -> bool:
        """Whether the kernel is a sandbox of this package, in this process or another; its version says so."""
        return self.version.endswith(SANDBOX_SUFFIX)
