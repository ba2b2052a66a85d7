"""The YAML file of definitions, version 1: its keys, reader, writer and JSON Schema."""
