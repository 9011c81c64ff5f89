"""Intercepts that are shrunk towards a common one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sklearn_mtl.datafits._quadratic import Centre

__all__ = ["Pooling", "centres"]


@dataclass(frozen=True)
class Pooling:
    """Ridge on how far each task's level is from the common one.

    Adds strength / (2 n) sum_t (b_t + x_0 w_t - y_0)^2 to the data term. (x_0, y_0) is
    the mean of the tasks' means (x_t, y_t) with the weights N_t / (N_t + strength), N_t
    the sum of a task's weights: where all tasks have the same coefficients the common
    level is the best one. With the intercepts minimised out, the samples of a task are
    taken from a centre between its own mean and the common one.

    Attributes
    ----------
    strength : float
        Variance of the noise over that of the levels: the number of samples of a task
        that the common level counts for. 0 leaves the intercepts free.

    References
    ----------
    .. [1] W. A. Fuller, G. E. Battese, "Transformations for estimation of linear models
       with nested-error structure", JASA 68, 1973.
    """

    strength: float

    def centres(self, means: Centre, totals: np.ndarray) -> tuple[Centre, Centre]:
        """Return what is taken off the samples of each task, and gives intercepts back.

        Shapes: totals (n_tasks,).
        """
        pooled = self.strength / np.maximum(totals + self.strength, 1e-300)
        # n s / (n + s), the precision of a task's mean around the common level.
        weights = totals * pooled
        weights = weights / max(float(weights.sum()), 1e-300)
        x, y = means.x, float(means.y @ weights)
        if x.shape[1] > 1:
            x = (x @ weights)[:, None]

        def between(part: np.ndarray) -> Centre:
            # With samples in common x is the common mean: its one column stays.
            step = part if means.x.shape[1] > 1 else part[:1]
            return Centre(x + step * (means.x - x), y + part * (means.y - y))

        # The root for samples, whose squares are summed [1]; the ratio itself for the
        # intercepts, as in the best linear unbiased prediction.
        return between(1.0 - np.sqrt(pooled)), between(1.0 - pooled)


def centres(
    means: Centre, totals: np.ndarray, fit_intercept: bool | Pooling
) -> tuple[Centre, Centre]:
    """Return what is taken off the samples, and what gives the intercepts back.

    Shapes: totals (n_tasks,).
    """
    if isinstance(fit_intercept, Pooling):
        return fit_intercept.centres(means, totals)
    return means, means
