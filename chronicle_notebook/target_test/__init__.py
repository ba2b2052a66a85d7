"""The test of a webhook's target: the request, its answer, and an event through a sandbox."""
