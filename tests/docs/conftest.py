"""The site is looked at in the same Chromium as JupyterLab."""

from tests.browser.conftest import chromium

__all__ = ["chromium"]
