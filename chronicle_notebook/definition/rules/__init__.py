"""The rules that a definition must keep before it is sent, by field."""
