"""Partial pooling: intercepts that are shrunk towards a common one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sklearn_mtl.datafits._quadratic import Centre

__all__ = ["Pooling", "centres"]


@dataclass(frozen=True)
class Pooling:
    """Ridge on the differences of the tasks' intercepts from a common one.

    It adds strength / (2 n) sum_t (b_t + x_0 w_t - y_0)^2 to the data term. (x_0, y_0)
    is the mean of the tasks' means (x_t, y_t) with weights N_t / (N_t + strength),
    where N_t is the sum of weights of a task. If all tasks have the same coefficients,
    this is the best common intercept. Minimising over the intercepts subtracts a point
    between a task's own mean and the common mean from its samples.

    Attributes
    ----------
    strength : float
        Noise variance divided by the variance of the intercepts. It equals the number
        of pseudo-observations contributed by the common intercept. With 0 the
        intercepts are not penalised.

    References
    ----------
    .. [1] W. A. Fuller, G. E. Battese, "Transformations for estimation of linear models
       with nested-error structure", JASA 68, 1973.
    """

    strength: float

    def shares(self, totals: np.ndarray) -> np.ndarray:
        """Return the weight of each mean in the common intercept.

        Shapes: totals (n_tasks,) -> (n_tasks,).
        """
        # n s / (n + s) is the precision of a mean around the common intercept.
        weights = totals * self._pooled(totals)
        found: np.ndarray = weights / max(float(weights.sum()), 1e-300)
        return found

    def _pooled(self, totals: np.ndarray) -> np.ndarray:
        found: np.ndarray = self.strength / np.maximum(totals + self.strength, 1e-300)
        return found

    def centres(self, means: Centre, totals: np.ndarray) -> tuple[Centre, Centre]:
        """Return the centres subtracted from the samples, and those of the intercepts.

        Shapes: totals (n_tasks,).
        """
        pooled, weights = self._pooled(totals), self.shares(totals)
        x, y = means.x, float(means.y @ weights)
        if x.shape[1] > 1:
            x = (x @ weights)[:, None]

        def between(part: np.ndarray) -> Centre:
            # If tasks share samples, x is their common mean and keeps its single
            # column.
            step = part if means.x.shape[1] > 1 else part[:1]
            return Centre(x + step * (means.x - x), y + part * (means.y - y))

        # The square root for samples, whose squares are summed [1]_; the ratio itself
        # for the intercepts, as in best linear unbiased prediction.
        return between(1.0 - np.sqrt(pooled)), between(1.0 - pooled)


def centres(
    means: Centre, totals: np.ndarray, fit_intercept: bool | Pooling
) -> tuple[Centre, Centre]:
    """Return the centres subtracted from the samples, and those of the intercepts.

    Shapes: totals (n_tasks,).
    """
    if isinstance(fit_intercept, Pooling):
        return fit_intercept.centres(means, totals)
    return means, means
