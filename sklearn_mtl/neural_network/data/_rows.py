"""Rows that sit in memory and are cut into batches without a per-sample loader."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

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


#: Samples that are prepared at a time, so that their temporaries stay in the cache.
PREPARED_ROWS = 4096


class Rows(ABC):
    """All rows of X, of which any can be taken as one tensor a member.

    Attributes
    ----------
    n_rows : int
        Number of rows.
    lengths : Tensor of shape (n_rows,), int64, or None
        Number of tokens of each row; None where rows have none.
    """

    n_rows: int
    lengths: Tensor | None = None

    @abstractmethod
    def take(self, index: Tensor) -> Tensor:
        """Return (n_members, n_batch, ...) for an index (n_members, n_batch)."""

    @abstractmethod
    def span(self, start: int, stop: int) -> Tensor:
        """Return the rows from start to stop as (1, n, ...)."""


class DenseRows(Rows):
    """Rows of a dense tensor.

    Parameters
    ----------
    tensor : Tensor of shape (n_rows, ...)
        All rows. Those of uint8 stay so, and become values a batch at a time: as floats
        they would take four times the memory.
    dtype : torch.dtype
        Of the batches.
    """

    def __init__(self, tensor: Tensor, dtype: torch.dtype) -> None:
        self.tensor, self.dtype = tensor, dtype
        self.n_rows = len(tensor)

    def take(self, index: Tensor) -> Tensor:
        """Gather the rows of every member in one step."""
        return as_values(gather(self.tensor, index), self.dtype)

    def span(self, start: int, stop: int) -> Tensor:
        """Return a view, or values of their own where the rows are of uint8."""
        return as_values(self.tensor[None, start:stop], self.dtype)


class ArrayRows(Rows):
    """Rows of an array that stays where it is, as a memory map on the disk.

    Parameters
    ----------
    array : ndarray of shape (n_rows, ...)
        All rows.
    dtype : torch.dtype
        Of the batches.
    device : torch.device
        Where the batches go.
    """

    def __init__(
        self, array: np.ndarray, dtype: torch.dtype, device: torch.device
    ) -> None:
        self.array, self.dtype, self.device = array, dtype, device
        self.n_rows = len(array)

    def take(self, index: Tensor) -> Tensor:
        """Copy the rows of every member."""
        return self._values(self.array[index.cpu().numpy()])

    def span(self, start: int, stop: int) -> Tensor:
        """Copy consecutive rows."""
        return self._values(np.array(self.array[None, start:stop]))

    def _values(self, rows: np.ndarray) -> Tensor:
        return as_values(torch.from_numpy(rows).to(self.device), self.dtype)


class SparseRows(Rows):
    """Rows of a CSR array, made dense a batch at a time.

    Parameters
    ----------
    matrix : sparse.csr_array of shape (n_rows, n_features)
        All rows.
    dtype : torch.dtype
        Of the batches.
    device : torch.device
        Where the batches go.
    """

    def __init__(
        self, matrix: sparse.csr_array, dtype: torch.dtype, device: torch.device
    ) -> None:
        self.matrix, self.dtype, self.device = matrix, dtype, device
        self.n_rows = matrix.shape[0]

    def take(self, index: Tensor) -> Tensor:
        """Gather rows and make them dense."""
        rows = self.matrix[index.reshape(-1).cpu().numpy()]
        return self._dense(rows).view(*index.shape, rows.shape[1])

    def span(self, start: int, stop: int) -> Tensor:
        """Make consecutive rows dense."""
        return self._dense(self.matrix[start:stop])[None]

    def _dense(self, rows: Any) -> Tensor:
        return as_values(torch.from_numpy(rows.toarray()).to(self.device), self.dtype)


class PackedRows(Rows):
    """Rows of a CSR array, of which batches hold no more than is stored.

    A batch is (n_members, n_batch, 2, n_stored): the numbers of columns, and their
    values, 0 where a row has fewer than the longest of the batch.

    Parameters
    ----------
    matrix : sparse.csr_array of shape (n_rows, n_features)
        All rows.
    dtype : torch.dtype
        Of the batches.
    device : torch.device
        Where the batches go.
    """

    def __init__(
        self, matrix: sparse.csr_array, dtype: torch.dtype, device: torch.device
    ) -> None:
        self.dtype, self.device = dtype, device
        # once for all batches
        self.matrix = matrix.astype(torch.empty(0, dtype=dtype).numpy().dtype)
        self.n_rows = matrix.shape[0]

    def take(self, index: Tensor) -> Tensor:
        """Gather rows and pack them."""
        packed = self._pack(self.matrix[index.reshape(-1).cpu().numpy()])
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
        return torch.from_numpy(packed).to(self.device)


class TextRows(Rows):
    """Texts as the buckets of their words.

    A batch is (n_members, n_batch, n_tokens, n_buckets), int64: as many tokens as the
    longest text of the batch has, at least 1, and as many buckets as its longest word;
    0 is padding.

    Parameters
    ----------
    texts : Texts
        All texts.
    device : torch.device
        Where the batches go.
    """

    def __init__(self, texts: Texts, device: torch.device) -> None:
        self.texts, self.device = texts, device
        self.n_rows = len(texts)
        self.lengths = torch.as_tensor(texts.lengths, device=device)
        self._lengths = texts.lengths
        self._n_buckets = np.diff(texts.starts)  # of each word

    def take(self, index: Tensor) -> Tensor:
        """Gather texts."""
        return self._pack(index.cpu().numpy())

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
        return torch.from_numpy(packed.reshape(shape)).to(self.device)


def as_rows(X: Any, dtype: torch.dtype, device: torch.device) -> Rows:
    """Put prepared columns where batches can be cut from them.

    Shapes: X (n_rows, ...).
    """
    if isinstance(X, WideColumns):
        return PackedRows(X.matrix, dtype, device)
    if isinstance(X, Texts):
        return TextRows(X, device)
    if sparse.issparse(X):
        return SparseRows(sparse.csr_array(X), dtype, device)
    if not X.flags.writeable:  # torch takes no memory that it may not write to
        return ArrayRows(X, dtype, device)
    tensor = torch.as_tensor(np.ascontiguousarray(X)).to(device)
    return DenseRows(tensor if _is_scaled(tensor) else tensor.to(dtype), dtype)


def prepared_rows(
    preparation: Preparation, X: ReadInputs, dtype: torch.dtype, device: torch.device
) -> Rows:
    """Prepare all of X, a table in chunks: its columns are float64 until they are cast.

    Shapes: X (n_rows, ...).
    """
    if not isinstance(X, Table):
        return as_rows(preparation.transform(X), dtype, device)
    n_rows = X.shape[0]
    first = torch.as_tensor(preparation.transform(X[:PREPARED_ROWS]))
    tensor = torch.empty((n_rows, first.shape[1]), dtype=dtype, device=device)
    tensor[:PREPARED_ROWS] = first
    for start in range(PREPARED_ROWS, n_rows, PREPARED_ROWS):
        chunk = slice(start, start + PREPARED_ROWS)
        tensor[chunk] = torch.as_tensor(preparation.transform(X[chunk]))
    return DenseRows(tensor, dtype)


def as_values(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    """Return what a net sees of raw rows: uint8 is scaled to the unit range."""
    if _is_scaled(tensor):
        return tensor.to(dtype).div_(255.0)
    return tensor.to(dtype)


def _is_scaled(tensor: Tensor) -> bool:
    return tensor.dtype == torch.uint8


def gather(tensor: Tensor, index: Tensor) -> Tensor:
    """Return the rows of a tensor that an index of any shape names.

    Shapes: tensor (n_rows, ...), index (n_members, n_batch) -> (n_members,
    n_batch, ...).
    """
    if (
        tensor.ndim == 2 and tensor.is_floating_point()
    ):  # selects and reshapes in one call
        return torch.embedding(tensor, index)
    rows = tensor.index_select(0, index.reshape(-1))
    return rows.view(*index.shape, *tensor.shape[1:])
