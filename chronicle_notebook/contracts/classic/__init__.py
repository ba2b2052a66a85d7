"""The `classic` wire generation: kernels up to 16.37."""
