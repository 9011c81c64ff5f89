"""Bring a fitted net up to date."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from sklearn_mtl.exceptions import UpdateRefusedWarning
from sklearn_mtl.neural_network.data._read import read_net_inputs
from sklearn_mtl.neural_network.data._stored import Samples
from sklearn_mtl.neural_network.data._tags import refuse_tokens
from sklearn_mtl.neural_network.growth._listed import refuse_lists
from sklearn_mtl.neural_network.training._torch_state import usual_torch
from sklearn_mtl.neural_network.updates._record import UpdateRecord
from sklearn_mtl.neural_network.updates._update import NewSamples, update_state
from sklearn_mtl.tasks import TaskSet, check_untrained_tasks
from sklearn_mtl.utils._fit import fit_context
from sklearn_mtl.utils._hold_out import HoldOut
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._typing import FeaturesLike, TargetsLike

if TYPE_CHECKING:
    from sklearn_mtl.neural_network.training._state import NetState

__all__ = ["UpdatesMixin"]


class UpdatesMixin:
    """What a net learns from new samples, if it is not worse afterwards."""

    task_set_: TaskSet
    _state: NetState

    if TYPE_CHECKING:  # of the estimator
        n_threads: int | None

        def _take_state(self, state: NetState) -> None: ...
        def _check_can_go_on(self) -> None: ...
        def _batch(self, *args: Any) -> Samples: ...
        def _class_mass(self, *args: Any) -> np.ndarray | None: ...
        def _label_mass(self, *args: Any) -> np.ndarray: ...

    @fit_context(prefer_skip_nested_validation=True)
    def update(
        self,
        X: FeaturesLike,
        y: TargetsLike,
        *,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Any:
        """Learn from new samples, and stay as before if that makes the net worse.

        Three copies of the net learn. The first learns with its last layers, as in
        `partial_fit`. If stored samples (`n_stored_samples`) cover every task, the
        others learn with all layers from the new and the stored samples: ten epochs at
        a tenth of the rate of `fit`, and twenty at three tenths, which fall to zero. A
        copy passes unless its loss on held-out samples is higher than that of the net
        by more than noise. The first one that passes takes the place of the net, or a
        later one that is better on new samples by more than noise.

        Some of the new samples are held out as in `fit`: a fold for each member, or
        `validation_fraction`. A random part of all samples so far stays stored.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Inputs.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Targets; missing labels are allowed, and so is a task without labels.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), \
                default=None
            Weights of samples or labels.
        groups : array-like of shape (n_samples,), default=None
            The group of each sample. Samples of one group are held out together.

        Returns
        -------
        self : object
            The estimator. `update_` says what happened.

        Raises
        ------
        TaskError
            If labels come of a class that the net does not know (see `add_classes`).
        ValueError
            If X, weights or groups are wrong; or if the net was loaded from a file
            without the training state.

        Warns
        -----
        UpdateRefusedWarning
            If the loss would be higher by more than noise, so that the net is kept as
            it is.

        Notes
        -----
        A stored sample is judged by the members that never learned from it. For each
        task, and for the mean over tasks, old and new loss of the same samples are
        compared. A copy does not pass if a mean difference exceeds two standard errors
        (for several tasks more: Bonferroni), on stored or on new samples. Harm below
        that noise passes; more stored samples make the test sharper. The same samples
        judge many updates, and samples of one group count as independent.

        Without stored samples of a task the shared layers would forget it, so that only
        the last layers learn, and only new samples judge.

        With `early_stopping=False` or up to 100 samples, `fit` holds nothing out: only
        held-out samples of updates judge then.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_mtl import MultiTaskRegressor
        >>> rng = np.random.default_rng(0)
        >>> X = rng.normal(size=(900, 4))
        >>> y = X[:, :2] @ [[1.0, 2.0], [-1.0, 1.0]] + rng.normal(size=(900, 2))
        >>> model = MultiTaskRegressor(
        ...     n_members=2, n_stored_samples=200, random_state=0
        ... ).fit(X[:600], y[:600])
        >>> model = model.update(X[600:], y[600:])
        >>> model.update_.is_accepted, model.update_.n_new
        (True, 300)
        >>> change = model.update_.on_stored["task0"]
        >>> change.n_samples, change.after - change.before < 2 * change.error
        (200, True)
        """
        check_is_fitted(self)
        self._check_can_go_on()
        who, tasks, state = type(self).__name__, self.task_set_, self._state
        refuse_lists(self, state)  # type: ignore[arg-type]
        refuse_tokens(tasks, "update", "Fit again, or with warm_start=True.", who)
        warn_of_index_order(who, X=X, y=y, sample_weight=sample_weight)
        given = HoldOut.read(who, X, groups)
        inputs = read_net_inputs(self, X, reset=False)  # type: ignore[arg-type]
        codes, weights = tasks.encode_weighted(y, sample_weight, who=who)
        check_untrained_tasks(tasks.tasks, codes, who)
        check_consistent_length(inputs, codes)
        batch = self._batch(inputs, tasks, codes, weights, state)
        rows = np.flatnonzero(batch.is_label.any(axis=1))
        if not len(rows) or not state.encoder.layout.n_trained:
            record = UpdateRecord(is_accepted=True, n_new=len(rows))
            self._take_state(replace(state, last_update=record))
            return self
        group = None if given.group is None else given.group[rows]
        counted = tasks, codes, weights, state
        can_divide = replace(given, group=group).can_divide(who)
        new = NewSamples(
            batch[rows],
            group,
            can_divide,
            class_mass=self._class_mass(*counted),
            label_mass=self._label_mass(*counted),
        )
        with usual_torch(self.n_threads):
            state = update_state(self, state, new)  # type: ignore[arg-type]
        self._take_state(state)
        if not self.update_.is_accepted:
            warnings.warn(
                f"{who}: update was refused, and the net is as it was: "
                f"{'; '.join(self.update_.reasons)}.",
                UpdateRefusedWarning,
                stacklevel=4,
            )
        return self

    @property
    def update_(self) -> UpdateRecord:
        """What the last call of `update` did."""
        check_is_fitted(self)
        if self._state.last_update is None:
            raise AttributeError(
                f"{type(self).__name__}: there is no update_, because update was not "
                "called after the last fit."
            )
        return self._state.last_update
