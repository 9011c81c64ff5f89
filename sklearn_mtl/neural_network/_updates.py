"""Update a fitted net with new samples."""

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
    """Update a fitted net with new samples unless its held-out loss increases."""

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
        """Train on new samples, and keep the result only if it is not worse.

        Up to three copies of the net are trained. In the first copy only the last
        layers are trained, as in `partial_fit`. If stored samples (`n_stored_samples`)
        cover every task, all layers of two more copies are trained on the new and the
        stored samples: for ten epochs at a tenth of the learning rate of `fit`, and for
        twenty epochs at three tenths; both rates decrease to zero. A copy is rejected
        if its loss on held-out samples is significantly higher than that of the net.
        The first accepted copy replaces the net, unless a later one is significantly
        better on new samples.

        Some of the new samples are held out as in `fit`: one fold per member, or
        `validation_fraction`. A random subset of all samples so far remains stored.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Input data.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Target values. Labels may be missing, also all labels of a task.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), \
                default=None
            Weights of samples or labels.
        groups : array-like of shape (n_samples,), default=None
            Group label of each sample. Samples of one group are held out together.

        Returns
        -------
        self : object
            The estimator. `update_` describes the result.

        Raises
        ------
        TaskError
            If y has labels of an unknown class (see `add_classes`).
        ValueError
            If X, weights or groups are invalid; if a parameter was changed that defines
            the net; or if the net was loaded from a file without the training state.

        Warns
        -----
        UpdateRefusedWarning
            If the held-out loss of all copies is significantly higher, in which case
            the net is not changed.

        Notes
        -----
        A sample is evaluated by the members that were not trained on it. The losses
        before and after are compared on the same samples, for each task and for the
        mean over tasks. A copy is rejected if a mean difference exceeds two standard
        errors, on stored or on new samples; for several tasks the limit is higher
        (Bonferroni correction). The test does not detect smaller increases of the loss;
        it becomes more sensitive with more stored samples. The same samples are used
        to evaluate many updates, and samples of one group are treated as independent.

        If no sample of a task is stored, training the shared layers would make the net
        forget the task. In this case only the last layers are trained.

        With `early_stopping=False`, or up to 100 samples, `fit` holds out no sample.
        Then only held-out samples of the updates are used for evaluation.

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
        refuse_tokens(
            tasks,
            "update",
            "Use fit; with warm_start=True it continues the training.",
            who,
        )
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
                f"{who}: update was refused, and the net was not changed: "
                f"{'; '.join(self.update_.reasons)}.",
                UpdateRefusedWarning,
                stacklevel=4,
            )
        return self

    @property
    def update_(self) -> UpdateRecord:
        """Result of the last call of `update`."""
        check_is_fitted(self)
        if self._state.last_update is None:
            raise AttributeError(
                f"{type(self).__name__}: update_ is not available, because update was "
                "not called after the last fit."
            )
        return self._state.last_update
