"""Transformer that selects and encodes the input columns of a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_mtl.preprocessing.columns._dates import DateFeatures
from sklearn_mtl.preprocessing.columns._describe import describe_inputs
from sklearn_mtl.preprocessing.columns._kinds import ColumnKind, find_kind
from sklearn_mtl.preprocessing.columns._texts import TextComponents
from sklearn_mtl.preprocessing.columns._values import as_categories, as_numbers
from sklearn_mtl.utils._containers import plain_inputs
from sklearn_mtl.utils._fit import fit_context
from sklearn_mtl.utils._frames import is_pandas_frame, to_pandas
from sklearn_mtl.utils._guesses import with_guesses
from sklearn_mtl.utils._optional import is_installed
from sklearn_mtl.utils._private import Interval, StrOptions
from sklearn_mtl.utils._typing import FeaturesLike

__all__ = ["TableInputs"]

_NO_SKRUB = "date; to encode it: pip install 'sklearn-mtl[dates]'"


class TableInputs(TransformerMixin, BaseEstimator):
    """Select the input columns of a table and encode them.

    Numbers, durations (in days) and booleans are converted to floats. Strings with
    repeated values are categories and remain strings, because nets, forests and blends
    encode them. Dates are encoded as year, month, day, weekday and seconds by skrub's
    `DatetimeEncoder`. Free text (mostly different values of at least four words on
    average) is encoded by the leading singular vectors of its TF-IDF matrix. Columns
    that are not informative about new samples are left out: empty or constant columns,
    row numbers, identifiers, and categories that mostly occur once.

    `fit` selects the columns, and `transform` finds them by name, so the table may have
    additional columns and any column order. Targets are not used.

    Parameters
    ----------
    keep : sequence of str, default=()
        Columns to use although they look like identifiers or constants.
    text : {"tfidf", "passthrough", "drop"}, default="tfidf"
        Encoding of free text. "passthrough" does not change it.
    n_components : int, default=30
        Number of TF-IDF components for each column of free text.
    day_first : bool, default=None
        Whether 01/02/2024 and 01-02-2024 are in February. It is only used if no number
        above 12 in the column decides. None means month first with slashes and day
        first with dashes.

    Attributes
    ----------
    kinds_ : dict of str to str
        "numeric", "categorical", "date" or "text" for each input column.
    left_out_ : dict of str to str
        Reason for each column that is left out.
    n_levels_ : dict of str to int
        Number of different values of each categorical column.
    date_orders_ : dict of str to str
        "day first" or "month first" for each column of ambiguous dates.
    n_features_in_ : int
        Number of columns seen in fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen in fit. Defined only if all names are strings.

    See Also
    --------
    sklearn_mtl.datasets.load_table : Read a table from a file.

    Notes
    -----
    TF-IDF followed by a truncated singular value decomposition is latent semantic
    analysis (Deerwester et al. 1990). Use the transformer in a Pipeline before the
    model. Then it is fitted only to training samples.

    References
    ----------
    S. Deerwester, S. T. Dumais, G. W. Furnas, T. K. Landauer, R. Harshman, "Indexing by
    Latent Semantic Analysis", Journal of the American Society for Information Science
    41, 391-407, 1990.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mtl.preprocessing import TableInputs
    >>> X = pd.DataFrame({"id": range(12), "age": [8.5, 9, 7.5] * 4})
    >>> X["city"] = ["Rome", "Oslo"] * 6
    >>> inputs = TableInputs().fit(X)
    >>> print(inputs.describe())
    inputs: 1 numeric, 1 categorical (city: 2 levels); left out: id (unique per row;
    keep=['id'])
    >>> inputs.transform(X).columns.tolist()
    ['age', 'city']
    """

    _parameter_constraints: ClassVar[dict] = {
        "keep": ["array-like"],
        "text": [StrOptions({"tfidf", "passthrough", "drop"})],
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "day_first": ["boolean", None],
    }

    def __init__(
        self,
        *,
        keep: Sequence[str] = (),
        text: str = "tfidf",
        n_components: int = 30,
        day_first: bool | None = None,
    ) -> None:
        self.keep = keep
        self.text = text
        self.n_components = n_components
        self.day_first = day_first

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: FeaturesLike, y: Any = None) -> TableInputs:
        """Select the input columns and fit their encoders.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Table without the targets.
        y : None
            Ignored.

        Returns
        -------
        TableInputs
            The fitted transformer.

        Raises
        ------
        ValueError
            If a parameter is out of range, `keep` contains an unknown column, no input
            column is left, or an input column has infinite values.
        """
        frame = _read_frame(self, X, reset=True)
        unknown = [name for name in self.keep if name not in frame.columns]
        if unknown:
            raise ValueError(
                "TableInputs: keep contains columns that are not in X: "
                f"{with_guesses(unknown, frame.columns)}."
            )
        kinds = {name: self._kind(frame[name]) for name in frame.columns}
        self.kinds_ = {n: k.kind for n, k in kinds.items() if k.kind != "left out"}
        self.left_out_ = {n: k.reason for n, k in kinds.items() if k.reason}
        self.n_levels_ = {n: k.n_levels for n, k in kinds.items() if k.n_levels}
        self.date_orders_ = {n: k.date_order for n, k in kinds.items() if k.date_order}
        self._can_be_kept = [n for n, k in kinds.items() if k.can_be_kept]
        if not self.kinds_:
            raise ValueError(f"TableInputs: no input is left. {self.describe()}.")
        for name, kind in self.kinds_.items():
            if kind == "numeric":
                as_numbers(frame[name])  # raises for infinite values
        self._encoders = {
            name: encoder.fit(frame[name])
            for name, encoder in self._new_encoders(kinds).items()
        }
        return self

    def transform(self, X: FeaturesLike) -> Any:
        """Return the encoded input columns.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Table that contains at least the input columns.

        Returns
        -------
        DataFrame of shape (n_samples, n_inputs)
            Floats and strings, NaN where missing.

        Raises
        ------
        ValueError
            If an input column is missing, or a numeric column contains other values.

        Warns
        -----
        UserWarning
            If dates have a different format than in fit.
        """
        import pandas as pd

        check_is_fitted(self)
        frame = _read_frame(self, X, reset=False)
        missing = [name for name in self.kinds_ if name not in frame.columns]
        if missing:
            raise ValueError(
                "TableInputs: X does not contain the input columns "
                f"{with_guesses(missing, frame.columns)}."
            )
        columns: dict[str, Any] = {}
        for name in self.kinds_:
            columns |= self._input(frame[name])
        return pd.DataFrame(columns, index=frame.index)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the encoded input columns.

        Parameters
        ----------
        input_features : None
            Ignored; the names of fit are used.

        Returns
        -------
        ndarray of str objects
            Names of the columns that `transform` returns.
        """
        check_is_fitted(self)
        names: list[str] = []
        for name in self.kinds_:
            encoder = self._encoders.get(name)
            # extend, because += of a list and an array adds their values
            names.extend(encoder.get_feature_names_out([name]) if encoder else [name])
        return np.array(names, dtype=object)

    def describe(self, keep: Callable[[str], str] = "keep=[{!r}]".format) -> str:
        """Return one line about the input columns and the columns that are left out.

        Parameters
        ----------
        keep : callable, default="keep=[{!r}]".format
            Function from the name of a column to a hint how to keep it.

        Returns
        -------
        str
            Numbers of input columns by kind, and columns that are left out with the
            reasons.
        """
        check_is_fitted(self)
        return describe_inputs(self, keep)

    def _kind(self, column: Any) -> ColumnKind:
        """Return the kind of a column, given the parameters."""
        is_kept = column.name in self.keep
        kind = find_kind(column, is_kept=is_kept, day_first=self.day_first)
        if kind.kind == "date" and not is_installed("skrub"):
            return ColumnKind("left out", _NO_SKRUB)
        if kind.kind == "text" and self.text == "drop":
            return ColumnKind("left out", "free text")
        return kind

    def _new_encoders(self, kinds: dict[str, ColumnKind]) -> dict[str, Any]:
        encoders: dict[str, Any] = {}
        for name, kind in kinds.items():
            if kind.kind == "date":
                encoders[name] = DateFeatures(kind.date_format)
            elif kind.kind == "text" and self.text == "tfidf":
                encoders[name] = TextComponents(self.n_components)
        return encoders

    def _input(self, column: Any) -> dict[str, Any]:
        """Return the encoded columns of one input column."""
        encoder = self._encoders.get(column.name)
        if encoder is not None:
            names = encoder.get_feature_names_out([column.name])
            return dict(zip(names, encoder.transform(column).T, strict=True))
        if self.kinds_[column.name] == "numeric":
            return {column.name: as_numbers(column)}
        return {column.name: as_categories(column)}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def _read_frame(model: TableInputs, X: FeaturesLike, *, reset: bool) -> Any:
    """Return X as a pandas DataFrame whose column names are strings."""
    import pandas as pd

    X = to_pandas(plain_inputs(X, "TableInputs"))
    if not is_pandas_frame(X):
        array = validate_data(
            model, X, reset=reset, dtype=None, ensure_all_finite="allow-nan"
        )
        names = [f"x{i}" for i in range(array.shape[1])]
        return pd.DataFrame(array, columns=names).infer_objects()
    check_array(
        np.broadcast_to(0.0, X.shape), estimator=model
    )  # raises if X is empty or 1-D
    if reset:
        validate_data(model, X, reset=True, skip_check_array=True)
    frame = X.copy(deep=False)
    frame.columns = [str(name) for name in X.columns]
    twice = frame.columns[frame.columns.duplicated()].unique().tolist()
    if twice:
        raise ValueError(f"TableInputs: X has more than one column named {twice}.")
    return frame
