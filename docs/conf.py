"""The site: ``make docs``. Sphinx reads the README, docs/ and the tutorials, and runs the tutorials."""

import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

project = "chronicle_notebook"
author = project
extensions = ["docs_pages", "myst_nb", "sphinx.ext.autodoc"]
root_doc = "README"
include_patterns = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/**", "notebooks/*.ipynb"]
exclude_patterns = ["docs/_*"]

html_theme = "pydata_sphinx_theme"
html_title = project
html_static_path = ["assets"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_additional_pages = {"index": "redirect.html"}
html_theme_options = {"show_prev_next": False, "navbar_align": "left", "footer_start": [], "footer_end": []}
html_context = {"default_mode": "auto"}
html_sidebars: dict[str, list[str]] = {"README": []}
smartquotes = False
templates_path = ["_templates"]

# Headings have the anchors that GitHub gives them.
myst_heading_anchors = 4
myst_links_external_new_tab = False

# No kernel is named, and nobody's profile, settings or history of IPython are used.
os.environ.pop("CHRONICLE_CONNECTION_STRING", None)
_nobodys = tempfile.TemporaryDirectory()
(_profile := Path(_nobodys.name, "profile_default")).mkdir()
(_profile / "ipython_kernel_config.py").write_text("c.IPKernelApp.log_level = 40\n")
os.environ |= {"IPYTHONDIR": _nobodys.name, "JUPYTER_CONFIG_DIR": _nobodys.name, "NO_COLOR": "1"}
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 90
# Patterns of notebooks that are not run, for tests of the site alone.
nb_execution_excludepatterns = os.environ.get("DOCS_NOT_RUN", "").split()
# Widgets are shown as their static HTML, so that no page needs a script from elsewhere.
nb_ipywidgets_js: dict[str, dict[str, str]] = {}
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]

autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
add_module_names = False
python_use_unqualified_type_names = True
