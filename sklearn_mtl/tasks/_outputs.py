"""Predictions, scores and task views that all multi-task estimators share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from sklearn_mtl.tasks._scores import accuracies, mean_of_observed, r2_scores, skills
from sklearn_mtl.tasks._tag_order import likeliest_tags
from sklearn_mtl.tasks._task_ids import place_of_task, read_task_ids
from sklearn_mtl.tasks._task_set import Task, TaskSet
from sklearn_mtl.tasks._tokens import check_lengths, stack_codes
from sklearn_mtl.tasks._views import make_task_view
from sklearn_mtl.tasks._weights import check_sample_weight
from sklearn_mtl.utils._categories import warning_once
from sklearn_mtl.utils._finite import check_outputs
from sklearn_mtl.utils._frames import is_pandas
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._private import safe_indexing
from sklearn_mtl.utils._typing import FeaturesLike, TargetsLike, TaskKey
from sklearn_mtl.utils._versioned import VersionedState

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ClassOutputsMixin", "MultiTaskOutputsMixin", "likeliest"]


class MultiTaskOutputsMixin(VersionedState):
    """Mixin with predictions, task views and scores.

    A subclass sets `task_set_` in fit and implements `_task_outputs`, which computes
    all tasks at once, because shared parts of a model are then evaluated only once.
    """

    task_set_: TaskSet
    _waiting: Sequence[int] = ()  # tasks that have had no label so far

    if TYPE_CHECKING:  # no method, because it would hide that of a later base class

        def _task_outputs(self, X: FeaturesLike) -> list[np.ndarray]:
            """Return probabilities (n, n_classes) or values (n,) for each task.

            For a token task, a list with probabilities (n_tokens, n_tags) of each
            sample.
            """

    def _task_codes(self, X: FeaturesLike) -> np.ndarray:
        """Return predicted class indices and values (n, n_tasks).

        If there is a token task, the array has dtype object and contains arrays of tag
        indices.
        """
        # Overridden if the predicted class may differ from the most probable one.
        pairs = zip(self._finite_outputs(X), self.task_set_.tasks, strict=True)
        return stack_codes([likeliest(output, task) for output, task in pairs])

    def _task_output(self, X: FeaturesLike, t: int) -> np.ndarray:
        """Return the output of one task; overridden if it is faster than all tasks."""
        return self._task_outputs(X)[t]

    def _task_code(self, X: FeaturesLike, t: int) -> np.ndarray:
        """Return the predicted class indices or values of one task."""
        return likeliest(self._finite_output(X, t), self.task_set_.tasks[t])

    def _labelled_tasks(self) -> list[Task]:
        """Return the tasks, with kind "empty" if they have had no label so far."""
        tasks = list(self.task_set_.tasks)
        for t in self._waiting:
            tasks[t] = replace(tasks[t], kind="empty")
        return tasks

    # The following methods check that outputs are finite, because argmax would choose
    # the class of a NaN.

    def _finite_outputs(self, X: FeaturesLike) -> list[np.ndarray]:
        """Return the probabilities or values of all tasks."""
        with _computing():
            outputs = self._task_outputs(X)
        check_outputs(outputs, self._labelled_tasks(), type(self).__name__)
        return outputs

    def _finite_output(self, X: FeaturesLike, t: int) -> np.ndarray:
        """Return the probabilities or values of one task."""
        with _computing():
            output = self._task_output(X, t)
        check_outputs([output], [self._labelled_tasks()[t]], type(self).__name__)
        return output

    def _finite_codes(self, X: FeaturesLike) -> np.ndarray:
        """Return predicted class indices and values (n_samples, n_tasks)."""
        with _computing():
            codes = self._task_codes(X)
        check_outputs(codes.T, self._labelled_tasks(), type(self).__name__)
        return codes

    def _finite_code(self, X: FeaturesLike, t: int) -> np.ndarray:
        """Return the predicted class indices or values of one task."""
        with _computing():
            code = self._task_code(X, t)
        check_outputs([code], [self._labelled_tasks()[t]], type(self).__name__)
        return code

    @property
    def n_tasks_(self) -> int:
        """Number of tasks seen in fit."""
        return self.task_set_.n_tasks

    @property
    def task_names_in_(self) -> np.ndarray:
        """Names of the tasks seen in fit."""
        return np.array(self.task_set_.names, dtype=object)

    def predict(self, X: FeaturesLike) -> np.ndarray:
        """Predict the labels of all tasks.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_tasks)
            Predicted labels and values, of the common dtype of the tasks, or of dtype
            object if they differ. It is 1-D if y was 1-D. The label of a token task is
            a list of tags.

        Raises
        ------
        ValueError
            If a prediction is not finite, because X contains values that are too large.
        """
        check_is_fitted(self)
        return self.task_set_.decode(self._finite_codes(X))

    def predict_frame(self, X: FeaturesLike) -> pd.DataFrame:
        """Predict the labels of all tasks as a DataFrame with one dtype per task.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        DataFrame of shape (n_samples, n_tasks)
            Predictions with one column per task and the index of X.

        Raises
        ------
        ValueError
            If a prediction is not finite, because X contains values that are too large.
        """
        import pandas as pd

        check_is_fitted(self)
        codes = self._finite_codes(X)
        pairs = zip(self.task_set_.tasks, codes.T, strict=True)
        columns = {task.name: task.decode(column) for task, column in pairs}
        return pd.DataFrame(columns, index=_index_of(X, len(codes)))

    def predict_task(
        self, X: FeaturesLike, task_id: Any, *, unknown: str = "raise"
    ) -> np.ndarray:
        """Predict one task per sample, for tasks with separate samples.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.
        task_id : array-like of shape (n_samples,)
            Name or column number of the task of each sample.
        unknown : {"raise", "common"}, default="raise"
            How tasks that were not seen in fit are handled: raise an error, or predict
            them with the part that all tasks share, like `new_task` of a linear model.
            The name of a new task is a string or a tuple, or a number if the tasks seen
            in fit are named by numbers.

        Returns
        -------
        ndarray of shape (n_samples,)
            Prediction of the task of each sample.

        Raises
        ------
        TaskError
            If a task is unknown, a task id is missing, or the lengths differ.
        """
        check_is_fitted(self)
        who = type(self).__name__
        if unknown not in ("raise", "common"):
            raise ValueError(
                f"{who}: unknown must be 'raise' or 'common'; got {unknown!r}."
            )
        warn_of_index_order(who, X=X, task_id=task_id)
        codes = self._finite_codes(X)
        ids = read_task_ids(task_id, len(codes), who)
        names, has_common = self.task_set_.names, hasattr(self, "new_task")
        place = {
            one: place_of_task(names, one, unknown, has_common, who) for one in set(ids)
        }
        columns = np.array([place[name] for name in ids], dtype=np.intp)
        labels = TaskSet(self.task_set_.tasks, False, False).decode(codes)
        found = labels[np.arange(len(codes)), columns]
        is_new = columns < 0
        if is_new.any():
            new: Any = self
            found[is_new] = new.new_task().predict(safe_indexing(X, is_new))
        return found

    def task(self, task: TaskKey) -> Any:
        """Return one task as a fitted single-output estimator.

        Parameters
        ----------
        task : str, int, or label of a column
            Name, as a string or as the original column label (2020, or a tuple), or
            column number.

        Returns
        -------
        TaskClassifierView, TaskRegressorView or TaskTokensView
            View with `classes_`, `predict`, `predict_proba` (n_samples, n_classes) and
            `score`. It can be used with scikit-learn's tools for calibration,
            thresholds and inspection; wrap it in a FrozenEstimator for tools that
            refit. For a token task, `predict` returns lists of tags.
        """
        check_is_fitted(self)
        return make_task_view(self, task)

    def score(
        self, X: FeaturesLike, y: TargetsLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return the mean score over tasks: accuracy, R2, or skill if types are mixed.

        The score is the mean over tasks of the accuracy if all tasks are classification
        or token tasks (for a token task, the proportion of correct tags), of R2 if all
        tasks are regressions, and otherwise of the skill 1 - loss / prior loss with
        squared error and log-loss. Only observed labels are scored. In contrast, the
        score of scikit-learn's MultiOutputClassifier is the subset accuracy, which is
        lower.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Labels; NaN where missing. Labels that were not seen in fit count as wrong.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Weights of samples or labels.

        Returns
        -------
        float
            Mean over the tasks with observed labels. If there is no such task, it is
            NaN, with a warning.

        Raises
        ------
        ValueError
            If X and y have different lengths, or the weights have an invalid shape.
        """
        check_is_fitted(self)
        who = type(self).__name__
        warn_of_index_order(who, X=X, y=y, sample_weight=sample_weight)
        codes, weights = self.task_set_.encode_weighted(
            y, sample_weight, unseen="wrong", who=who
        )
        check_consistent_length(X, codes)
        weights = check_sample_weight(weights, codes.shape, who)
        tokens = self.task_set_.encode_tokens(
            y, sample_weight=sample_weight, unseen="wrong", who=who
        )
        has_classes = {task.classes is not None for task in self.task_set_.tasks}
        if len(has_classes) > 1:
            outputs = self._finite_outputs(X)
            check_lengths(tokens, outputs, self.task_set_.names, who)
            scores = skills(self.task_set_, codes, outputs, weights, tokens)
        elif has_classes == {True}:
            predicted = self._finite_codes(X)
            check_lengths(tokens, predicted.T, self.task_set_.names, who)
            scores = accuracies(codes, predicted, weights, tokens)
        else:
            periods = [task.period for task in self.task_set_.tasks]
            scores = r2_scores(codes, self._finite_codes(X), weights, periods)
        return mean_of_observed(scores, who)


