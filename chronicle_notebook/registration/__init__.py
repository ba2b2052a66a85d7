"""Changing webhooks: register, remove, replace, what is planned and what took effect."""
