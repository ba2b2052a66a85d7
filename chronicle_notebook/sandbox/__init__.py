"""An embedded Chronicle kernel: real gRPC over TLS, real SQLite, real HTTP deliveries.

For notebooks, lessons and tests without a kernel. It speaks both forms of the wire contract, and behaves so much like a
kernel that a webhook which works here works there. The docstrings say where it is more tolerant than a kernel.
"""

from chronicle_notebook.sandbox._behaviour import Behaviour
from chronicle_notebook.sandbox._profile import PROFILES, KernelProfile
from chronicle_notebook.sandbox._sandbox import Sandbox

__all__ = ["PROFILES", "Behaviour", "KernelProfile", "Sandbox"]
