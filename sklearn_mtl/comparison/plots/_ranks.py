"""Critical-difference diagram of mean ranks on several data sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_mtl.utils._colors import COLORS, make_axes
from sklearn_mtl.utils._optional import import_optional

if TYPE_CHECKING:
    from matplotlib.axes import Axes


if TYPE_CHECKING:
    from sklearn_mtl.comparison.results._datasets_result import DatasetsResult

__all__ = ["CriticalDifferenceDisplay"]

_WHO = "CriticalDifferenceDisplay"


class CriticalDifferenceDisplay:
    """Critical-difference diagram of the mean ranks of models on several data sets.

    Horizontal bars connect models whose ranks do not differ significantly. The diagram
    is drawn by scikit-posthocs. It is recommended to use `from_comparison` or
    `DatasetsComparison.plot`.

    Parameters
    ----------
    mean_ranks : array-like of shape (n_models,)
        Mean ranks, 1 is the best.
    p_values : array-like of shape (n_models, n_models)
        p-values of the tests between pairs of models.
    model_names : sequence of str of length n_models
        Names of the models.
    alpha : float, default=0.05
        Significance level: models with a larger p-value are connected by a bar.
    critical_difference : float, default=None
        Critical difference, drawn as a line above the axis if given.
    highlighted : sequence of str, default=()
        Names of models to draw in colour, such as the shared models.

    Attributes
    ----------
    mean_ranks : ndarray of shape (n_models,)
        The mean ranks as an array.
    p_values : ndarray of shape (n_models, n_models)
        The p-values as an array.
    ax_ : matplotlib Axes
        Axes of the plot.
    figure_ : matplotlib Figure
        Figure of the plot.

    Raises
    ------
    ValueError
        If the shapes of mean ranks and p-values do not match the number of names.

    References
    ----------
    .. [1] J. Demsar, "Statistical Comparisons of Classifiers over Multiple Data Sets",
       Journal of Machine Learning Research 7, 1-30, 2006, section 3.2.4.

    Examples
    --------
    >>> from sklearn_mtl.comparison import CriticalDifferenceDisplay
    >>> p_values = [[1.0, 0.3], [0.3, 1.0]]
    >>> shown = CriticalDifferenceDisplay([1.2, 1.8], p_values, model_names=["a", "b"])
    >>> shown.mean_ranks
    array([1.2, 1.8])
    """

    def __init__(
        self,
        mean_ranks: Any,
        p_values: Any,
        *,
        model_names: Sequence[str],
        alpha: float = 0.05,
        critical_difference: float | None = None,
        highlighted: Sequence[str] = (),
    ) -> None:
        self.mean_ranks = np.asarray(mean_ranks, dtype=float)
        self.p_values = np.asarray(p_values, dtype=float)
        self.model_names = list(model_names)
        self.alpha = alpha
        self.critical_difference = critical_difference
        self.highlighted = list(highlighted)
        n_models = len(self.model_names)
        if (
            self.mean_ranks.shape != (n_models,)
            or self.p_values.shape != (n_models,) * 2
        ):
            raise ValueError(
                f"{_WHO}: for {n_models} model_names, mean_ranks must have shape "
                f"({n_models},) and p_values ({n_models}, {n_models}); got "
                f"{self.mean_ranks.shape} and {self.p_values.shape}."
            )

    @classmethod
    def from_comparison(
        cls, comparison: DatasetsResult, *, ax: Axes | None = None
    ) -> CriticalDifferenceDisplay:
        """Draw the mean ranks of a comparison on several data sets.

        Parameters
        ----------
        comparison : DatasetsComparison
            Result of `compare_datasets`.
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        CriticalDifferenceDisplay
            The display after plotting.
        """
        made = cls(
            comparison.mean_ranks,
            comparison.p_values,
            model_names=list(comparison.mean_ranks.index),
            alpha=comparison.alpha,
            critical_difference=comparison.critical_difference,
            highlighted=list({gain.model: None for gain in comparison.gains}),
        )
        return made.plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> CriticalDifferenceDisplay:
        """Draw the diagram.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        CriticalDifferenceDisplay
            The display itself.

        Raises
        ------
        ImportError
            If scikit-posthocs or matplotlib is not installed.
        """
        tests = import_optional("scikit_posthocs", extra="ranks", who=f"{_WHO}.plot")
        import pandas as pd

        names = self.model_names
        ax = make_axes(ax, _WHO, width=7.2, height=1.5 + 0.3 * len(names))
        ink = ax.xaxis.label.get_color()  # depends on the light or dark style
        colors = {
            name: COLORS["blue"] if name in self.highlighted else ink for name in names
        }
        drawn = tests.critical_difference_diagram(
            dict(zip(names, self.mean_ranks.tolist(), strict=True)),
            pd.DataFrame(self.p_values, index=names, columns=names),
            alpha=self.alpha,
            ax=ax,
            label_fmt_left="{label} ({rank:.2f})",
            label_fmt_right="({rank:.2f}) {label}",
            color_palette=colors,
            text_h_margin=0.05,
            crossbar_props={"color": "0.5", "linewidth": 4},
        )
        for label in drawn["labels"]:
            label.set_color(ink)  # coloured text has too little contrast
        ax.set_xlabel("mean rank (1 is the best)\nbars: no significant difference")
        if self.critical_difference is not None:
            self._draw_difference(ax, self.critical_difference)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _draw_difference(self, ax: Axes, difference: float) -> None:
        """Draw the critical difference as a line above the axis."""
        start, height = float(self.mean_ranks.min()), 1.3
        ax.plot([start, start + difference], [height, height], color="0.5", marker="|")
        label = f"critical difference {difference:.2f}"
        ax.text(start + difference / 2, height + 0.2, label, ha="center", va="bottom")
