"""Validation of X, with separation of numeric and categorical columns."""

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

# : Largest size of X for which a check of its values is cheap.
FEW = 10_000


@dataclass(frozen=True)
class Table:
    """The numeric and categorical columns of a dense table.

    Attributes
    ----------
    numeric : ndarray of shape (n_samples, n_numeric), float64 or float32
        Numeric columns, NaN where missing. Arrays of float32 are not copied; statistics
        and prepared columns are computed in float64 for blocks of columns or samples.
    categorical : ndarray of shape (n_samples, n_categorical), float64, or None
        Indices of the categories seen in fit, -1 for other categories, and NaN where
        missing. None if there is no categorical column.
    """

    numeric: np.ndarray
    categorical: np.ndarray | None

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of samples and columns."""
        n_categorical = 0 if self.categorical is None else self.categorical.shape[1]
        return len(self.numeric), self.numeric.shape[1] + n_categorical

    def __getitem__(self, rows: Any) -> Table:
        """Return some samples."""
        categorical = None if self.categorical is None else self.categorical[rows]
        return Table(self.numeric[rows], categorical)


# X in the form for trunks, after validation.
ReadInputs: TypeAlias = Matrix | Table | Texts


class InputReader(Estimator, Protocol):
    """Estimator with attributes that describe its inputs."""

    n_features_in_: int
    is_categorical_: Any  # ndarray of bool, or None without categorical columns
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
    """Validate X for a trunk that requires a table or raw values.

    Shapes: X (n_samples, n_features).
    """
    if wanted == "table" and not reset and _is_read(X, model):
        return Table(X, None)
    X = plain_inputs(X, type(model).__name__)
    is_sparse = sparse.issparse(X)
    if is_sparse and not reset and model.is_categorical_ is not None:
        X, is_sparse = X.toarray(), False  # fit had categories, so X must be dense
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
        # missing values are not imputed after a fit to a sparse X
        ensure_all_finite=True if not is_table or model._is_sparse_fit else "allow-nan",
        allow_nd=wanted == "raw",
    )
    if reset:
        names = getattr(model, "feature_names_in_", None)
        check_sizes(X, names, type(model).__name__)
    if wanted == "table" and is_sparse != model._is_sparse_fit:
        # convert X to the form of fit
        X = X.toarray().astype(np.float64) if is_sparse else sparse.csr_array(X)
    if wanted == "raw":
        _check_unit(model, X, reset=reset)
    return X if sparse.issparse(X) or wanted == "raw" else Table(X, None)


def warn_of_text_categories(model: Any, X: FeaturesLike) -> None:
    """Warn about free text on behalf of models to which `model` passes X.

    Shapes: X (n_samples, n_features).
    """
    is_category, columns = _find_categorical(model, X), frame_columns(X)
    if columns and is_category is not None:
        names = column_names(X) or []
        warn_of_free_text(type(model).__name__, columns, names, is_category)


def _is_read(X: FeaturesLike, model: InputReader) -> TypeGuard[np.ndarray]:
    """Return whether X is a small array of float64 that needs no further checks.

    For a single sample, the checks of all containers take longer than the net.
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
        and not hasattr(model, "feature_names_in_")  # otherwise there is a warning
        and not np.isinf(X).any()
    )


def _refuse_missing(X: FeaturesLike, who: str) -> None:
    """Raise for a sparse X with NaN, because sparse columns are not imputed."""
    values = sparse.coo_array(X).data
    if values.dtype.kind == "f" and np.isnan(values).any():
        raise ValueError(
            f"{who}: X is sparse and contains NaN. Missing values are only supported "
            "in a dense X. Use X.toarray(), or impute them first."
        )


def _check_unit(model: InputReader, X: Matrix, *, reset: bool) -> None:
    """Raise if raw values have another unit than in fit; only uint8 is scaled."""
    is_bytes = X.dtype == np.uint8
    if reset:
        model._is_byte_fit = is_bytes
        model._is_unit_fit = is_bytes or X.max() <= 1
        return
    who, rule = (
        type(model).__name__,
        "only uint8 is scaled to the unit range",
    )
    if is_bytes and not model._is_unit_fit:
        raise ValueError(
            f"{who}: X is uint8, but in fit it had another dtype and values above 1; "
            f"{rule}."
        )
    if model._is_byte_fit and not is_bytes and X.max() > 1:
        raise ValueError(
            f"{who}: X was uint8 in fit, but is {X.dtype} with values up to "
            f"{X.max():g}; {rule}. Use uint8, or values in [0, 1]."
        )


def _find_categorical(model: InputReader, X: FeaturesLike) -> np.ndarray | None:
    """Return a mask of categorical columns, or None if there are none."""
    wanted = getattr(model, "categorical_features", None)
    if wanted is None:
        return None
    if isinstance(wanted, str):
        if wanted != "from_dtype":
            raise ValueError(
                f"{type(model).__name__}: categorical_features must be 'from_dtype', "
                f"None, or names, indices or a mask of columns; got {wanted!r}."
            )
        mask = [holds_categories(column) for column in frame_columns(X)]
    elif sparse.issparse(X):
        raise ValueError(
            f"{type(model).__name__}: categorical_features is not supported for a "
            "sparse X. Encode the categories first, or use a dense X."
        )
    else:
        mask = _mask(np.asarray(wanted), X, type(model).__name__)
    return np.array(mask, dtype=bool) if any(mask) else None


def _mask(wanted: np.ndarray, X: FeaturesLike, who: str) -> list[bool]:
    names = [str(name) for name in column_names(X) or []]
    shape = (0, len(names)) if names else np.shape(X)
    if len(shape) < 2:
        return []  # scikit-learn's check raises for X
    n_features = shape[1]
    if wanted.dtype == bool:
        if wanted.shape != (n_features,):
            raise ValueError(
                f"{who}: categorical_features is a mask of shape {wanted.shape}, but X "
                f"has {n_features} columns."
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
        f"{who}: categorical_features contains unknown columns {unknown}; X has the "
        f"columns {names or list(range(n_features))}."
    )


def _read_table(
    model: InputReader, X: FeaturesLike, *, reset: bool, grows: bool
) -> Table:
    """Return the numeric and categorical columns of X."""
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
    """Return the names of the columns of X, or their indices."""
    names = getattr(model, "feature_names_in_", None)
    return np.arange(model.n_features_in_) if names is None else names


def _read_categories(
    model: InputReader, columns: list[Any], *, reset: bool, grows: bool
) -> np.ndarray:
    """Return the codes of categories, which are learned in fit."""
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
