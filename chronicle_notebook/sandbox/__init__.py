"""An embedded Chronicle kernel: real gRPC over TLS, real SQLite, real HTTP deliveries.

For notebooks, lessons and tests without a kernel at hand. It speaks either form of the wire contract and follows what a
kernel does closely enough that a hook which works here works there; where it is kinder, the docstrings say so.
"""

from chronicle_notebook.sandbox._behaviour import Behaviour
from chronicle_notebook.sandbox._profile import PROFILES, Profile
from chronicle_notebook.sandbox._sandbox import Sandbox

__all__ = ["PROFILES", "Behaviour", "Profile", "Sandbox"]
