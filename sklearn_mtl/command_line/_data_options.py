"""Options of the commands that read a table."""

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

# Options that describe a table, by their names in the parsed arguments.
_OF_A_TABLE = (
    *("targets", "drop", "keep", "group", "task_types"),
    *("sep", "decimal", "encoding", "sheet", "missing", "not_missing", "day_first"),
)
# Patterns for arguments in messages of the package, and the options to name instead.
_IN_OPTIONS = (
    (re.compile(r"task_types=\{'([^']*)': '([^']*)'\}"), r"--task-types \1=\2"),
    (
        re.compile(r"use sklearn_mtl\.tasks\.mask_labels\(y, sentinel=(.*?)\)"),
        r"use --missing \1",
    ),
    (
        re.compile(r"Drop the column, or set on_empty_task='warn' to [^.]*\."),
        "Leave it out of --targets.",
    ),
    (
        re.compile(r"Use a dict by kind, such as \{.*?\}, or 'auto'\."),
        "Give one for each kind: --scoring classification=accuracy regression=r2.",
    ),
    # functions and classes, which users of the command line do not call
    (re.compile(r"^(make_estimator|TableInputs|MultiTask\w+|IndependentTasks): "), ""),
    (re.compile(r"\bmissing_fraction\b"), "--missing-fraction"),
    (re.compile(r"\blearning_curve\b"), "--learning-curve"),
    (re.compile(r"\bn_repeats\b"), "--repeats"),
    (re.compile(r"\bn_splits\b"), "--cv"),
    (re.compile(r"\btask_types\b"), "--task-types"),
)


def add_data_options(group: Any) -> None:
    """Add options for the targets and the roles of the other columns."""
    group.add_argument(
        "--targets", nargs="+", metavar="COLUMN", help="columns to predict"
    )
    group.add_argument(
        "--drop", nargs="+", default=[], metavar="COLUMN", help="columns to ignore"
    )
    group.add_argument(
        "--keep",
        nargs="+",
        default=[],
        metavar="COLUMN",
        help="inputs to use although they would be left out, such as identifiers",
    )
    group.add_argument(
        "--group",
        metavar="COLUMN",
        help="column with groups of rows that are never divided by a split",
    )
    group.add_argument(
        "--task-types",
        nargs="+",
        metavar="[TARGET=]TYPE",
        help="classification or regression: one value for all targets, one per target "
        "in order, or TARGET=TYPE",
    )
    group.add_argument(
        "--day-first",
        action=argparse.BooleanOptionalAction,
        help="whether 01/02/2024 is in February (default: inferred from days above 12, "
        "semicolons and decimal commas)",
    )
    add_file_options(group)


def add_file_options(group: Any) -> None:
    """Add options for the format of a file, which is inferred by default."""
    group.add_argument(
        "--sep",
        metavar="CHARACTER",
        help="separator of the columns: one character, tab or space (default: "
        "inferred)",
    )
    group.add_argument(
        "--decimal", metavar="MARK", help="decimal mark: . or , (default: inferred)"
    )
    group.add_argument(
        "--encoding",
        metavar="NAME",
        help="encoding, such as utf-8 or cp1252 (default: inferred)",
    )
    group.add_argument(
        "--sheet",
        metavar="NAME",
        help="sheet of an Excel file (default: the first sheet that is not empty)",
    )
    group.add_argument(
        "--missing",
        nargs="+",
        default=[],
        metavar="VALUE",
        help="additional values that mean a missing value, such as '?'",
    )
    group.add_argument(
        "--not-missing",
        nargs="+",
        default=[],
        metavar="WORD",
        help="words, such as NA or null, that do not mean a missing value",
    )


def refuse_without_table(options: argparse.Namespace) -> None:
    """Raise ValueError for options that require a table, when no table is given."""
    for name in _OF_A_TABLE:
        value = getattr(options, name, None)
        if value is None or value == []:
            continue
        option = f"--{name.replace('_', '-')}"
        last = value[-1] if isinstance(value, list) else ""
        if Path(last).is_file():  # argparse takes a table after columns for a column
            raise ValueError(
                f"the table must precede {option}: sklearn-mtl {options.command} "
                f"{last} {option} {' '.join(value[:-1])}"
            )
        raise ValueError(
            f"{option} requires a table: sklearn-mtl {options.command} TABLE --targets "
            "a b"
        )


def split_names(values: list[str] | None, columns: list[str]) -> list[str]:
    """Return the names of columns, which may be separated by commas or spaces."""
    names: list[str] = []
    for value in values or []:
        parts = [part.strip() for part in value.split(",")]
        names += [value] if value in columns else [part for part in parts if part]
    return names


def check_outputs(paths: dict[str, str | None], **read: str | None) -> None:
    """Check early that the output files, by option, can be written.

    `read` contains the input files, such as `table`, which must not be overwritten.

    Raises
    ------
    OSError
        If a file cannot be written.
    ValueError
        If two outputs are the same file, or an output is an input file.
    """
    seen: dict[Path, str] = {}
    for option, given in paths.items():
        if given is None:
            continue
        path = Path(given).resolve()
        if path in seen:
            raise ValueError(
                f"{seen[path]} and {option} both name {given!r}; use different files."
            )
        seen[path] = option
        try:
            _try_to_write(Path(given))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise OSError(f"{option}: cannot write {given!r}: {reason}.") from error
        for what, other in read.items():
            if other is not None and _are_one(path, Path(other)):
                raise ValueError(
                    f"{option}: {given!r} is the {what}, which would be overwritten; "
                    "name another file."
                )


def _are_one(path: Path, other: Path) -> bool:
    """Return whether two paths are the same file, also through links."""
    if path.exists() and other.exists():
        return path.samefile(other)
    return path == other.resolve()


def _try_to_write(path: Path) -> None:
    """Raise OSError if a file cannot be written, without changing it."""
    if path.is_dir():
        raise IsADirectoryError(None, "it is a folder; name a file")
    if path.exists():
        if path.is_file():
            path.open("ab").close()
        elif not os.access(path, os.W_OK):  # opening a pipe would wait for a reader
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return
    path.open("xb").close()
    path.unlink()


def by_name(values: list[str] | None, option: str, *, can_be_list: bool) -> Any:
    """Return the values "a=x b=y" as a dict, and a single value "x" as text."""
    if values is None:
        return None
    pairs = [value.rpartition("=") for value in values]
    if all(name for name, _, _ in pairs):
        names = [name for name, _, _ in pairs]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            given = [value for value in values if value.startswith(f"{twice[0]}=")]
            raise ValueError(
                f"{option}: {twice[0]!r} occurs more than once: {' '.join(given)}."
            )
        return {name: value for name, _, value in pairs}
    if len(values) == 1:
        return values[0]
    if can_be_list and not any(name for name, _, _ in pairs):
        return values
    raise ValueError(
        f"{option}: expected one value, or NAME=VALUE for each name; got {values}."
    )


def in_options(message: str) -> str:
    """Return a message of the package with options instead of arguments."""
    for pattern, option in _IN_OPTIONS:
        message = pattern.sub(option, message)
    return message
