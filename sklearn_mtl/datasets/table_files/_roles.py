"""Which columns are targets, groups or neither: checked, and then taken apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sklearn_mtl.datasets.table_files._options import FileOptions, listed
from sklearn_mtl.datasets.table_files._read import TableFile
from sklearn_mtl.utils._guesses import with_guesses

__all__ = ["split_columns"]


def split_columns(
    table: TableFile, roles: Mapping[str, Sequence[str]], say: FileOptions
) -> tuple[Any, Any, Any]:
    """Return the inputs, the targets and the groups, or None, of a table.

    `roles` has columns by argument: "targets"; perhaps "drop", "group" and "keep".

    Raises
    ------
    ValueError
        If no target or an unknown column is named, a column has two roles, a group is
        missing, or no input is left.
    """
    frame, name = table.frame, table.name
    if not roles["targets"]:
        raise ValueError(f"{name}: no target is named. Columns: {listed(frame)}.")
    _check_roles(table, roles, say)
    others = [one for role, named in roles.items() for one in named if role != "keep"]
    inputs = frame.drop(columns=others)
    if not inputs.shape[1]:
        raise ValueError(f"{name} has no inputs: all of its columns have a role.")
    groups = None
    for group in roles.get("group", ()):
        groups = frame[group]
        n_missing = int(groups.isna().sum())
        if n_missing:
            raise ValueError(
                f"{name}: the group {group!r} is missing in {n_missing} rows; every "
                "row needs one."
            )
    return inputs, frame[list(roles["targets"])], groups


def _check_roles(
    table: TableFile, roles: Mapping[str, Sequence[str]], say: FileOptions
) -> None:
    """Refuse roles of columns that are not there, and two roles of one column."""
    columns, name = list(table.frame.columns), table.name
    # the command line has said how it read the file
    read_as = "" if say.on_command_line else table.read_as
    how = f" Read as: {read_as}." if read_as else ""
    taken: dict[str, str] = {}
    for role, named in roles.items():
        unknown = [column for column in named if column not in columns]
        if unknown:
            raise ValueError(
                f"{name} has no column {with_guesses(unknown, columns)}. "
                f"Columns: {listed(columns)}.{how}"
            )
        for column in named:
            if column in taken:
                raise ValueError(
                    f"{name}: column {column!r} is named twice, in "
                    f"{say.say(taken[column], column)} and {say.say(role, column)}."
                )
            taken[column] = role
