"""Tables that are read batch by batch, with prepared inputs in a temporary file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from sklearn_mtl.neural_network.data._batch_reader import BatchReader, Columns
from sklearn_mtl.neural_network.data._batch_source import (
    BatchSource,
    open_batches,
    with_known_kinds,
)
from sklearn_mtl.neural_network.data._column_kinds import ColumnKinds
from sklearn_mtl.neural_network.data._file_rows import (
    FileRows,
    open_temporary,
    write_rows,
)
from sklearn_mtl.neural_network.data._rows import (
    PREPARED_ROWS,
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
SAMPLE, _SAMPLE_BYTES = 200_000, 2**27
_MOST_PARTS = 64  # of a column, before they are joined


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
        file = open_temporary(self.folder)
        try:
            for table in self.tables():
                self._check_same(table, n_rows)
                for start in range(0, table.shape[0], PREPARED_ROWS):
                    chunk = table[start : start + PREPARED_ROWS]
                    rows = as_rows(preparation.transform(chunk), dtype, cpu)
                    part = rows.span(0, PREPARED_ROWS)[0].numpy()
                    write_rows(file, part, self.folder)
                    n_rows += len(part)
            if n_rows != self.shape[0]:
                raise ValueError(
                    f"fit_stream: the batches have {n_rows} samples in the second "
                    f"pass, but had {self.shape[0]} in the first; every pass must "
                    "yield the same batches."
                )
        except BaseException:
            file.close()
            raise
        shape = n_rows, part.shape[1]
        return FileRows(file, shape, part.dtype, dtype, device).resident()

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


class _Reservoir:
    """A uniform random subset of the rows of all tables: those with the lowest keys.

    Parameters
    ----------
    rng : Generator
        Draws the keys.
    shape : tuple of int
        Numbers of numeric and categorical columns.
    """

    def __init__(self, rng: np.random.Generator, shape: tuple[int, int]) -> None:
        self._rng, self.n_rows, self._n_kept = rng, 0, 0
        size = min(SAMPLE, max(1000, _SAMPLE_BYTES // (8 * sum(shape))))
        self._keys, self._rows = np.empty(size), np.empty(size, dtype=np.intp)
        # the system allocates memory when rows are written, so small tables need little
        self._parts = [np.empty((size, n_columns)) for n_columns in shape]

    def add(self, table: Table) -> None:
        """Replace the rows whose keys are no longer among the lowest."""
        n_old, n_new, size = self._n_kept, table.shape[0], len(self._keys)
        new_keys = self._rng.random(n_new)
        keys = np.concatenate([self._keys[:n_old], new_keys])
        kept = np.arange(len(keys))
        if len(keys) > size:
            kept = np.sort(np.argpartition(keys, size - 1)[:size])
        added = kept[kept >= n_old] - n_old
        self._n_kept = len(kept)
        is_free = np.ones(self._n_kept, dtype=bool)
        is_free[kept[kept < n_old]] = False
        places = np.flatnonzero(is_free)
        self._keys[places], self._rows[places] = new_keys[added], self.n_rows + added
        for part, columns in zip(self._parts, _columns(table), strict=True):
            part[places] = columns[added]
        self.n_rows += n_new

    def take(self) -> tuple[np.ndarray, Table]:
        """Return the indices of the rows in ascending order, and the rows."""
        rows = self._rows[: self._n_kept]
        order = np.argsort(rows)
        for part in self._parts:
            for j in range(part.shape[1]):  # without a copy of all columns
                part[: len(rows), j] = part[order, j]
        numeric, categorical = (part[: len(rows)] for part in self._parts)
        return rows[order], Table(numeric, categorical if categorical.size else None)


def _columns(table: Table) -> tuple[np.ndarray, np.ndarray]:
    """Return the numeric columns and the categorical ones, which may be none."""
    none = np.empty((table.shape[0], 0))
    return table.numeric, none if table.categorical is None else table.categorical


def read_stream(
    model: Any,
    batches: Any,
    columns: Columns,
    folder: str | PathLike[str] | None,
) -> tuple[StreamedTable, dict[str, Any]]:
    """Read all batches once; keep a subset of the inputs and all other columns."""
    who = type(model).__name__
    source = open_batches(batches, who)
    open_temporary(folder).close()  # otherwise an error follows after a long pass
    reservoir = None
    others: dict[str, list[Any]] = {role: [] for role in columns.lists()}
    reader = None
    for where, frame in source():
        if reader is None:
            reader = BatchReader(model, columns, list(frame.columns), where)
            kinds = ColumnKinds(who, reader.features)
        for role, part in reader.others(frame, where).items():
            others[role].append(part.copy())  # a view would keep the batch in memory
            if len(others[role]) > _MOST_PARTS:  # many small arrays fragment the memory
                others[role] = [_join(others[role])]
        if not len(frame):
            continue
        kinds.check(frame, where)
        is_first = reservoir is None
        if is_first:
            frame = with_known_kinds(source, frame, reader.features)
        table = reader.inputs(frame, where, is_first=is_first, grows=True)
        if reservoir is None:
            shape = [columns.shape[1] for columns in _columns(table)]
            reservoir = _Reservoir(np.random.default_rng(0), tuple(shape))
        reservoir.add(table)
    if reader is None or reservoir is None:
        raise ValueError(f"{who}: the batches have no samples.")
    rows, sample = reservoir.take()
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
