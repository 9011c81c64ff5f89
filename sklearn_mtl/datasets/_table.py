"""Tables with several targets from files."""

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
    r"""Load a table from a file and divide its columns into inputs and targets.

    Text (CSV), Parquet, Arrow (Feather) and Excel files are recognised by their
    content, also if they are compressed by gzip, zip, bzip2 or xz. For text files, the
    encoding (UTF-8, UTF-16, Western European), the separator (comma, semicolon, tab,
    bar), the decimal mark and thousands separators are inferred. An ambiguous file
    raises an error that names the argument to set.

    Parameters
    ----------
    path : str or path-like
        Path of the file. The first line must be the header.
    targets : str or sequence of str
        Names of the target columns.
    drop : sequence of str, default=()
        Columns to ignore, such as identifiers.
    group : str, default=None
        Column with the groups of the rows. It is not used as an input.
    sep : str, default=None
        Separator of a text file: one character, "tab" or "space". None infers it.
    decimal : {".", ","}, default=None
        Decimal mark of a text file. None infers it.
    encoding : str, default=None
        Encoding of a text file, such as "cp1250". None infers it.
    sheet : str, default=None
        Name of a sheet of an Excel file. None reads the first sheet that is not empty.
    missing : sequence of str, default=()
        Values that mean a missing value, such as "?", in addition to empty fields, NA
        and NaN.
    not_missing : sequence of str, default=()
        Words that do not mean a missing value, such as "NA" for North America.
    return_X_y : bool, default=False
        Whether to return `(data, target)` instead of a Bunch.

    Returns
    -------
    Bunch or tuple
        Bunch with the attributes

        data : DataFrame of shape (n_samples, n_features)
            Input columns.
        target : DataFrame of shape (n_samples, n_tasks)
            Target columns.
        groups : Series of shape (n_samples,) or None
            Groups of the rows.
        feature_names, task_names : list of str
            Names of the inputs and of the targets.
        filename : str
            Path of the file.
        read_as : str
            Inferred format, such as "separator ';'".

        If `return_X_y` is True, the tuple `(data, target)` is returned instead.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    ImportError
        If pyarrow is required for a Parquet or Arrow file, or openpyxl for an Excel
        file, and it is not installed.
    ValueError
        If the file is not a table or ambiguous, the sheet does not exist, a row and the
        header differ in their number of fields, a name in the header is empty or not
        unique, a column does not exist or has two roles, the group of a row is missing,
        or no input is left.

    See Also
    --------
    fetch_multitask_openml : Fetch data sets from OpenML.
    sklearn_mtl.preprocessing.TableInputs : Choose and prepare the inputs of a table.

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
