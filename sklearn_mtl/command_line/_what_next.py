"""Command and Python code that read the table of a comparison again."""

from __future__ import annotations

import argparse
import shlex
from typing import Any

from sklearn_mtl.command_line._data_options import split_names
from sklearn_mtl.command_line._program import program
from sklearn_mtl.command_line._read_table import CommandTable

__all__ = ["what_next"]

_LISTS = ("targets", "drop", "keep", "missing", "not_missing")
_OTHERS = ("group", "task_types", "sep", "decimal", "encoding", "sheet")
_IMPORTS = (
    "from sklearn.pipeline import Pipeline",
    "from sklearn_mtl.datasets import load_table",
    "from sklearn_mtl.preprocessing import TableInputs",
)


def what_next(
    options: argparse.Namespace, table: CommandTable, inputs: Any
) -> dict[str, Any]:
    """Return the start of a `fit` command, and Python code for X and y, as settings."""
    lines = _data_lines(options, table, has_order=bool(inputs.date_orders_))
    return {
        "fit_command": _fit_command(options),
        "data_lines": [list(_IMPORTS), lines],
    }


def _fit_command(options: argparse.Namespace) -> str:
    words = ["fit", options.table]
    for name in (*_LISTS, *_OTHERS):
        value = getattr(options, name)
        if value:
            words.append(f"--{name.replace('_', '-')}")
            words += value if isinstance(value, list) else [value]
    if options.day_first is not None:
        words.append("--day-first" if options.day_first else "--no-day-first")
    words += ["--seed", str(options.seed)] if options.seed else []
    return f"{program()} {shlex.join(words)}"


def _data_lines(
    options: argparse.Namespace, table: CommandTable, *, has_order: bool
) -> list[str]:
    columns = [*table.data.columns, *table.target.columns]
    named = {name: split_names(getattr(options, name), columns) for name in _LISTS[:3]}
    keep = named.pop("keep")
    given = {
        **named,
        "group": options.group,
        **{name: getattr(options, name) for name in _OTHERS[2:]},
        "missing": options.missing,
        "not_missing": options.not_missing,
    }
    said = "".join(f", {name}={value!r}" for name, value in given.items() if value)
    chosen = f'keep={keep!r}, text="passthrough"' if keep else 'text="passthrough"'
    if has_order and table.day_first is not None:
        chosen += f", day_first={table.day_first}"
    return [
        f"table = load_table({options.table!r}{said})",
        f"inputs = TableInputs({chosen})",
        "X, y = inputs.fit_transform(table.data), table.target",
    ]
