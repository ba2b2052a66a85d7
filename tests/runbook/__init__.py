"""Runbooks: parameters, plan, guard, outcome; and each runbook that comes with the project."""
