"""The rules for a definition before it is sent, by field."""
