"""Validate X, and tell numeric from categorical columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypeGuard

import numpy as np
from scipy import sparse
from sklearn.utils import check_array

from sklearn_mtl.preprocessing._texts import Texts
from sklearn_mtl.preprocessing.columns import warn_of_free_text
from sklearn_mtl.utils._categories import Categories, holds_categories, warn_of_unseen
from sklearn_mtl.utils._containers import column_numbers, plain_inputs
from sklearn_mtl.utils._features import match_features, read_features
from sklearn_mtl.utils._finite import check_sizes
from sklearn_mtl.utils._frames import column_names, frame_columns
from sklearn_mtl.utils._typing import Estimator, FeaturesLike, Matrix

__all__ = [
    "InputReader",
    "ReadInputs",
    "Table",
    "read_inputs",
    "warn_of_text_categories",
]

#: Numbers in X up to which a look at its values is cheap.
FEW = 10_000


@dataclass(frozen=True)
class Table:
    """The columns of a dense table by kind.

    Attributes
    ----------
    numeric : ndarray of shape (n_samples, n_numeric), float64 or float32
        NaN where missing. Arrays of float32 are not copied: statistics and the prepared
        columns are computed in float64, some columns or samples at a time.
    categorical : ndarray of shape (n_samples, n_categorical), float64, or None
        Numbers of the categories seen in fit, -1 for others, NaN where missing; None
        where there is no such column.
    """

    numeric: np.ndarray
    categorical: np.ndarray | None

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and of columns."""
        n_categorical = 0 if self.categorical is None else self.categorical.shape[1]
        return len(self.numeric), self.numeric.shape[1] + n_categorical

    def __getitem__(self, rows: Any) -> Table:
        """Return some rows."""
        categorical = None if self.categorical is None else self.categorical[rows]
        return Table(self.numeric[rows], categorical)


# X as a trunk takes it, after reading.
ReadInputs: TypeAlias = Matrix | Table | Texts


class InputReader(Estimator, Protocol):
    """An estimator that keeps what it learned of its inputs."""

    n_features_in_: int
    is_categorical_: Any  # ndarray of bool, or None where no column is a category
    _categories: list[Categories]
    _is_sparse_fit: bool
    _is_byte_fit: bool
    _is_unit_fit: bool


def read_inputs(
    model: InputReader,
    X: FeaturesLike,
    wanted: str,
    *,
    reset: bool,
    grows: bool = False,
) -> Any:
    """Validate X for a trunk that wants a table or raw values.

    Shapes: X (n_samples, n_features).
    """
    if wanted == "table" and not reset and _is_read(X, model):
        return Table(X, None)
    X = plain_inputs(X, type(model).__name__)
    is_sparse = sparse.issparse(X)
    if is_sparse and not reset and model.is_categorical_ is not None:
        X, is_sparse = X.toarray(), False  # the same categories
    if is_sparse:
        _refuse_missing(X, type(model).__name__)
    is_table = wanted == "table" and not is_sparse
    if reset:
        has_kinds = wanted == "table"
        model.is_categorical_ = _find_categorical(model, X) if has_kinds else None
        model._is_sparse_fit = is_sparse
    if is_table and model.is_categorical_ is not None:
        return _read_table(model, X, reset=reset, grows=grows)
    X = read_features(
        model,
        X,
        reset=reset,
        accept_sparse="csr",
        dtype=[np.float64, np.float32] if is_table else "numeric",
        # nothing is imputed after a sparse fit
        ensure_all_finite=True if not is_table or model._is_sparse_fit else "allow-nan",
        allow_nd=wanted == "raw",
    )
    if reset:
        names = getattr(model, "feature_names_in_", None)
        check_sizes(X, names, type(model).__name__)
    if wanted == "table" and is_sparse != model._is_sparse_fit:
        # the other form than in fit holds the same numbers
        X = X.toarray().astype(np.float64) if is_sparse else sparse.csr_array(X)
    if wanted == "raw":
        _check_unit(model, X, reset=reset)
    return X if sparse.issparse(X) or wanted == "raw" else Table(X, None)


def warn_of_text_categories(model: Any, X: FeaturesLike) -> None:
    """Warn of free text, on behalf of models that `model` hands X to.

    Shapes: X (n_samples, n_features).
    """
    is_category, columns = _find_categorical(model, X), frame_columns(X)
    if columns and is_category is not None:
        names = column_names(X) or []
        warn_of_free_text(type(model).__name__, columns, names, is_category)


def _is_read(X: FeaturesLike, model: InputReader) -> TypeGuard[np.ndarray]:
    """Return whether X is a small array of doubles with nothing left to check or read.

    For one sample the checks of all containers take longer than the net.
    """
    return (
        type(X) is np.ndarray
        and X.dtype == np.float64
        and X.dtype.isnative
        and X.ndim == 2
        and 0 < X.size <= FEW
        and X.shape[1] == model.n_features_in_
        and model.is_categorical_ is None
        and not model._is_sparse_fit
        and not hasattr(model, "feature_names_in_")  # else it is warned of
        and not np.isinf(X).any()
    )


