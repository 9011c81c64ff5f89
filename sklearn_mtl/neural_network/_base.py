"""Base class of the three multi-task nets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from os import PathLike
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.utils import Tags
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.modules import TrainedParts
from sklearn_mtl.neural_network._fit_stream import FitStreamMixin
from sklearn_mtl.neural_network._held_out import HeldOutMixin
from sklearn_mtl.neural_network._parameters import CONSTRAINTS
from sklearn_mtl.neural_network._search_space import search_space
from sklearn_mtl.neural_network._task_changes import TaskChangesMixin
from sklearn_mtl.neural_network._updates import UpdatesMixin
from sklearn_mtl.neural_network.data._held import read_held
from sklearn_mtl.neural_network.data._labels import Labels
from sklearn_mtl.neural_network.data._pretrained import text_reader
from sklearn_mtl.neural_network.data._ranks import open_ranks
from sklearn_mtl.neural_network.data._read import preparation_of, read_net_inputs
from sklearn_mtl.neural_network.data._stored import Samples
from sklearn_mtl.neural_network.data._tags import (
    label_sums,
    refuse_tokens,
    with_tags,
)
from sklearn_mtl.neural_network.growth._fixed import describe_fixed, refuse_changes
from sklearn_mtl.neural_network.growth._listed import refuse_lists
from sklearn_mtl.neural_network.training._history import history_arrays
from sklearn_mtl.neural_network.training._plan import make_plan
from sklearn_mtl.neural_network.training._state import NetState
from sklearn_mtl.neural_network.training._torch_state import usual_torch
from sklearn_mtl.neural_network.training._training import Call, train_state
from sklearn_mtl.tasks import (
    TaskSet,
    cell_weights,
    check_same_classes,
    check_sample_weight,
    check_untrained_tasks,
    class_mass,
)
from sklearn_mtl.utils._callbacks import (
    CallbackSupportMixin,
    FitEvents,
    with_callbacks,
)
from sklearn_mtl.utils._finite import check_finite
from sklearn_mtl.utils._fit import fit_context
from sklearn_mtl.utils._hold_out import HoldOut
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._random import draw_seed
from sklearn_mtl.utils._typing import FeaturesLike, TargetsLike

__all__ = ["BaseMultiTaskNet"]


class BaseMultiTaskNet(
    FitStreamMixin,
    UpdatesMixin,
    TaskChangesMixin,
    HeldOutMixin,
    CallbackSupportMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    BaseEstimator,
):
    """Fit and apply a multi-task net.

    A subclass adds the constructor and, before scikit-learn's mixins in the list of
    bases, a mixin that turns `_task_outputs` into predictions and scores.

    The estimator contains a skorch net instead of inheriting from it, because the
    ``**kwargs`` and the set_params of skorch are not compatible with clone and
    get_params.
    """

    _kind: str
    checkpoint: str | PathLike[str] | None
    data_parallel: bool
    task_set_: TaskSet
    _state: NetState
    _waiting: Sequence[int]
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS

    # requested by default, like in the group splitters of scikit-learn
    __metadata_request__fit = {"groups": True}

    @fit_context(prefer_skip_nested_validation=True)
    @with_callbacks
    def fit(
        self,
        X: FeaturesLike,
        y: TargetsLike,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
        X_val: FeaturesLike | None = None,
        y_val: TargetsLike | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> BaseMultiTaskNet:
        """Learn all tasks together.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Input data. In a dense table, NaN is imputed.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Target values. Missing labels are NaN, None, pandas.NA or pandas.NaT.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), \
                default=None
            Weights of samples or labels.
        groups : array-like of shape (n_samples,), default=None
            Group label of each sample, such as the patient. Samples of one group are
            held out together or not at all.
        X_val : array-like or sparse matrix of shape (n_val, n_features), default=None
            Inputs of a validation set. If given, early stopping uses this set, and no
            training sample is held out. A `Pipeline` transforms it only with
            ``Pipeline(..., transform_input=["X_val"])``.
        y_val : array-like of shape (n_val,) or (n_val, n_tasks), default=None
            Targets of the validation set, in the same format as y.
        sample_weight_val : array-like of shape (n_val,) or (n_val, n_tasks), \
                default=None
            Weights of the validation set.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TaskError
            If a task has no label or labels of a wrong type, or its loss is not finite;
            or if y_val has other tasks, other classes, or no label of a task.
        ValueError
            If X, the weights or the output shape of the trunk are invalid; if only one
            of X_val and y_val is given; if they are given together with groups or
            early_stopping=False; or if, with warm_start=True, a parameter was changed
            that defines the net.
        OSError
            If `checkpoint` is given and cannot be written, for example on a full disk.
        TypeError
            If `checkpoint` is given and a parameter cannot be pickled, or the state of
            a callback cannot be saved.

        Warns
        -----
        UserWarning
            If all samples are in one group, in which case no sample is held out; or if
            a checkpoint is damaged, in which case training resumes from the one before.
        MissingLabelWarning
            If all labels of a task are in one group, in which case their out-of-fold
            predictions are missing.
        FreeTextWarning
            If a column of free text is encoded as categories.
        """
        who = type(self).__name__
        warn_of_index_order(who, X=X, y=y, sample_weight=sample_weight)
        given = HoldOut.read(who, X, groups, X_val, y_val, sample_weight_val)
        events = FitEvents(self, X, y, sample_weight)
        if self.warm_start and hasattr(self, "net_"):
            return self._go_on(X, y, sample_weight, given, events)
        X = read_net_inputs(self, X, reset=True)
        tasks, codes = self._read_tasks(y, sample_weight)
        X = self._with_tags(X, tasks, y, sample_weight)
        return self._train(X, tasks, codes, sample_weight, None, given, events)

    @fit_context(prefer_skip_nested_validation=True)
    def _partial_fit(
        self,
        X: FeaturesLike,
        y: TargetsLike,
        classes: Any,
        sample_weight: ArrayLike | None,
    ) -> Any:
        who = type(self).__name__
        warn_of_index_order(who, X=X, y=y, sample_weight=sample_weight)
        if hasattr(self, "net_"):
            if classes is not None:
                known = self.task_set_
                check_same_classes(
                    known.tasks, classes, self._kind, who, is_1d=known.is_1d
                )
            return self._go_on(X, y, sample_weight, HoldOut(), None)
        X = read_net_inputs(self, X, reset=True)
        tasks = TaskSet.from_classes(
            y,
            classes,
            kind=self._kind,
            who=who,
            task_types=getattr(self, "task_types", None),
            on_empty_task=self.on_empty_task,
            sample_weight=sample_weight,
        )
        codes, weights = tasks.encode_weighted(y, sample_weight, who=who)
        return self._train(X, tasks, codes, weights, None, HoldOut(), None)

    def _go_on(
        self,
        X: FeaturesLike,
        y: TargetsLike,
        sample_weight: ArrayLike | None,
        given: HoldOut,
        events: FitEvents | None,
    ) -> Any:
        tasks, state = self.task_set_, self._state
        self._check_can_go_on()
        is_partial = events is None
        if is_partial:
            advice = "Use fit; with warm_start=True it continues the training."
            refuse_tokens(tasks, "partial_fit", advice, type(self).__name__)
        # categories may be added until preparation and net are set up for the last time
        grows = is_partial and state.stream is not None and state.stored.is_whole
        X = read_net_inputs(self, X, reset=False, grows=grows)
        who = type(self).__name__
        codes, weights = tasks.encode_weighted(y, sample_weight, who=who)
        check_untrained_tasks(tasks.tasks, codes, who)
        X = self._with_tags(X, tasks, y, sample_weight)
        return self._train(X, tasks, codes, weights, state, given, events)

    def _with_tags(
        self, X: Any, tasks: TaskSet, y: TargetsLike, sample_weight: ArrayLike | None
    ) -> Any:
        """Return texts with the tags of their tokens; other inputs unchanged."""
        who = type(self).__name__
        tokens = tasks.encode_tokens(y, sample_weight=sample_weight, who=who)
        if tokens:
            check_consistent_length(X, y)
        return with_tags(X, tokens, tasks, who)

    def _check_can_go_on(self) -> None:
        if self._state.is_for_predictions:
            raise ValueError(
                f"{type(self).__name__}: this net was loaded from a file without "
                "optimiser state and cannot be trained further. Save it with "
                "training_state=True."
            )
        refuse_changes(self, self._state)

    def _train(
        self,
        X: Any,
        tasks: TaskSet,
        codes: np.ndarray,
        sample_weight: ArrayLike | None,
        state: NetState | None,
        given: HoldOut,
        events: FitEvents | None,
    ) -> Any:
        """Train a net; `events` is None in partial_fit."""
        who, is_partial = type(self).__name__, events is None
        check_consistent_length(X, codes)
        if state is not None:
            refuse_lists(self, state)
        seed = draw_seed(self.random_state) if state is None else state.seed
        ranks = None if is_partial or not self.data_parallel else open_ranks(self)
        before = state if is_partial else None
        label_mass = self._label_mass(tasks, codes, sample_weight, before, X)
        call = Call(seed, label_mass, is_partial=is_partial, is_anew=state is None)
        mass = self._class_mass(tasks, codes, sample_weight, before)
        if is_partial:
            batch = self._batch(X, tasks, codes, sample_weight, state)
            if state is not None and not batch.is_label.any():
                return self
            call, samples = call.of_batch(self, state, batch)
            X, codes, sample_weight = samples.X, samples.codes, samples.weights
        elif state is not None and state.stream is not None:
            is_anew = state.stream.is_outgrown(state.stored, len(codes))
            call = replace(call, is_anew=is_anew)
        class_weight = getattr(self, "class_weight", None)
        labels = Labels.read(tasks, codes, sample_weight, class_weight, who, mass)
        if is_partial and state is not None and not labels.weights.any():
            return self  # a step would change the net by momentum and weight decay
        held = read_held(self, given, tasks, labels, sample_weight)
        if ranks is not None:
            # imported here because most nets are trained by one process
            from sklearn_mtl.neural_network.checkpoint._fingerprint import (
                Training,
                facts_of,
            )

            training = Training(X, tasks, labels, held)
            seed = ranks.agree(seed, facts_of(self, training, state), who)
        call = replace(call, seed=seed, held=held, events=events, ranks=ranks)
        try:
            with (
                usual_torch(self.n_threads),
                self._checkpointed(X, tasks, labels, state, call) as call,
            ):
                state = train_state(self, X, tasks, labels, state, call)
        except BaseException as error:  # including KeyboardInterrupt
            if not call.is_anew:
                error.add_note(
                    f"{who}: this call continued training the existing net and may "
                    "have changed it before the error; predict uses the net in its "
                    "current state."
                )
            raise
        state.class_mass, state.parameters = mass, describe_fixed(self)
        # only now, so that a failing fit does not change the result of an earlier fit
        self._take_state(state)
        if events is not None:
            events.end()
        return self

    def _batch(
        self,
        X: FeaturesLike,
        tasks: TaskSet,
        codes: np.ndarray,
        sample_weight: ArrayLike | None,
        state: NetState | None,
    ) -> Samples:
        """Return the samples of one call; all members train on all of them."""
        who, n_samples = type(self).__name__, len(codes)
        weights = check_sample_weight(sample_weight, codes.shape, who, tasks)
        if state is None:
            n_members = make_plan(self, n_samples).n_members
        else:
            n_members = state.n_members
        trains = np.ones((n_samples, n_members), dtype=bool)
        return Samples(X, codes, weights, trains)

    @contextmanager
    def _checkpointed(
        self,
        X: FeaturesLike,
        tasks: TaskSet,
        labels: Labels,
        state: NetState | None,
        call: Call,
    ) -> Iterator[Call]:
        """Yield the call, with a checkpoint if `checkpoint` is given."""
        if self.checkpoint is None or call.is_partial:
            yield call
            return
        # imported here because most fits have no checkpoint
        from sklearn_mtl.neural_network.checkpoint._checkpoint import open_checkpoint
        from sklearn_mtl.neural_network.checkpoint._fingerprint import Training

        training = Training(X, tasks, labels, call.held)
        with open_checkpoint(self, training, call.seed, state) as checkpoint:
            yield replace(call, seed=checkpoint.seed, checkpoint=checkpoint)

    @property
    def history_(self) -> dict[str, np.ndarray]:
        """Losses, weights and learning rates of every epoch, one array for each entry.

        The arrays are computed on access. Otherwise the cost of each partial_fit call
        would grow with the number of previous calls.
        """
        check_is_fitted(self)
        return history_arrays(self._state.net.history, self._state.encoder)

    @property
    def task_relation_(self) -> np.ndarray:
        """Relation between the tasks, (n_tasks, n_tasks), if `task_relation` is given.

        Either the given similarity, or the learned covariance of the heads, averaged
        over members. The covariance of tasks whose outputs differ in shape is zero.
        """
        check_is_fitted(self)
        if self._state.task_relation is None:
            raise AttributeError(
                f"{type(self).__name__}: task_relation_ is not available, because "
                "task_relation was None or no task has a head."
            )
        return self._state.task_relation

    def _trained_parts(self) -> TrainedParts:
        """Return the parts of a fitted net that `modules.Pretrained` uses."""
        check_is_fitted(self)
        state, wants = self._state, preparation_of(self)
        trunk = state.net.module_.trunk
        return TrainedParts(trunk, state.n_members, state.preparation, wants)

    def _take_state(self, state: NetState) -> None:
        for name, value in state.attributes().items():
            setattr(self, name, value)

    def _read_tasks(
        self, y: TargetsLike, sample_weight: ArrayLike | None
    ) -> tuple[TaskSet, np.ndarray]:
        return TaskSet.from_y(
            y,
            kind=self._kind,
            who=type(self).__name__,
            task_types=getattr(self, "task_types", None),
            on_empty_task=self.on_empty_task,
            sample_weight=sample_weight,
            allow_tokens=text_reader(self) is not None,
        )

    def _class_mass(
        self,
        tasks: TaskSet,
        codes: np.ndarray,
        sample_weight: ArrayLike | None,
        state: NetState | None,
    ) -> np.ndarray | None:
        """Return label weights per class for class_weight="balanced", or None."""
        if getattr(self, "class_weight", None) is None:
            return None
        mass = class_mass(tasks, codes, sample_weight, type(self).__name__)
        before = None if state is None else state.class_mass
        return mass if before is None else before + mass

    def _label_mass(
        self,
        tasks: TaskSet,
        codes: np.ndarray,
        sample_weight: ArrayLike | None,
        state: NetState | None,
        X: Any = None,
    ) -> np.ndarray:
        """Return label weights per task for task_weight="auto"; texts have tags."""
        weights = cell_weights(tasks, codes, sample_weight, who=type(self).__name__)
        before = None if state is None else state.label_mass
        return label_sums(weights, X) + (0.0 if before is None else before)

    def _task_outputs(self, X: FeaturesLike) -> list[np.ndarray]:
        X = self._read_fitted(X)
        with usual_torch(self.n_threads):
            return self._state.outputs(X)

    def _read_fitted(self, X: FeaturesLike) -> Any:
        check_is_fitted(self)
        return read_net_inputs(self, X, reset=False)

    def transform(self, X: FeaturesLike) -> np.ndarray:
        """Return the shared representation, the input of all heads.

        If the trunk has one representation per task, its spec documents the part that
        all tasks share.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Input data.

        Returns
        -------
        ndarray of shape (n_samples, n_members * n_shared), float32
            The concatenated representations of all members.

        Raises
        ------
        ValueError
            If a representation is not finite.
        """
        X, who = self._read_fitted(X), type(self).__name__
        with usual_torch(self.n_threads), np.errstate(over="ignore", invalid="ignore"):
            rows = self._state.represent(X)
        check_finite(rows, "representations", who)
        return rows

    def transform_task(
        self, X: FeaturesLike, task: str | int, kind: str = "projection"
    ) -> np.ndarray:
        """Return the representation of one task.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Input data.
        task : str or int
            Name or column index of the task.
        kind : {"projection", "input", "probability"}, default="projection"
            "input" is the input of the task's head: the shared representation, or the
            representation of this task if the trunk has one per task. "projection" is
            the part of the input that affects the outputs of the head: its coordinates
            in the row space of the head's weights, those of the first layer if the head
            has hidden layers. Weights of other tasks' outputs are ignored.
            "probability" is the predicted probabilities, or the predicted value.

        Returns
        -------
        ndarray of shape (n_samples, n_columns), float32
            The concatenated columns of all members; for "probability" their mean.

        Raises
        ------
        TaskError
            If the task is unknown, or it has no head and `kind` requires one.
        ValueError
            If `kind` is unknown, or a result is not finite.
        """
        X, who = self._read_fitted(X), type(self).__name__
        t = self.task_set_.index(task, who=who)
        if self.task_set_.tasks[t].is_tokens:
            raise TaskError(
                f"{who}: task {self.task_set_.names[t]!r} is a token task, which "
                "transform_task does not support, because it returns one row per "
                "sample. Use transform for the representation of whole texts."
            )
        views = {
            "projection": self._state.project,
            "input": self._state.represent_task,
            "probability": self._state.task_output,
        }
        if kind not in views:
            raise ValueError(
                f"{who}: transform_task got kind={kind!r}; allowed are 'projection', "
                "'input' and 'probability'."
            )
        with usual_torch(self.n_threads), np.errstate(over="ignore", invalid="ignore"):
            rows = views[kind](X, t)
        check_finite(rows, f"views of task {self.task_set_.names[t]!r}", who)
        return rows

    def search_space(self, library: str = "scipy", prefix: str = "") -> dict[str, Any]:
        """Return parameter distributions for a random search.

        The defaults usually need no search. If you tune the net, these are the
        parameters that matter most: learning rate, weight decay, dropout, batch size,
        embedding and layer sizes. The distributions of learning rate and weight decay
        are log-uniform around the defaults.

        Parameters
        ----------
        library : {"scipy", "optuna"}, default="scipy"
            "scipy" returns distributions and lists for RandomizedSearchCV. "optuna"
            returns distributions for ``study.ask(space)``, without layer sizes, which
            Optuna cannot store.
        prefix : str, default=""
            Prefix of every name, such as ``"multitaskclassifier__"`` in a pipeline.

        Returns
        -------
        dict of str to object
            A distribution for each parameter.

        Raises
        ------
        ValueError
            If the library is unknown.
        ImportError
            If the library is not installed.
        """
        return search_space(self, library, prefix)

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether the estimator is fitted."""
        return hasattr(self, "net_")

    def __sklearn_tags__(self) -> Tags:
        """Set tags for missing and sparse inputs, and for several outputs."""
        tags = super().__sklearn_tags__()
        wanted = preparation_of(self)
        tags.input_tags.sparse = wanted != "text"
        tags.input_tags.string = tags.input_tags.one_d_array = wanted == "text"
        tags.input_tags.two_d_array = wanted != "text"
        tags.input_tags.allow_nan = wanted == "table"
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        tags.transformer_tags.preserves_dtype = []
        tags.non_deterministic = False
        return tags
