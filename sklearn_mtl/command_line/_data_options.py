"""Options of all commands that read a table: file, targets, other columns."""

from __future__ import annotations

import argparse
import errno
import os
import re
from pathlib import Path
from typing import Any

__all__ = [
    "add_data_options",
    "add_file_options",
    "by_name",
    "check_outputs",
    "in_options",
    "refuse_without_table",
    "split_names",
]

# Options that say something about a table, by their names in the parsed arguments.
_OF_A_TABLE = (
    *("targets", "drop", "keep", "group", "task_types"),
    *("sep", "decimal", "encoding", "sheet", "missing", "not_missing", "day_first"),
)
# How messages of the package name arguments, and how the command line does.
_IN_OPTIONS = (
    (re.compile(r"task_types=\{'([^']*)': '([^']*)'\}"), r"--task-types \1=\2"),
    (
        re.compile(r"use sklearn_mtl\.tasks\.mask_labels\(y, sentinel=(.*?)\)"),
        r"use --missing \1",
    ),
    (
        re.compile(r"Drop the column, or give on_empty_task='warn' to [^.]*\."),
        "Leave it out of --targets.",
    ),
    (
        re.compile(r"Give a dict by kind, such as \{.*?\}, or 'auto'\."),
        "Give one for each kind: --scoring classification=accuracy regression=r2.",
    ),
    # names of functions and classes that no user of the command line has called
    (re.compile(r"^(make_estimator|TableInputs|MultiTask\w+|IndependentTasks): "), ""),
    (re.compile(r"\bmissing_fraction\b"), "--missing-fraction"),
    (re.compile(r"\blearning_curve\b"), "--learning-curve"),
    (re.compile(r"\bn_repeats\b"), "--repeats"),
    (re.compile(r"\bn_splits\b"), "--cv"),
    (re.compile(r"\btask_types\b"), "--task-types"),
)


def add_data_options(group: Any) -> None:
    """Add what names the targets and the roles of the other columns."""
    group.add_argument(
        "--targets", nargs="+", metavar="COLUMN", help="columns to predict"
    )
    group.add_argument(
        "--drop", nargs="+", default=[], metavar="COLUMN", help="columns to leave out"
    )
    group.add_argument(
        "--keep",
        nargs="+",
        default=[],
        metavar="COLUMN",
        help="inputs that would be left out, such as identifiers",
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
    group.add_argument(
        "--day-first",
        action=argparse.BooleanOptionalAction,
        help="whether 01/02/2024 is in February (default: as numbers above 12 say, or "
        "semicolons and decimal commas)",
    )
    add_file_options(group)


def add_file_options(group: Any) -> None:
    """Add what says how a file is written, where the reader cannot find it out."""
    group.add_argument(
        "--sep", metavar="CHARACTER", help="separator of the columns, or tab, or space"
    )
    group.add_argument("--decimal", metavar="MARK", help="decimal mark: . or ,")
    group.add_argument("--encoding", metavar="NAME", help="such as utf-8 or cp1252")
    group.add_argument(
        "--sheet",
        metavar="NAME",
        help="sheet of an Excel file (default: the first that is not empty)",
    )
    group.add_argument(
        "--missing",
        nargs="+",
        default=[],
        metavar="VALUE",
        help="values that stand for a missing one, such as '?'",
    )
    group.add_argument(
        "--not-missing",
        nargs="+",
        default=[],
        metavar="WORD",
        help="words such as NA or null that are texts and no missing values",
    )


def refuse_without_table(options: argparse.Namespace) -> None:
    """Refuse options of a table where none is given.

    Raises
    ------
    ValueError
        If there is one. A table after a list of columns is taken for a column.
    """
    for name in _OF_A_TABLE:
        value = getattr(options, name, None)
        if value is None or value == []:
            continue
        option = f"--{name.replace('_', '-')}"
        last = value[-1] if isinstance(value, list) else ""
        if Path(last).is_file():
            raise ValueError(
                f"the table comes first: sklearn-mtl {options.command} {last} {option} "
                f"{' '.join(value[:-1])}"
            )
        raise ValueError(
            f"{option} requires a table: sklearn-mtl {options.command} TABLE --targets "
            "a b"
        )


def split_names(values: list[str] | None, columns: list[str]) -> list[str]:
    """Return names of columns that may be separated by commas or spaces."""
    names: list[str] = []
    for value in values or []:
        parts = [part.strip() for part in value.split(",")]
        names += [value] if value in columns else [part for part in parts if part]
    return names


def check_outputs(paths: dict[str, str | None], **read: str | None) -> None:
    """Refuse now what could not be written after minutes of work; by option.

    `read` has the files that must stay as they are, by what they are, such as table.

    Raises
    ------
    OSError
        If a file cannot be written.
    ValueError
        If two outputs are one file, or one is a file that is read.
    """
    seen: dict[Path, str] = {}
    for option, given in paths.items():
        if given is None:
            continue
        path = Path(given).resolve()
        if path in seen:
            raise ValueError(f"{seen[path]} and {option} both name {given!r}.")
        seen[path] = option
        try:
            _try_to_write(Path(given))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise OSError(f"{option}: cannot write {given!r}: {reason}.") from error
        for what, other in read.items():
            if other is not None and _are_one(path, Path(other)):
                raise ValueError(f"{option}: {given!r} is the {what} itself.")


def _are_one(path: Path, other: Path) -> bool:
    """Return whether two paths are one file, also by another link to it."""
    if path.exists() and other.exists():
        return path.samefile(other)
    return path == other.resolve()


def _try_to_write(path: Path) -> None:
    """Open a file for writing and leave it, or its absence, as it is."""
    if path.is_dir():
        raise IsADirectoryError(None, "it is a folder; name a file")
    if path.exists():
        if path.is_file():
            path.open("ab").close()
        elif not os.access(path, os.W_OK):  # opened, a pipe would wait for its reader
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return
    path.open("xb").close()
    path.unlink()


def by_name(values: list[str] | None, option: str, *, can_be_list: bool) -> Any:
    """Return what "a=x b=y" says by name, or "x" of all; None where nothing is said."""
    if values is None:
        return None
    pairs = [value.rpartition("=") for value in values]
    if all(name for name, _, _ in pairs):
        names = [name for name, _, _ in pairs]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            given = [value for value in values if value.startswith(f"{twice[0]}=")]
            raise ValueError(f"{option} names {twice[0]!r} twice: {' '.join(given)}.")
        return {name: value for name, _, value in pairs}
    if len(values) == 1:
        return values[0]
    if can_be_list and not any(name for name, _, _ in pairs):
        return values
    raise ValueError(
        f"{option}: give one value, or NAME=VALUE for each; found {values}."
    )


def in_options(message: str) -> str:
    """Return a message of the package in the words of the command line."""
    for pattern, option in _IN_OPTIONS:
        message = pattern.sub(option, message)
    return message
