"""Packages that only some users need, imported when they are asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["import_optional"]


def import_optional(name: str, *, extra: str, who: str) -> Any:
    """Import a module, or say how to install it."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        root = name.partition(".")[0]
        if (error.name or "").partition(".")[0] != root:
            raise  # it is there, but something that it needs is not
        package = root.replace("_", "-")
        raise ImportError(
            f"{who} needs {package}: pip install 'sklearn-mtl[{extra}]'."
        ) from error
