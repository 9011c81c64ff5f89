"""Result of `compare_datasets`: mean ranks, counts of wins, diagram and report."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from sklearn_mtl.comparison.results._datasets_result import DatasetsResult
from sklearn_mtl.utils._optional import check_report, is_installed

if TYPE_CHECKING:
    from matplotlib.axes import Axes


if TYPE_CHECKING:
    from sklearn_mtl.comparison.plots._ranks import CriticalDifferenceDisplay

__all__ = ["DatasetsComparison"]

_WHO = "DatasetsComparison"


class DatasetsComparison(DatasetsResult):
    """Comparisons of the same models on several data sets.

    Returned by `compare_datasets`. It can also be made from the results of several
    calls of `compare`.

    Parameters
    ----------
    comparisons : mapping of str to Comparison
        At least two comparisons, by the name of their data set.
    alpha : float, default=0.05
        Significance level of the tests between models.

    Attributes
    ----------
    table : DataFrame of shape (n_datasets, n_models)
        Mean score over the tasks on each data set.
    ranks : DataFrame of shape (n_ranked_datasets, n_ranked_models)
        Rank of each model on each data set. Rank 1 is the best; tied models get the
        mean of their ranks. Only models that were compared on all data sets are
        ranked, without the dummy, and only on data sets on which all of these models
        have all scores.
    mean_ranks : Series of shape (n_ranked_models,)
        Mean rank of each model, the best first.
    not_ranked : list of str
        Data sets without ranks, because a score of a model is missing.
    gains : list of Gain
        Mean gain of each shared model on each data set. The attribute `task` of a gain
        is the name of the data set. The p-values are adjusted for the number of data
        sets (Holm).
    counts : DataFrame
        One row for each shared model and reference: number of data sets with a
        significant win, no significant difference and a significant loss, and number
        of data sets with a higher and a lower score.
    friedman : tuple of float
        Statistic and p-value of Friedman's test of the null hypothesis that all models
        have the same ranks; NaN for fewer than three models.
    p_values : DataFrame of shape (n_ranked_models, n_ranked_models)
        Pairwise p-values of Nemenyi's test, computed by scikit-posthocs.
    critical_difference : float
        Smallest difference of two mean ranks that is significant in Nemenyi's test.
    verdict : str
        Summary of gains and ranks, with one line per shared model.

    Raises
    ------
    ValueError
        If there are fewer than two comparisons, or alpha is not in (0, 1).

    Notes
    -----
    Nemenyi's test compares averages over the data sets and is conservative. With k
    models and N data sets, the critical difference of two mean ranks is
    q sqrt(k (k + 1) / (6 N)), where q is the critical value for alpha and k models.

    References
    ----------
    .. [1] J. Demsar, "Statistical Comparisons of Classifiers over Multiple Data Sets",
       Journal of Machine Learning Research 7, 1-30, 2006.

    Examples
    --------
    >>> from sklearn_mtl.comparison import DatasetsComparison, compare
    >>> from sklearn_mtl.datasets import make_multitask_regression
    >>> made = {
    ...     seed: compare(
    ...         *make_multitask_regression(60, 10, 2, random_state=seed),
    ...         ["dummy", "linear", "forest"],
    ...         cv=[(range(40), range(40, 60))],
    ...         inner_cv=2,
    ...     )
    ...     for seed in (0, 1)
    ... }
    >>> found = DatasetsComparison(made)
    >>> found.mean_ranks.index[0]
    'linear'
    """

    def plot(self, *, ax: Axes | None = None) -> CriticalDifferenceDisplay:
        """Draw the critical-difference diagram.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        CriticalDifferenceDisplay
            Display with the attributes `ax_` and `figure_`.

        Raises
        ------
        ImportError
            If scikit-posthocs or matplotlib is not installed.
        """
        from sklearn_mtl.comparison.plots._ranks import CriticalDifferenceDisplay

        return CriticalDifferenceDisplay.from_comparison(self, ax=ax)

    def to_html(self, path: str | os.PathLike[str]) -> None:
        """Write a self-contained HTML report.

        The page works without a network connection and on small screens.

        Parameters
        ----------
        path : str or path-like
            Path of the HTML file.

        Raises
        ------
        ImportError
            If jinja2 or matplotlib is not installed. The extra `report` installs both.
        """
        from sklearn_mtl.comparison.report._html_datasets import as_page

        check_report(f"{_WHO}.to_html")
        Path(path).write_text(as_page(self), encoding="utf-8")

    def to_csv(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return `table` as comma-separated values, and optionally write it to a file.

        Parameters
        ----------
        path : str or path-like, default=None
            Path of the CSV file; None writes no file.

        Returns
        -------
        str
            One line per data set, with numbers in full precision.
        """
        text: str = self.table.to_csv(lineterminator="\n")
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    def to_latex(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return scores and mean ranks as LaTeX, and optionally write them to a file.

        Parameters
        ----------
        path : str or path-like, default=None
            Path of the LaTeX file; None writes no file.

        Returns
        -------
        str
            A tabular environment that requires the package booktabs: one row per data
            set, one column per model, the mean ranks in the last row, and the best
            value of each row in bold.
        """
        from sklearn_mtl.comparison.report._latex import dataset_table

        text = dataset_table(self)
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    def _repr_html_(self) -> str | None:
        """Return verdict and scores for a notebook, or None without jinja2."""
        if not is_installed("jinja2"):
            return None
        from sklearn_mtl.comparison.report._html_datasets import as_summary

        return as_summary(self)

    def __str__(self) -> str:
        ranks = self.mean_ranks.round(2).to_string()
        return f"{self.table.T.round(3).to_string()}\n\n{ranks}\n\n{self.verdict}"

    def __repr__(self) -> str:
        n_models = len(self.table.columns)
        return f"<{_WHO} of {n_models} models on {len(self.comparisons)} data sets>"
