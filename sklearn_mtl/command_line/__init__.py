"""Command line of the package, with one module per command."""

from sklearn_mtl.command_line._start import main as main

__all__: list[str] = []
