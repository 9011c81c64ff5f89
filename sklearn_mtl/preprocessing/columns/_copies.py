"""Input columns that are copies of targets."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["find_copies"]

# With fewer samples than this, columns may match by chance.
_FEW_ROWS = 10
# Most pairs of columns already differ in their first samples.
_FIRST = 64


class _Codes:
    """A column encoded as numbers, for comparisons with other columns.

    `codes` are indices of the values in order of appearance, -1 where missing. They are
    equal for two columns with the same information. `ranks` are the ranks of the values
    of a numeric column.
    """

    def __init__(self, values: np.ndarray, is_numeric: bool) -> None:
        import pandas as pd

        self.values = values
        self.codes = pd.factorize(values)[0]
        self.ranks: np.ndarray | None = None
        seen = self.codes >= 0
        if is_numeric:
            self.ranks = np.full(len(values), -1)
            numbers = values[seen].astype(np.float64)
            self.ranks[seen] = np.unique(numbers, return_inverse=True)[1]
        # if most values occur once, only their order can identify a copy
        n_values = int(self.codes.max(initial=-1)) + 1
        self.is_continuous = is_numeric and 2 * n_values > np.count_nonzero(seen)
        head = self.codes if self.ranks is None else self.ranks
        self.head = head[:_FIRST].tolist()

    @classmethod
    def of(cls, column: Any) -> _Codes | None:
        """Return the codes of a column, or None if its values cannot be compared."""
        from pandas.api import types

        try:
            return cls(column.to_numpy(dtype=object), types.is_numeric_dtype(column))
        except TypeError:  # lists cannot be hashed
            return None

    def __getitem__(self, rows: np.ndarray) -> _Codes:
        """Return the codes of some samples."""
        return _Codes(self.values[rows], self.ranks is not None)


def find_copies(inputs: Any, targets: Any) -> dict[str, tuple[str, str]]:
    """Return the target and the kind of copy for each input that is a copy.

    A copy has the same values as a target, or exactly one value for each value of the
    target, such as "female" for 1. A numeric column whose values rarely repeat is a
    copy if it has the same or the reverse order. Samples with a missing value in one of
    the two columns are ignored.
    Shapes: inputs (n_samples, n_features), targets (n_samples, n_tasks), both frames.
    """
    coded = {str(name): _Codes.of(targets[name]) for name in targets.columns}
    found: dict[str, tuple[str, str]] = {}
    for name in inputs.columns:
        column = _Codes.of(inputs[name])
        for target, labels in coded.items():
            how = None if column is None or labels is None else _how(column, labels)
            if how is not None:
                found[str(name)] = (target, how)
                break
    return found


def _how(a: _Codes, b: _Codes) -> str | None:
    """Return the kind of copy, or None if the columns are not copies."""
    if not _may_match(a, b):
        return None
    both = (a.codes >= 0) & (b.codes >= 0)
    if np.count_nonzero(both) < _FEW_ROWS:
        return None
    if not both.all():
        a, b = a[both], b[both]
    n_values = int(a.codes.max()) + 1
    if n_values < 2 or not np.array_equal(a.codes, b.codes):
        return None
    if a.values.tolist() == b.values.tolist():
        return "the same values"
    if 2 * n_values <= len(a.codes):
        return "one value for each of its values"
    # columns without repeated values always have equal codes
    return "the same order" if _same_order(a.ranks, b.ranks) else None


def _may_match(a: _Codes, b: _Codes) -> bool:
    """Return whether the first samples match; most pairs of columns do not."""
    pairs = [(x, y) for x, y in zip(a.head, b.head, strict=True) if x >= 0 <= y]
    n_pairs = len(set(pairs))
    if len({x for x, _ in pairs}) < n_pairs or len({y for _, y in pairs}) < n_pairs:
        return False
    if not (a.is_continuous and b.is_continuous):
        return True
    order = [y for _, y in sorted(pairs)]
    return order in (sorted(order), sorted(order, reverse=True))


def _same_order(a: np.ndarray | None, b: np.ndarray | None) -> bool:
    if a is None or b is None:
        return False
    return np.array_equal(a, b) or np.array_equal(a, b.max() - b)
