"""Write the JSON Schema of the file of webhooks into the package, from the table of its keys."""

from __future__ import annotations

from pathlib import Path

from chronicle_notebook.definition.file import _schema

TARGET = Path(_schema.__file__).with_name(_schema.FILE)

if __name__ == "__main__":
    TARGET.write_text(_schema.rendered(), encoding="utf-8")
