"""The version of a server."""

from dataclasses import dataclass

from chronicle_notebook.base._public import public

SANDBOX_SUFFIX = "-sandbox"
"""The end of the version of every sandbox kernel."""


@public
@dataclass(frozen=True, slots=True)
class ServerVersion:
    """The version that a kernel reports. Texts are empty if the kernel does not report them."""

    version: str
    commit: str = ""
    protocol: str = ""
    """The version of the kernel's contract. Kernels up to 16.37 do not report it."""

    @property
    def is_sandbox(self) -> bool:
        """Whether the kernel is a sandbox of this package, in this process or in another one. Its version says so."""
        return self.version.endswith(SANDBOX_SUFFIX)
