"""What fails, why, since when, what waits for it, and what to do next."""
