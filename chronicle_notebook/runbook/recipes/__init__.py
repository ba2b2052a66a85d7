"""The steps of the project's own runbooks, one file for each runbook."""
