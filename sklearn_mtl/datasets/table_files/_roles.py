"""Division of a table into inputs, targets and groups."""

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
    """Return the inputs, the targets and the groups (or None) of a table.

    `roles` has column names by argument: "targets" and optionally "drop", "group" and
    "keep".

    Raises
    ------
    ValueError
        If there are no targets, a column is unknown or has two roles, a group is
        missing, or no input is left.
    """
    frame, name = table.frame, table.name
    if not roles["targets"]:
        raise ValueError(
            f"{name}: targets is empty; name at least one column. Columns: "
            f"{listed(frame)}."
        )
    _check_roles(table, roles, say)
    others = [one for role, named in roles.items() for one in named if role != "keep"]
    inputs = frame.drop(columns=others)
    if not inputs.shape[1]:
        raise ValueError(
            f"{name} has no inputs, because all columns are targets, groups or dropped."
        )
    groups = None
    for group in roles.get("group", ()):
        groups = frame[group]
        n_missing = int(groups.isna().sum())
        if n_missing:
            raise ValueError(
                f"{name}: the group column {group!r} has {n_missing} missing values; "
                "every row must have a group."
            )
    return inputs, frame[list(roles["targets"])], groups


def _check_roles(
    table: TableFile, roles: Mapping[str, Sequence[str]], say: FileOptions
) -> None:
    """Raise if a column does not exist or has two roles."""
    columns, name = list(table.frame.columns), table.name
    # the command line has already printed the format
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
                    f"{name}: column {column!r} has two roles: "
                    f"{say.say(taken[column], column)} and {say.say(role, column)}."
                )
            taken[column] = role
