"""Read the table that the options name, and choose its inputs."""

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

_FEW = 3  # other values among numbers or dates that are told
# Digits with one sign of a currency or a unit, such as 5 %, $ 1,200 or 12.5 kg.
_WITH_UNIT = re.compile(
    r"([€$£¥]?)\s*[+-]?\d[\d.,' ]*?(\s*[%‰€$£¥°][CF]?|\s+[A-Za-zµ]{1,4})?"
)
_WORDS = FileOptions(on_command_line=True)

__all__ = ["CommandTable", "choose_inputs", "describe", "read_file", "read_table"]


@dataclass(frozen=True)
class CommandTable:
    """A table whose columns have roles.

    Attributes
    ----------
    data, target : DataFrame
        The columns that may become inputs, and the targets.
    groups : Series or None
        Group of each row.
    task_types : dict of str to str or None
        What --task-types says by target.
    keep : tuple of str
        Inputs that must not be left out.
    name : str
        Name of the file.
    trunk : trunk or None
        Trunk of the nets, for pictures.
    dropped : dict of str to bool
        Columns that are dropped, and whether their values are unique.
    day_first : bool or None
        Whether the day comes first in dates, as an option or the file says.
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
    """Read the file, with some columns as texts, and say on stderr how."""
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
    """Read the file and split its columns by their roles."""
    if not options.targets:
        raise ValueError("name the columns to predict: --targets COLUMN ...")
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
    """Return the fitted TableInputs of a table, and say on stderr what it chose.

    Raises
    ------
    ValueError
        If no input is left, or one is a copy of a target and was not asked for.
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
        _say("dates may have day and month swapped: --day-first or --no-day-first")
    chosen = table.data[[name for name in inputs.kinds_ if name not in table.keep]]
    for name, (target, how) in find_copies(chosen, table.target).items():
        raise ValueError(
            f"{table.name}: the input {name!r} is a copy of the target {target!r} "
            f"({how}); leave it out with {_WORDS.say('drop', name)}, or say "
            f"{_keep(name)}."
        )
    return inputs


def describe(inputs: Any) -> str:
    """Return what a fitted TableInputs chose, in the words of the command line."""
    return str(inputs.describe(_keep))


def _refuse_targets(target: Any, types: dict[str, str], table: str) -> None:
    """Refuse targets whose values are neither numbers nor classes."""
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
                f"{table}: the target {name!r} holds {what}, such as {shown[:40]!r}; a "
                "target holds numbers or classes. If each value is a class: "
                f"--task-types {_WORDS.quoted(f'{name}=classification')}."
            )


def _keep(name: str) -> str:
    return _WORDS.say("keep", name)


def _tell_mixed(data: Any, target: Any) -> None:
    """Say which columns of numbers or dates are texts because of a few other values."""
    import pandas as pd

    from sklearn_mtl.preprocessing.columns import other_than_dates

    for frame in (data, target):
        for name in frame.columns:
            column = frame[name].dropna()
            if not len(column) or column.dtype.kind in "biufcmM":
                continue
            if unit := _common_unit(column.astype(str)):
                _say(
                    f"warning: column {name!r} holds texts such as "
                    f"{str(column.iloc[0])!r}; without {unit!r} they would be numbers"
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
                    f"values; if they mean missing ones: --missing {shown}"
                )


def _common_unit(texts: Any) -> str:
    """Return the sign of a currency or the unit that all numbers have; "" for none."""
    units: set[str] = set()
    for text in texts.unique():
        match = _WITH_UNIT.fullmatch(text)
        units.add("".join(match.groups("")).strip() if match else "")
        if "" in units or len(units) > 1:
            return ""
    return "".join(units)


def _say(line: str) -> None:
    print(f"sklearn-mtl: {line}", file=sys.stderr)
