"""Inputs that are a target in other words."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["find_copies"]

# Fewer samples than this may match by chance.
_FEW_ROWS = 10


def find_copies(inputs: Any, targets: Any) -> dict[str, tuple[str, str]]:
    """Return which input is a copy of which target, and how.

    A copy has the same values, or one value for each value of the target, such as
    "female" for 1; of numbers that seldom repeat, the same order or its reverse.
    Samples where one of the two is missing do not count.
    Shapes: inputs (n_samples, n_features), targets (n_samples, n_tasks), both frames.
    """
    found: dict[str, tuple[str, str]] = {}
    for target in targets.columns:
        for name in inputs.columns:
            how = _how(inputs[name], targets[target])
            if how is not None:
                found.setdefault(str(name), (str(target), how))
    return found


def _how(column: Any, target: Any) -> str | None:
    import pandas as pd

    both = (column.notna() & target.notna()).to_numpy()
    if np.count_nonzero(both) < _FEW_ROWS:
        return None
    a, b = column[both], target[both]
    try:
        codes_a, codes_b = pd.factorize(a)[0], pd.factorize(b)[0]
    except TypeError:  # lists have no hash
        return None
    n_a, n_b = int(codes_a.max()) + 1, int(codes_b.max()) + 1
    if n_a != n_b or n_a < 2 or len(np.unique(codes_a * n_a + codes_b)) != n_a:
        return None
    if a.astype(object).to_numpy().tolist() == b.astype(object).to_numpy().tolist():
        return "the same values"
    if 2 * n_a <= len(a):
        return "one value for each of its values"
    return "the same order" if _same_order(a, b) else None


def _same_order(a: Any, b: Any) -> bool:
    from pandas.api import types

    if not (types.is_numeric_dtype(a) and types.is_numeric_dtype(b)):
        return False
    # places of the values among the sorted ones, equal values in one place
    place_a, place_b = (np.unique(x, return_inverse=True)[1] for x in (a, b))
    return np.array_equal(place_a, place_b) or np.array_equal(
        place_a, place_b.max() - place_b
    )
