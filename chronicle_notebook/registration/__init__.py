"""Changing webhooks: register, remove and replace, the plan before and the outcome after."""
