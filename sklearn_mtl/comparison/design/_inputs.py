"""Inputs of a comparison: numeric, categorical and free-text columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
)

from sklearn_mtl.comparison.design._texts import as_texts, text_frame
from sklearn_mtl.preprocessing import TextComponents, is_free_text
from sklearn_mtl.utils._categories import category_texts
from sklearn_mtl.utils._containers import plain_inputs
from sklearn_mtl.utils._frames import is_pandas, is_pandas_frame, to_pandas
from sklearn_mtl.utils._typing import FeaturesLike, Frame, Matrix

__all__ = [
    "Inputs",
    "check_inputs",
    "n_rows",
    "read_column",
    "read_inputs",
    "take_rows",
]

# Columns with more categories than this usually contain texts or identifiers.
_MAX_ONE_HOT = 50
# Histogram boosting supports up to 255 categories per column.
_MAX_ORDINAL = 254
_SECONDS_PER_DAY = 86400.0


@dataclass(frozen=True)
class Inputs:
    """Inputs, and transformers for models that do not prepare inputs themselves.

    Attributes
    ----------
    X : array-like of shape (n_samples, n_features)
        Numeric columns have dtype float64; categories are strings or NaN.
    numeric, categorical : list of str
        Names of the numeric and categorical columns of a DataFrame; empty for numeric
        arrays.
    has_missing : bool
        Whether any value is missing.
    texts : list of str, default=[]
        Names of the free-text columns.
    """

    X: Matrix | Frame
    numeric: list[str]
    categorical: list[str]
    has_missing: bool
    texts: list[str] = field(default_factory=list)

    def one_hot(self) -> Any:
        """Return a transformer to numbers without missing values, or None.

        Numeric columns are imputed by the median, with indicators of missing values.
        Categories are one-hot encoded, and a missing value is a category. Free text is
        encoded by the components of its TF-IDF.
        """
        if not self.categorical and not self.texts and not self.has_missing:
            return None
        impute = SimpleImputer(
            strategy="median", add_indicator=True, keep_empty_features=True
        )
        if not self.numeric and not self.categorical and not self.texts:
            return impute
        encode = OneHotEncoder(
            handle_unknown="infrequent_if_exist",
            max_categories=_MAX_ONE_HOT,
            sparse_output=False,
        )
        return self._columns(impute, encode)

    def ordinal(self) -> Any:
        """Return a transformer to numbers that keeps missing values, or None.

        The categories are encoded as integers and come first, for models with native
        support of categories. A sparse matrix is converted to a dense one.
        """
        if sparse.issparse(self.X):
            return FunctionTransformer(_dense, accept_sparse=True)
        if not self.categorical and not self.texts:
            return None
        encode = OrdinalEncoder(
            handle_unknown="use_encoded_value",
            unknown_value=np.nan,
            max_categories=_MAX_ORDINAL,
        )
        return self._columns("passthrough", encode)

    def components(self) -> Any:
        """Return a transformer of the free-text columns only, or None.

        It serves models that prepare numbers and categories themselves.
        """
        if not self.texts:
            return None
        others = ColumnTransformer(
            self._text_steps(), remainder="passthrough", verbose_feature_names_out=False
        )
        return others.set_output(transform="pandas")  # an array would lose the dtypes

    def _text_steps(self) -> list[tuple[str, Any, str]]:
        return [(f"text {name}", TextComponents(), name) for name in self.texts]

    def _columns(self, numeric: Any, categorical: Any) -> ColumnTransformer:
        return ColumnTransformer(
            [
                ("categorical", categorical, self.categorical),
                ("numeric", numeric, self.numeric),
                *self._text_steps(),
            ],
            sparse_threshold=0.0,
            verbose_feature_names_out=False,
        )


def _dense(X: Any) -> np.ndarray:
    return np.asarray(X.toarray())


def check_inputs(X: FeaturesLike, trunk: Any = None) -> None:
    """Raise if X is not a table or a list of texts, for example an estimator."""
    call = "The call is compare(X, y, estimators)."
    if X is None or hasattr(X, "fit"):
        found = "None" if X is None else type(X).__name__
        raise TypeError(
            "compare: X must be an array or DataFrame of shape (n_samples, "
            f"n_features); got {found}. {call}"
        )
    if as_texts(X, trunk) is not None:
        return
    shape = np.shape(X) if isinstance(X, list | tuple) else getattr(X, "shape", (0, 0))
    if len(shape) < 2:
        raise ValueError(
            f"compare: X has shape {tuple(shape)}; it must be (n_samples, n_features). "
            f"Reshape a single feature with X.reshape(-1, 1). {call}"
        )


def read_inputs(X: FeaturesLike, trunk: Any = None) -> Inputs:
    """Convert inputs to a common form; no value depends on other samples.

    A list of texts becomes a table with one column. Shapes: X (n_samples, n_features).
    """
    texts = as_texts(X, trunk)
    X = to_pandas(plain_inputs(X if texts is None else text_frame(texts), "compare"))
    if sparse.issparse(X):
        return Inputs(X.tocsr(), [], [], False)
    if is_pandas_frame(X):
        return _read_frame(X)
    array = np.asarray(X)
    if array.dtype.kind in "biuf":
        return Inputs(array, [], [], _has_nan(array))
    import pandas as pd

    names = [f"x{i}" for i in range(array.shape[1])]
    return _read_frame(pd.DataFrame(array, columns=names).infer_objects())


def _has_nan(array: np.ndarray) -> bool:
    return array.dtype.kind == "f" and bool(np.isnan(array).any())


def _read_frame(frame: Any) -> Inputs:
    import pandas as pd

    texts = [str(name) for name in frame.columns]
    double = sorted({name for name in texts if texts.count(name) > 1})
    if double:
        raise ValueError(
            f"compare: the columns {double} of X occur more than once. Column names "
            "must be unique."
        )
    columns: dict[str, Any] = {}
    numeric: list[str] = []
    categorical: list[str] = []
    free: list[str] = []
    for name, column in frame.items():
        text = str(name)
        is_number, values = read_column(column)
        columns[text] = values
        if is_number:
            numeric.append(text)
        else:
            (free if is_free_text(column) else categorical).append(text)
    tidy = pd.DataFrame(columns, index=frame.index)
    has_missing = bool(tidy.isna().to_numpy().any())
    return Inputs(tidy, numeric, categorical, has_missing, free)


def read_column(column: Any) -> tuple[bool, Any]:
    """Return whether a column is numeric, and its values as floats or strings."""
    import pandas as pd
    from pandas.api import types

    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf":
        return True, column.astype(np.float64)
    if column.dtype == object:
        column = column.infer_objects()
    if types.is_datetime64_any_dtype(column) or types.is_timedelta64_dtype(column):
        return True, _in_days(column)
    if types.is_numeric_dtype(column) or types.is_bool_dtype(column):  # nullable
        return True, column.astype("Float64").astype(np.float64)
    # strings, categories and objects get the same dtype, with NaN for missing values
    texts = category_texts(column, column.name, "compare")
    return False, pd.Series(texts, index=column.index, dtype=object)


def _in_days(column: Any) -> Any:
    """Return dates as days since 1970, and durations as days."""
    import pandas as pd

    if getattr(column.dt, "tz", None) is not None:
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    if column.dtype.kind == "M":
        column = column - pd.Timestamp(0)
    return column.dt.total_seconds() / _SECONDS_PER_DAY


def n_rows(X: Any) -> int:
    """Return the number of rows of an array, a sparse matrix or a DataFrame."""
    return int(X.shape[0]) if hasattr(X, "shape") else len(X)


def take_rows(X: Any, rows: np.ndarray) -> Any:
    """Return the given rows of an array, a sparse matrix or a DataFrame."""
    return X.iloc[rows] if is_pandas(X) else X[rows]
