"""Read a table with several targets from a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from sklearn.utils import Bunch

from sklearn_mtl.datasets.table_files import (
    FileOptions,
    read_table_file,
    split_columns,
)

__all__ = ["load_table"]


def load_table(
    path: str | os.PathLike[str],
    *,
    targets: str | Sequence[str],
    drop: Sequence[str] = (),
    group: str | None = None,
    sep: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    missing: Sequence[str] = (),
    not_missing: Sequence[str] = (),
    return_X_y: bool = False,
) -> Any:
    r"""Load a table from a file and name its targets.

    Text (CSV), Parquet, Arrow (Feather) and Excel files are told apart by their
    content, also within gzip, zip, bzip2 and xz. Of text, the encoding (UTF-8, UTF-16,
    Western European), the separator (comma, semicolon, tab, bar), decimal commas and
    thousands separators are found out. Where two ways to read a file are possible it is
    refused, with the argument that decides.

    Parameters
    ----------
    path : str or path-like
        The file. The first line is the header.
    targets : str or sequence of str
        The columns to predict.
    drop : sequence of str, default=()
        Columns that are neither inputs nor targets, such as identifiers.
    group : str, default=None
        Column that says which rows belong together; it is no input.
    sep : str, default=None
        Separator of text: one character, "tab" or "space". None finds it out.
    decimal : {".", ","}, default=None
        Decimal mark of text. None finds it out.
    encoding : str, default=None
        Encoding of text, such as "cp1250". None finds it out.
    sheet : str, default=None
        Name of a sheet of an Excel file. None reads the first that is not empty.
    missing : sequence of str, default=()
        Values that stand for a missing one, such as "?", besides empty fields, NA and
        NaN.
    not_missing : sequence of str, default=()
        Words that are texts, such as "NA" for North America.
    return_X_y : bool, default=False
        Whether to return `(data, target)` instead of a Bunch.

    Returns
    -------
    Bunch or tuple
        With data, a DataFrame of the inputs; target, a DataFrame (n_samples, n_tasks);
        groups, a Series or None; feature_names and task_names, lists of str; filename;
        read_as, what was found out about the format, such as "separator ';'".
        With `return_X_y=True` it is the tuple `(data, target)`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImportError
        If the file is Parquet or Arrow and pyarrow is not installed, or Excel and
        openpyxl is not.
    ValueError
        If the file is no table or can be read in two ways, it has no such sheet, a row
        has more or fewer fields than the header, a name in the header is empty or there
        twice, a column is not there or has two roles, the group is missing in some
        rows, or no input is left.

    See Also
    --------
    fetch_multitask_openml : Tables of OpenML.
    sklearn_mtl.preprocessing.TableInputs : Choose the inputs among the columns.

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
    options = FileOptions(
        sep,
        decimal,
        encoding,
        tuple(missing),
        not_missing=tuple(not_missing),
        sheet=sheet,
    )
    table = read_table_file(path, options)
    names = [targets] if isinstance(targets, str) else list(targets)
    roles = {
        "targets": names,
        "drop": list(drop),
        "group": [] if group is None else [group],
    }
    data, target, groups = split_columns(table, roles, options)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        groups=groups,
        feature_names=list(data.columns),
        task_names=names,
        filename=str(path),
        read_as=table.read_as,
    )
