"""Where the sandbox listens."""

HOST = "127.0.0.1"
"""The loopback interface, and no other."""
