"""Name by which a shell can call the running program."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

__all__ = ["program"]

_NAME = "sklearn-mtl"


def program() -> str:
    """Return the name of the program, with its folder if it is not on the PATH."""
    path = Path(sys.argv[0])
    if path.stem != _NAME or not path.is_file():
        return _NAME  # run from Python
    found = shutil.which(_NAME)
    if found is not None and path.samefile(found):
        return _NAME
    path = path.absolute()
    here = Path.cwd()
    is_below = path.is_relative_to(here)
    return shlex.quote(os.path.relpath(path, here) if is_below else str(path))
