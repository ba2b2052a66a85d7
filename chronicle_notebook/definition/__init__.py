"""Making a definition: builder, declared classes, YAML, code, and the rules that a definition must keep."""
