"""Checks for inputs that are too large and for predictions that are not finite."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from sklearn_mtl.utils._frames import is_pandas_frame

if TYPE_CHECKING:
    from sklearn_mtl.tasks import Task

__all__ = [
    "LARGEST",
    "check_finite",
    "check_outputs",
    "check_sizes",
    "is_moderate",
    "outlying_column",
]

# Fits add up products of four numbers, which must not overflow.
LARGEST = 1e70


def check_sizes(X: Any, names: Sequence[Any] | None, who: str) -> None:
    """Raise if inputs are too large for a fit."""
    if is_pandas_frame(X):
        X = X.select_dtypes("floating")
        names, X = list(X.columns), X.to_numpy(np.float64, na_value=np.nan)
    values = X.tocoo().data if sparse.issparse(X) else X  # all formats have tocoo
    kind = getattr(values, "dtype", np.dtype("O")).kind
    if kind != "f" or is_moderate(values):
        return
    dense = X.toarray() if sparse.issparse(X) else X.reshape(len(X), -1)
    row, j = np.argwhere(np.abs(dense) > LARGEST)[0].tolist()
    raise ValueError(
        f"{who}: column {j if names is None else repr(names[j])} of X holds "
        f"{dense[row, j]:g}; allowed are numbers up to {LARGEST:g} in size, since "
        "their products must not overflow. Divide the column by a constant first."
    )


def is_moderate(values: np.ndarray) -> bool:
    """Return whether no number is infinite or too large for a fit."""
    if not values.size:
        return True
    largest, smallest = float(values.max()), float(values.min())
    # The maximum is NaN if values are missing; only then use the slower fmax.
    if np.isnan(largest):
        largest = float(np.fmax.reduce(values, axis=None))
        smallest = float(np.fmin.reduce(values, axis=None))
    return not (largest > LARGEST or smallest < -LARGEST)


def outlying_column(X: Any, factor: float) -> tuple[int, float, float] | None:
    """Return a column with an outlier, the outlier, and the median absolute value.

    Shapes: X (n_samples, n_features).
    """
    if X.ndim != 2:
        return None
    columns = sparse.csc_array(X) if sparse.issparse(X) else X
    for j in range(X.shape[1]):
        column = columns[:, [j]]
        values = column.data if sparse.issparse(X) else column.ravel()
        values = values[~np.isnan(values) & (values != 0)]
        usual = float(np.median(np.abs(values))) if len(values) else 0.0
        largest = np.argmax(np.abs(values)) if len(values) else 0
        if usual and abs(values[largest]) > factor * usual:
            return j, float(values[largest]), usual
    return None


def check_outputs(
    outputs: Iterable[np.ndarray], tasks: Sequence[Task], who: str
) -> None:
    """Raise if predictions are not finite, except for tasks without labels."""
    for task, output in zip(tasks, outputs, strict=True):
        if task.kind != "empty":
            values = _by_sample(output) if task.is_tokens else np.asarray(output, float)
            check_finite(values, f"predictions of task {task.name!r}", who)


def _by_sample(outputs: Iterable[np.ndarray]) -> np.ndarray:
    """Return one number per sample that is finite if all its outputs are."""
    return np.array([output.sum() for output in outputs], dtype=np.float64)


def check_finite(values: np.ndarray, what: str, who: str) -> None:
    """Raise if numbers are not finite.

    Shapes: values (n_samples, ...).
    """
    is_finite = np.isfinite(values)
    if is_finite.all():
        return
    bad = np.flatnonzero(~is_finite.reshape(len(values), -1).all(axis=1))
    raise ValueError(
        f"{who}: the {what} are not finite for {len(bad)} of {len(values)} samples of "
        f"X, the first of them sample {bad[0]}. The values of these samples are too "
        "large; scale X as in fit, or check it for errors."
    )
