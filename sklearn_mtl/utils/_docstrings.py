"""One description of what several classes share, in the docstring of each."""

from __future__ import annotations

import inspect
import textwrap
from typing import TypeVar

__all__ = ["Class", "fill_docstring"]

Class = TypeVar("Class", bound=type)


def fill_docstring(cls: Class, **parts: str) -> Class:
    """Write texts into the docstring of a class.

    Python 3.13 takes the common indentation of docstrings away, older versions keep
    it; here it goes in all of them, or the texts would not line up.
    """
    doc = inspect.cleandoc(cls.__doc__ or "")
    for name, text in parts.items():
        doc = doc.replace(f"{{{name}}}", textwrap.dedent(text).strip())
    cls.__doc__ = f"{doc}\n"  # the closing quotes stand on a line of their own
    return cls
