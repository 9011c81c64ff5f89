"""Read a table with several targets from a CSV or Parquet file."""

from __future__ import annotations

import gzip
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sklearn.utils import Bunch

__all__ = ["load_table"]

_PARQUET = (".parquet", ".pq")
_SEPARATORS = ",;\t|"


def load_table(
    path: str | os.PathLike[str],
    *,
    targets: Sequence[str],
    drop: Sequence[str] = (),
    group: str | None = None,
    return_X_y: bool = False,
) -> Any:
    r"""Load a CSV or Parquet file and name its targets.

    Parameters
    ----------
    path : str or path-like
        A file ending in ".parquet" or ".pq", or else text with a header, separated by
        commas, semicolons, tabs or bars, perhaps packed as ".gz".
    targets : sequence of str
        The columns to predict.
    drop : sequence of str, default=()
        Columns that are neither inputs nor targets, such as identifiers.
    group : str, default=None
        Column that says which rows belong together; it is no input.
    return_X_y : bool, default=False
        Whether to return `(data, target)` instead of a Bunch.

    Returns
    -------
    Bunch or tuple
        With data, a DataFrame of the inputs; target, a DataFrame (n_samples, n_tasks);
        groups, a Series or None; feature_names and task_names, lists of str; filename.
        With `return_X_y=True` it is the tuple `(data, target)`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImportError
        If the file is Parquet and pyarrow is not installed.
    ValueError
        If the file cannot be read, a column is not there or has two roles, the group is
        missing in some rows, or no input is left.

    See Also
    --------
    fetch_multitask_openml : Tables of OpenML.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_mtl.datasets import load_table
    >>> file = Path(tempfile.mkdtemp()) / "pupils.csv"
    >>> _ = file.write_text("age;grade;passed\n9;1.5;yes\n8;;no\n")
    >>> load_table(file, targets=["grade", "passed"]).target
       grade passed
    0    1.5    yes
    1    NaN     no
    """
    path = Path(path)
    frame = _read(path)
    targets, drop = list(targets), list(drop)
    _check_columns(frame, targets, drop, group, path.name)
    others = [*targets, *drop, *([] if group is None else [group])]
    data = frame.drop(columns=others)
    if not data.shape[1]:
        raise ValueError(f"{path.name} has no inputs: all of its columns have a role.")
    if return_X_y:
        return data, frame[targets]
    return Bunch(
        data=data,
        target=frame[targets],
        groups=None if group is None else _groups(frame[group], group, path.name),
        feature_names=list(data.columns),
        task_names=targets,
        filename=str(path),
    )


def _read(path: Path) -> Any:
    import pandas as pd

    if not path.is_file():
        raise FileNotFoundError(f"no file {str(path)!r}.")
    try:
        if path.suffix.lower() in _PARQUET:
            frame = pd.read_parquet(path)
        else:
            frame = pd.read_csv(path, sep=_separator(path), low_memory=False)
    except ImportError as error:
        raise ImportError(
            f"{path.name} is a Parquet file, which needs pyarrow: pip install "
            "'sklearn-mtl[parquet]'."
        ) from error
    except (EOFError, OSError, ValueError) as error:  # also what pandas raises
        reason = " ".join(str(error).split())
        raise ValueError(f"{path.name} cannot be read as a table: {reason}") from error
    frame.columns = [str(name) for name in frame.columns]
    if not len(frame):
        raise ValueError(f"{path.name} has no rows.")
    return frame


def _separator(path: Path) -> str:
    """Return the separator that the header has most of."""
    is_packed = path.suffix.lower() == ".gz"
    with gzip.open(path, "rt") if is_packed else path.open() as file:
        header = file.readline()
    return max(_SEPARATORS, key=header.count)


def _check_columns(
    frame: Any, targets: list[str], drop: list[str], group: str | None, name: str
) -> None:
    if not targets:
        raise ValueError(f"{name}: no target is named. Columns: {_columns(frame)}.")
    roles: dict[str, str] = {}
    named = [
        ("target", targets),
        ("dropped", drop),
        ("group", [group] if group else []),
    ]
    for role, columns in named:
        for column in columns:
            if column not in frame.columns:
                raise ValueError(
                    f"{name} has no column {column!r}. Columns: {_columns(frame)}."
                )
            if column in roles:
                raise ValueError(
                    f"{name}: column {column!r} is named twice, as {roles[column]} and "
                    f"as {role}."
                )
            roles[column] = role


def _columns(frame: Any) -> str:
    names = list(frame.columns)
    more = f", ... ({len(names)} columns)" if len(names) > 20 else ""
    return ", ".join(names[:20]) + more


def _groups(column: Any, group: str, name: str) -> Any:
    n_missing = int(column.isna().sum())
    if n_missing:
        raise ValueError(
            f"{name}: the group {group!r} is missing in {n_missing} rows; every row "
            "needs one."
        )
    return column
