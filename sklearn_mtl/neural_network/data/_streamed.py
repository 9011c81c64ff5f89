"""Tables that are read batch by batch, with prepared inputs in a temporary file."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from sklearn_mtl.neural_network.data._batch_reader import BatchReader, Columns
from sklearn_mtl.neural_network.data._batch_source import (
    BatchSource,
    open_batches,
    with_known_kinds,
)
from sklearn_mtl.neural_network.data._column_kinds import ColumnKinds
from sklearn_mtl.neural_network.data._rows import (
    PREPARED_ROWS,
    ArrayRows,
    Rows,
    as_rows,
)
from sklearn_mtl.neural_network.data._stored import stack_inputs
from sklearn_mtl.preprocessing import Preparation, Table

if TYPE_CHECKING:
    from sklearn_mtl.neural_network._base import BaseMultiTaskNet

__all__ = ["SAMPLE", "StreamedTable", "read_stream"]

#: Maximum number of samples, and bytes, from which medians, scales and edges are
#: computed.
SAMPLE, _SAMPLE_BYTES = 200_000, 2**28
_MAPPED = 256 * 2**20  # maximum number of bytes of the file in the process's memory
_PAGES = 16 * mmap.PAGESIZE  # bytes that the kernel maps when one number is read


class StreamedTable:
    """Inputs of all batches, of which only a random subset is in memory.

    Parameters
    ----------
    tables : callable
        Function that starts a new pass over the batches and yields their inputs.
    n_rows : int
        Number of samples in all batches.
    rows : ndarray of shape (n_sampled,)
        Indices of the samples in memory, in ascending order.
    sample : Table
        Inputs of the samples in memory.
    folder : path or None
        Folder of the temporary file; None for the default one.
    """

    def __init__(
        self,
        tables: Callable[[], Iterator[Table]],
        n_rows: int,
        rows: np.ndarray,
        sample: Table,
        folder: str | PathLike[str] | None,
    ) -> None:
        self.tables, self.rows, self.sample = tables, rows, sample
        self.folder = folder
        self.shape = (n_rows, sample.shape[1])

    def __getitem__(self, rows: slice | np.ndarray) -> Table:
        """Return some samples, by a pass over the batches."""
        wanted = np.arange(self.shape[0])[rows]
        ascending = np.sort(wanted)
        parts, start = [self.sample[:0]], 0
        for table in self.tables():
            stop = start + table.shape[0]
            inside = slice(*np.searchsorted(ascending, [start, stop]))
            parts.append(table[ascending[inside] - start])
            start = stop
            if inside.stop == len(ascending):
                break
        return stack_inputs(parts)[np.argsort(np.argsort(wanted, kind="stable"))]

    def prepared(
        self, preparation: Preparation, dtype: torch.dtype, device: torch.device
    ) -> Rows:
        """Prepare all samples, and write them to a file that is deleted after use."""
        n_rows, cpu = 0, torch.device("cpu")
        with tempfile.TemporaryFile(dir=self.folder) as file:
            for table in self.tables():
                self._check_same(table, n_rows)
                for start in range(0, table.shape[0], PREPARED_ROWS):
                    chunk = table[start : start + PREPARED_ROWS]
                    rows = as_rows(preparation.transform(chunk), dtype, cpu)
                    part = rows.span(0, PREPARED_ROWS)[0].numpy()
                    file.write(np.ascontiguousarray(part).data)
                    n_rows += len(part)
            if n_rows != self.shape[0]:
                raise ValueError(
                    f"fit_stream: the batches have {n_rows} samples in the second "
                    f"pass, but had {self.shape[0]} in the first; every pass must "
                    "yield the same batches."
                )
            file.flush()
            # the map keeps the file open until it is garbage-collected
            return MappedRows(file, (n_rows, part.shape[1]), part.dtype, dtype, device)

    def _check_same(self, table: Table, start: int) -> None:
        """Raise an error if the sampled rows differ from those of the first pass."""
        ends = [start, start + table.shape[0]]
        inside = slice(*np.searchsorted(self.rows, ends))
        found, known = table[self.rows[inside] - start], self.sample[inside]
        pairs = [(found.numeric, known.numeric)]
        if found.categorical is not None and known.categorical is not None:
            pairs.append((found.categorical, known.categorical))
        if not all(np.array_equal(*pair, equal_nan=True) for pair in pairs):
            raise ValueError(
                "fit_stream: the batches of the second pass differ from those of the "
                "first; every pass must yield the same samples in the same order."
            )


class MappedRows(ArrayRows):
    """Rows of a memory-mapped file with limited use of memory.

    Parameters
    ----------
    file : file object
        Contains the rows in C order.
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
        self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        super().__init__(np.frombuffer(self._map, stored).reshape(shape), dtype, device)
        self._n_mapped = 0

    def take(self, index: Tensor) -> Tensor:
        """Copy the rows of every member."""
        found = super().take(index)
        self._n_mapped += index.numel() * max(_PAGES, self.array.strides[0])
        self._release()
        return found

    def span(self, start: int, stop: int) -> Tensor:
        """Copy consecutive rows."""
        found = super().span(start, stop)
        self._n_mapped += (stop - start) * self.array.strides[0]
        self._release()
        return found

    def _release(self) -> None:
        """Release mapped pages; they remain in the cache of the operating system."""
        if self._n_mapped > _MAPPED and hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)
            self._n_mapped = 0


