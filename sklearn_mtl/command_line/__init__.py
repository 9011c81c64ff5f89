"""The command line: each command has a file that reads its options and runs it."""

from sklearn_mtl.command_line._start import main as main

__all__: list[str] = []
