"""Command `predict`: predict the targets of a new table with a saved model."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sklearn_mtl.command_line._data_options import (
    add_file_options,
    check_outputs,
    in_options,
    split_names,
)
from sklearn_mtl.command_line._read_table import read_file
from sklearn_mtl.command_line._regions import check_coverage, with_regions
from sklearn_mtl.command_line._saved_model import SavedModel, load_model
from sklearn_mtl.exceptions import UnseenCategoryWarning
from sklearn_mtl.utils._guesses import with_guesses

__all__ = ["add_command"]

_NOT_CSV = (".parquet", ".pq", ".xlsx", ".feather", ".arrow", ".json")
_MOST_VALUES = 3
_EPILOG = """\
The predictions contain one column per target. Classification targets also have one
column TARGET=CLASS with the probability of each class; it is named P(TARGET=CLASS) if
TARGET=CLASS is the name of another column. Columns of the new table are identified by
name, and the targets may be absent. Identifiers of the training table are copied to
the first columns; --keep copies other columns. With --coverage 0.9, regression targets
have the columns TARGET_low and TARGET_high, the bounds of an interval that contains 9
of 10 labels. Classification targets have a column TARGET_set with a set of classes
that contains the label in 9 of 10 rows.

examples:
  sklearn-mtl predict pupils.mtl new_pupils.csv -o predictions.csv
  sklearn-mtl predict pupils.mtl new_pupils.xlsx --keep school class
  sklearn-mtl predict pupils.mtl new_pupils.csv --coverage 0.9 -o predictions.csv
"""


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    predict = commands.add_parser(
        "predict",
        help="predict the targets of a new table",
        description="Predict all targets of a new table with a saved model.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    predict.add_argument("model", help="file written by `sklearn-mtl fit` or save()")
    data = predict.add_argument_group("data")
    data.add_argument("table", help="CSV, Excel, Parquet or Arrow file")
    add_file_options(data)
    output = predict.add_argument_group("output")
    output.add_argument(
        "-o", "--output", metavar="FILE", help="CSV file (default: the terminal)"
    )
    output.add_argument(
        "--keep",
        nargs="+",
        default=[],
        metavar="COLUMN",
        help="columns of the table to copy to the predictions",
    )
    output.add_argument(
        "--coverage",
        metavar="SHARE",
        help="add prediction intervals and sets of classes that contain this fraction "
        "of the labels, such as 0.9",
    )
    predict.set_defaults(work=_work)


def _work(options: argparse.Namespace) -> Callable[[], int]:
    """Predict and write a file; return a function that prints the result."""
    _check_output(options)
    coverage = options.coverage and check_coverage(options.coverage)
    saved = load_model(options.model)
    table = read_file(options, saved.texts)
    kept = _columns_to_keep(options, saved, table.frame)
    X = _inputs(saved, table.frame, table.name)
    with warnings.catch_warnings():
        if saved.facts.categories:  # _inputs has printed these warnings
            warnings.simplefilter("ignore", UnseenCategoryWarning)
        predicted = saved.predict(X)
        if coverage is not None:
            predicted = with_regions(saved, X, predicted, coverage)
    found = _join(table.frame[kept], predicted)
    text = found.to_csv(index=False, lineterminator="\n")
    if options.output is None:
        return lambda: _print(text)
    from sklearn_mtl.persistence import replacing

    with replacing(Path(options.output)) as file:
        file.write(text.encode())
    return lambda: _print(f"Predictions: {options.output}\n")


def _check_output(options: argparse.Namespace) -> None:
    read = {"model": options.model, "table": options.table}
    check_outputs({"--output": options.output}, **read)
    if options.output is None:
        return
    path = Path(options.output)
    if path.suffix.lower() in _NOT_CSV:
        raise ValueError(
            f"--output: predictions are written as CSV, but {options.output!r} has the "
            f"suffix of another format. Use {path.with_suffix('.csv').name}."
        )


def _columns_to_keep(
    options: argparse.Namespace, saved: SavedModel, frame: Any
) -> list[str]:
    """Return the columns to copy to the predictions."""
    columns = list(frame.columns)
    named = split_names(options.keep, columns)
    unknown = [name for name in named if name not in columns]
    if unknown:
        raise ValueError(
            f"--keep: {options.table} has no column {with_guesses(unknown, columns)}."
        )
    identifiers = [name for name in saved.facts.identifiers if name in columns]
    return list(dict.fromkeys([*identifiers, *named]))


def _inputs(saved: SavedModel, frame: Any, name: str) -> Any:
    """Return the inputs, and print notes on new columns and unknown categories."""
    lacking = [column for column in saved.inputs if column not in frame.columns]
    if lacking:
        raise ValueError(
            f"{name} lacks inputs of the model: {with_guesses(lacking, frame.columns)}."
        )
    known = {*saved.columns, *saved.task_names}
    new = [column for column in frame.columns if column not in known]
    if saved.facts.n_samples and new:
        _say(f"{name}: ignored columns: {', '.join(new)} (not in the training table)")
    _tell_empty(frame[saved.inputs], name)
    try:
        X = saved.prepare(frame)
    except ValueError as error:
        raise ValueError(f"{name}: {in_options(str(error))}") from error
    for column, values in saved.facts.categories.items():
        seen = X[column].dropna()
        unseen = seen[~seen.isin(values)]
        if len(unseen):
            shown = list(map(str, unseen.unique()[:_MOST_VALUES]))
            more = ", ..." if unseen.nunique() > _MOST_VALUES else ""
            _say(
                f"warning: {name}: column {column!r} has categories that are not in "
                f"the training table, in {len(unseen)} rows: {', '.join(shown)}{more}; "
                "they are treated as unknown"
            )
    return X


def _tell_empty(frame: Any, name: str) -> None:
    """Print a warning for inputs without any value."""
    empty = [column for column in frame.columns if frame[column].isna().all()]
    if empty:
        shown = f"column{'s' if len(empty) > 1 else ''} {', '.join(empty)}"
        _say(f"warning: {name}: all values are missing in {shown}; the model imputes")


def _join(kept: Any, predicted: Any) -> Any:
    """Return the kept columns and the predictions side by side."""
    import pandas as pd

    double = [name for name in kept.columns if name in predicted.columns]
    if double:
        raise ValueError(
            f"--keep: cannot copy column {double[0]!r}, because the predictions have a "
            "column of this name."
        )
    return pd.concat([kept.reset_index(drop=True), predicted], axis=1)


def _print(text: str) -> int:
    print(text, end="")
    return 0


def _say(line: str) -> None:
    print(f"sklearn-mtl: {line}", file=sys.stderr, flush=True)
