"""Reading of the table given by the options, and choice of its inputs."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sklearn_mtl.command_line._data_options import split_names
from sklearn_mtl.command_line._task_types import read_task_types
from sklearn_mtl.datasets import FileOptions, TableFile, read_table_file, split_columns

_FEW = 3  # most distinct values among numbers or dates that are listed in a warning
# Number with a currency sign or a unit, such as 5 %, $ 1,200 or 12.5 kg.
_WITH_UNIT = re.compile(
    r"([€$£¥]?)\s*[+-]?\d[\d.,' ]*?(\s*[%‰€$£¥°][CF]?|\s+[A-Za-zµ]{1,4})?"
)
_WORDS = FileOptions(on_command_line=True)

__all__ = ["CommandTable", "choose_inputs", "describe", "read_file", "read_table"]


@dataclass(frozen=True)
class CommandTable:
    """A table divided into inputs, targets and groups.

    Attributes
    ----------
    data, target : DataFrame
        Columns that may be used as inputs, and the targets.
    groups : Series or None
        Group of each row.
    task_types : dict of str to str or None
        Types given by --task-types, by target.
    keep : tuple of str
        Inputs that must not be left out.
    name : str
        Name of the file.
    trunk : trunk or None
        Trunk of the nets, for images.
    dropped : dict of str to bool
        Dropped columns, with whether their values are unique.
    day_first : bool or None
        Whether the day comes first in dates, according to the options or the file.
    """

    data: Any
    target: Any
    groups: Any = None
    task_types: dict[str, str] | None = None
    keep: tuple[str, ...] = ()
    name: str = ""
    trunk: Any = None
    dropped: dict[str, bool] = field(default_factory=dict)
    day_first: bool | None = None


def read_file(options: argparse.Namespace, texts: Sequence[str] = ()) -> TableFile:
    """Read the file, with the given columns as texts, and print its format."""
    how = FileOptions(
        options.sep,
        options.decimal,
        options.encoding,
        tuple(options.missing),
        on_command_line=True,
        not_missing=tuple(options.not_missing),
        texts=tuple(texts),
        sheet=options.sheet,
    )
    table = read_table_file(options.table, how)
    n_rows, n_columns = table.frame.shape
    read_as = f"; {table.read_as}" if table.read_as else ""
    _say(f"{table.name}: {n_rows} rows, {n_columns} columns{read_as}")
    return table


def read_table(options: argparse.Namespace) -> CommandTable:
    """Read the file and divide its columns by their roles."""
    if not options.targets:
        raise ValueError("no targets: name the columns to predict by --targets COLUMN")
    table = read_file(options)
    columns = list(table.frame.columns)
    roles = {
        role: split_names(getattr(options, role), columns)
        for role in ("targets", "drop", "keep")
    }
    roles["group"] = [] if options.group is None else [options.group]
    data, target, groups = split_columns(table, roles, _WORDS)
    _tell_mixed(data, target)
    types = read_task_types(options.task_types, target)
    _refuse_targets(target, types or {}, table.name)
    return CommandTable(
        data,
        target,
        groups,
        types,
        keep=tuple(roles["keep"]),
        name=table.name,
        dropped={name: table.frame[name].is_unique for name in roles["drop"]},
        day_first=table.day_first if options.day_first is None else options.day_first,
    )


def choose_inputs(table: CommandTable, *, text: str = "tfidf") -> Any:
    """Return the fitted TableInputs of a table, and print the inputs to stderr.

    Raises
    ------
    ValueError
        If no input is left, or an input that --keep does not name copies a target.
    """
    from sklearn_mtl.preprocessing import TableInputs, find_copies

    inputs = TableInputs(keep=table.keep, text=text, day_first=table.day_first)
    try:
        inputs.fit(table.data)
    except ValueError as error:
        message = str(error).removeprefix("TableInputs: ")
        for name in table.data.columns:
            message = message.replace(f"keep=[{name!r}]", _keep(name))
        raise ValueError(f"{table.name}: {message}") from error
    _say(describe(inputs))
    if table.day_first is None and inputs.date_orders_:
        _say("day and month of dates may be swapped; use --day-first or --no-day-first")
    chosen = table.data[[name for name in inputs.kinds_ if name not in table.keep]]
    for name, (target, how) in find_copies(chosen, table.target).items():
        raise ValueError(
            f"{table.name}: the input {name!r} is a copy of the target {target!r} "
            f"({how}). Use {_WORDS.say('drop', name)} to ignore it, or {_keep(name)} "
            "to use it as an input."
        )
    return inputs


def describe(inputs: Any) -> str:
    """Return a description of a fitted TableInputs, with options for arguments."""
    return str(inputs.describe(_keep))


def _refuse_targets(target: Any, types: dict[str, str], table: str) -> None:
    """Raise for targets that contain dates, free text or identifiers."""
    from sklearn_mtl.preprocessing.columns import (
        identifier_reason,
        is_date,
        is_free_text,
        is_text,
    )

    for name in target.columns:
        column = target[name]
        if name in types or column.dtype.kind in "biufc":
            continue
        what = "dates" if is_date(column) else ""
        if not what and is_text(column) and is_free_text(column):
            what = "free text"
        if not what and is_text(column) and (reason := identifier_reason(column)):
            what = f"identifiers ({reason})"
        if what:
            shown = str(column.dropna().iloc[0])
            raise ValueError(
                f"{table}: the target {name!r} contains {what}, such as "
                f"{shown[:40]!r}. Targets must be numbers or classes. If each value is "
                "a class, use --task-types "
                f"{_WORDS.quoted(f'{name}=classification')}."
            )


def _keep(name: str) -> str:
    return _WORDS.say("keep", name)


def _tell_mixed(data: Any, target: Any) -> None:
    """Print warnings for numeric or date columns that are read as text."""
    import pandas as pd

    from sklearn_mtl.preprocessing.columns import other_than_dates

    for frame in (data, target):
        for name in frame.columns:
            column = frame[name].dropna()
            if not len(column) or column.dtype.kind in "biufcmM":
                continue
            if unit := _common_unit(column.astype(str)):
                _say(
                    f"warning: column {name!r} is read as text because of {unit!r} in "
                    f"values such as {str(column.iloc[0])!r}; remove it to read numbers"
                )
            others = column[pd.to_numeric(column, errors="coerce").isna()].astype(str)
            if 0 < len(others) < len(column) / 5:
                values, kind = list(others.unique()), "numbers"
            else:
                column = column.astype(str)
                values, kind = other_than_dates(column, _FEW) or [], "dates"
                others = column[column.isin(values)]
            if 0 < len(values) <= _FEW:
                shown = " ".join(repr(value) for value in values)
                _say(
                    f"warning: column {name!r} has {kind} and {len(others)} other "
                    f"values; if these are missing values, use --missing {shown}"
                )


def _common_unit(texts: Any) -> str:
    """Return the currency sign or unit that all values have, or ""."""
    units: set[str] = set()
    for text in texts.unique():
        match = _WITH_UNIT.fullmatch(text)
        units.add("".join(match.groups("")).strip() if match else "")
        if "" in units or len(units) > 1:
            return ""
    return "".join(units)


def _say(line: str) -> None:
    print(f"sklearn-mtl: {line}", file=sys.stderr)
