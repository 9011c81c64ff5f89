"""Run ``python -m sklearn_mtl``."""

import sys

from sklearn_mtl.command_line import main

if __name__ == "__main__":
    sys.exit(main())