@dataclass
class _Reservoir:
    """A uniform random subset of the rows of all tables: those with the lowest keys."""

    rng: np.random.Generator
    size: int = SAMPLE
    keys: list[np.ndarray] = field(default_factory=list)
    rows: list[np.ndarray] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    n_rows: int = 0

    def add(self, table: Table) -> None:
        """Add a table."""
        n_new = table.shape[0]
        if not self.n_rows:
            self.size = min(SAMPLE, max(1000, _SAMPLE_BYTES // (8 * table.shape[1])))
        self.keys.append(self.rng.random(n_new))
        self.rows.append(np.arange(self.n_rows, self.n_rows + n_new))
        self.tables.append(table)
        self.n_rows += n_new
        if sum(map(len, self.keys)) > 1.5 * self.size:
            self.settle()

    def settle(self) -> tuple[np.ndarray, Table]:
        """Keep `size` rows; return their indices and the rows."""
        keys, rows = np.concatenate(self.keys), np.concatenate(self.rows)
        kept = np.sort(np.argsort(keys)[: self.size])
        self.keys, self.rows = [keys[kept]], [rows[kept]]
        self.tables = [stack_inputs(self.tables)[kept]]
        return self.rows[0], self.tables[0]


def read_stream(
    model: Any,
    batches: Any,
    columns: Columns,
    folder: str | PathLike[str] | None,
) -> tuple[StreamedTable, dict[str, Any]]:
    """Read all batches once; keep a subset of the inputs and all other columns."""
    who = type(model).__name__
    source = open_batches(batches, who)
    reservoir = _Reservoir(np.random.default_rng(0))
    others: dict[str, list[Any]] = {role: [] for role in columns.lists()}
    reader = None
    for where, frame in source():
        if reader is None:
            reader = BatchReader(model, columns, list(frame.columns), where)
            kinds = ColumnKinds(who, reader.features)
        for role, part in reader.others(frame, where).items():
            others[role].append(part)
        if not len(frame):
            continue
        kinds.check(frame, where)
        is_first = not reservoir.n_rows
        if is_first:
            frame = with_known_kinds(source, frame, reader.features)
        table = reader.inputs(frame, where, is_first=is_first, grows=True)
        reservoir.add(table)
    if reader is None or not reservoir.n_rows:
        raise ValueError(f"{who}: the batches have no samples.")
    rows, sample = reservoir.settle()
    sample = _sort_categories(model, sample)
    tables = partial(_tables, source, reader)
    X = StreamedTable(tables, reservoir.n_rows, rows, sample, folder)
    return X, {role: _join(parts) for role, parts in others.items()}


def _tables(source: BatchSource, reader: BatchReader) -> Iterator[Table]:
    for where, frame in source():
        if len(frame):
            yield reader.inputs(frame, where)


def _sort_categories(model: BaseMultiTaskNet, table: Table) -> Table:
    """Return the table with category codes in the order of the sorted categories."""
    if table.categorical is None:
        return table
    codes = table.categorical.copy()
    for j, known in enumerate(model._categories):
        model._categories[j], places = known.in_order()
        seen = ~np.isnan(codes[:, j])
        codes[seen, j] = places[codes[seen, j].astype(np.intp)]
    return Table(table.numeric, codes)


def _join(parts: list[Any]) -> Any:
    import pandas as pd

    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True)
