"""Warning for DataFrames with the same index labels in different order."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from sklearn_mtl.exceptions import IndexOrderWarning
from sklearn_mtl.utils._frames import is_pandas

__all__ = ["warn_of_index_order"]


def warn_of_index_order(who: str, **given: Any) -> None:
    """Warn if the indexes of DataFrames or Series have reordered labels.

    Samples are matched by position, as in scikit-learn. If two indexes have the same
    labels in different order, one of them was probably shuffled.
    """
    indexes = {name: one.index for name, one in given.items() if is_pandas(one)}
    if len(indexes) < 2:
        return
    (first, expected), *others = indexes.items()
    for name, index in others:
        if _is_reordered(expected, index):
            warnings.warn(
                f"{who}: the indexes of {first} and {name} have the same labels in "
                "another order. Samples are matched by position. Reorder one of them, "
                f"such as {name}.loc[{first}.index], or drop the indexes with "
                "reset_index(drop=True).",
                IndexOrderWarning,
                stacklevel=4,
            )


def _is_reordered(first: Any, second: Any) -> bool:
    """Return whether two pandas indexes have the same labels in different order."""
    if len(first) != len(second) or first.equals(second):
        return False
    import pandas as pd

    # hashing, because labels of different types cannot be sorted
    codes, found = pd.factorize(first.append(second))
    counts = [np.bincount(part, minlength=len(found)) for part in np.split(codes, 2)]
    return bool((counts[0] == counts[1]).all() and (codes >= 0).all())
