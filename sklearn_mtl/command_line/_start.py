"""Entry point of the program, which imports little."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

__all__ = ["main"]

_BROKEN_PIPE = 141  # exit code of shells for programs that end by SIGPIPE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, and handle interrupts and closed pipes without traceback.

    Interrupts during the imports are also handled. A closed pipe, for example after
    head has read enough, ends the program silently.
    """
    try:
        # this import takes a second or more, in which users may interrupt
        from sklearn_mtl.command_line._main import run

        code = run(arguments)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("sklearn-mtl: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Python flushes stdout at exit, which would fail again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
