"""Where the program starts: before the packages are loaded that it needs."""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; an interrupt is one line, also while packages load."""
    try:
        # takes a second or more, in which people notice that they forgot something
        from sklearn_mtl.command_line._main import run

        return run(arguments)
    except KeyboardInterrupt:
        print("sklearn-mtl: interrupted", file=sys.stderr)
        return 130