def _refuse_missing(X: FeaturesLike, who: str) -> None:
    """Refuse a sparse X with NaN: sparse columns are not imputed."""
    values = sparse.coo_array(X).data
    if values.dtype.kind == "f" and np.isnan(values).any():
        raise ValueError(
            f"{who}: X is sparse and has NaN. Missing values are allowed in a dense X "
            "only: give X.toarray(), or fill them in first."
        )


def _check_unit(model: InputReader, X: Matrix, *, reset: bool) -> None:
    """Refuse raw values in another unit than in fit: bytes are scaled, others not."""
    is_bytes = X.dtype == np.uint8
    if reset:
        model._is_byte_fit = is_bytes
        model._is_unit_fit = is_bytes or X.max() <= 1
        return
    who, rule = (
        type(model).__name__,
        "uint8 is scaled to the unit range, others are not",
    )
    if is_bytes and not model._is_unit_fit:
        raise ValueError(
            f"{who}: X is uint8, but in fit it had other values, above 1; {rule}."
        )
    if model._is_byte_fit and not is_bytes and X.max() > 1:
        raise ValueError(
            f"{who}: X was uint8 in fit, but is {X.dtype} with values up to "
            f"{X.max():g}; {rule}. Give uint8, or values in [0, 1]."
        )


def _find_categorical(model: InputReader, X: FeaturesLike) -> np.ndarray | None:
    """Return which columns are categorical, or None where none is."""
    wanted = getattr(model, "categorical_features", None)
    if wanted is None:
        return None
    if isinstance(wanted, str):
        if wanted != "from_dtype":
            raise ValueError(
                f"{type(model).__name__}: categorical_features={wanted!r}; allowed are "
                "'from_dtype', None, and names, numbers or a mask of columns."
            )
        mask = [holds_categories(column) for column in frame_columns(X)]
    elif sparse.issparse(X):
        raise ValueError(
            f"{type(model).__name__}: categorical_features is given, but X is sparse; "
            "encode the categories before, or give a dense X."
        )
    else:
        mask = _mask(np.asarray(wanted), X, type(model).__name__)
    return np.array(mask, dtype=bool) if any(mask) else None


def _mask(wanted: np.ndarray, X: FeaturesLike, who: str) -> list[bool]:
    names = [str(name) for name in column_names(X) or []]
    shape = (0, len(names)) if names else np.shape(X)
    if len(shape) < 2:
        return []  # scikit-learn's check says what is wrong with X
    n_features = shape[1]
    if wanted.dtype == bool:
        if wanted.shape != (n_features,):
            raise ValueError(
                f"{who}: categorical_features is a mask of shape {wanted.shape}; X has "
                f"{n_features} columns."
            )
        return wanted.tolist()
    if wanted.dtype.kind in "UO":
        unknown = [name for name in wanted.tolist() if name not in names]
        if not unknown:
            return [name in wanted for name in names]
    else:
        unknown = [int(j) for j in wanted if not 0 <= j < n_features]
        if not unknown:
            return [j in wanted for j in range(n_features)]
    raise ValueError(
        f"{who}: categorical_features names unknown columns {unknown}; X has "
        f"{names or n_features}."
    )


def _read_table(
    model: InputReader, X: FeaturesLike, *, reset: bool, grows: bool
) -> Table:
    """Return numbers and categories of inputs that have both."""
    match_features(model, X, reset=reset)
    columns = frame_columns(X)
    if not columns:
        columns = list((X if hasattr(X, "T") else np.array(X, dtype=object)).T)
    is_category = model.is_categorical_
    if reset:
        who, names = type(model).__name__, _names(model).tolist()
        warn_of_free_text(who, columns, names, is_category)
    numeric = np.empty((len(columns[0]), np.count_nonzero(~is_category)))
    for place, j in enumerate(np.flatnonzero(~is_category).tolist()):
        numeric[:, place] = column_numbers(columns[j], j, model)
    if numeric.shape[1]:
        numeric = check_array(
            numeric, ensure_all_finite="allow-nan", input_name="X", estimator=model
        )
        if reset:
            check_sizes(numeric, _names(model)[~is_category], type(model).__name__)
    text = [columns[j] for j in np.flatnonzero(is_category)]
    return Table(numeric, _read_categories(model, text, reset=reset, grows=grows))


def _names(model: InputReader) -> np.ndarray:
    """Return names of the columns of X, or their numbers."""
    names = getattr(model, "feature_names_in_", None)
    return np.arange(model.n_features_in_) if names is None else names


def _read_categories(
    model: InputReader, columns: list[Any], *, reset: bool, grows: bool
) -> np.ndarray:
    """Return the codes of categories; fit learns what there is."""
    who = type(model).__name__
    if reset:
        names = _names(model)[model.is_categorical_].tolist()
        pairs = zip(columns, names, strict=True)
        model._categories = [Categories.learn(*pair, who) for pair in pairs]
    elif grows:
        pairs = zip(model._categories, columns, strict=True)
        model._categories = [one.more(column, who) for one, column in pairs]
    known = zip(model._categories, columns, strict=True)
    found = [one.encode(column, who) for one, column in known]
    codes = np.stack([one for one, _ in found], axis=1)
    if not reset:
        warn_of_unseen(model._categories, codes, [one for _, one in found], who)
    return codes
