"""``python -m chronicle_notebook.sandbox``."""

import sys

from chronicle_notebook.display._terminal import ended
from chronicle_notebook.sandbox._main import main

sys.exit(ended(main))
