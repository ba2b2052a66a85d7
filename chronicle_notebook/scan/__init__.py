"""Searching notebooks and other files for secrets before they are shared: ``chronicle-notebook scan``."""

from chronicle_notebook.scan._files import scan
from chronicle_notebook.scan._notebook import rules_for, scan_notebook
from chronicle_notebook.scan._rules import Leak, Rules

__all__ = ["Leak", "Rules", "rules_for", "scan", "scan_notebook"]
