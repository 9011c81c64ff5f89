"""Piecewise-linear embedding of numeric columns."""

from __future__ import annotations

from numbers import Integral

from sklearn.base import BaseEstimator

__all__ = ["PiecewiseLinear"]


class PiecewiseLinear(BaseEstimator):
    r"""Encode numeric columns by the position of each value within a set of bins.

    With edges :math:`e_0 < \ldots < e_k`, a value x is encoded as

    .. math:: \min(1, \max(0, (x - e_{j-1}) / (e_j - e_{j-1}))), \quad j = 1..k

    in addition to x itself. A linear layer of this encoding is a piecewise-linear
    function of every column. The edges are quantiles of the training samples, and
    splits of a small decision tree that predicts all targets from the column. Columns
    with up to three different values are not encoded. Each member of an ensemble
    computes the edges from its own training samples.

    Use it for tables with more samples than columns. With many columns and few samples,
    the embedding has too many weights.

    Parameters
    ----------
    n_quantiles : int, default=8
        Number of quantile bins.
    n_splits : int, default=16
        Maximum number of target-aware edges of a column; 0 for none.
    max_columns : int, default=1024
        Maximum total number of embedding columns. With many features, each feature gets
        fewer edges.

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
        """Return the maximum number of inner edges per column.

        Parameters
        ----------
        n_features : int
            Number of embedded columns.

        Returns
        -------
        int
            Number of inner edges, at least 1.

        Raises
        ------
        ValueError
            If a parameter is not an integer or too small.
        """
        for name, least in (("n_quantiles", 2), ("n_splits", 0), ("max_columns", 1)):
            value = getattr(self, name)
            if not isinstance(value, Integral) or value < least:
                raise ValueError(
                    f"PiecewiseLinear: {name} must be an integer of at least {least}; "
                    f"got {value!r}."
                )
        wanted = self.n_quantiles - 1 + self.n_splits
        return max(1, min(wanted, self.max_columns // max(n_features, 1) - 1))
