"""Outputs of meta-estimators whose estimators may not have probabilities."""

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
    """Mixin with probabilities only if the estimators have them.

    A subclass implements `_gives_probabilities`, which is also called before fit.
    """

    if TYPE_CHECKING:

        def _gives_probabilities(self) -> bool:
            """Return whether the estimators have predict_proba."""

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
            An array if y was 1-D, otherwise a list with one array per task, and None
            for a regression task.
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
            Probabilities with a MultiIndex (task, class) as columns and the index of X.
        """
        return super().proba_frame(X)

    @property
    def classes_(self) -> Any:
        """Classes: an array if y was 1-D, else a list of one array or None per task."""
        if all(task.classes is None for task in self.task_set_.tasks):
            raise AttributeError("classes_: all tasks are regressions.")
        return super().classes_
