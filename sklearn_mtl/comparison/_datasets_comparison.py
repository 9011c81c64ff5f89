"""What `compare_datasets` returns: mean ranks, wins, a diagram, a page."""

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

    Made by `compare_datasets`, or from comparisons that were made one by one.

    Parameters
    ----------
    comparisons : mapping of str to Comparison
        Comparisons by the name of their data set, two at least.
    alpha : float, default=0.05
        Level of the tests between models.

    Attributes
    ----------
    table : DataFrame of shape (n_datasets, n_models)
        Mean score over the tasks, on each data set.
    ranks : DataFrame of shape (n_ranked_datasets, n_ranked_models)
        Rank of each model on each data set, 1 is the best and ties share their mean.
        Ranked are models that stand for all data sets, dummies apart, on data sets
        where all of them have all scores.
    mean_ranks : Series of shape (n_ranked_models,)
        Their means, the best first.
    not_ranked : list of str
        Data sets that are left out, because a score of a model is missing there.
    gains : list of Gain
        Mean gain of each shared model on each data set, which stands in `task`;
        p-values are adjusted for the number of data sets (Holm).
    counts : DataFrame
        One row for each shared model and reference: data sets won, tied and lost beyond
        noise, and by the sign of the gain alone.
    friedman : tuple of float
        Statistic and p-value of Friedman's test that all models rank alike; NaN for
        fewer than three models.
    p_values : DataFrame of shape (n_ranked_models, n_ranked_models)
        Of Nemenyi's test between each two models, by scikit-posthocs.
    critical_difference : float
        Mean ranks that differ by less are not told apart by Nemenyi's test.
    verdict : str
        What the gains and ranks show, one sentence a shared model.

    Raises
    ------
    ValueError
        If there are fewer than two comparisons, or alpha is not in (0, 1).

    Notes
    -----
    Nemenyi's test speaks of the average over data sets, and is careful: with k models
    on N data sets mean ranks must differ by q sqrt(k (k + 1) / (6 N)).

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
            Where to draw; None makes a figure.

        Returns
        -------
        CriticalDifferenceDisplay
            Holds what was drawn.

        Raises
        ------
        ImportError
            If scikit-posthocs or matplotlib is not installed.
        """
        from sklearn_mtl.comparison.plots._ranks import CriticalDifferenceDisplay

        return CriticalDifferenceDisplay.from_comparison(self, ax=ax)

    def to_html(self, path: str | os.PathLike[str]) -> None:
        """Write a page that shows everything: one file, no network, fit for a phone.

        Parameters
        ----------
        path : str or path-like
            The file.

        Raises
        ------
        ImportError
            If jinja2 or matplotlib is not installed: the extra `report`.
        """
        from sklearn_mtl.comparison.report._html_datasets import as_page

        check_report(f"{_WHO}.to_html")
        Path(path).write_text(as_page(self), encoding="utf-8")

    def to_csv(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return `table` as comma-separated values, and write it to a file.

        Parameters
        ----------
        path : str or path-like, default=None
            The file; None writes none.

        Returns
        -------
        str
            One line for each data set, numbers with all their digits.
        """
        text: str = self.table.to_csv(lineterminator="\n")
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    def to_latex(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return scores and mean ranks as a table for LaTeX, and write it to a file.

        Parameters
        ----------
        path : str or path-like, default=None
            The file; None writes none.

        Returns
        -------
        str
            A tabular with the rules of the package booktabs: a row for each data set,
            a column for each model, the mean ranks last, the best of each row in bold.
        """
        from sklearn_mtl.comparison.report._latex import dataset_table

        text = dataset_table(self)
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    def _repr_html_(self) -> str | None:
        """Return verdict and scores for a notebook; without jinja2 None: the text."""
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
