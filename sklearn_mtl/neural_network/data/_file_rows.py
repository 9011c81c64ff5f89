"""Prepared inputs in a temporary file."""

from __future__ import annotations

import math
import tempfile
import weakref
from os import PathLike
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sklearn_mtl.neural_network.data._memory import copy_to, fits
from sklearn_mtl.neural_network.data._rows import (
    PREPARED_ROWS,
    DenseRows,
    Rows,
    as_values,
)

__all__ = ["FileRows", "open_temporary", "write_rows"]


class FileRows(Rows):
    """Rows of a file, of which only the current batch is in memory.

    A memory map would be shorter, but keeps up to 2 MB in memory for every row that is
    read, depending on the system.

    Parameters
    ----------
    file : binary file object
        Contains the rows in C order. It is closed when this object is deleted.
    shape : tuple of int
        (n_rows, n_columns).
    stored : numpy.dtype
        Type of the numbers in the file.
    dtype, device
        Type and device of the batches.
    """

    def __init__(
        self,
        file: Any,
        shape: tuple[int, int],
        stored: np.dtype,
        dtype: torch.dtype,
        device: torch.device,
    ) -> None:
        self._file, self._stored = file, stored
        self.dtype, self.device = dtype, device
        self.n_rows, self._n_columns = shape
        weakref.finalize(self, file.close)

    def take(self, index: Tensor) -> Tensor:
        """Read the rows of every member."""
        found = self._empty(index.numel())
        for row, number in zip(found, index.flatten().tolist(), strict=True):
            self._read(row, number)
        return self._values(found).view(*index.shape, self._n_columns)

    def span(self, start: int, stop: int) -> Tensor:
        """Read consecutive rows."""
        found = self._empty(max(0, min(stop, self.n_rows) - start))
        self._read(found, start)
        return self._values(found)[None]

    def _empty(self, n_rows: int) -> np.ndarray:
        return np.empty((n_rows, self._n_columns), self._stored)

    def _read(self, out: np.ndarray, start: int) -> None:
        self._file.seek(start * self._n_columns * self._stored.itemsize)
        if self._file.readinto(out) != out.nbytes:
            raise OSError(f"fit_stream: row {start} of the temporary file is missing.")

    def _values(self, rows: np.ndarray) -> Tensor:
        return as_values(copy_to(torch.from_numpy(rows), self.device), self.dtype)

    def resident(self) -> Rows:
        """Return all rows in the memory of a GPU if they fit, or else these rows."""
        shape = self.n_rows, self._n_columns
        n_bytes = math.prod(shape) * self.dtype.itemsize
        if self.device.type == "cpu" or not fits(n_bytes, self.device):
            return self
        tensor = torch.empty(shape, dtype=self.dtype, device=self.device)
        for start in range(0, self.n_rows, PREPARED_ROWS):
            stop = start + PREPARED_ROWS
            tensor[start:stop] = self.span(start, stop)[0]
        return DenseRows(tensor, self.dtype)


def open_temporary(folder: str | PathLike[str] | None) -> Any:
    """Open a file that is deleted when it is closed."""
    try:
        return tempfile.TemporaryFile(dir=folder, buffering=0)
    except OSError as error:
        raise _explained(error, folder) from error


def write_rows(file: Any, part: np.ndarray, folder: str | PathLike[str] | None) -> None:
    """Write all numbers at the end of a file without a buffer."""
    left = np.ascontiguousarray(part).reshape(-1).view(np.uint8).data
    try:
        while len(left):  # a disk that becomes full first takes a part
            left = left[file.write(left) :]
    except OSError as error:
        raise _explained(error, folder) from error


def _explained(error: OSError, folder: str | PathLike[str] | None) -> OSError:
    """Return an error of the same type that says what the file is for."""
    where = "the default folder" if folder is None else folder
    return type(error)(
        error.errno,
        f"fit_stream: the temporary file in {where} cannot be written: "
        f"{error.strerror}. Set folder= to a folder with enough space.",
    )
