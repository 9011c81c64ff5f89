"""Reading of a table from a file of any supported format."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sklearn_mtl.datasets.table_files._binary import read_arrow, read_excel
from sklearn_mtl.datasets.table_files._missing import missing_words
from sklearn_mtl.datasets.table_files._options import FileOptions, UnreadableError
from sklearn_mtl.datasets.table_files._spaces import strip_texts
from sklearn_mtl.datasets.table_files._text import read_text
from sklearn_mtl.datasets.table_files._unpack import unpack

__all__ = ["TableFile", "read_table_file"]


@dataclass(frozen=True)
class TableFile:
    """A table read from a file.

    Attributes
    ----------
    frame : DataFrame
        The table, with stripped and unique column names.
    name : str
        Name of the file.
    read_as : str
        Notes on the inferred format, which may be empty.
    day_first : bool or None
        Whether the day comes first in dates, according to the format of the file.
    """

    frame: Any
    name: str
    read_as: str
    day_first: bool | None = None


def read_table_file(path: str | os.PathLike[str], options: FileOptions) -> TableFile:
    """Read a table from a file.

    Raises
    ------
    OSError
        If the file does not exist or cannot be read.
    ImportError
        If the format requires a package that is not installed.
    ValueError
        If the file is not a table, or its format is ambiguous.
    """
    options.check()
    if "://" in str(path):
        raise FileNotFoundError(
            f"{path} is a URL; download the file and pass its path."
        )
    path = Path(path)
    if path.is_dir() or not path.exists():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise FileNotFoundError(f"the file {str(path)!r} {what}.")
    try:
        content = unpack(path.read_bytes(), path.name)
        day_first = None
        if options.sheet is not None and content.kind != "excel":
            raise UnreadableError(
                f"{options.say('sheet', options.sheet)} requires an Excel file, but "
                "this is not one"
            )
        if content.kind == "text":
            frame, notes, day_first = read_text(content.raw, options)
        else:
            read = read_excel if content.kind == "excel" else read_arrow
            frame, notes = read(content.raw, content.kind, options)
        if not len(frame):
            raise UnreadableError("the file has no rows")
    except UnreadableError as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{path.name}: {reason}.") from error
    except ImportError as error:
        raise ImportError(f"{path.name}: {error}") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OSError(f"the file {str(path)!r} cannot be read: {reason}.") from error
    frame = strip_texts(frame.reset_index(drop=True), missing_words(options))
    return TableFile(frame, path.name, ", ".join(notes), day_first)
