"""The wire: proto files, generated modules, and one adapter per wire generation."""
