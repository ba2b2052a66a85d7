"""The probe of a kernel: it measures which of the known defects the kernel has, and keeps the result."""
