"""The probe of a kernel: it measures which of the known defects the kernel has, and keeps the result."""

DEADLINE = 60.0
"""The default limit of a probe, in seconds."""
