"""The version of a server."""

from dataclasses import dataclass

from chronicle_notebook.base._public import public
from chronicle_notebook.base._sandbox_marks import SANDBOX_SUFFIX, UNSERVED_MARK


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

    @property
    def unserved(self) -> str:
        """What a sandbox accepted from clients but does not execute, in numbers; empty for any other kernel."""
        return self.commit.removeprefix(UNSERVED_MARK) if self.commit.startswith(UNSERVED_MARK) else ""
