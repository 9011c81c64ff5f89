"""Outputs of meta-estimators, whose estimators may have no probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.utils.metaestimators import available_if

from sklearn_mtl.tasks._outputs import ClassOutputsMixin
from sklearn_mtl.utils._typing import FeaturesLike

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MetaOutputsMixin"]


def _gives_probabilities(self: MetaOutputsMixin) -> bool:
    return self._gives_probabilities()


class MetaOutputsMixin(ClassOutputsMixin):
    """Outputs of which those of classes are there only if the estimators have them.

    A subclass gives `_gives_probabilities`, which must also answer before fit.
    """

    if TYPE_CHECKING:

        def _gives_probabilities(self) -> bool:
            """Say whether the estimators have predict_proba."""

    @available_if(_gives_probabilities)
    def predict_proba(self, X: FeaturesLike) -> Any:
        """Predict the probabilities of the classes of all tasks.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or list of them
            A list with one array a task where y was 2-D; None for a regression task.
        """
        return super().predict_proba(X)

    @available_if(_gives_probabilities)
    def proba_frame(self, X: FeaturesLike) -> pd.DataFrame:
        """Predict probabilities as a DataFrame with columns (task, class).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        DataFrame of shape (n_samples, total number of classes)
            Columns are a MultiIndex (task, class); the index is that of X.
        """
        return super().proba_frame(X)

    @property
    def classes_(self) -> Any:
        """Labels: an array for 1-D y, else a list with an array (or None) a task."""
        if all(task.classes is None for task in self.task_set_.tasks):
            raise AttributeError("classes_: all tasks are regressions.")
        return super().classes_
