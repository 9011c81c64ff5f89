"""Where the program starts: before the packages are loaded that it needs."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

__all__ = ["main"]

_BROKEN_PIPE = 141  # what a shell gives for a program that ends by SIGPIPE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; an interrupt is one line, also while packages load.

    A reader of the output that has read enough, such as head, ends it in silence.
    """
    try:
        # takes a second or more, in which people notice that they forgot something
        from sklearn_mtl.command_line._main import run

        code = run(arguments)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("sklearn-mtl: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Python flushes at its end what is left, which would fail again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
