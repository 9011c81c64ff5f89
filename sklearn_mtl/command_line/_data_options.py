"""Options of all commands that read a table: file, targets, other columns."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

__all__ = ["add_data_options", "by_name", "check_outputs", "read_table"]


def add_data_options(group: Any) -> None:
    """Add what names the file, the targets and the roles of its columns."""
    group.add_argument(
        "--targets", nargs="+", metavar="COLUMN", help="columns to predict"
    )
    group.add_argument(
        "--drop", nargs="+", default=[], metavar="COLUMN", help="columns to leave out"
    )
    group.add_argument(
        "--group",
        metavar="COLUMN",
        help="rows of one group stay on one side of a split",
    )
    group.add_argument(
        "--task-types",
        nargs="+",
        metavar="[TARGET=]TYPE",
        help="classification or regression, for all, in order or by target",
    )


def check_outputs(paths: dict[str, str | None]) -> None:
    """Refuse now what could not be written after minutes of work; by option."""
    for option, path in paths.items():
        if path is not None and not Path(path).resolve().parent.is_dir():
            raise FileNotFoundError(f"{option}: no folder for the file {path!r}.")


def read_table(options: argparse.Namespace) -> Any:
    """Return the inputs, targets and groups that the options name, as a Bunch."""
    from sklearn_mtl.datasets import load_table

    if not options.targets:
        raise ValueError("name the columns to predict: --targets COLUMN ...")
    return load_table(
        options.table, targets=options.targets, drop=options.drop, group=options.group
    )


def by_name(values: list[str] | None, option: str, *, can_be_list: bool) -> Any:
    """Return what "a=x b=y" says by name, or "x" of all; None where nothing is said."""
    if values is None:
        return None
    pairs = [value.rpartition("=") for value in values]
    if all(name for name, _, _ in pairs):
        return {name: value for name, _, value in pairs}
    if len(values) == 1:
        return values[0]
    if can_be_list and not any(name for name, _, _ in pairs):
        return values
    raise ValueError(
        f"{option}: give one value, or NAME=VALUE for each; found {values}."
    )
