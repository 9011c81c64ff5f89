"""Computation and result of the measures of task affinity."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from sklearn_mtl.inspection._association import label_association
from sklearn_mtl.inspection._gains import trained_gains
from sklearn_mtl.inspection._task_data import TaskData
from sklearn_mtl.inspection._task_sets import TaskSetScores
from sklearn_mtl.utils._pipelines import last_step
from sklearn_mtl.utils._random import spawn_seeds
from sklearn_mtl.utils._typing import Estimator

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AFFINITY_METHODS", "TaskAffinity", "affinity_of_data"]

AFFINITY_METHODS = ("gain", "lookahead", "gradient", "label")
_SYMMETRIC = ("gradient", "label")

_WHO = "task_affinity"


@dataclass(frozen=True)
class TaskAffinity:
    """Affinities of tasks, returned by `task_affinity`.

    Attributes
    ----------
    names : list of str
        Names of the tasks.
    values : ndarray of shape (n_tasks, n_tasks)
        How much the task of the row helps the task of the column; NaN where unknown.
    method : str
        Method that measured the affinities.
    seconds : float
        Time of the measurement in seconds.
    n_fits : int
        Number of models that were fitted.
    """

    names: list[str]
    values: np.ndarray
    method: str
    seconds: float = field(default=np.nan, compare=False)
    n_fits: int = field(default=0, compare=False)

    @property
    def is_symmetric(self) -> bool:
        """Whether the matrix of the method is symmetric by definition."""
        return self.method in _SYMMETRIC

    def to_frame(self) -> pd.DataFrame:
        """Return the values as a DataFrame.

        Returns
        -------
        DataFrame of shape (n_tasks, n_tasks)
            Affinities. Rows are the tasks that help, columns the tasks that are helped.
        """
        import pandas as pd

        rows = pd.Index(self.names, name="task")
        return pd.DataFrame(self.values, index=rows, columns=self.names)


def affinity_of_data(
    estimator: Estimator | None,
    data: TaskData,
    method: str,
    seed: int,
    *,
    scores: TaskSetScores | None,
    max_sets: int | None = None,
    verbose: bool = False,
) -> TaskAffinity:
    """Measure the affinities of tasks whose data were already read."""
    start, n_fits = time.perf_counter(), 0
    if method == "gain" and scores is not None:
        before = scores.n_fits
        values = trained_gains(scores, data.task_set.n_tasks, max_sets, seed)
        n_fits = scores.n_fits - before
    elif method == "label":
        values = label_association(data.task_set, data.codes)
        _warn_of_unknown(data, values)
    else:
        values, n_fits = _of_gradients(estimator, data, method, seed, verbose), 1
    seconds = time.perf_counter() - start
    return TaskAffinity(list(data.task_set.names), values, method, seconds, n_fits)


def _of_gradients(
    estimator: Estimator | None, data: TaskData, method: str, seed: int, verbose: bool
) -> np.ndarray:
    """Fit a net once and measure the affinities during training."""
    # torch is imported only if a net is measured
    from sklearn_mtl.neural_network import (
        AffinityRecorder,
        BaseMultiTaskNet,
        recorded_affinity,
    )

    model = clone(estimator)
    prefix, net = last_step(model)
    if not isinstance(net, BaseMultiTaskNet):
        raise TypeError(
            f"{_WHO}: method {method!r} requires a net of this package, or a pipeline "
            f"that ends in one; got {type(net).__name__}. The methods 'gain' and "
            "'label' accept any estimator."
        )
    recorder = AffinityRecorder(method, spawn_seeds(seed, 1)[0])
    callbacks = [*(net.callbacks or []), recorder]
    told: dict[str, Any] = {f"{prefix}callbacks": callbacks}
    if verbose:
        told[f"{prefix}verbose"] = 1
    fitted = model.set_params(**told)
    fitted.fit(data.X, data.y, **data.fit_params(fitted, _WHO))
    return recorded_affinity(net, recorder)


def _warn_of_unknown(data: TaskData, values: np.ndarray) -> None:
    """Warn if the label association of pairs of tasks is unknown."""
    kinds = np.array(data.task_set.kinds)
    able = np.flatnonzero(~np.isin(kinds, ["constant", "empty"]))
    pairs = values[np.ix_(able, able)][np.tril_indices(len(able), -1)]
    n_unknown = int(np.isnan(pairs).sum())
    if n_unknown:
        warnings.warn(
            f"{_WHO}: {n_unknown} of {len(pairs)} pairs of tasks have too few samples "
            "with both labels; their association is NaN. The methods 'gain' and "
            "'gradient' do not need such samples.",
            UserWarning,
            stacklevel=4,
        )