class ClassOutputsMixin(MultiTaskOutputsMixin):
    """Mixin with classes and probabilities, for classifiers and mixed estimators."""

    @property
    def classes_(self) -> Any:
        """Classes: an array if y was 1-D, else a list of one array or None per task."""
        classes = self.task_set_.classes
        return classes[0] if self.task_set_.is_1d else classes

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
            for a regression task. For a token task, a list with an array (n_tokens,
            n_tags) for each sample.

        Raises
        ------
        ValueError
            If a prediction is not finite, because X contains values that are too large.
        """
        check_is_fitted(self)
        proba = [
            None if task.classes is None else output
            for task, output in zip(
                self.task_set_.tasks, self._finite_outputs(X), strict=True
            )
        ]
        return proba[0] if self.task_set_.is_1d else proba

    def proba_frame(self, X: FeaturesLike) -> pd.DataFrame:
        """Predict probabilities as a DataFrame with columns (task, class).

        Regression and token tasks are left out.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        DataFrame of shape (n_samples, total number of classes)
            Probabilities with a MultiIndex (task, class) as columns and the index of X.
        """
        import pandas as pd

        check_is_fitted(self)
        outputs = self._finite_outputs(X)
        columns: dict[tuple[str, Any], np.ndarray] = {}
        for task, output in zip(self.task_set_.tasks, outputs, strict=True):
            if task.classes is None or task.is_tokens:
                continue
            for k, label in enumerate(task.classes.tolist()):  # as Python's own types
                columns[task.name, label] = output[:, k]
        index = _index_of(X, len(outputs[0]))
        names = pd.MultiIndex.from_tuples(list(columns), names=["task", "class"])
        return pd.DataFrame(columns, index=index).set_axis(names, axis=1)


def _index_of(X: Any, n_samples: int) -> pd.Index:
    """Return the index of a DataFrame, or a RangeIndex."""
    import pandas as pd

    return X.index if is_pandas(X) else pd.RangeIndex(n_samples)


@contextmanager
def _computing() -> Iterator[None]:
    """Ignore overflows, which are found in the outputs, and warn once per column."""
    with warning_once(), np.errstate(over="ignore", invalid="ignore"):
        yield


def likeliest(output: Any, task: Task | None = None) -> np.ndarray:
    """Return the most probable classes or tags of an output, or its values.

    For a token task, it is the most probable sequence of tags that the task allows.
    """
    if isinstance(output, list):
        return likeliest_tags(output, None if task is None else task.order_of_tags)
    if output.ndim == 1:
        return output
    if output.shape[1] == 0:  # an empty task
        return np.full(len(output), np.nan)
    return output.argmax(axis=1)
