"""Conversion of new tables to the form that built-in models were fitted to."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import make_pipeline
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl.comparison.design._inputs import Inputs, read_column, read_inputs
from sklearn_mtl.comparison.design._texts import as_texts, text_frame
from sklearn_mtl.utils._categories import category_texts
from sklearn_mtl.utils._containers import plain_inputs
from sklearn_mtl.utils._frames import is_pandas_frame, to_pandas
from sklearn_mtl.utils._typing import Estimator, FeaturesLike

__all__ = ["TableReader", "with_reader"]


def with_reader(estimator: Estimator, inputs: Inputs) -> Any:
    """Return an estimator that reads tables before passing them to the given one."""
    is_table = bool(inputs.numeric or inputs.categorical or inputs.texts)
    return make_pipeline(TableReader(), estimator) if is_table else estimator


def _table(X: FeaturesLike) -> Any:
    """Return texts as a table with one column, and anything else unchanged."""
    texts = as_texts(X, None)
    return X if texts is None else text_frame(texts)


class TableReader(TransformerMixin, BaseEstimator):
    """Transformer that converts numbers to floats and categories to strings.

    A column keeps the type that it had in fit, even if it is empty in a new table. New
    tables may have additional columns, and their columns may have any order.
    """

    def fit(self, X: FeaturesLike, y: Any = None) -> TableReader:
        """Learn which columns are numeric."""
        X = _table(X)
        inputs = read_inputs(X)
        frame: Any = inputs.X
        self._is_named = is_pandas_frame(to_pandas(plain_inputs(X, self._who)))
        self.feature_names_in_ = frame.columns.to_numpy(dtype=object)
        self.n_features_in_ = len(self.feature_names_in_)
        self.numeric_ = list(inputs.numeric)
        return self

    def transform(self, X: FeaturesLike) -> Any:
        """Return a DataFrame with the columns of fit."""
        import pandas as pd

        check_is_fitted(self)
        frame = self._as_frame(to_pandas(plain_inputs(_table(X), self._who)))
        read = {name: self._read(name, frame[name]) for name in self.feature_names_in_}
        return pd.DataFrame(read, index=frame.index)

    @property
    def _who(self) -> str:
        return type(self).__name__

    def _as_frame(self, X: Any) -> Any:
        """Return X as a DataFrame that has the columns of fit."""
        import pandas as pd

        if is_pandas_frame(X):
            X = X.set_axis([str(name) for name in X.columns], axis=1)
        elif self._is_named or np.ndim(X) != 2 or np.shape(X)[1] != self.n_features_in_:
            raise ValueError(
                f"{self._who}: X is a {type(X).__name__}; it must be a table with the "
                f"columns of fit: {', '.join(self.feature_names_in_)}."
            )
        else:
            X = pd.DataFrame(np.asarray(X), columns=self.feature_names_in_)
        lacking = [name for name in self.feature_names_in_ if name not in X.columns]
        if lacking:
            raise ValueError(
                f"{self._who}: X lacks columns that were seen in fit: "
                f"{', '.join(map(repr, lacking))}. Columns of X: "
                f"{', '.join(X.columns)}."
            )
        return X

    def _read(self, name: str, column: Any) -> Any:
        import pandas as pd

        is_number, values = read_column(column)
        if is_number and name not in self.numeric_:
            texts = category_texts(column, name, self._who)
            return pd.Series(texts, index=column.index, dtype=object)
        if is_number or name not in self.numeric_:
            return values
        numbers = pd.to_numeric(values, errors="coerce")
        unread = values[numbers.isna() & values.notna()]
        if len(unread):
            raise ValueError(
                f"{self._who}: column {name!r} contains the text {unread.iloc[0]!r}, "
                "but was numeric in fit."
            )
        return numbers.astype(np.float64)

    def __sklearn_tags__(self) -> Tags:
        """Declare support for text, categories and missing values."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags
