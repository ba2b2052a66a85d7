"""How a sandbox kernel reports itself, in the answer that every kernel gives about its version."""

SANDBOX_SUFFIX = "-sandbox"
"""The end of the version of every sandbox kernel that behaves like no release."""
SANDBOX_MARK = "sandbox"
"""Reported instead of the commit of the source, because a profile reports the version of a release without being
one."""
UNSERVED_MARK = f"{SANDBOX_MARK}, accepted but not executed: "
"""The same if the sandbox accepted things that it does not carry out; their numbers follow."""
