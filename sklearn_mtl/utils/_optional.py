"""Imports of optional packages."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["check_report", "import_optional", "is_installed"]


def import_optional(name: str, *, extra: str, who: str) -> Any:
    """Import a module, or raise ImportError with the command to install it."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        root = name.partition(".")[0]
        if (error.name or "").partition(".")[0] != root:
            raise  # the package is installed, but one of its dependencies is not
        package = root.replace("_", "-")
        raise ImportError(
            f"{who} needs {package}: pip install 'sklearn-mtl[{extra}]'."
        ) from error


def check_report(who: str) -> None:
    """Raise ImportError if a package that HTML reports require is not installed."""
    for name in ("jinja2", "matplotlib"):
        import_optional(name, extra="report", who=who)


def is_installed(name: str) -> bool:
    """Return whether a module can be imported."""
    try:
        import_module(name)
    except ImportError:
        return False
    return True
