"""Webhooks as code: the desired state, the plan that leads to it, and its result."""
