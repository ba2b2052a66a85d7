"""``python -m chronicle_notebook``: the command ``chronicle-notebook``."""

import sys

from chronicle_notebook.cli import main

sys.exit(main())
