"""Definitions: builder, declared classes, YAML, code, and the rules for a definition."""
