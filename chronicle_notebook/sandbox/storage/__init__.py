"""SQLite: one file per noun."""
