"""Say where two frames hold the same samples in another order."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from sklearn_mtl.exceptions import IndexOrderWarning
from sklearn_mtl.utils._frames import is_pandas

__all__ = ["warn_of_index_order"]


def warn_of_index_order(who: str, **given: Any) -> None:
    """Warn where the indexes of frames or series have the same labels, reordered.

    Samples are matched by position, as everywhere in scikit-learn. An index that holds
    the labels of another one in another order is a sign that the rows were shuffled.
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
    """Whether two pandas indexes hold the same labels, as often, in another order."""
    if len(first) != len(second) or first.equals(second):
        return False
    import pandas as pd

    # hashed, since labels of different types cannot be sorted
    codes, found = pd.factorize(first.append(second))
    counts = [np.bincount(part, minlength=len(found)) for part in np.split(codes, 2)]
    return bool((counts[0] == counts[1]).all() and (codes >= 0).all())
