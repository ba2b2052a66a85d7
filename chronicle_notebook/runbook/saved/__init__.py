"""The file of definitions that a pause writes, and what restores webhooks from it."""
