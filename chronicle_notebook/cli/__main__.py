"""``python -m chronicle_notebook.cli``: the command ``chronicle-notebook``."""

import sys

from chronicle_notebook.cli import main

sys.exit(main())
