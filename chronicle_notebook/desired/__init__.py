"""Webhooks as code: the desired state, the plan that leads to it, and what became of the plan."""
