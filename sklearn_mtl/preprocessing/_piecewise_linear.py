"""Piecewise-linear embedding of numeric columns."""

from __future__ import annotations

from numbers import Integral

from sklearn.base import BaseEstimator

__all__ = ["PiecewiseLinear"]


class PiecewiseLinear(BaseEstimator):
    r"""Embed each numeric column by how far its value is through each of some bins.

    With edges :math:`e_0 < \ldots < e_k` a value x becomes

    .. math:: \min(1, \max(0, (x - e_{j-1}) / (e_j - e_{j-1}))), \quad j = 1..k

    beside x itself, so that one linear layer is a piecewise-linear function of every
    column. Edges are quantiles of the training rows, and the splits of a small decision
    tree of the column on all targets at once. Columns of up to three values are left
    as they are. A member of an ensemble takes its edges from its own training rows.

    Use it for tables with more rows than columns; for many columns and few rows the
    embedding has more weights than the data can say.

    Parameters
    ----------
    n_quantiles : int, default=8
        Number of quantile bins.
    n_splits : int, default=16
        Largest number of target-aware edges; 0 for none.
    max_columns : int, default=1024
        Largest number of embedding columns in all; with many features each gets fewer
        edges.

    References
    ----------
    Y. Gorishniy, I. Rubachev, A. Babenko, "On Embeddings for Numerical Features in
    Tabular Deep Learning", NeurIPS 2022, eq. 1 and section 3.2.

    Examples
    --------
    >>> from sklearn_mtl.preprocessing import PiecewiseLinear
    >>> PiecewiseLinear(n_splits=0).edges_per_column(n_features=200)
    4
    """

    def __init__(
        self, n_quantiles: int = 8, n_splits: int = 16, max_columns: int = 1024
    ) -> None:
        self.n_quantiles = n_quantiles
        self.n_splits = n_splits
        self.max_columns = max_columns

    def edges_per_column(self, n_features: int) -> int:
        """Return how many inner edges each of so many columns may have.

        Parameters
        ----------
        n_features : int
            Number of columns that are embedded.

        Returns
        -------
        int
            At least 1.

        Raises
        ------
        ValueError
            If there are fewer than 2 quantile bins or a number is negative.
        """
        for name, least in (("n_quantiles", 2), ("n_splits", 0), ("max_columns", 1)):
            value = getattr(self, name)
            if not isinstance(value, Integral) or value < least:
                raise ValueError(
                    f"PiecewiseLinear: {name} must be a whole number of at least "
                    f"{least}; found {value!r}."
                )
        wanted = self.n_quantiles - 1 + self.n_splits
        return max(1, min(wanted, self.max_columns // max(n_features, 1) - 1))
