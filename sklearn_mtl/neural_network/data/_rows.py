"""Prepared inputs, and the extraction of batches without a loader per sample."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from sklearn_mtl.neural_network.data._memory import copy_to, fits
from sklearn_mtl.preprocessing import (
    Preparation,
    ReadInputs,
    Table,
    Texts,
    WideColumns,
    runs,
)

__all__ = [
    "PREPARED_ROWS",
    "ArrayRows",
    "DenseRows",
    "PackedRows",
    "Rows",
    "SparseRows",
    "TextRows",
    "as_rows",
    "as_values",
    "gather",
    "prepared_rows",
]


#: Number of samples to prepare at a time; small enough for the processor's cache.
PREPARED_ROWS = 4096


class Rows(ABC):
    """Base class of prepared inputs.

    Attributes
    ----------
    n_rows : int
        Number of rows.
    lengths : Tensor of shape (n_rows,), int64, or None
        Number of tokens in each row, on the CPU; None if rows are not texts.
    index_device : torch.device
        Device of the indices that `take` expects: the CPU, unless the rows are on
        another device. Indices on a GPU would have to be copied back in every step.
    """

    n_rows: int
    lengths: Tensor | None = None
    index_device = torch.device("cpu")

    @abstractmethod
    def take(self, index: Tensor) -> Tensor:
        """Return the rows (n_members, n_batch, ...) at indices (n_members, n_batch)."""

    @abstractmethod
    def span(self, start: int, stop: int) -> Tensor:
        """Return the rows from start to stop as (1, n, ...)."""


class DenseRows(Rows):
    """Rows of a dense tensor.

    Parameters
    ----------
    tensor : Tensor of shape (n_rows, ...)
        All rows. A uint8 tensor is converted to floats batch by batch, because floats
        take four times the memory.
    dtype : torch.dtype
        Type of the batches.
    """

    def __init__(self, tensor: Tensor, dtype: torch.dtype) -> None:
        self.tensor, self.dtype = tensor, dtype
        self.n_rows = len(tensor)
        self.index_device = tensor.device

    def take(self, index: Tensor) -> Tensor:
        """Gather the rows of every member in one step."""
        return as_values(gather(self.tensor, index), self.dtype)

    def span(self, start: int, stop: int) -> Tensor:
        """Return a view, or a converted copy of uint8 rows."""
        return as_values(self.tensor[None, start:stop], self.dtype)


class ArrayRows(Rows):
    """Rows of an array that is copied batch by batch, such as a memory map.

    Parameters
    ----------
    array : ndarray of shape (n_rows, ...)
        All rows.
    dtype : torch.dtype
        Type of the batches.
    device : torch.device
        Device of the batches.
    """

    def __init__(
        self, array: np.ndarray, dtype: torch.dtype, device: torch.device
    ) -> None:
        self.array, self.dtype, self.device = array, dtype, device
        self.n_rows = len(array)

    def take(self, index: Tensor) -> Tensor:
        """Copy the rows of every member."""
        return self._values(self.array[index.numpy()])

    def span(self, start: int, stop: int) -> Tensor:
        """Copy consecutive rows."""
        return self._values(np.array(self.array[None, start:stop]))

    def _values(self, rows: np.ndarray) -> Tensor:
        return as_values(copy_to(torch.from_numpy(rows), self.device), self.dtype)

    def resident(self) -> Rows:
        """Return all rows in the memory of a GPU if they fit, or else these rows."""
        if self.device.type == "cpu":
            return self
        is_scaled = self.array.dtype == np.uint8
        kept = torch.uint8 if is_scaled else self.dtype
        if not fits(self.array.size * kept.itemsize, self.device):
            return self
        tensor = torch.empty(self.array.shape, dtype=kept, device=self.device)
        for start in range(0, self.n_rows, PREPARED_ROWS):
            chunk = slice(start, start + PREPARED_ROWS)
            part = torch.from_numpy(np.array(self.array[chunk]))
            tensor[chunk] = copy_to(part, self.device)
        return DenseRows(tensor, self.dtype)


class SparseRows(Rows):
    """Rows of a CSR array, converted to dense batches.

    Parameters
    ----------
    matrix : sparse.csr_array of shape (n_rows, n_features)
        All rows.
    dtype : torch.dtype
        Type of the batches.
    device : torch.device
        Device of the batches.
    """

    def __init__(
        self, matrix: sparse.csr_array, dtype: torch.dtype, device: torch.device
    ) -> None:
        self.matrix, self.dtype, self.device = matrix, dtype, device
        self.n_rows = matrix.shape[0]

    def take(self, index: Tensor) -> Tensor:
        """Gather rows and convert them to a dense tensor."""
        rows = self.matrix[index.reshape(-1).numpy()]
        return self._dense(rows).view(*index.shape, rows.shape[1])

    def span(self, start: int, stop: int) -> Tensor:
        """Convert consecutive rows to a dense tensor."""
        return self._dense(self.matrix[start:stop])[None]

    def _dense(self, rows: Any) -> Tensor:
        dense = copy_to(torch.from_numpy(rows.toarray()), self.device)
        return as_values(dense, self.dtype)


class PackedRows(Rows):
    """Rows of a CSR array, in batches that contain only the stored values.

    A batch has the shape (n_members, n_batch, 2, n_stored) and contains column indices
    and values. Rows with fewer stored values are padded with zeros.

    Parameters
    ----------
    matrix : sparse.csr_array of shape (n_rows, n_features)
        All rows.
    dtype : torch.dtype
        Type of the batches.
    device : torch.device
        Device of the batches.
    """

    def __init__(
        self, matrix: sparse.csr_array, dtype: torch.dtype, device: torch.device
    ) -> None:
        self.dtype, self.device = dtype, device
        # converted once for all batches
        self.matrix = matrix.astype(torch.empty(0, dtype=dtype).numpy().dtype)
        self.n_rows = matrix.shape[0]

    def take(self, index: Tensor) -> Tensor:
        """Gather rows and pack them."""
        packed = self._pack(self.matrix[index.reshape(-1).numpy()])
        return packed.view(*index.shape, *packed.shape[1:])

    def span(self, start: int, stop: int) -> Tensor:
        """Pack consecutive rows."""
        return self._pack(self.matrix[start:stop])[None]

    def _pack(self, rows: sparse.csr_array) -> Tensor:
        counts = np.diff(rows.indptr)
        packed = np.zeros(
            (len(counts), 2, max(counts.max(initial=0), 1)), self.matrix.dtype
        )
        is_stored = np.arange(packed.shape[2]) < counts[:, None]
        packed[:, 0][is_stored] = rows.indices
        packed[:, 1][is_stored] = rows.data
        return copy_to(torch.from_numpy(packed), self.device)


class TextRows(Rows):
    """Texts, represented by the hash buckets of their words.

    A batch has the shape (n_members, n_batch, n_tokens, n_buckets) and type int64.
    n_tokens is the length of the longest text in the batch, at least 1, and n_buckets
    is the maximum over its words; 0 is padding.

    Parameters
    ----------
    texts : Texts
        All texts.
    device : torch.device
        Device of the batches.
    """

    def __init__(self, texts: Texts, device: torch.device) -> None:
        self.texts, self.device = texts, device
        self.n_rows = len(texts)
        self.lengths = torch.as_tensor(texts.lengths)
        self._lengths = texts.lengths
        self._n_buckets = np.diff(texts.starts)  # of each word

    def take(self, index: Tensor) -> Tensor:
        """Gather texts."""
        return self._pack(index.numpy())

    def span(self, start: int, stop: int) -> Tensor:
        """Gather consecutive texts."""
        return self._pack(np.arange(start, min(stop, self.n_rows))[None])

    def _pack(self, index: np.ndarray) -> Tensor:
        texts, rows = self.texts, index.ravel()
        lengths = self._lengths[rows]
        words = texts.tokens[runs(texts.offsets[rows], lengths)]
        counts = self._n_buckets[words]
        n_tokens, n_buckets = (max(c.max(initial=1), 1) for c in (lengths, counts))
        by_token = np.zeros((len(words), n_buckets), dtype=np.int64)
        by_token[np.arange(n_buckets) < counts[:, None]] = texts.buckets[
            runs(texts.starts[words], counts)
        ]
        packed = np.zeros((len(rows), n_tokens, n_buckets), dtype=np.int64)
        packed[np.arange(n_tokens) < lengths[:, None]] = by_token
        shape = (*index.shape, n_tokens, n_buckets)
        return copy_to(torch.from_numpy(packed.reshape(shape)), self.device)


def as_rows(X: Any, dtype: torch.dtype, device: torch.device) -> Rows:
    """Return prepared inputs as `Rows` of the matching class.

    Shapes: X (n_rows, ...).
    """
    if isinstance(X, WideColumns):
        return PackedRows(X.matrix, dtype, device)
    if isinstance(X, Texts):
        return TextRows(X, device)
    if sparse.issparse(X):
        return SparseRows(sparse.csr_array(X), dtype, device)
    if not X.flags.writeable:  # torch requires writeable memory
        return ArrayRows(X, dtype, device)
    tensor = torch.as_tensor(np.ascontiguousarray(X)).to(device)
    return DenseRows(tensor if _is_scaled(tensor) else tensor.to(dtype), dtype)


def prepared_rows(
    preparation: Preparation, X: ReadInputs, dtype: torch.dtype, device: torch.device
) -> Rows:
    """Prepare all of X; a table in chunks, because its prepared columns are float64.

    Dense inputs that do not fit on a GPU stay on the CPU.

    Shapes: X (n_rows, ...).
    """
    if not isinstance(X, Table):
        prepared = preparation.transform(X)
        if device.type == "cpu" or not isinstance(prepared, np.ndarray):
            return as_rows(prepared, dtype, device)
        return ArrayRows(prepared, dtype, device).resident()
    n_rows = X.shape[0]
    first = torch.as_tensor(preparation.transform(X[:PREPARED_ROWS]))
    shape = n_rows, first.shape[1]
    is_resident = fits(n_rows * shape[1] * dtype.itemsize, device)
    home = device if is_resident else torch.device("cpu")
    tensor = torch.empty(shape, dtype=dtype, device=home)
    tensor[:PREPARED_ROWS] = first
    for start in range(PREPARED_ROWS, n_rows, PREPARED_ROWS):
        chunk = slice(start, start + PREPARED_ROWS)
        tensor[chunk] = torch.as_tensor(preparation.transform(X[chunk]))
    if is_resident:
        return DenseRows(tensor, dtype)
    return ArrayRows(tensor.numpy(), dtype, device)


def as_values(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    """Convert raw values to a float type; uint8 is scaled to the unit range."""
    if _is_scaled(tensor):
        return tensor.to(dtype).div_(255.0)
    return tensor.to(dtype)


def _is_scaled(tensor: Tensor) -> bool:
    return tensor.dtype == torch.uint8


def gather(tensor: Tensor, index: Tensor) -> Tensor:
    """Return the rows of a tensor at indices of any shape.

    Shapes: tensor (n_rows, ...), index (n_members, n_batch) -> (n_members,
    n_batch, ...).
    """
    if (
        tensor.ndim == 2 and tensor.is_floating_point()
    ):  # selects and reshapes in one call
        return torch.embedding(tensor, index)
    rows = tensor.index_select(0, index.reshape(-1))
    return rows.view(*index.shape, *tensor.shape[1:])
