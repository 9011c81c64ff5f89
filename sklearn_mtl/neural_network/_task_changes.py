"""Add, drop and rename tasks of a fitted net, and add classes."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.neural_network.data._read import read_net_inputs
from sklearn_mtl.neural_network.data._tags import refuse_tokens
from sklearn_mtl.neural_network.growth._add import (
    NewTask,
    add_to_state,
    seed_of_folds,
    sources_of,
)
from sklearn_mtl.neural_network.growth._added import AddedTask
from sklearn_mtl.neural_network.growth._change import change_tasks
from sklearn_mtl.neural_network.growth._classes import more_classes
from sklearn_mtl.neural_network.growth._labels import TaskLabels
from sklearn_mtl.neural_network.growth._source import (
    TaskSource,
    loss_for,
    old_losses,
)
from sklearn_mtl.neural_network.training._torch_state import usual_torch
from sklearn_mtl.tasks import (
    Task,
    TaskSet,
    cell_weights,
    check_sample_weight,
    holds_lists,
    is_by_name,
    read_columns,
    read_tasks,
    task_name,
)
from sklearn_mtl.utils._fit import keep_on_failure
from sklearn_mtl.utils._frames import is_series
from sklearn_mtl.utils._hold_out import HoldOut
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._typing import FeaturesLike, TargetsLike, TaskKey

if TYPE_CHECKING:
    from sklearn_mtl.neural_network.training._state import NetState

__all__ = ["TaskChangesMixin"]

_FIT_AGAIN = "Fit again, with all tasks."


class TaskChangesMixin:
    """Change the tasks and classes of a fitted net."""

    _kind: str
    task_set_: TaskSet
    _state: NetState

    if TYPE_CHECKING:  # of the estimator
        n_threads: int | None

        def _take_state(self, state: NetState) -> None: ...

    @keep_on_failure
    def add_task(
        self,
        X: FeaturesLike,
        y: TargetsLike,
        *,
        name: str | None = None,
        task_type: str | None = None,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        tune_trunk: bool = False,
        compare: bool = True,
    ) -> Any:
        r"""Add a task to the fitted net.

        Every member gets a head for the new task on the shared representation. Linear
        heads are fitted with a ridge penalty,

        .. math:: \min_{W, b} \frac{\sum_i w_i\, \ell(W^T z_i + b, y_i)}{\sum_i w_i}
            + \frac{\alpha}{2} \|W\|^2

        where :math:`\alpha` minimises the out-of-fold loss. Heads with hidden layers
        are trained for the number of steps with the lowest out-of-fold loss. A few
        dozen labels are enough. The predictions of the other tasks remain the same, up
        to rounding.

        `added_tasks_` reports the out-of-fold loss of the new head, and whether the
        existing trunk helps compared with the same net fitted on this task alone.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Input data. The samples may differ from those of fit.
        y : array-like of shape (n_samples,)
            Labels of the new task. Missing labels are NaN, None, pandas.NA or
            pandas.NaT.
        name : str, default=None
            Name of the task. None uses the name of y if it has one, else the position:
            "task3" for the fourth task.
        task_type : {"classification", "regression"}, default=None
            Type of the task, if the estimator supports both. None infers it from y.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.
        groups : array-like of shape (n_samples,), default=None
            Group label of each sample. If there is more than one group, samples of one
            group are held out together.
        tune_trunk : bool, default=False
            Whether to train the trunk further on the new labels, at a tenth of the
            learning rate, with a penalty on changes of the predictions of the other
            tasks. The weights with the lowest held-out loss of the new task are kept
            if the loss decreases by more than one standard error and no other task
            changes by more than 0.0001. The change of a task is the decrease of its
            score (1 - loss / prior loss) if its previous predictions were the labels.
            Tuning requires a few hundred labels.
        compare : bool, default=True
            Whether to fit the same net on this task alone, five times, to measure
            whether the existing trunk helps.

        Returns
        -------
        self : object
            The estimator. The new task is the last one. If y was 1-D in fit,
            predictions have the multi-task format from now on.

        Raises
        ------
        TaskError
            If y is not 1-D, has no label or labels of a wrong type; if a task of that
            name exists; or if the trunk has task-specific layers and does not support
            new tasks.
        ValueError
            If X, weights, groups or arguments are invalid, or `head` was changed after
            fit.
        TypeError
            If the name is not a string.

        Warns
        -----
        UserWarning
            If all labels are in one group.
        NegativeTransferWarning
            If the loss on the existing trunk is higher than that of a net fitted on
            this task alone, by more than two standard errors.

        Notes
        -----
        `partial_fit` and a warm start train all tasks, with a new optimiser state for
        the heads. In `history_` and `oof_prediction_`, which describe the earlier fit,
        the values of the new task are NaN. Its out-of-fold predictions are in
        `added_tasks_`. Parameters with one value per task given as lists or arrays no
        longer match the tasks, so that a warm start raises an error; use dicts by task
        name.

        The head costs five fits for each of eight values of alpha, with O(n_labels *
        n_hidden * n_members) operations per iteration; `compare` costs five fits of the
        net. Above 5000 labels, two members select alpha.

        References
        ----------
        Z. Li, D. Hoiem, "Learning without Forgetting", ECCV 2016, for `tune_trunk`.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_mtl import MultiTaskClassifier
        >>> rng = np.random.default_rng(0)
        >>> X = rng.normal(size=(400, 5))
        >>> y = np.column_stack([X[:, 0] > 0, X[:, 1] > 0])
        >>> model = MultiTaskClassifier(n_members=2, random_state=0).fit(X, y)
        >>> both = np.where(X[:60, 0] + X[:60, 1] > 0, "yes", "no")
        >>> model = model.add_task(X[:60], both, name="both")
        >>> model.predict_frame(X[:2]).columns.tolist()
        ['task0', 'task1', 'both']
        >>> model.added_tasks_["both"].trunk_helps
        True
        """
        check_is_fitted(self)
        who = type(self).__name__
        refuse_tokens(self.task_set_, "add_task", _FIT_AGAIN, who)
        _check_bool(tune_trunk, "tune_trunk", who)
        _check_bool(compare, "compare", who)
        warn_of_index_order(who, X=X, y=y, sample_weight=sample_weight, groups=groups)
        task, codes, weights = self._read_new(y, name, task_type, sample_weight)
        inputs = read_net_inputs(self, X, reset=False)  # type: ignore[arg-type]
        check_consistent_length(inputs, codes)
        given = HoldOut.read(who, X, groups, None, None, None)
        task, loss = loss_for(self, task, old_losses(self._state.encoder))  # type: ignore[arg-type]
        seed = seed_of_folds(self._state)
        own = self._weights_of(task, codes, weights)
        labels = TaskLabels.read(task, loss, codes, own, given.group, seed)
        if given.group is not None and len(np.unique(given.group[labels.rows])) == 1:
            warnings.warn(
                f"{who}: all labels of task {task.name!r} are in one group, so "
                "groups are ignored when samples are held out. The score of the task "
                "is valid for samples of this group only.",
                UserWarning,
                stacklevel=3,
            )
            labels = TaskLabels.read(task, loss, codes, own, None, seed)
        rows_weights = check_sample_weight(weights, (len(codes), 1), who)[:, 0]
        new = NewTask(X, inputs, labels, rows_weights[labels.rows], tune_trunk, compare)
        with usual_torch(self.n_threads):
            state = add_to_state(self, self._state, new)  # type: ignore[arg-type]
        self._take_state(state)
        return self

    @keep_on_failure
    def drop_task(self, task: TaskKey) -> Any:
        """Drop a task from the fitted net.

        The predictions of the other tasks do not change, unless their heads use the
        outputs of the dropped task (``head="feedback"``).

        Parameters
        ----------
        task : str, int, or label of a column
            Name or column index of the task.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        TaskError
            If the task is unknown or the only one; or if the trunk has task-specific
            layers and does not support dropping tasks.
        """
        check_is_fitted(self)
        who, state = type(self).__name__, self._state
        refuse_tokens(self.task_set_, "drop_task", _FIT_AGAIN, who)
        dropped = self.task_set_.index(task, who=who)
        sources = sources_of(state)
        if len(sources) == 1:
            raise TaskError(
                f"{who}: task {self.task_set_.names[0]!r} is the only one and cannot "
                "be dropped."
            )
        del sources[dropped]
        with usual_torch(self.n_threads):
            changed = change_tasks(self, state, sources)  # type: ignore[arg-type]
        name = self.task_set_.names[dropped]
        changed.added_tasks = {k: v for k, v in state.added_tasks.items() if k != name}
        self._take_state(changed)
        return self

    @keep_on_failure
    def rename_task(self, task: TaskKey, name: str) -> Any:
        """Rename a task of the fitted net.

        From then on, the columns of a DataFrame y are matched to the tasks by name.
        Constructor parameters that name the task, such as ``task_weight={"old":
        2.0}``, are not changed; another fit with the old name raises an error.

        Parameters
        ----------
        task : str, int, or label of a column
            Name or column index of the task.
        name : str
            New name.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        TaskError
            If the task is unknown, or another task has the new name.
        TypeError
            If the new name is not a string.
        """
        check_is_fitted(self)
        who, known = type(self).__name__, self.task_set_
        t = known.index(task, who=who)
        _check_text(name, who)
        old = known.names[t]
        if name != old:
            _check_is_new(name, known, who)
        tasks = [
            replace(one, name=name) if number == t else one
            for number, one in enumerate(known.tasks)
        ]
        state = self._state.renamed(TaskSet(tasks, known.is_1d, True))
        state.added_tasks = {
            name if k == old else k: record
            for k, record in self._state.added_tasks.items()
        }
        self._take_state(state)
        return self

    @keep_on_failure
    def add_classes(self, task: TaskKey, classes: ArrayLike) -> Any:
        """Add classes to a classification task of the fitted net.

        `partial_fit` then accepts labels of the new classes. Until it has seen some,
        the classes added in one call have a total probability of at most 0.001, and the
        odds between the other classes do not change.

        Parameters
        ----------
        task : str, int, or label of a column
            Name or column index of a classification task.
        classes : array-like of shape (n_new,)
            Class labels that the task does not have yet.

        Returns
        -------
        self : object
            The estimator. `classes_` remain sorted.

        Raises
        ------
        TaskError
            If the task is a regression task or has no class yet; if a class is NaN,
            already known or given twice; or if its type differs from that of the known
            classes (strings, booleans and integers cannot be mixed).

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_mtl import MultiTaskClassifier
        >>> X = np.random.default_rng(0).normal(size=(200, 3))
        >>> colour = np.where(X[:, 0] > 0, "red", "blue")
        >>> model = MultiTaskClassifier(n_members=1, random_state=0).fit(X, colour)
        >>> model.add_classes("task0", ["green"]).classes_
        array(['blue', 'green', 'red'], dtype='<U5')
        >>> late = np.where(X[:100, 0] > 1, "green", colour[:100])
        >>> for rows in np.split(np.arange(100), 10):
        ...     model = model.partial_fit(X[rows], late[rows])
        >>> bool(model.score(X[:100], late) > 0.9)
        True
        """
        check_is_fitted(self)
        who, state = type(self).__name__, self._state
        refuse_tokens(self.task_set_, "add_classes", _FIT_AGAIN, who)
        t = self.task_set_.index(task, who=who)
        changed, class_map = more_classes(self.task_set_.tasks[t], classes, who)
        sources = sources_of(state)
        known = [s.loss for s in sources if s.task.kind != "constant"]
        place = t if state.places_in_fit is None else state.places_in_fit[t]
        _, loss = loss_for(self, changed, known, place)  # type: ignore[arg-type]
        sources[t] = TaskSource(changed, loss, t, class_map)
        with usual_torch(self.n_threads):
            self._take_state(change_tasks(self, state, sources))  # type: ignore[arg-type]
        return self

    @property
    def added_tasks_(self) -> dict[str, AddedTask]:
        """Results of `add_task` for each task that it added, by task name."""
        check_is_fitted(self)
        return dict(self._state.added_tasks)

    def _read_new(
        self,
        y: TargetsLike,
        name: str | None,
        task_type: str | None,
        sample_weight: ArrayLike | None,
    ) -> tuple[Task, np.ndarray, np.ndarray | None]:
        """Return the new task, its codes (n_samples,) and the sample weights."""
        who, known = type(self).__name__, self.task_set_
        weights = None if sample_weight is None else np.asarray(sample_weight)
        if weights is not None and weights.ndim > 1:
            raise ValueError(
                f"{who}: sample_weight in add_task has shape {weights.shape}; it must "
                "be (n_samples,)."
            )
        if name is None:
            own = getattr(y, "name", None) if is_series(y) else None
            name = f"task{known.n_tasks}" if own in (None, "") else task_name(own)
        _check_text(name, who)
        _check_is_new(name, known, who)
        columns = read_columns(y, who, sample_weight, name=name)
        if not columns.is_1d:
            raise TaskError(
                f"{who}: add_task takes one task at a time, y of shape (n_samples,); "
                f"got {len(columns.names)} columns."
            )
        if not len(columns.values[0]):
            raise TaskError(
                f"{who}: the new task {name!r} has no observed label: all "
                f"{columns.observed.shape[0]} values of y are missing (NaN) or have a "
                "weight of zero."
            )
        if holds_lists(columns.values[0]):
            raise TaskError(
                f"{who}: the labels of the new task {name!r} are lists. add_task "
                "requires one label per sample; use fit for token tasks."
            )
        tasks = read_tasks(columns, self._kind, who, task_type)
        codes = TaskSet(tasks, True, True).fill(columns)
        return tasks[0], codes[:, 0], weights

    def _weights_of(
        self, task: Task, codes: np.ndarray, sample_weight: np.ndarray | None
    ) -> np.ndarray:
        """Return weights of samples and classes, (n_samples,)."""
        wanted: Any = getattr(self, "class_weight", None)
        if hasattr(wanted, "items") and is_by_name(wanted):
            wanted = dict(wanted.items()).get(task.name)
        elif not hasattr(wanted, "items") and not isinstance(wanted, str):
            wanted = None  # a list has values for the tasks of fit only
        alone = TaskSet([task], False, False)
        if hasattr(wanted, "items"):
            wanted = [wanted]
        who = type(self).__name__
        weights = cell_weights(alone, codes[:, None], sample_weight, wanted, who)
        return weights[:, 0]


def _check_bool(value: Any, name: str, who: str) -> None:
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{who}: {name}={value!r}; allowed are True and False.")


def _check_text(name: Any, who: str) -> None:
    if not isinstance(name, str):
        raise TypeError(f"{who}: the name of a task must be a string; got {name!r}.")


def _check_is_new(name: str, known: TaskSet, who: str) -> None:
    if name in known.names:
        raise TaskError(
            f"{who}: a task named {name!r} already exists. Known tasks: {known.names}."
        )
