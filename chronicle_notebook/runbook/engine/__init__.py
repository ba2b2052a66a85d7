"""What runs a runbook: its parameters, its steps, its outcome."""
