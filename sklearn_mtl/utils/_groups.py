"""Groups of samples that must not be divided when samples are held out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mtl.tasks import drop_missing
from sklearn_mtl.utils._frames import from_arrow, is_frame

__all__ = ["read_groups"]


def read_groups(
    groups: ArrayLike | None, n_samples: int | None, who: str
) -> np.ndarray:
    """Return the group index of each sample, numbered in order of appearance.

    Shapes: groups (n_samples,) -> (n_samples,).
    """
    column = _as_column(groups)
    if len(column.shape) != 1:
        raise ValueError(
            f"{who}: groups has shape {column.shape}; it must be (n_samples,), with "
            "one group per sample."
        )
    if n_samples is not None and len(column) != n_samples:
        raise ValueError(
            f"{who}: groups has {len(column)} samples, X has {n_samples}: inconsistent "
            "numbers of samples."
        )
    values, seen = drop_missing(column)
    seen = seen & ~np.ma.getmaskarray(column) if np.ma.isMaskedArray(column) else seen
    if not seen.all():
        raise ValueError(
            f"{who}: groups is missing for {int((~seen).sum())} samples, such as "
            f"sample {int(np.argmin(seen))}; every sample needs a group. A group may "
            "contain a single sample."
        )
    return _number(values)


def _as_column(groups: Any) -> Any:
    """Return a Series or an array, where values of lists keep their types."""
    groups = from_arrow(groups)
    if is_frame(groups):
        groups = groups.to_numpy()
    elif not hasattr(groups, "dtype"):
        groups = np.asarray(groups, dtype=object)
    is_single = len(groups.shape) == 2 and groups.shape[1] == 1
    return groups.reshape(-1) if is_single else groups


def _number(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind == "O":  # np.unique cannot sort mixed types
        found: dict[Any, int] = {}
        listed = [found.setdefault(value, len(found)) for value in values.tolist()]
        return np.array(listed, dtype=np.intp)
    _, first, number = np.unique(values, return_index=True, return_inverse=True)
    # The index of a group is the rank of its first position.
    return np.argsort(np.argsort(first))[number.ravel()]
