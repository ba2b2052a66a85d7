"""The `commands` wire generation: kernels from 16.38 on."""
