"""Ranks, tests, gains and verdict of comparisons on several data sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from sklearn_mtl.comparison.results._counts import count_frame
from sklearn_mtl.comparison.results._gains import MEAN, TWIN, Gain, adjust
from sklearn_mtl.comparison.results._result import ComparisonResult
from sklearn_mtl.comparison.results._rows import SELECTED
from sklearn_mtl.comparison.results._words import listed
from sklearn_mtl.utils._optional import import_optional
from sklearn_mtl.utils._ties import level_ties

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DatasetsResult"]

_WHO = "DatasetsComparison"


class DatasetsResult:
    """Results without plots and reports, which `DatasetsComparison` adds."""

    def __init__(
        self, comparisons: Mapping[str, ComparisonResult], *, alpha: float = 0.05
    ) -> None:
        if len(comparisons) < 2:
            raise ValueError(
                f"{_WHO}: comparisons has length {len(comparisons)}; at least two are "
                "required."
            )
        if not 0 < alpha < 1:
            raise ValueError(f"{_WHO}: alpha is {alpha}; it must be in (0, 1).")
        self.comparisons = {str(name): made for name, made in comparisons.items()}
        self.alpha = alpha

    @cached_property
    def table(self) -> pd.DataFrame:
        """Mean score over the tasks on each data set."""
        import pandas as pd

        means = {name: made.table[MEAN] for name, made in self.comparisons.items()}
        names = list(
            dict.fromkeys(n for column in means.values() for n in column.index)
        )
        table = pd.DataFrame(means).T[names]
        return table.rename_axis(index="data set", columns="model")

    @cached_property
    def _ranked(self) -> pd.DataFrame:
        """Return the scores of the ranked models on the ranked data sets."""
        made = list(self.comparisons.values())
        chosen = [
            name
            for name in self.table.columns
            if all(name in c.table.index for c in made) and self._is_rival(name)
        ]
        # The mean of a model that failed in some splits is not comparable.
        whole = self.table.copy()
        for name, comparison in self.comparisons.items():
            found = comparison.recommendation
            whole.loc[name, [] if found is None else found.left_out] = np.nan
        return whole[chosen].dropna().apply(level_ties, axis=1, raw=True)

    def _is_rival(self, name: str) -> bool:
        """Return whether a model is ranked.

        Dummies are not ranked, nor is the automatic selection from a single model.
        """
        first = next(iter(self.comparisons.values())).models
        roles = {model.name: model.role for model in first}
        if name == SELECTED:
            return list(roles.values()).count("single") > 1
        return roles.get(name) != "dummy"

    @property
    def not_ranked(self) -> list[str]:
        """Data sets without ranks."""
        return [name for name in self.table.index if name not in self._ranked.index]

    @cached_property
    def ranks(self) -> pd.DataFrame:
        """Rank of each model on each data set."""
        return self._ranked.rank(axis=1, ascending=False)

    @cached_property
    def mean_ranks(self) -> pd.Series:
        """Mean rank of each model, the best first."""
        return self.ranks.mean().sort_values(kind="stable").rename("mean rank")

    @cached_property
    def gains(self) -> list[Gain]:
        """Mean gain of each shared model on each data set."""
        found: dict[tuple[str, str], list[Gain]] = {}
        for name, made in self.comparisons.items():
            for gain in made.gains:
                if gain.task == MEAN and not gain.is_over_row:
                    own = found.setdefault((gain.model, gain.against), [])
                    own.append(replace(gain, task=name))
        return [gain for own in found.values() for gain in adjust(own, self.confidence)]

    @property
    def confidence(self) -> float:
        """Confidence level of the intervals, taken from the first comparison."""
        return next(iter(self.comparisons.values())).confidence

    @cached_property
    def counts(self) -> pd.DataFrame:
        """Wins, ties and losses of each shared model over the data sets."""
        return count_frame(self.gains)

    @property
    def friedman(self) -> tuple[float, float]:
        """Statistic and p-value of Friedman's test."""
        n_datasets, n_models = self._ranked.shape
        # SciPy's test requires at least three models.
        if n_models < 3 or n_datasets < 2:
            return np.nan, np.nan
        found = stats.friedmanchisquare(*self._ranked.to_numpy().T)
        return float(found.statistic), float(found.pvalue)

    @cached_property
    def p_values(self) -> pd.DataFrame:
        """Pairwise p-values of Nemenyi's test, the best model first."""
        tests = import_optional(
            "scikit_posthocs", extra="ranks", who=f"{_WHO}.p_values"
        )
        order = list(self.mean_ranks.index)
        return tests.posthoc_nemenyi_friedman(self._ranked[order])

    @property
    def critical_difference(self) -> float:
        """Critical difference of Nemenyi's test."""
        n_datasets, n_models = self._ranked.shape
        if n_models < 2 or n_datasets < 2:
            return np.nan
        # The critical value q is that of the studentised range divided by sqrt(2).
        q = stats.studentized_range.ppf(1 - self.alpha, n_models, np.inf) / np.sqrt(2)
        return float(q * np.sqrt(n_models * (n_models + 1) / (6 * n_datasets)))

    @property
    def verdict(self) -> str:
        """Summary of gains and ranks, with one line per shared model."""
        sharing: dict[str, list[Gain]] = {}
        for gain in self.gains:
            if gain.against == TWIN:
                sharing.setdefault(gain.model, []).append(gain)
        lines = [self._line(model, own) for model, own in sharing.items()]
        return "\n".join(lines) or "No shared model was compared."

    def _line(self, model: str, gains: list[Gain]) -> str:
        effects = Counter(gain.effect for gain in gains)
        said = []
        for effect in ("helps", "hurts"):
            names = [gain.task for gain in gains if gain.effect == effect]
            if names:
                said.append(f"sharing {effect} on {listed(names)}")
        undecided = effects["no evidence"] + effects["unknown"]
        if undecided:
            said.append(f"no evidence on {undecided} of {len(gains)} data sets")
        rank = ""
        if model in self.mean_ranks.index:
            best = self.mean_ranks.index[self.mean_ranks == self.mean_ranks.min()]
            place = f"{self.mean_ranks[model]:.2g} among {len(self.mean_ranks)} models"
            first = f"; the best model is {best[0]}"
            if model in best:
                is_tied = len(best) > 1
                first = "; no model ranks better" if is_tied else ", the best of all"
            rank = f" Its mean rank is {place}{first}."
        return f"{model}: {'; '.join(said)}.{rank}"
