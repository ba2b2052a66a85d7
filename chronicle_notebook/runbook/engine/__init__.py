"""The engine of runbooks: parameters, steps, outcome."""
